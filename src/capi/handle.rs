//! Handles of C: numbers that look like pointers, and that name an object only as
//! long as it lives. A stale, foreign or invented one is found out, and an object
//! serves one call at a time. All of this costs two compare-and-swaps a call.
//!
//! The slots of the objects are never given back to the system, so that any number
//! may be looked up at any time. Nothing is locked that another thread could have in
//! the moment of a fork.

use std::cell::UnsafeCell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::core::Error;

/// How many bits of a handle say which slot it means, which type it has and how
/// often the slot was used before.
const INDEX_BITS: u32 = if usize::BITS == 64 { 20 } else { 14 };
const TAG_BITS: u32 = 4;
const USE_BITS: u32 = usize::BITS - INDEX_BITS - TAG_BITS;

const SLOTS: usize = 1 << INDEX_BITS;
const CHUNK: usize = 256;
const CHUNKS: usize = SLOTS / CHUNK;

/// The state of a slot is how often it was used, doubled, and whether it is in a
/// call. An odd number of uses says that it has an object.
const BUSY: u64 = 1;
/// Beside BUSY: freed in the middle of the call, which frees it at its end.
const DOOMED: u64 = 1 << 63;

/// What a handle can mean.
pub(super) trait Kind: Send + 'static {
    /// What it is called: "socket".
    const WHAT: &'static str;
    /// From 1 to 15, and that of no other.
    const TAG: usize;
}

/// The objects of one type. An empty one is all zeros, which cost no room in the
/// library.
pub(super) struct Registry<T: 'static> {
    chunks: [AtomicPtr<[Slot<T>; CHUNK]>; CHUNKS],
    /// How many slots were ever used.
    used: AtomicUsize,
    /// One more than the slot that was freed last, and how often that has changed.
    free: AtomicU64,
}

// SAFETY: a value is reached by the thread only that has made its slot busy.
unsafe impl<T: Send> Sync for Registry<T> {}

#[repr(align(64))]
struct Slot<T> {
    state: AtomicU64,
    /// One more than the slot that was freed before this one.
    next: AtomicU32,
    /// There is one when the number of uses is odd.
    value: UnsafeCell<MaybeUninit<T>>,
}

/// An object in the middle of a call: its slot is busy, and this thread has made it so.
pub(super) struct InUse<'a, T: Kind> {
    registry: &'a Registry<T>,
    slot: &'a Slot<T>,
    number: usize,
}

impl<T: Kind> Registry<T> {
    /// A registry without objects.
    pub const fn new() -> Registry<T> {
        Registry {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            used: AtomicUsize::new(0),
            free: AtomicU64::new(0),
        }
    }

    /// Keeps an object, and gives its handle.
    ///
    /// # Errors
    /// [`Error::Host`] when there are too many.
    pub fn give<H>(&self, value: T) -> Result<*mut H, Error> {
        let index = self.pop_slot().ok_or_else(|| Error::Host {
            what: format!("there are too many objects: free a {} first", T::WHAT).into(),
        })?;
        let slot = self.slot(index).ok_or(Error::Freed { what: T::WHAT })?;
        let state = slot.state.load(Ordering::Relaxed);
        // SAFETY: the slot has no object, and was just taken from those that are free,
        // so that no other thread has it.
        unsafe { (*slot.value.get()).write(value) };
        let state = next_use(state);
        slot.state.store(state, Ordering::Release);
        Ok(ptr::without_provenance_mut(self.number(index, state)))
    }

    /// The object that a handle means, for one call.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is NULL or of another type, [`Error::Freed`] when
    /// there is no such object any more, [`Error::Busy`].
    #[inline]
    pub fn enter<H>(&self, handle: *const H) -> Result<InUse<'_, T>, Box<Error>> {
        let number = handle.addr();
        let (Some(slot), true) = (self.slot(number & (SLOTS - 1)), is_mine::<T>(number)) else {
            return Err(stranger::<T>(number));
        };
        let state = idle(number);
        let entered =
            slot.state.compare_exchange(state, state | BUSY, Ordering::Acquire, Ordering::Relaxed);
        match entered {
            Ok(_) => Ok(InUse { registry: self, slot, number }),
            Err(found) => Err(refused::<T>(found == state | BUSY)),
        }
    }

    /// Whether there is still the object that a handle means, in a call or not.
    pub fn knows<H>(&self, handle: *const H) -> bool {
        let number = handle.addr();
        is_mine::<T>(number)
            && self
                .slot(number & (SLOTS - 1))
                .is_some_and(|slot| slot.state.load(Ordering::Acquire) & !BUSY == idle(number))
    }

    /// Frees the object; in the middle of a call of another thread, or of a call
    /// further out on this one, when that is over. NULL and what was freed are left
    /// alone.
    pub fn free<H>(&self, handle: *mut H) {
        loop {
            match self.enter(handle) {
                Ok(object) => return object.end(),
                Err(error) if matches!(*error, Error::Busy) => {}
                Err(_) => return,
            }
            let number = handle.addr();
            let Some(slot) = self.slot(number & (SLOTS - 1)) else {
                return;
            };
            let busy = idle(number) | BUSY;
            let doom = slot.state.compare_exchange(
                busy,
                busy | DOOMED,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            // Else the call is over, or somebody else was quicker.
            if doom.is_ok() {
                return;
            }
        }
    }

    /// Drops the object of a slot that this thread has made busy.
    #[cold]
    fn empty(&self, slot: &Slot<T>, number: usize) {
        // SAFETY: the slot has an object and is busy, and this thread has made it so.
        // Nobody else reads the object, since its number of uses is even from now on.
        let value = unsafe { (*slot.value.get()).assume_init_read() };
        slot.state.store(next_use(idle(number)), Ordering::Release);
        let index = number & (SLOTS - 1);
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let new = next_change(head) | (index as u64 + 1);
            match self.free.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        // What it runs may call the library.
        drop(value);
    }

    fn pop_slot(&self) -> Option<usize> {
        let mut head = self.free.load(Ordering::Acquire);
        while head as u32 != 0 {
            let index = head as u32 as usize - 1;
            let next = self.slot(index)?.next.load(Ordering::Relaxed);
            let new = next_change(head) | u64::from(next);
            match self.free.compare_exchange_weak(head, new, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
        let fresh = |used: usize| (used < SLOTS).then_some(used + 1);
        let index = self.used.fetch_update(Ordering::AcqRel, Ordering::Relaxed, fresh).ok()?;
        let chunk = &self.chunks[index / CHUNK];
        if chunk.load(Ordering::Acquire).is_null() {
            let new = Box::into_raw(Box::new([const { Slot::new() }; CHUNK]));
            let null = ptr::null_mut();
            if chunk.compare_exchange(null, new, Ordering::AcqRel, Ordering::Acquire).is_err() {
                // SAFETY: nobody else has seen it: another thread was quicker.
                drop(unsafe { Box::from_raw(new) });
            }
        }
        Some(index)
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        let chunk = self.chunks[index / CHUNK].load(Ordering::Acquire);
        // SAFETY: it is NULL or came from Box::into_raw, and is never freed.
        unsafe { chunk.as_ref() }.map(|chunk| &chunk[index % CHUNK])
    }

    fn number(&self, index: usize, state: u64) -> usize {
        ((state >> 1) as usize) << (INDEX_BITS + TAG_BITS) | (T::TAG << INDEX_BITS) | index
    }
}

/// Whether it may be the handle of an object of this type, by its bits.
#[inline]
fn is_mine<T: Kind>(number: usize) -> bool {
    number & (((1 << TAG_BITS) - 1) << INDEX_BITS) == (T::TAG << INDEX_BITS)
        && idle(number) & 2 != 0
}

/// Why there is no object. What is large stays out of the way of those that are let
/// in: a result of many kinds of fields is copied in pieces, for which processors
/// wait.
#[cold]
fn stranger<T: Kind>(number: usize) -> Box<Error> {
    let got = if number == 0 { "NULL" } else { "something else" };
    Box::new(Error::Argument {
        place: format!("the {}", T::WHAT),
        expected: format!("what zeromq_{}_new gave", T::WHAT).into(),
        got: got.to_owned(),
    })
}

#[cold]
fn refused<T: Kind>(is_busy: bool) -> Box<Error> {
    Box::new(if is_busy { Error::Busy } else { Error::Freed { what: T::WHAT } })
}

/// The state of a slot that has the object of a handle and is in no call.
#[inline]
fn idle(number: usize) -> u64 {
    ((number >> (INDEX_BITS + TAG_BITS)) as u64) << 1
}

/// The state of a slot that is used once more, or freed.
fn next_use(state: u64) -> u64 {
    (state + 2) & ((1 << (USE_BITS + 1)) - 1)
}

/// The change after the one that a head of the free slots has, for which a slot that
/// has come back meanwhile is not taken for what it was.
fn next_change(head: u64) -> u64 {
    ((head >> 32).wrapping_add(1)) << 32
}

impl<T> Slot<T> {
    const fn new() -> Slot<T> {
        let value = UnsafeCell::new(MaybeUninit::uninit());
        Slot { state: AtomicU64::new(0), next: AtomicU32::new(0), value }
    }
}

impl<T: Kind> InUse<'_, T> {
    /// Frees the object.
    fn end(self) {
        let InUse { registry, slot, number } = *ManuallyDrop::new(self);
        registry.empty(slot, number);
    }
}

impl<T: Kind> Drop for InUse<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let state = idle(self.number);
        let over = self.slot.state.compare_exchange(
            state | BUSY,
            state,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if over.is_err() {
            self.registry.empty(self.slot, self.number);
        }
    }
}

impl<T: Kind> Deref for InUse<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the slot has an object and is busy by this thread, as InUse says.
        unsafe { (*self.slot.value.get()).assume_init_ref() }
    }
}

impl<T: Kind> DerefMut for InUse<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; the only InUse of the slot is borrowed mutably.
        unsafe { (*self.slot.value.get()).assume_init_mut() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    enum Handle {}

    impl Kind for String {
        const WHAT: &'static str = "text";
        const TAG: usize = 1;
    }

    impl Kind for Vec<u8> {
        const WHAT: &'static str = "vector";
        const TAG: usize = 2;
    }

    impl Kind for Arc<()> {
        const WHAT: &'static str = "counter";
        const TAG: usize = 3;
    }

    impl Kind for usize {
        const WHAT: &'static str = "number";
        const TAG: usize = 4;
    }

    #[test]
    fn stale_foreign_and_null_handles_are_found_out() {
        static ONE: Registry<String> = Registry::new();
        static TWO: Registry<Vec<u8>> = Registry::new();
        let first: *mut Handle = ONE.give("first".to_owned()).unwrap();
        assert_eq!(*ONE.enter(first).unwrap(), "first");
        assert!(ONE.knows(first) && !TWO.knows(first) && !ONE.knows(ptr::null::<Handle>()));
        assert!(matches!(TWO.enter(first).err().as_deref(), Some(Error::Argument { .. })));
        assert!(matches!(
            ONE.enter(ptr::null::<Handle>()).err().as_deref(),
            Some(Error::Argument { .. })
        ));
        ONE.free(first);
        assert!(!ONE.knows(first));
        ONE.free(first);
        ONE.free(ptr::null_mut::<Handle>());
        assert!(matches!(ONE.enter(first).err().as_deref(), Some(Error::Freed { what: "text" })));
        let second: *mut Handle = ONE.give("second".to_owned()).unwrap();
        assert_ne!(first, second);
        assert!(matches!(ONE.enter(first).err().as_deref(), Some(Error::Freed { .. })));
        assert_eq!(*ONE.enter(second).unwrap(), "second");
        // Any number will do: none is followed.
        for bit in 0..usize::BITS {
            let other = ptr::without_provenance::<Handle>(second.addr() ^ (1 << bit));
            assert!(ONE.enter(other).is_err());
        }
        for number in [1, 0x100_0000, usize::MAX, 1 << (usize::BITS - 1)] {
            assert!(ONE.enter(ptr::without_provenance::<Handle>(number)).is_err());
        }
    }

    #[test]
    fn an_object_that_is_freed_in_a_call_lives_until_its_end() {
        static OBJECTS: Registry<Arc<()>> = Registry::new();
        let alive = Arc::new(());
        let handle: *mut Handle = OBJECTS.give(alive.clone()).unwrap();
        let call = OBJECTS.enter(handle).unwrap();
        assert!(matches!(OBJECTS.enter(handle).err().as_deref(), Some(Error::Busy)));
        OBJECTS.free(handle);
        assert!(matches!(OBJECTS.enter(handle).err().as_deref(), Some(Error::Freed { .. })));
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(call);
        assert_eq!(Arc::strong_count(&alive), 1);
        assert!(matches!(OBJECTS.enter(handle).err().as_deref(), Some(Error::Freed { .. })));
    }

    #[test]
    fn threads_make_use_and_free_objects_without_mixing_them_up() {
        static OBJECTS: Registry<usize> = Registry::new();
        let last: Arc<AtomicUsize> = Arc::default();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let last = last.clone();
                thread::spawn(move || {
                    for round in 0..5_000 {
                        let own: *mut Handle = OBJECTS.give(thread << 32 | round).unwrap();
                        let other = ptr::without_provenance_mut::<Handle>(
                            last.swap(own.addr(), Ordering::Relaxed),
                        );
                        // It may be freed, in use or neither, but it is one of these.
                        if let Ok(value) = OBJECTS.enter(other) {
                            assert!(*value & 0xffff_ffff < 5_000);
                        }
                        if round % 3 == 0 {
                            OBJECTS.free(other);
                        }
                        match OBJECTS.enter(own) {
                            Ok(value) => assert_eq!(*value, thread << 32 | round),
                            Err(error) => {
                                assert!(matches!(*error, Error::Busy | Error::Freed { .. }));
                            }
                        }
                        OBJECTS.free(own);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let one: *mut Handle = OBJECTS.give(1).unwrap();
        OBJECTS.free(one);
        assert!(OBJECTS.used.load(Ordering::Relaxed) < 64, "slots are used again");
    }
}
