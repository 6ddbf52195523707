//! The library as a whole, for C: its version and its shutdown.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use super::argument::text;
use crate::core::{Code, Error, context};
use crate::ffi;
use crate::interrupt;

/// The major version of this header. `zeromq_version` returns the version of the
/// library at run time.
pub const ZEROMQ_VERSION_MAJOR: u32 = 0;
/// The minor version of this header.
pub const ZEROMQ_VERSION_MINOR: u32 = 2;
/// The patch version of this header.
pub const ZEROMQ_VERSION_PATCH: u32 = 0;

/// Returns the version of this library, such as "0.2.0". The string is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Returns the version of the libzmq inside it, such as "4.3.5". The string is never
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_libzmq_version() -> *const c_char {
    static VERSION: OnceLock<CString> = OnceLock::new();
    ffi::guard_or(c"".as_ptr(), || {
        VERSION.get_or_init(|| CString::new(context::version()).unwrap_or_default()).as_ptr()
    })
}

/// Returns 1 if libzmq was built with a capability of `zmq_has(3)`, such as "curve",
/// "ipc" or "ws", otherwise 0. Returns 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_has(capability: *const c_char) -> i32 {
    ffi::guard_or(0, || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let capability = unsafe { text("the capability", capability) };
        capability.is_ok_and(context::has).into()
    })
}

/// Registers `zeromq_shutdown` to run when the process ends through `exit` or a return
/// from `main`. Calling it twice is harmless. It is meant for hosts that are unloaded
/// earlier: the library stays loaded from then on.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if the system refuses the registration.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_shutdown_at_exit() -> Code {
    ffi::guard("zeromq_shutdown_at_exit", || Ok(ffi::shut_down_at_exit()?))
}

/// Shuts ZeroMQ down: closes every socket of the process, including those of virtual
/// machines, and waits until their queued messages are sent, at most for the linger of
/// each socket (1000 milliseconds by default, forever if it is -1). Call it before the
/// process ends; otherwise messages that have not been sent yet are lost.
///
/// Handles stay valid and report `ZEROMQ_CODE_CLOSED`. Calls that wait on other threads
/// return `ZEROMQ_CODE_TERMINATED`. New sockets can be opened afterwards.
///
/// If a script has called `ZMQ.catchinterrupts(true)`, Ctrl-C and SIGTERM do again what
/// they did before, so that they can end a wait for messages that nobody receives.
///
/// Do not call it while the system unloads a library, from its destructor or DllMain:
/// it waits for threads, which cannot end then. A destructor that runs when the process
/// ends may call it.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_BUSY` if a call on another thread does not
/// release its socket in time.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_shutdown() -> Code {
    ffi::guard("zeromq_shutdown", || {
        // If the system refuses, the signals stay as they are.
        let _ = interrupt::catch(false);
        if context::shutdown() { Ok(()) } else { Err(Error::Busy.into()) }
    })
}
