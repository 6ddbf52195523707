//! ZeroMQ for Rust: what every edge stands on. It knows no host and no script.

pub mod batch;
pub mod context;
pub mod endpoint;
pub mod error;
mod farewell;
mod listener;
pub mod message;
mod notes;
mod open;
pub mod options;
mod release;
mod request;
mod routing;
mod sequence;
pub mod settings;
pub mod signal;
pub mod socket;
pub mod socket_type;
pub mod wait;

pub use error::{Code, Error};
pub use message::Frame;
pub use options::OptionValue;
pub use socket::Socket;
pub use socket_type::SocketType;
pub use wait::Wait;
