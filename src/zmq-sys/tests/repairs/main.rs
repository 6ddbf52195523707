//! What the repairs of libzmq cure, shown on libzmq itself. `REPAIRS.md` names the tests
//! of each repair.

mod conflate;
mod farewell;
mod inproc;
mod ipc;
mod peer;
mod upstream;
