//! ZeroMQ for Rust: what every edge stands on. It knows no host and no script.

pub mod authenticator;
pub mod beacon;
pub mod code;
pub mod context;
pub mod curve;
pub mod endpoint;
pub mod error;
pub mod failure;
pub(crate) mod locked;
pub mod message;
pub mod monitor;
pub mod options;
pub mod poller;
pub mod proxy;
pub mod socket;
pub mod socket_type;
pub mod statistics;
pub mod timers;
pub mod wait;

pub use authenticator::Authenticator;
pub use beacon::Beacon;
pub use code::Code;
pub use curve::Certificate;
pub use error::Error;
pub use failure::Failure;
pub use message::{Frame, Message};
pub use monitor::Monitor;
pub use options::OptionValue;
pub use poller::Poller;
pub use proxy::Proxy;
pub use socket::Socket;
pub use socket_type::SocketType;
pub use wait::Wait;
