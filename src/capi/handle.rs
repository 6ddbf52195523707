//! Handles for C: numbers that look like pointers and identify an object only as long
//! as it lives. Stale, foreign and invalid handles are detected, and an object serves
//! one call at a time. The thread that used an object last pays no atomic
//! read-modify-write for this.
//!
//! Slots are never given back to the system, so any number can be looked up at any
//! time. There is no lock that another thread could hold at the moment of a fork.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use crate::core::{Error, context};
use crate::exclusive::lock::{Doom, Held, Lock, Refused, Taken};

/// How many bits of a handle hold the index of its slot, the tag of its type, and how
/// often the slot was used before.
const INDEX_BITS: u32 = if usize::BITS == 64 { 20 } else { 14 };
const TAG_BITS: u32 = 4;
const USE_BITS: u32 = usize::BITS - INDEX_BITS - TAG_BITS;

const SLOTS: usize = 1 << INDEX_BITS;
const CHUNK: usize = 256;
const CHUNKS: usize = SLOTS / CHUNK;

/// A type of objects that have handles.
pub(super) trait Kind: Send + 'static {
    /// What errors call it: "socket".
    const WHAT: &'static str;
    /// A number from 1 to 15 that no other type has.
    const TAG: usize;
}

/// The objects of one type. An empty registry is all zeros, so it takes no room in the
/// library file.
pub(super) struct Registry<T: 'static> {
    chunks: [AtomicPtr<[Slot<T>; CHUNK]>; CHUNKS],
    /// How many slots were ever used.
    used: AtomicUsize,
    /// One more than the index of the slot that was freed last, and a count of changes
    /// in the upper half.
    free: AtomicU64,
}

// SAFETY: only the thread that holds the lock of a slot accesses its value.
unsafe impl<T: Send> Sync for Registry<T> {}

#[repr(align(64))]
struct Slot<T> {
    lock: Lock,
    /// How often the slot was given and freed. An odd number means that it holds an
    /// object.
    uses: AtomicU64,
    /// Which slot this is.
    index: AtomicU32,
    /// One more than the index of the slot that was freed before this one.
    next: AtomicU32,
    /// The process that gave it, by the number of forks before it.
    generation: AtomicU32,
    /// Initialized if the number of uses is odd.
    value: UnsafeCell<MaybeUninit<T>>,
}

/// An object in a call: this thread holds the lock of its slot.
pub(super) struct InUse<'a, T: Kind> {
    registry: &'a Registry<T>,
    slot: &'a Slot<T>,
    held: Held,
}

impl<T: Kind> Registry<T> {
    /// Makes an empty registry.
    pub const fn new() -> Registry<T> {
        Registry {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            used: AtomicUsize::new(0),
            free: AtomicU64::new(0),
        }
    }

    /// Stores an object and returns its handle.
    ///
    /// # Errors
    /// [`Error::Host`] if there are too many objects.
    pub fn give<H>(&self, value: T) -> Result<*mut H, Error> {
        let index = self.pop_slot().ok_or_else(|| Error::Host {
            what: format!("there are too many objects: free a {} first", T::WHAT).into(),
        })?;
        let slot = self.slot(index).ok_or(Error::Freed { what: T::WHAT })?;
        // SAFETY: the slot holds no object and was just taken from the free slots, so
        // no other thread uses it.
        unsafe { (*slot.value.get()).write(value) };
        slot.index.store(index as u32, Ordering::Relaxed);
        slot.generation.store(context::generation(), Ordering::Relaxed);
        let uses = next_use(slot.uses.load(Ordering::Relaxed));
        slot.uses.store(uses, Ordering::Release);
        Ok(ptr::without_provenance_mut(self.number(index, uses)))
    }

    /// Looks up the object of a handle, for one call.
    ///
    /// # Errors
    /// [`Error::Argument`] if the handle is NULL or of another type, [`Error::Freed`]
    /// if the object was freed, [`Error::Busy`], [`Error::Forked`].
    #[inline(always)]
    pub fn enter<H>(&self, handle: *const H) -> Result<InUse<'_, T>, Box<Error>> {
        let number = handle.addr();
        let (Some(slot), true) = (self.slot(number & (SLOTS - 1)), is_mine::<T>(number)) else {
            return Err(stranger::<T>(number));
        };
        match slot.lock.try_lock(move || slot.uses.load(Ordering::Acquire) == uses(number)) {
            Ok(held) => Ok(InUse { registry: self, slot, held }),
            Err(why) => Err(self.refused(slot, why)),
        }
    }

    /// Looks up an object to end it. Returns `None` if it was in a call of another thread
    /// when this process was forked: a child ends nothing of its parent.
    ///
    /// # Errors
    /// Those of [`enter`](Registry::enter).
    pub fn enter_to_end<H>(&self, handle: *const H) -> Result<Option<InUse<'_, T>>, Box<Error>> {
        match self.enter(handle) {
            Err(error) if matches!(*error, Error::Forked) => Ok(None),
            entered => entered.map(Some),
        }
    }

    /// Returns the error for an object that was not entered. Errors are boxed and built
    /// out of line, because copying a large result field by field stalls the fast path.
    #[cold]
    #[inline(never)]
    fn refused(&self, slot: &Slot<T>, why: Refused) -> Box<Error> {
        if let Refused::Last(taken) = why {
            self.empty(slot, taken);
        }
        let generation = slot.generation.load(Ordering::Relaxed);
        Box::new(match why {
            // The thread that is in the call was left behind by a fork.
            Refused::Busy if generation != context::generation() => Error::Forked,
            Refused::Busy => Error::Busy,
            _ => Error::Freed { what: T::WHAT },
        })
    }

    /// Returns whether the object of a handle still exists, in a call or not.
    pub fn knows<H>(&self, handle: *const H) -> bool {
        let number = handle.addr();
        is_mine::<T>(number)
            && self.slot(number & (SLOTS - 1)).is_some_and(|slot| {
                slot.uses.load(Ordering::Acquire) == uses(number) && !slot.lock.is_doomed()
            })
    }

    /// Frees an object. If it is in a call on another thread, or in an outer call on
    /// this one, it is dropped at the end of that call. NULL and handles that were
    /// already freed are ignored.
    pub fn free<H>(&self, handle: *mut H) {
        let number = handle.addr();
        if let (Some(slot), true) = (self.slot(number & (SLOTS - 1)), is_mine::<T>(number))
            && let Doom::Now(taken) =
                slot.lock.doom(|| slot.uses.load(Ordering::Acquire) == uses(number))
        {
            self.empty(slot, taken);
        }
    }

    /// Drops the object of a slot whose lock this thread has taken for good.
    #[cold]
    #[inline(never)]
    fn empty(&self, slot: &Slot<T>, taken: Taken) {
        // SAFETY: the slot holds an object, and this thread has its lock. Nobody else
        // reads the object, because its number of uses is even from now on.
        let value = unsafe { (*slot.value.get()).assume_init_read() };
        slot.uses.store(next_use(slot.uses.load(Ordering::Relaxed)), Ordering::Release);
        slot.lock.renew(taken);
        let index = slot.index.load(Ordering::Relaxed);
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let new = next_change(head) | (u64::from(index) + 1);
            match self.free.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => head = now,
            }
        }
        // Dropping may run code that calls the library.
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
                // SAFETY: another thread was faster, so nobody else has seen this
                // chunk.
                drop(unsafe { Box::from_raw(new) });
            }
        }
        Some(index)
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        let chunk = self.chunks[index / CHUNK].load(Ordering::Acquire);
        // SAFETY: it is NULL or came from `Box::into_raw`, and is never freed.
        unsafe { chunk.as_ref() }.map(|chunk| &chunk[index % CHUNK])
    }

    fn number(&self, index: usize, uses: u64) -> usize {
        (uses as usize) << (INDEX_BITS + TAG_BITS) | (T::TAG << INDEX_BITS) | index
    }
}

/// Returns whether the bits of a number can be a handle of this type.
#[inline]
fn is_mine<T: Kind>(number: usize) -> bool {
    number & (((1 << TAG_BITS) - 1) << INDEX_BITS) == (T::TAG << INDEX_BITS)
        && uses(number) & 1 != 0
}

/// Returns the error for an invalid handle.
#[cold]
#[inline(never)]
fn stranger<T: Kind>(number: usize) -> Box<Error> {
    let got = if number == 0 { "NULL" } else { "something else" };
    Box::new(Error::Argument {
        place: format!("the {}", T::WHAT),
        expected: format!("a handle from zeromq_{}_new", T::WHAT).into(),
        got: got.to_owned(),
    })
}

/// Returns the number of uses that a handle was given for.
#[inline]
fn uses(number: usize) -> u64 {
    (number >> (INDEX_BITS + TAG_BITS)) as u64
}

/// Returns the number of uses of a slot that is given again or freed.
fn next_use(uses: u64) -> u64 {
    (uses + 1) & ((1 << USE_BITS) - 1)
}

/// Returns the next count of changes for the head of the free slots. It prevents a slot
/// that was taken and freed in the meantime from being mistaken for the old one.
fn next_change(head: u64) -> u64 {
    ((head >> 32).wrapping_add(1)) << 32
}

impl<T> Slot<T> {
    const fn new() -> Slot<T> {
        Slot {
            lock: Lock::new(),
            uses: AtomicU64::new(0),
            index: AtomicU32::new(0),
            next: AtomicU32::new(0),
            generation: AtomicU32::new(0),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }
}

impl<T: Kind> Drop for InUse<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(taken) = self.slot.lock.unlock(self.held) {
            self.registry.empty(self.slot, taken);
        }
    }
}

impl<T: Kind> Deref for InUse<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the slot holds an object, and this thread holds its lock.
        unsafe { (*self.slot.value.get()).assume_init_ref() }
    }
}

impl<T: Kind> DerefMut for InUse<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the only `InUse` of the slot is borrowed mutably.
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
        // Any number is safe: none is dereferenced.
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
                        // It may be freed, in use or neither, but it is one of these
                        // objects.
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
