//! Forks of the process, which are noticed from the first use of an edge on.

use std::sync::{Once, OnceLock};

use super::guard_or;
use crate::core::context;

/// What an edge does around a fork, while the core holds its own locks.
#[cfg(unix)]
static AROUND_FORKS: OnceLock<[fn(); 2]> = OnceLock::new();

/// As `watch_forks`; `before` and `after` are called around a fork, the second in the
/// child too. One edge has that to do.
pub(crate) fn watch_forks_with(before: fn(), after: fn()) {
    #[cfg(unix)]
    AROUND_FORKS.get_or_init(|| [before, after]);
    #[cfg(not(unix))]
    let _ = (before, after);
    watch_forks();
}

/// From now on a fork of the process is noticed, so that it leaves the sockets
/// of its parent alone.
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
        // SAFETY: in_child only adds to an atomic number and unlocks what its own
        // thread has locked, which is allowed in the child of a fork. The three
        // stay in place as the library is never unmapped.
        ONCE.call_once(|| unsafe {
            libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
        });
    }
}
