//! ZeroMQ for Rust: what every edge stands on. It knows no host and no script.

pub mod context;
pub mod endpoint;
pub mod error;
pub mod message;
mod release;
pub mod socket;
pub mod wait;

pub use error::{Code, Error};
pub use message::Frame;
pub use socket::{Socket, SocketType};
pub use wait::Wait;
