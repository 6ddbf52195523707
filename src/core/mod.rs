//! ZeroMQ for Rust: what every edge stands on. It knows no host and no script.

pub mod context;
pub mod endpoint;
pub mod error;
pub mod message;
mod open;
mod release;
pub mod socket;
pub mod socket_type;
pub mod wait;

pub use error::{Code, Error};
pub use message::Frame;
pub use socket::Socket;
pub use socket_type::SocketType;
pub use wait::Wait;
