//! What scripts see of ZeroMQ, for any host: neutral values, and the table of
//! classes and methods. The edges turn a host's values into [`ValueRef`]s, find
//! a row of the table, and hand both to [`call`](table::call).

mod arguments;
mod authenticator;
mod beacon;
pub mod call;
mod certificate;
mod event_loop;
mod format;
mod frame;
mod host;
mod monitor;
pub mod object;
mod poller;
mod proxy;
mod socket;
pub mod table;
pub mod value;
mod words;
mod zmq;

pub use arguments::Arguments;
pub use host::Host;
pub use object::Object;
pub use table::{CLASSES, Class, Method, Parameter, Role, call};
pub use value::{Bounds, Handle, Kept, Kinds, Retained, Text, Value, ValueRef};
