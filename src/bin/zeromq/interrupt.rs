//! Ctrl-C at the prompt ends the running input and not the program. At a terminal, it ends a
//! script where the program can say what the script was waiting for. Otherwise, Ctrl-C keeps
//! its default behavior.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::host::error::{Outcome, Stop};

/// Set by Ctrl-C; empty until `watch` is called.
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Set while nothing looks at `ASKED`; empty until `watch_once` is called.
static BLOCKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Handles Ctrl-C from now on.
pub fn watch() -> std::io::Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    flag::register(SIGINT, asked.clone())?;
    Ok(())
}

/// Handles the first Ctrl-C; another one ends the program, whatever it is doing.
pub fn watch_once() -> std::io::Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    // Actions run in the order in which they are registered.
    flag::register_conditional_default(SIGINT, BLOCKED.get_or_init(Arc::default).clone())?;
    flag::register_conditional_default(SIGINT, asked.clone())?;
    flag::register(SIGINT, asked.clone())?;
    Ok(())
}

/// Does work that nothing interrupts, such as reading a line: after `watch_once`, the first
/// Ctrl-C ends the program meanwhile.
pub fn blocked<T>(work: impl FnOnce() -> T) -> Outcome<T> {
    let Some(blocked) = BLOCKED.get() else {
        return Ok(work());
    };
    blocked.store(true, Ordering::Relaxed);
    // It may have been pressed just before.
    let result = check().map(|()| work());
    blocked.store(false, Ordering::Relaxed);
    result
}

/// Ends the program as Ctrl-C does by default, so that shells know about it.
pub fn die() {
    let _ = signal_hook::low_level::emulate_default_handler(SIGINT);
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
