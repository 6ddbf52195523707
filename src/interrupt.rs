//! Ctrl-C as something that a script can catch. No signal handler is installed until a
//! script asks for it, and the previous one is restored when the script no longer does.

use std::io;
use std::mem::zeroed;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::core::locked::locked;
use std::sync::Mutex;

/// The action for SIGINT before the library caught it.
static BEFORE: Mutex<Option<libc::sigaction>> = Mutex::new(None);

static CATCHING: AtomicBool = AtomicBool::new(false);
static CAUGHT: AtomicBool = AtomicBool::new(false);

/// Returns true if Ctrl-C is being caught.
pub(crate) fn catching() -> bool {
    CATCHING.load(Ordering::Relaxed)
}

/// Returns true if Ctrl-C was pressed since the last call.
pub(crate) fn caught() -> bool {
    CAUGHT.load(Ordering::Relaxed) && CAUGHT.swap(false, Ordering::Relaxed)
}

/// Starts catching Ctrl-C, or restores what it did before.
pub(crate) fn catch(on: bool) -> io::Result<()> {
    let mut before = locked(&BEFORE);
    match (on, before.take()) {
        (true, None) => {
            CAUGHT.store(false, Ordering::Relaxed);
            // SAFETY: all zeros are a valid sigaction: no flags, an empty mask. Without
            // SA_RESTART, a waiting call is interrupted and checks.
            let mut action: libc::sigaction = unsafe { zeroed() };
            action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
            *before = Some(exchange(&action)?);
        }
        (true, known) => *before = known,
        // The program may have set another action in the meantime, which stays.
        (false, Some(known)) if is_ours()? => drop(exchange(&known)?),
        (false, Some(_)) => {}
        (false, None) => {}
    }
    CATCHING.store(on, Ordering::Relaxed);
    Ok(())
}

/// Returns true if Ctrl-C calls our handler.
fn is_ours() -> io::Result<bool> {
    // SAFETY: all zeros are a valid sigaction, which is overwritten.
    let mut current: libc::sigaction = unsafe { zeroed() };
    // SAFETY: without a new action, sigaction only writes the current one.
    match unsafe { libc::sigaction(libc::SIGINT, ptr::null(), &mut current) } {
        0 => {
            let ours = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
            Ok(current.sa_sigaction == ours)
        }
        _ => Err(io::Error::last_os_error()),
    }
}

fn exchange(action: &libc::sigaction) -> io::Result<libc::sigaction> {
    // SAFETY: all zeros are a valid sigaction, which is overwritten.
    let mut before: libc::sigaction = unsafe { zeroed() };
    // SAFETY: both are initialized. Our handler only writes to an atomic, and its code
    // remains valid because the library is never unmapped.
    match unsafe { libc::sigaction(libc::SIGINT, ptr::from_ref(action), &mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

extern "C" fn on_signal(_: libc::c_int) {
    CAUGHT.store(true, Ordering::Relaxed);
}
