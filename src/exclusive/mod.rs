//! Exclusive access without waiting: a value serves one call at a time, and a second
//! call is refused at once. It stands below the core, because it needs unsafe code.

pub(crate) mod lock;
mod sync;

use std::cell::UnsafeCell;
use std::fmt;
use std::ops::{Deref, DerefMut};

use lock::{Held, Lock, Taken};

/// A value that is locked or not, and never waited for.
pub(crate) struct Exclusive<T> {
    lock: Lock,
    value: UnsafeCell<T>,
}

// SAFETY: only the thread that holds the lock accesses the value.
unsafe impl<T: Send> Sync for Exclusive<T> {}

/// A value that is locked for a call.
pub(crate) struct Locked<'a, T> {
    exclusive: &'a Exclusive<T>,
    held: Held,
}

/// A visit, which ends when it is dropped.
struct Visit<'a> {
    lock: &'a Lock,
    taken: Taken,
}

impl<T> Exclusive<T> {
    /// Makes a value that is not locked.
    pub fn new(value: T) -> Exclusive<T> {
        Exclusive { lock: Lock::new(), value: UnsafeCell::new(value) }
    }

    /// Locks the value for a call. Returns `None` if another call holds it.
    #[inline(always)]
    pub fn try_lock(&self) -> Option<Locked<'_, T>> {
        let held = self.lock.try_lock(|| true).ok()?;
        Some(Locked { exclusive: self, held })
    }

    /// Visits the value briefly, unless it is locked. A call that starts in the
    /// meantime waits for the visit to end, so a visit never makes a call fail.
    pub fn visit<R>(&self, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        let taken = self.lock.visit().ok()?;
        let _visit = Visit { lock: &self.lock, taken };
        // SAFETY: the lock is taken, so nobody else accesses the value.
        Some(look(unsafe { &mut *self.value.get() }))
    }

    /// Returns the value, which has no other users.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T> fmt::Debug for Exclusive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock.fmt(f)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.lock.restore(self.taken);
    }
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread holds the lock.
        unsafe { &*self.exclusive.value.get() }
    }
}

impl<T> DerefMut for Locked<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread holds the lock, and the guard is borrowed mutably.
        unsafe { &mut *self.exclusive.value.get() }
    }
}

impl<T> Drop for Locked<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // Such a value is not doomed; it is dropped when nobody refers to it.
        let _ = self.exclusive.lock.unlock(self.held);
    }
}
