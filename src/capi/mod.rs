//! The library for C programs: each type of `include/zeromq.h` in a file. Every
//! exported function checks what it is given, makes one call of the core, writes
//! its outputs if that succeeds, and returns a code.
//!
//! The documentation of what is exported is the header, so it speaks to C. All
//! functions are written out, since cbindgen sees none that a macro makes.

#![expect(clippy::missing_safety_doc, reason = "the docs of exported functions are the C header")]

mod argument;
mod authenticator;
mod certificate;
mod context;
pub mod error;
mod handle;
pub mod library;
pub mod message;
mod monitor;
mod option;
mod poller;
mod proxy;
pub mod socket;
