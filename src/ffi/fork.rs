//! Forks of the process, which are watched for from the first use of an interface.

use std::sync::{Once, OnceLock};

use super::guard_or;
use crate::core::context;

/// What an interface does around a fork, while the core holds its own locks.
#[cfg(unix)]
static AROUND_FORKS: OnceLock<[fn(); 2]> = OnceLock::new();

/// Does the same as `watch_forks`, and calls `before` and `after` around each fork, the
/// latter in the child too. Only one interface may use it.
pub(crate) fn watch_forks_with(before: fn(), after: fn()) {
    #[cfg(unix)]
    AROUND_FORKS.get_or_init(|| [before, after]);
    #[cfg(not(unix))]
    let _ = (before, after);
    watch_forks();
}

/// Starts watching for forks, so that a child leaves the sockets of its parent alone.
pub(crate) fn watch_forks() {
    #[cfg(unix)]
    {
        extern "C" fn before() {
            guard_or((), context::forking);
            guard_or((), || AROUND_FORKS.get().into_iter().for_each(|[before, _]| before()));
        }
        fn after() {
            guard_or((), || AROUND_FORKS.get().into_iter().for_each(|[_, after]| after()));
        }
        extern "C" fn in_parent() {
            after();
            guard_or((), context::parted);
        }
        extern "C" fn in_child() {
            after();
            guard_or((), context::forked);
        }
        static ONCE: Once = Once::new();
        // SAFETY: `in_child` only increments an atomic number and releases locks of its
        // own thread, which is allowed in the child of a fork. The three functions
        // remain valid, because the library is never unmapped.
        ONCE.call_once(|| unsafe {
            libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
        });
    }
}
