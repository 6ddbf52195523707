//! The functions of the layers above the context that it calls around forks and at the
//! end of the shutdown.

use std::sync::OnceLock;

/// The functions of one layer. The only one that has any is the authenticator.
pub(in crate::core) struct Hooks {
    /// Called in the thread that forks, before the context acquires its own locks.
    pub before_fork: fn(),
    /// Called after a fork, in the parent and in the child, where little is allowed.
    pub after_fork: fn(),
    /// Called after the context has ended.
    pub end: fn(),
}

static HOOKS: OnceLock<&Hooks> = OnceLock::new();

/// Registers the hooks. Called before they are needed for the first time.
pub(in crate::core) fn add_hooks(hooks: &'static Hooks) {
    HOOKS.get_or_init(|| hooks);
}

pub(super) fn hooks() -> Option<&'static Hooks> {
    HOOKS.get().copied()
}
