//! The library as a whole, for C: its version, and its end.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use super::argument::text;
use crate::core::{Code, Error, context};
use crate::ffi;

/// The version that this header belongs to, as three numbers. `zeromq_version` tells
/// the version of the library that is linked.
pub const ZEROMQ_VERSION_MAJOR: u32 = 0;
/// The second of the three numbers.
pub const ZEROMQ_VERSION_MINOR: u32 = 1;
/// The third of the three numbers.
pub const ZEROMQ_VERSION_PATCH: u32 = 0;

/// The version of this library: "0.1.0". It stays for ever.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the libzmq in it: "4.3.5". It stays for ever.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_libzmq_version() -> *const c_char {
    static VERSION: OnceLock<CString> = OnceLock::new();
    ffi::guard_or(c"".as_ptr(), || {
        VERSION.get_or_init(|| CString::new(context::version()).unwrap_or_default()).as_ptr()
    })
}

/// Whether libzmq was built with a capability of `zmq_has(3)`, such as "curve",
/// "ipc" or "ws": 1 or 0. NULL gives 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_has(capability: *const c_char) -> i32 {
    ffi::guard_or(0, || {
        // SAFETY: the caller passes NULL or a text.
        let capability = unsafe { text("the capability", capability) };
        capability.is_ok_and(context::has).into()
    })
}

/// Has `zeromq_shutdown` called when the process ends by `exit` or by the end of
/// `main`. To do it twice is no mistake. For hosts that are unloaded before that: the
/// library stays in memory from then on.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` when the system cannot do that.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_shutdown_at_exit() -> Code {
    ffi::guard("zeromq_shutdown_at_exit", || Ok(ffi::shut_down_at_exit()?))
}

/// Ends ZeroMQ: closes every socket of the process, also those of virtual
/// machines, and waits until what they had to send is sent, at the latest until
/// their linger is over, one second if nothing else was set. To be called before
/// the process ends; what is unsent is lost without it. Handles stay valid and
/// say that they are closed. New sockets may be made afterwards. A call that waits
/// on another thread ends with `ZEROMQ_CODE_TERMINATED`. Not to be called while the
/// system unloads a library, by its destructor or DllMain: it waits for threads, which
/// cannot end then. At the end of the process a destructor may.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_BUSY` if a call on another thread does
/// not let its socket go.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_shutdown() -> Code {
    ffi::guard("zeromq_shutdown", || {
        if context::shutdown() { Ok(()) } else { Err(Error::Busy.into()) }
    })
}
