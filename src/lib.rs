//! ZeroMQ for embedded scripting languages, C programs and Rust.
//!
//! ```
//! use std::time::Duration;
//! use zeromq::core::{Socket, SocketType, Wait};
//!
//! fn main() -> Result<(), zeromq::core::Error> {
//!     let timeout = Wait::new(Some(Duration::from_secs(5)));
//!     let reply = Socket::attached(SocketType::Rep, "inproc://hello")?;
//!     let request = Socket::attached(SocketType::Req, "inproc://hello")?;
//!
//!     request.send(&["Hello"], &timeout)?;
//!     assert_eq!(reply.receive(&timeout)?.as_text(), Some("Hello"));
//!     reply.send(&["World"], &timeout)?;
//!     assert_eq!(request.receive(&timeout)?.as_text(), Some("World"));
//!     Ok(())
//! }
//! ```
//!
//! One shared library offers the sockets of ZeroMQ to virtual machines, in the
//! high-level style of czmq: it registers a table of classes and methods with the
//! virtual machine. No script can crash the host process through it. C programs use the
//! same sockets through `include/zeromq.h`.
//!
//! | module | contents |
//! | --- | --- |
//! | [`core`] | ZeroMQ for Rust: context, endpoints, sockets, messages, errors; no hosts, no unsafe code |
//! | [`binding`] | neutral values, and the table of classes and methods |
//! | `morpho` | the extension interface of Morpho |
//! | [`vm`] | the neutral ABI that virtual machines call, in `include/zeromq.h` |
//! | [`capi`] | sockets for C programs, in the same header |
//! | `exclusive` | the lock of an object, which costs next to nothing for the thread that used it last |
//! | `libzmq` | what the zmq crate does not offer: frames, a context, options by number |
//! | `interrupt` | Ctrl-C and SIGTERM as something that a script can catch, if it asks for that |
//! | `untrusted` | the parsers of what peers and files send, for the fuzz targets |
//! | `ffi` | what all interfaces need at the boundary to C: the panic guard, strings, forks |
//!
//! Dependencies point downward: `vm` and `morpho` use `binding`; `binding` and `capi`
//! use `core`.

#[forbid(unsafe_code)]
pub mod binding;
pub mod capi;
#[forbid(unsafe_code)]
pub mod core;
mod exclusive;
mod ffi;
mod interrupt;
mod libzmq;
#[cfg(unix)]
mod morpho;
#[doc(hidden)]
#[forbid(unsafe_code)]
pub mod untrusted;
pub mod vm;
