//! What the repairs of libzmq cure, shown on libzmq itself. `REPAIRS.md` names the tests
//! of each repair.

mod ends;
mod pair;
mod peer;
mod publisher;
mod room;
mod subscriber;
mod unseen;
mod upstream;
mod wait;
