//! Ctrl-C at the prompt: it ends what is running, and not the program. Without a
//! prompt nothing is watched, and it does what it does everywhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::host::error::{Failure, Outcome};

/// Whether the user has asked; empty until `watch` was called.
static ASKED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on Ctrl-C is noticed here.
pub fn watch() -> std::io::Result<()> {
    let asked = ASKED.get_or_init(Arc::default);
    flag::register(SIGINT, asked.clone())?;
    Ok(())
}

/// Whether `watch` was called.
pub fn is_watched() -> bool {
    ASKED.get().is_some()
}

/// Whether the user has asked since the last `forget`.
pub fn asked() -> bool {
    ASKED.get().is_some_and(|asked| asked.load(Ordering::Relaxed))
}

/// What comes next is not meant.
pub fn forget() {
    if let Some(asked) = ASKED.get() {
        asked.store(false, Ordering::Relaxed);
    }
}

/// Ends a script that the user wants to stop.
pub fn check() -> Outcome<()> {
    if asked() { Err(Failure::Interrupted) } else { Ok(()) }
}
