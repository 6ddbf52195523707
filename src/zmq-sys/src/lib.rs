//! The C interface of libzmq 4.3.5, under the name and with the items that the
//! `zmq` crate expects of `zmq-sys`.
//!
//! `ffi.rs` is written by bindgen from libzmq's own header:
//!
//! ```text
//! bindgen zmq.h --allowlist-function 'zmq_.*' --allowlist-type 'zmq_.*' \
//!     --allowlist-var 'ZMQ_.*|E(FSM|NOCOMPATPROTO|TERM|MTHREAD)' \
//!     --blocklist-function 'zmq_errno|zmq_(init|term|ctx_destroy|sendmsg|recvmsg|device|sendiov|recviov|timers_.*|atomic_.*|stopwatch.*|sleep|threadstart|threadclose)' \
//!     --with-derive-default --no-layout-tests --no-doc-comments --use-core \
//!     --ctypes-prefix libc --merge-extern-blocks --rust-target 1.85 --rust-edition 2024
//! ```

// Cargo links libsodium only into crates that name this one.
extern crate libsodium_sys as _;

pub mod curve;
pub mod errno;
#[allow(non_camel_case_types, clippy::all)]
mod ffi;

pub use errno::zmq_errno;
pub use ffi::*;

/// What the system calls a descriptor.
#[cfg(unix)]
pub type RawFd = std::os::unix::io::RawFd;
/// What the system calls a descriptor.
#[cfg(windows)]
pub type RawFd = std::os::windows::io::RawSocket;
