//! A part of the library above the context that takes part in forks and in the
//! shutdown.

use std::sync::OnceLock;

/// The functions to call around a fork, and after the context has ended.
pub(in crate::core) struct Part {
    /// Called in the thread that forks, before the context acquires its own locks.
    pub before_fork: fn(),
    /// Called after a fork, in the parent and in the child, where little is allowed.
    pub after_fork: fn(),
    pub end: fn(),
}

static PART: OnceLock<&Part> = OnceLock::new();

/// Called before the part is used for the first time. The only part is the
/// authenticator.
pub(in crate::core) fn join(part: &'static Part) {
    PART.get_or_init(|| part);
}

pub(super) fn part() -> Option<&'static Part> {
    PART.get().copied()
}
