//! Checks `src/exclusive/lock.rs` with loom, which runs all interleavings of the threads
//! of a test, and all values that the memory model allows a load to return.
//!
//! A barrier of `membarrier(2)` in all threads is modeled by its definition: it acts as if
//! each place where a thread only keeps the compiler's order were a full barrier.

#![cfg(test)]

#[path = "../../../src/exclusive/lock.rs"]
mod lock;

mod sync {
    use std::cell::Cell;

    pub use loom::sync::atomic::{AtomicU8, AtomicU64, Ordering};

    pub const NO_BIAS: u64 = u64::MAX >> 8;

    loom::thread_local! {
        static THREAD: Cell<u64> = Cell::new(NO_BIAS);
    }

    /// Sets the number of this thread.
    pub fn set_thread(number: u64) {
        THREAD.with(|thread| thread.set(number));
    }

    pub fn this_thread() -> u64 {
        THREAD.with(Cell::get)
    }

    pub fn thread_pointer() -> u64 {
        this_thread()
    }

    pub fn keep_order() {
        loom::sync::atomic::fence(Ordering::SeqCst);
    }

    pub fn barrier() -> bool {
        loom::sync::atomic::fence(Ordering::SeqCst);
        true
    }

    #[derive(Default)]
    pub struct Pause {}

    impl Pause {
        pub fn pause(&mut self) -> bool {
            loom::thread::yield_now();
            true
        }
    }
}

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lock::{Doom, Held, Lock, Refused, Taken};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

/// An object as the registry of handles keeps it. loom reports two threads that access
/// `value` at the same time, or without an order between them.
struct Slot {
    lock: Lock,
    exists: loom::sync::atomic::AtomicBool,
    value: UnsafeCell<usize>,
    destroyed: StdArc<AtomicUsize>,
}

// SAFETY: the lock protects the value, which is what the model checks.
unsafe impl Sync for Slot {}

impl Slot {
    fn new() -> Slot {
        Slot {
            lock: Lock::new(),
            exists: loom::sync::atomic::AtomicBool::new(true),
            value: UnsafeCell::new(0),
            destroyed: StdArc::default(),
        }
    }

    fn exists(&self) -> bool {
        self.exists.load(Ordering::Acquire)
    }

    fn touch(&self) {
        self.value.with_mut(|value| {
            // SAFETY: the lock protects it, which is what the model checks.
            unsafe { *value += 1 }
        });
    }

    /// Makes a call; returns whether it was let in.
    fn call(&self) -> bool {
        match self.lock.try_lock(|| self.exists()) {
            Ok(held) => {
                self.touch();
                self.leave(held);
                true
            }
            Err(Refused::Last(taken)) => {
                self.destroy(taken);
                false
            }
            Err(_) => false,
        }
    }

    fn leave(&self, held: Held) {
        if let Some(taken) = self.lock.unlock(held) {
            self.destroy(taken);
        }
    }

    fn free(&self) {
        if let Doom::Now(taken) = self.lock.doom(|| self.exists()) {
            self.destroy(taken);
        }
    }

    fn visit(&self) -> bool {
        self.lock
            .visit()
            .map(|taken| {
                self.touch();
                self.lock.restore(taken);
            })
            .is_ok()
    }

    fn destroy(&self, taken: Taken) {
        self.touch();
        self.destroyed.fetch_add(1, Ordering::Relaxed);
        self.exists.store(false, Ordering::Release);
        self.lock.renew(taken);
    }
}

/// Runs `first` and `second` in two threads beside a main thread that has used the slot
/// before and runs `main`.
fn race(
    main: impl Fn(&Slot) + Send + Sync + 'static,
    others: &'static [fn(&Slot)],
    end: impl Fn(&Slot) + Send + Sync + 'static,
) {
    // All interleavings of three threads would take hours.
    race_within((others.len() > 1).then_some(2), main, others, end);
}

/// Does the same with at most this many preemptions.
fn race_within(
    preemptions: Option<usize>,
    main: impl Fn(&Slot) + Send + Sync + 'static,
    others: &'static [fn(&Slot)],
    end: impl Fn(&Slot) + Send + Sync + 'static,
) {
    let mut model = loom::model::Builder::new();
    model.max_branches = 100_000;
    model.preemption_bound = preemptions;
    model.check(move || {
        sync::set_thread(1);
        let slot = Arc::new(Slot::new());
        assert!(slot.call());
        let threads: Vec<_> = others
            .iter()
            .zip(2..)
            .map(|(other, number)| {
                let slot = slot.clone();
                thread::spawn(move || {
                    sync::set_thread(number);
                    other(&slot);
                })
            })
            .collect();
        main(&slot);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        end(&slot);
    });
}

fn call(slot: &Slot) {
    slot.call();
}

fn free(slot: &Slot) {
    slot.free();
}

fn visit(slot: &Slot) {
    slot.visit();
}

#[test]
fn a_call_has_the_object_to_itself() {
    race(
        |slot| {
            slot.call();
            slot.call();
        },
        &[call],
        |slot| assert!(slot.call()),
    );
}

#[test]
fn three_threads_call() {
    race(call, &[call, call], |slot| assert!(slot.call()));
}

#[test]
fn a_visit_makes_no_call_fail() {
    race(|slot| assert!(slot.call()), &[visit], |slot| assert!(slot.call()));
}

#[test]
fn an_object_freed_in_a_call_is_destroyed_once() {
    race(call, &[free], |slot| {
        assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1);
        assert!(!slot.call());
    });
}

#[test]
fn two_threads_free_one_object() {
    race(free, &[free], |slot| assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1));
}

#[test]
fn an_object_is_freed_beside_calls_of_two_threads() {
    race(call, &[call, free], |slot| assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1));
}

#[test]
fn a_free_of_the_caller_itself_waits_for_the_call() {
    loom::model(|| {
        sync::set_thread(1);
        let slot = Slot::new();
        let held = slot.lock.try_lock(|| true).unwrap();
        assert!(matches!(slot.lock.try_lock(|| true), Err(Refused::Busy)));
        assert!(matches!(slot.lock.visit(), Err(Refused::Busy)));
        assert!(!slot.lock.is_doomed());
        slot.free();
        assert!(slot.lock.is_doomed());
        assert!(matches!(slot.lock.try_lock(|| true), Err(Refused::Doomed)));
        assert_eq!(slot.destroyed.load(Ordering::Relaxed), 0);
        slot.leave(held);
        assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_lock_without_bias_keeps_the_same_promises() {
    loom::model(|| {
        // Threads without a number.
        let slot = Arc::new(Slot::new());
        assert!(slot.call());
        let other = slot.clone();
        let thread = thread::spawn(move || {
            other.call();
            other.free();
        });
        slot.call();
        thread.join().unwrap();
        assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1);
        assert!(!slot.call());
    });
}

#[test]
fn a_lock_that_changed_hands_too_often_has_no_bias() {
    let mut model = loom::model::Builder::new();
    model.max_branches = 100_000;
    model.check(|| {
        let slot = Slot::new();
        for number in 1..40 {
            sync::set_thread(number);
            assert!(slot.call() && slot.call() && slot.visit());
        }
        slot.free();
        assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_next_object_of_the_slot_is_not_disturbed_by_late_calls() {
    fn call_next(slot: &Slot) {
        match slot.lock.try_lock(|| !slot.exists()) {
            Ok(held) => {
                slot.touch();
                assert!(slot.lock.unlock(held).is_none());
            }
            Err(Refused::Last(taken)) => slot.destroy(taken),
            Err(_) => {}
        }
    }
    let others: &[fn(&Slot)] = &[|slot| {
        slot.free();
        call_next(slot);
    }];
    let main = |slot: &Slot| {
        slot.call();
        call_next(slot);
    };
    let end = |slot: &Slot| assert_eq!(slot.destroyed.load(Ordering::Relaxed), 1);
    race_within(Some(3), main, others, end);
}

#[test]
fn a_late_free_leaves_the_next_object_of_the_slot_alone() {
    for number in [1, sync::NO_BIAS] {
        let mut model = loom::model::Builder::new();
        model.max_branches = 100_000;
        model.preemption_bound = Some(3);
        model.check(move || {
            sync::set_thread(number);
            let lock = Arc::new(Lock::new());
            let uses = Arc::new(loom::sync::atomic::AtomicUsize::new(1));
            let is = |uses: &loom::sync::atomic::AtomicUsize, expected| {
                uses.load(Ordering::Acquire) == expected
            };
            let renew = |taken| {
                uses.store(2, Ordering::Release);
                lock.renew(taken);
            };
            let other = (lock.clone(), uses.clone());
            let thread = thread::spawn(move || {
                sync::set_thread(if number == 1 { 2 } else { number });
                let (lock, uses) = other;
                if let Doom::Now(taken) = lock.doom(|| is(&uses, 1)) {
                    uses.store(2, Ordering::Release);
                    lock.renew(taken);
                }
            });
            // A call on the first object, which this thread then frees, too.
            match lock.try_lock(|| is(&uses, 1)) {
                Ok(held) => lock.unlock(held).into_iter().for_each(renew),
                Err(Refused::Last(taken)) => renew(taken),
                Err(_) => {}
            }
            if let Doom::Now(taken) = lock.doom(|| is(&uses, 1)) {
                renew(taken);
            }
            // A call on the second object, which nobody frees.
            if let Ok(held) = lock.try_lock(|| is(&uses, 2)) {
                assert!(lock.unlock(held).is_none());
            }
            thread.join().unwrap();
            assert!(!is(&uses, 2) || !lock.is_doomed());
        });
    }
}
