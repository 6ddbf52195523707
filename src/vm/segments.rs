//! Tables that grow without moving their entries and are read without a lock, so that they
//! are intact in the child of a fork.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// The number of entries in the first segment, as a power of two. Each further segment is
/// twice as large as the one before.
const FIRST: u32 = 6;

/// The number of segments.
const COUNT: usize = 26;

/// The number of entries in all segments.
const MOST: u32 = ((1u64 << (FIRST + COUNT as u32)) - (1 << FIRST)) as u32;

/// Entries that remain in place until the process ends.
pub(super) struct Segments<T: 'static> {
    segments: [AtomicPtr<T>; COUNT],
    used: AtomicU32,
}

impl<T: Default + Send + Sync> Segments<T> {
    pub const fn new() -> Segments<T> {
        Segments {
            segments: [const { AtomicPtr::new(ptr::null_mut()) }; COUNT],
            used: AtomicU32::new(0),
        }
    }

    /// Returns an entry, or `None` if there is none with this index yet.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&'static T> {
        let (segment, place) = locate(index)?;
        let first = self.segments[segment].load(Ordering::Acquire);
        if first.is_null() {
            return None;
        }
        // SAFETY: a segment that is not NULL is a leaked slice, and `locate` returns a
        // place in it.
        Some(unsafe { &*first.add(place) })
    }

    /// Returns a new entry and its index, or `None` if there are too many.
    pub fn add(&self) -> Option<(u32, &'static T)> {
        let once_more = |used: u32| (used < MOST).then_some(used + 1);
        let index = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, once_more).ok()?;
        let (segment, _) = locate(index)?;
        if self.segments[segment].load(Ordering::Acquire).is_null() {
            let size = 1usize << (FIRST as usize + segment);
            let made: Box<[T]> = (0..size).map(|_| T::default()).collect();
            let made = Box::into_raw(made);
            let first = made.cast::<T>();
            let null = ptr::null_mut();
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            if self.segments[segment].compare_exchange(null, first, success, failure).is_err() {
                // SAFETY: it came from `Box::into_raw`, and another thread was faster, so
                // nobody else knows it.
                drop(unsafe { Box::from_raw(made) });
            }
        }
        self.get(index).map(|entry| (index, entry))
    }
}

/// Returns the segment of an index, and the place in it.
#[inline]
fn locate(index: u32) -> Option<(usize, usize)> {
    let shifted = index.checked_add(1 << FIRST)?;
    let segment = shifted.ilog2() - FIRST;
    Some((segment as usize, (shifted - (1 << (FIRST + segment))) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        assert_eq!(locate(0), Some((0, 0)));
        assert_eq!(locate(63), Some((0, 63)));
        assert_eq!(locate(64), Some((1, 0)));
        assert_eq!(locate(191), Some((1, 127)));
        assert_eq!(locate(MOST - 1), Some((25, (1 << 31) - 1)));
        assert_eq!(locate(MOST), None);
        assert_eq!(locate(u32::MAX), None);
        static TABLE: Segments<AtomicU32> = Segments::new();
        for expected in 0..300 {
            let (index, entry) = TABLE.add().unwrap();
            assert_eq!(index, expected);
            entry.store(index, Ordering::Relaxed);
        }
        for index in 0..300 {
            assert_eq!(TABLE.get(index).unwrap().load(Ordering::Relaxed), index);
        }
        assert!(TABLE.get(100_000).is_none());
    }
}
