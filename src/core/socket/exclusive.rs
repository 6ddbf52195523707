//! A value that serves one call at a time, and a second one is refused at once. Who
//! only looks in for a moment is no reason to refuse a call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use try_lock::{Locked, TryLock};

/// A value that is taken or not, and never waited for. It costs half of what a Mutex
/// does.
#[derive(Debug)]
pub(super) struct Exclusive<T> {
    value: TryLock<T>,
    visits: Visits,
}

impl<T> Exclusive<T> {
    /// A value that nobody has.
    pub fn new(value: T) -> Exclusive<T> {
        Exclusive { value: TryLock::new(value), visits: Visits::default() }
    }

    /// Locks the value for a call; nothing, when another call has it.
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
            // It was no visit that was in the way.
            if quiet.is_some() && quiet == self.visits.quiet() {
                return None;
            }
            thread::yield_now();
        }
    }

    /// Looks at the value for a moment, unless somebody has it. A call that comes just
    /// then waits for the end of it.
    pub fn peek<R>(&self, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        // It ends after the value is given back, which is taken later.
        let _visit = self.visits.begin();
        self.value.try_lock().map(|mut value| look(&mut value))
    }

    /// The value, of which nobody else knows any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// How many visits there were.
#[derive(Debug, Default)]
struct Visits {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// A visit, which ends when this is dropped.
struct Visit<'a>(&'a Visits);

impl Visits {
    fn begin(&self) -> Visit<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Visit(self)
    }

    /// How many there were so far, unless there is one just now. In between two equal
    /// answers was none.
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
