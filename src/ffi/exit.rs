//! Shutting down when the process ends.

#[cfg(all(unix, not(target_os = "linux")))]
use std::mem::MaybeUninit;
#[cfg(all(unix, not(target_os = "linux")))]
use std::ptr;
#[cfg(unix)]
use std::sync::OnceLock;

#[cfg(unix)]
use super::guard_or;
use super::host_error;
use crate::core::Error;
#[cfg(unix)]
use crate::core::context;
#[cfg(unix)]
use crate::interrupt;

/// Registers the shutdown of ZeroMQ to run when the process ends, once however often it
/// is called.
pub(crate) fn shut_down_at_exit() -> Result<(), Error> {
    #[cfg(unix)]
    {
        extern "C" fn end() {
            guard_or(false, || {
                // Nobody is left to catch Ctrl-C or SIGTERM, and the wait may be endless.
                let _ = interrupt::catch(false);
                context::shutdown()
            });
        }
        static DONE: OnceLock<bool> = OnceLock::new();
        let done = DONE.get_or_init(|| {
            stay();
            // SAFETY: the function remains valid and does not panic.
            unsafe { libc::atexit(end) == 0 }
        });
        if *done {
            return Ok(());
        }
    }
    Err(host_error("the system cannot register a function to run when the process ends"))
}

/// Keeps the library in memory even if it is unloaded. On Linux it is linked that way.
#[cfg(unix)]
fn stay() {
    #[cfg(not(target_os = "linux"))]
    {
        let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: `info` has room for the answer, whose name is never freed. The
        // library is already loaded, so nothing else happens.
        unsafe {
            if libc::dladdr(ptr::from_ref(&BORDER).cast(), info.as_mut_ptr()) != 0 {
                libc::dlopen(info.assume_init().dli_fname, libc::RTLD_NOW | libc::RTLD_NODELETE);
            }
        }
    }
}

/// An address inside the library.
#[cfg(all(unix, not(target_os = "linux")))]
static BORDER: u8 = 0;
