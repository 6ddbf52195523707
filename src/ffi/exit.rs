//! The end of the process.

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

/// Has ZeroMQ ended when the process does, once however often this is asked for.
pub(crate) fn shut_down_at_exit() -> Result<(), Error> {
    #[cfg(unix)]
    {
        extern "C" fn end() {
            guard_or(false, context::shutdown);
        }
        static DONE: OnceLock<bool> = OnceLock::new();
        let done = DONE.get_or_init(|| {
            stay();
            // SAFETY: the function stays in place, and lets no panic out.
            unsafe { libc::atexit(end) == 0 }
        });
        if *done {
            return Ok(());
        }
    }
    Err(host_error("the system has no place for what is to be done at the end of the process"))
}

/// The library stays in memory, whoever unloads it. On Linux it was linked so.
#[cfg(unix)]
fn stay() {
    #[cfg(not(target_os = "linux"))]
    {
        let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: there is room for the answer, whose name is a text that stays, and
        // the library is loaded already, so that nothing else happens.
        unsafe {
            if libc::dladdr(ptr::from_ref(&BORDER).cast(), info.as_mut_ptr()) != 0 {
                libc::dlopen(info.assume_init().dli_fname, libc::RTLD_NOW | libc::RTLD_NODELETE);
            }
        }
    }
}

/// Something that lies in the library.
#[cfg(all(unix, not(target_os = "linux")))]
static BORDER: u8 = 0;
