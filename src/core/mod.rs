//! ZeroMQ for Rust, the foundation of the C, Morpho and virtual-machine interfaces. It
//! knows nothing about hosts and scripts.

pub mod array;
pub(crate) mod authenticator;
pub(crate) mod beacon;
mod bell;
pub mod code;
pub mod context;
pub(crate) mod curve;
pub(crate) mod endpoint;
pub(crate) mod error;
pub(crate) mod locked;
pub(crate) mod message;
pub(crate) mod monitor;
pub mod options;
pub mod policy;
pub(crate) mod poller;
pub mod proxy;
pub(crate) mod report;
pub(crate) mod socket;
pub(crate) mod socket_type;
pub(crate) mod statistics;
pub mod tasks;
pub(crate) mod timers;
pub mod wait;

pub use authenticator::zap::{Credentials, Request};
pub use authenticator::{Authenticator, Decision, Question};
pub use beacon::Beacon;
pub use code::Code;
pub use curve::Certificate;
pub use curve::key::{PublicKey, SecretKey};
pub use endpoint::Action;
pub use error::{EndpointProblem, Errno, Error, Needs};
pub use message::{Batch, Frame, Message};
pub use monitor::{Event, Monitor};
pub use options::OptionValue;
pub use policy::{Policy, Right};
pub use poller::{Descriptor, Poller, Ready, Source};
pub use proxy::Proxy;
pub use report::Report;
pub use socket::diagnosis::reasons::{REASONS, Reason};
pub use socket::handshake::HANDSHAKE_FAILURES;
pub use socket::security::Role;
pub use socket::{Socket, sockets};
pub use socket_type::SocketType;
pub use statistics::{Attachment, Counters, Statistics};
pub use wait::Wait;
