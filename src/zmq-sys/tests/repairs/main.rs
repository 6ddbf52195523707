//! What the repairs of libzmq cure, shown on libzmq itself. `REPAIRS.md` names the tests
//! of each repair.

mod commands;
mod peer;
mod stopped;
mod upstream;
