//! Locking what a panic does not leave half done.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a value. What is locked so is whole at any time, also where a call panicked.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
