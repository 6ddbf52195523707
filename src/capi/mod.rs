//! The C API: one file for each type of `include/zeromq.h`. Every exported function
//! checks its arguments, makes one call to the core, writes its outputs if the call
//! succeeds, and returns a code.
//!
//! Doc comments on exported items become the header, so they are written for C readers.
//! Every function is written out, because cbindgen does not see functions made by
//! macros.

#![expect(clippy::missing_safety_doc, reason = "the docs of exported functions are the C header")]

mod argument;
pub mod error;
mod handle;
pub mod library;
pub mod message;
pub mod socket;

// For the benchmarks and the fuzz targets.
#[doc(hidden)]
pub mod authenticator;
#[doc(hidden)]
pub mod beacon;
#[doc(hidden)]
pub mod certificate;
#[doc(hidden)]
pub mod context;
#[doc(hidden)]
pub mod event_loop;
#[doc(hidden)]
pub mod monitor;
#[doc(hidden)]
pub mod option;
#[doc(hidden)]
pub mod patterns;
#[doc(hidden)]
pub mod peers;
#[doc(hidden)]
pub mod poller;
#[doc(hidden)]
pub mod proxy;
#[doc(hidden)]
pub mod tasks;
#[doc(hidden)]
pub mod value;
