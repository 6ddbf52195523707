//! What stands above the context and has to do with its end and with forks.

use std::sync::OnceLock;

/// What is done around a fork, and after the context has ended.
pub(in crate::core) struct Part {
    /// In the thread that forks, before the context locks what is its own.
    pub before_fork: fn(),
    /// After a fork, in the parent and in the child, where little is allowed.
    pub after_fork: fn(),
    pub end: fn(),
}

static PART: OnceLock<&Part> = OnceLock::new();

/// To be called before anything of the part is used. There is one: the authenticator.
pub(in crate::core) fn join(part: &'static Part) {
    PART.get_or_init(|| part);
}

pub(super) fn part() -> Option<&'static Part> {
    PART.get().copied()
}
