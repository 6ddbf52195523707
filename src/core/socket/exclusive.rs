//! Exclusive access: a value serves one call at a time, and a second call is refused at
//! once. A brief look at the value never causes a call to be refused.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use try_lock::{Locked, TryLock};

/// A value that is locked or not, and never waited for. It costs half as much as a
/// `Mutex`.
#[derive(Debug)]
pub(super) struct Exclusive<T> {
    value: TryLock<T>,
    visits: Visits,
}

impl<T> Exclusive<T> {
    /// Makes a value that is not locked.
    pub fn new(value: T) -> Exclusive<T> {
        Exclusive { value: TryLock::new(value), visits: Visits::default() }
    }

    /// Locks the value for a call. Returns `None` if another call holds it.
    #[inline]
    pub fn try_lock(&self) -> Option<Locked<'_, T>> {
        self.value.try_lock().or_else(|| self.try_lock_after_visits())
    }

    #[cold]
    fn try_lock_after_visits(&self) -> Option<Locked<'_, T>> {
        loop {
            let quiet = self.visits.quiet();
            if let Some(value) = self.value.try_lock() {
                return Some(value);
            }
            // A call holds the lock, not a visit.
            if quiet.is_some() && quiet == self.visits.quiet() {
                return None;
            }
            thread::yield_now();
        }
    }

    /// Visits the value briefly, unless it is locked. A call that starts in the
    /// meantime waits for the visit to end.
    pub fn visit<R>(&self, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        // Dropped after the value is unlocked, because it was made first.
        let _visit = self.visits.begin();
        self.value.try_lock().map(|mut value| look(&mut value))
    }

    /// Returns the value, which has no other users.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// The number of visits so far.
#[derive(Debug, Default)]
struct Visits {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// A visit, which ends when it is dropped.
struct Visit<'a>(&'a Visits);

impl Visits {
    fn begin(&self) -> Visit<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Visit(self)
    }

    /// Returns the number of visits so far, or `None` during a visit.
    fn quiet(&self) -> Option<usize> {
        let ended = self.ended.load(Ordering::SeqCst);
        (self.begun.load(Ordering::SeqCst) == ended).then_some(ended)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}
