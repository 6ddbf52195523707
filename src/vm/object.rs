//! Objects as hosts hold them: numbers that are never reused, so stale and invalid ones
//! are detected. A number is the index of a slot and the slot's generation, which changes
//! each time that the slot is reused.
//!
//! Slots are never freed, so a call can count itself in the slot's state before it knows
//! whether the object is still there. Whoever leaves a freed object last drops it.

use std::cell::UnsafeCell;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use super::abi;
use super::segments::Segments;
use crate::binding::Object;

static SLOTS: Segments<Slot> = Segments::new();

/// The first free slot: its index + 1, or 0 if there is none. The upper half counts the
/// changes, so that a thread notices that another one took the slot and returned it.
static FREE: AtomicU64 = AtomicU64::new(0);

/// A place for an object.
struct Slot {
    /// The generation, `FREED`, and the number of uses: one by the host until it frees the
    /// object, and one by each call.
    state: AtomicU64,
    /// The number of times that the host still has to free the object.
    times: AtomicU32,
    /// The next free slot, like `FREE`.
    next: AtomicU32,
    /// The object, while the number of uses is not 0.
    object: UnsafeCell<Option<Object>>,
}

// SAFETY: `object` is written only by the thread that has taken the slot from the list of
// free ones, or that has ended its last use; in between it is only read.
unsafe impl Sync for Slot {}

/// The bit in a state that says that the host does not hold the object.
const FREED: u64 = 1 << 31;

/// The bits of a state that count its uses.
const USES: u64 = FREED - 1;

impl Default for Slot {
    fn default() -> Slot {
        Slot {
            state: AtomicU64::new(1 << 32 | FREED),
            times: AtomicU32::new(0),
            next: AtomicU32::new(0),
            object: UnsafeCell::new(None),
        }
    }
}

/// An object in use; it remains valid even if it is freed in the meantime.
pub(super) struct InUse {
    slot: &'static Slot,
    index: u32,
}

impl Deref for InUse {
    type Target = Object;

    #[inline]
    fn deref(&self) -> &Object {
        // SAFETY: the slot is in use, so the object is there and nobody writes it.
        match unsafe { &*self.slot.object.get() } {
            Some(object) => object,
            None => unreachable!("a slot in use has an object"),
        }
    }
}

impl Drop for InUse {
    #[inline]
    fn drop(&mut self) {
        let before = self.slot.state.fetch_sub(1, Ordering::Release);
        if before & (FREED | USES) == FREED | 1 {
            reclaim(self.slot, self.index, before);
        }
    }
}

/// Drops the object of a slot whose last use has ended, and makes the slot free.
#[cold]
fn reclaim(slot: &Slot, index: u32, state: u64) {
    fence(Ordering::Acquire);
    // SAFETY: the slot is not in use, and it is not in the list of free ones yet.
    let object = unsafe { (*slot.object.get()).take() };
    let generation = state >> 32;
    // A slot whose generations are used up is not used again.
    if generation < u64::from(u32::MAX) {
        slot.state.store((generation + 1) << 32 | FREED, Ordering::Relaxed);
        let mut head = FREE.load(Ordering::Relaxed);
        loop {
            slot.next.store(head as u32, Ordering::Relaxed);
            let new = ((head >> 32).wrapping_add(1)) << 32 | u64::from(index + 1);
            match FREE.compare_exchange_weak(head, new, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(changed) => head = changed,
            }
        }
    }
    // It may close a socket, or free other objects.
    drop(object);
}

/// Takes a free slot, or makes one.
fn vacant() -> Option<(u32, &'static Slot)> {
    let mut head = FREE.load(Ordering::Acquire);
    while let Some(index) = (head as u32).checked_sub(1) {
        let slot = SLOTS.get(index)?;
        let next = slot.next.load(Ordering::Relaxed);
        let new = ((head >> 32).wrapping_add(1)) << 32 | u64::from(next);
        match FREE.compare_exchange_weak(head, new, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => return Some((index, slot)),
            Err(changed) => head = changed,
        }
    }
    SLOTS.add()
}

/// Returns the number of a new object for the host, or 0, which no call accepts, if
/// there are too many.
pub(super) fn give(object: Object) -> abi::Object {
    let Some((index, slot)) = vacant() else {
        return 0;
    };
    let generation = slot.state.load(Ordering::Relaxed) >> 32;
    slot.times.store(1, Ordering::Relaxed);
    // SAFETY: the slot was free, and only this thread has it.
    unsafe { *slot.object.get() = Some(object) };
    slot.state.store(generation << 32 | 1, Ordering::Release);
    generation << 32 | u64::from(index)
}

/// Looks up the object of a number. Returns `None` if it was freed, or never was one.
#[inline]
pub(super) fn get(object: abi::Object) -> Option<InUse> {
    let index = object as u32;
    let slot = SLOTS.get(index)?;
    let mut state = slot.state.load(Ordering::Relaxed);
    loop {
        // The generation, without FREED.
        if state >> 31 != object >> 32 << 1 {
            return None;
        }
        let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
        match slot.state.compare_exchange_weak(state, state + 1, success, failure) {
            Ok(_) => return Some(InUse { slot, index }),
            Err(changed) => state = changed,
        }
    }
}

/// Counts one more reference of the host to an object. Returns false if it was freed.
pub(super) fn share(object: abi::Object) -> bool {
    let once_more = |times: u32| if times == 0 { None } else { times.checked_add(1) };
    get(object).is_some_and(|used| {
        used.slot.times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, once_more).is_ok()
    })
}

/// Drops one reference of the host to an object.
pub(super) fn free(object: abi::Object) {
    let Some(used) = get(object) else {
        return;
    };
    let once_less = |times: u32| times.checked_sub(1);
    let times = &used.slot.times;
    if times.fetch_update(Ordering::AcqRel, Ordering::Relaxed, once_less) == Ok(1) {
        // Ends the use by the host, which is not the last one, because this is another.
        used.slot.state.fetch_add(FREED - 1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::{self, Arguments, CLASSES, Handle, Host, Kept, Target, Value, ValueRef};
    use crate::core::wait::Interrupt;
    use crate::core::{Error, Policy};
    use std::ffi::CStr;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    struct Nobody;

    impl Host for Nobody {
        fn takes_arrays(&self) -> bool {
            true
        }

        fn takes_sparse(&self) -> bool {
            true
        }

        fn policy(&self) -> &Policy {
            &Policy::OPEN
        }

        fn warn(&self, _: &'static CStr, _: &str) {}
        fn interrupt(&self) -> Option<&dyn Interrupt> {
            None
        }
        fn id(&self) -> usize {
            0
        }
        fn keep(&self, handle: Handle) -> Kept {
            Kept::new(self.id(), handle, None)
        }
        fn call(
            &self,
            _: Handle,
            _: Vec<Value>,
            _: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
        ) -> Result<(), Error> {
            Err(Error::Callback)
        }
    }

    fn frame() -> Object {
        let class = CLASSES.iter().find(|class| class.name == "ZMQFrame").unwrap();
        let mut rows = binding::rows().iter();
        let row = rows
            .find(|row| row.target == Target::Constructor && row.class.name == class.name)
            .unwrap();
        let arguments = Arguments { positional: &[ValueRef::String(b"x")], named: &[] };
        let take = |value: &mut Value| match value {
            Value::Object(object) => object.clone(),
            _ => panic!("a constructor makes an object"),
        };
        binding::call(row, None, &arguments, &Nobody, take).unwrap()
    }

    #[test]
    fn a_number_is_never_reused() {
        let first = give(frame());
        let mut seen = vec![first];
        free(first);
        for _ in 0..1000 {
            let object = give(frame());
            assert!(!seen.contains(&object));
            assert!(seen.iter().all(|old| get(*old).is_none()));
            free(object);
            seen.push(object);
            seen.drain(..seen.len().saturating_sub(20));
        }
        assert!(get(0).is_none() && get(u64::MAX).is_none() && get(first ^ FREED).is_none());
    }

    #[test]
    fn an_object_in_use_outlives_its_number() {
        let number = give(frame());
        assert!(share(number));
        let used = get(number).unwrap();
        free(number);
        assert!(get(number).is_some());
        free(number);
        assert!(get(number).is_none() && !share(number));
        free(number);
        assert_eq!(used.frame(), Some(&b"x"[..]));
        drop(used);
        assert!(get(number).is_none());
    }

    #[test]
    fn threads_use_and_free_the_same_objects() {
        static NUMBERS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
        static DONE: AtomicBool = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !DONE.load(Ordering::Relaxed) {
                        for number in &NUMBERS {
                            if let Some(used) = get(number.load(Ordering::Relaxed)) {
                                assert_eq!(used.frame(), Some(&b"x"[..]));
                            }
                        }
                    }
                });
            }
            let made = frame();
            for round in 0..20_000 {
                let old = NUMBERS[round % 4].swap(give(made.clone()), Ordering::Relaxed);
                free(old);
                assert!(get(old).is_none());
            }
            DONE.store(true, Ordering::Relaxed);
        });
    }
}
