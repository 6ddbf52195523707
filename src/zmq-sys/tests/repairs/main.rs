//! The bugs that the repairs of libzmq fix, shown on libzmq itself. `REPAIRS.md` names the
//! tests of each repair.

#[cfg(target_os = "linux")]
mod calls;
mod commands;
mod conflate;
mod counts;
mod curve;
mod ends;
mod farewell;
mod heartbeats;
mod inproc;
mod ipc;
mod limits;
mod mechanisms;
#[cfg(target_os = "linux")]
mod memory;
mod messages;
mod monitor;
mod options;
mod pair;
mod peer;
mod publisher;
mod reconnecting;
mod requests;
mod room;
mod shortage;
mod stopped;
mod subscriber;
mod turns;
mod types;
mod unseen;
mod upstream;
mod wait;
mod websocket;
