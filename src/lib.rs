//! ZeroMQ for embedded scripting languages.
//!
//! One shared library gives the sockets of ZeroMQ, in the high-level form that
//! czmq made popular, to virtual machines: it registers a table of classes and
//! methods with the machine, and nothing that a script does can take the host
//! process down.
//!
//! | module | lives there |
//! | --- | --- |
//! | [`core`] | ZeroMQ for Rust: context, endpoints, sockets, messages, errors; no host, no unsafe code |
//! | [`binding`] | neutral values, and the one table of classes and methods |
//! | `morpho` | Morpho's own extension interface |
//! | [`vm`] | the neutral host ABI: what a virtual machine calls, in `include/zeromq.h` |
//! | [`capi`] | sockets for C programs, in the same header |
//! | `libzmq` | what the zmq crate does not offer: frames, a context, options by their numbers |
//! | `interrupt` | Ctrl-C as something that a script can catch, when it asks for that |
//! | `ffi` | what every edge needs at the border to C: the panic guard, strings, fork |
//!
//! Imports point down: `vm` and `morpho` use `binding`, `binding` and `capi` use
//! `core`.

#[forbid(unsafe_code)]
pub mod binding;
pub mod capi;
#[forbid(unsafe_code)]
pub mod core;
mod ffi;
mod interrupt;
mod libzmq;
#[cfg(unix)]
mod morpho;
pub mod vm;
