//! The classes and methods that scripts use, for any host: neutral values, and the table of
//! classes and methods. Hosts convert their values to [`ValueRef`]s, find a row of the
//! table, and pass both to `call`.

mod arguments;
mod array;
mod authenticator;
mod beacon;
mod call;
mod certificate;
mod classes;
mod error_text;
mod event_loop;
pub(crate) mod format;
mod frame;
mod host;
mod list;
mod monitor;
mod object;
mod poller;
mod proxy;
pub mod quick;
mod socket;
mod table;
mod tasks;
mod value;
mod zmq;

pub use arguments::Arguments;
pub use array::{dictionary, gathered, lists, sparse_of};
pub use classes::{CLASSES, call, rows};
pub use host::{Host, policy};
pub use list::{Fill, List};
pub use object::Object;
pub use table::{Class, Group, Method, Parameter, Role, Row, Target};
pub use value::{Bounds, Handle, Kept, Kinds, Retained, Text, Value, ValueRef};
