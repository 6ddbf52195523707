//! ZeroMQ for Rust: what every edge stands on. It knows no host and no script.

pub mod authenticator;
pub mod beacon;
pub mod certificate;
pub mod context;
pub mod endpoint;
pub mod error;
pub mod handshake;
mod listener;
pub mod message;
mod open;
pub mod options;
pub mod proxy;
mod release;
mod rules;
pub mod secure;
pub mod settings;
pub mod socket;
pub mod socket_type;
pub mod wait;
pub mod z85;
pub mod zap;
mod zpl;

pub use authenticator::Authenticator;
pub use beacon::Beacon;
pub use certificate::Certificate;
pub use error::{Code, Error};
pub use message::Frame;
pub use options::OptionValue;
pub use proxy::Proxy;
pub use socket::Socket;
pub use socket_type::SocketType;
pub use wait::Wait;
