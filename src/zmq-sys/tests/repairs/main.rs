//! What the repairs of libzmq cure, shown on libzmq itself. `REPAIRS.md` names the tests
//! of each repair.

mod commands;
mod curve;
mod heartbeats;
mod limits;
mod monitor;
mod peer;
mod reconnecting;
mod shortage;
mod stopped;
mod upstream;
