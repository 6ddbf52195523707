//! Forks of the process. A child has none of its parent's threads, and every lock is in
//! the state it had at the moment of the fork.

use std::cell::Cell;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU32, Ordering};

use super::hooks::hooks;
use super::{Shared, address_reuse, lock};

/// The number of forks between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The locks that this thread holds while it forks.
    static FORKING: Cell<Option<Locks>> = const { Cell::new(None) };
}

/// In the order in which they are acquired elsewhere.
type Locks = (MutexGuard<'static, Option<Shared>>, address_reuse::Lock);

/// Prepares a fork. A lock that another thread holds during the fork would be locked
/// forever in the child, so this thread acquires all of them.
pub fn forking() {
    if let Some(hooks) = hooks() {
        (hooks.before_fork)();
    }
    FORKING.set(Some((lock(), address_reuse::lock())));
}

/// Releases the locks in the parent after a fork.
pub fn parted() {
    unlock();
}

fn unlock() {
    FORKING.set(None);
    if let Some(hooks) = hooks() {
        (hooks.after_fork)();
    }
}

/// Starts a new generation in the child after a fork. Sockets of the parent are closed
/// there, and the first new one makes a new context.
///
/// It only increments a number and releases locks, so it may be called between fork and
/// exec.
pub fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    unlock();
}

/// Returns the number of forks between the first process and this one.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}
