//! Ctrl-C at the prompt: it ends the running input and not the program. Without a prompt,
//! Ctrl-C keeps its default behavior.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::host::error::{Outcome, Stop};

/// Set by Ctrl-C; empty until `watch` is called.
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Handles Ctrl-C from now on.
pub fn watch() -> std::io::Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    flag::register(SIGINT, asked.clone())?;
    Ok(())
}

/// Lets Ctrl-C end the program again, at its end: messages that nobody receives may be
/// waited for without a limit.
pub fn end() {
    if is_watched() {
        // If the system refuses, Ctrl-C stays as it is.
        let _ = flag::register_conditional_default(SIGINT, Arc::new(AtomicBool::new(true)));
    }
}

/// True if `watch` was called.
pub fn is_watched() -> bool {
    ASKED.get().is_some()
}

/// True if Ctrl-C was pressed since the last `forget`.
pub fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}

/// Clears the interrupt.
pub fn forget() {
    if let Some(asked) = ASKED.get() {
        asked.store(false, Ordering::Relaxed);
    }
}

/// Ends a script that the user interrupted.
pub fn check() -> Outcome<()> {
    if asked() { Err(Stop::Interrupted) } else { Ok(()) }
}
