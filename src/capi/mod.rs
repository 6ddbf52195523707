//! The C API: one file for each type of `include/zeromq.h`. Every exported function
//! checks its arguments, makes one call to the core, writes its outputs if the call
//! succeeds, and returns a code.
//!
//! Doc comments on exported items become the header, so they are written for C readers.
//! Every function is written out, because cbindgen does not see functions made by
//! macros.

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
// For the benchmarks.
#[doc(hidden)]
pub mod poller;
mod proxy;
pub mod socket;
