//! Forks of the process. A child has none of the threads of its parent, and every
//! lock as it was in the moment of the fork.

use std::cell::Cell;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU32, Ordering};

use super::part::part;
use super::{Shared, address_reuse, lock};

/// How many forks lie between this process and the first one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The locks, while this thread forks.
    static FORKING: Cell<Option<Locks>> = const { Cell::new(None) };
}

/// In the order in which they are taken elsewhere.
type Locks = (MutexGuard<'static, Option<Shared>>, address_reuse::Lock);

/// To be called before a fork. A lock that another thread has then would be
/// locked for ever in the child, so this one has them all meanwhile.
pub fn forking() {
    if let Some(part) = part() {
        (part.before_fork)();
    }
    FORKING.set(Some((lock(), address_reuse::lock())));
}

/// To be called in the parent after a fork.
pub fn parted() {
    unlock();
}

fn unlock() {
    FORKING.set(None);
    if let Some(part) = part() {
        (part.after_fork)();
    }
}

/// Tells the library that this process is a fork. Sockets of the parent are
/// dead here, and the first new one makes a new context.
///
/// It only adds to a number and unlocks, so that it can be called between fork
/// and exec.
pub fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    unlock();
}

/// Which process of a line of forks this is.
pub(in crate::core) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}
