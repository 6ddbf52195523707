//! Ctrl-C and SIGTERM as something that a script can catch. No signal handler is installed
//! until a script asks for it, and the previous ones are restored when the script no longer
//! does.

use std::io;
use std::mem::zeroed;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::core::locked::locked;
use std::sync::Mutex;

/// The signals that ask a program to end: from Ctrl-C, and from service managers and `kill`.
const SIGNALS: [libc::c_int; 2] = [libc::SIGINT, libc::SIGTERM];

/// The actions for these signals before the library caught them.
static BEFORE: Mutex<Option<[libc::sigaction; 2]>> = Mutex::new(None);

static CATCHING: AtomicBool = AtomicBool::new(false);
static CAUGHT: AtomicBool = AtomicBool::new(false);

/// Returns true if the signals are being caught.
pub(crate) fn catching() -> bool {
    CATCHING.load(Ordering::Relaxed)
}

/// Returns true if a signal arrived since the last call.
pub(crate) fn caught() -> bool {
    CAUGHT.load(Ordering::Relaxed) && CAUGHT.swap(false, Ordering::Relaxed)
}

/// Starts catching the signals, or restores what they did before.
pub(crate) fn catch(on: bool) -> io::Result<()> {
    let mut before = locked(&BEFORE);
    match (on, before.take()) {
        (true, None) => {
            CAUGHT.store(false, Ordering::Relaxed);
            // SAFETY: all zeros are a valid sigaction: no flags, an empty mask. Without
            // SA_RESTART, a waiting call is interrupted and checks.
            let mut action: libc::sigaction = unsafe { zeroed() };
            action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
            let [interrupt, terminate] = SIGNALS;
            let first = exchange(interrupt, &action)?;
            let second = exchange(terminate, &action).inspect_err(|_| {
                // The error is reported; nothing else can be done about it.
                let _ = exchange(interrupt, &first);
            })?;
            *before = Some([first, second]);
        }
        (true, known) => *before = known,
        (false, Some(known)) => {
            for (signal, action) in SIGNALS.into_iter().zip(&known) {
                // The program may have set another action in the meantime, which stays.
                if is_ours(signal)? {
                    exchange(signal, action)?;
                }
            }
        }
        (false, None) => {}
    }
    CATCHING.store(on, Ordering::Relaxed);
    Ok(())
}

/// Returns true if the signal calls our handler.
fn is_ours(signal: libc::c_int) -> io::Result<bool> {
    // SAFETY: all zeros are a valid sigaction, which is overwritten.
    let mut current: libc::sigaction = unsafe { zeroed() };
    // SAFETY: without a new action, sigaction only writes the current one.
    match unsafe { libc::sigaction(signal, ptr::null(), &mut current) } {
        0 => {
            let ours = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
            Ok(current.sa_sigaction == ours)
        }
        _ => Err(io::Error::last_os_error()),
    }
}

fn exchange(signal: libc::c_int, action: &libc::sigaction) -> io::Result<libc::sigaction> {
    // SAFETY: all zeros are a valid sigaction, which is overwritten.
    let mut before: libc::sigaction = unsafe { zeroed() };
    // SAFETY: both are initialized. Our handler only writes to an atomic, and its code
    // remains valid because the library is never unmapped.
    match unsafe { libc::sigaction(signal, ptr::from_ref(action), &mut before) } {
        0 => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}

extern "C" fn on_signal(_: libc::c_int) {
    CAUGHT.store(true, Ordering::Relaxed);
}
