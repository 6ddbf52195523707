//! The lock of an object: it is never waited for, and the thread that used it last
//! takes it again with plain loads and stores.
//!
//! An object serves one call at a time, and nearly always the calls come from one
//! thread. An atomic read-modify-write takes about 4 ns, because the processor finishes all
//! earlier stores first, and sending a short message takes about 20. So the lock is
//! biased: its word names the thread that owns it and an epoch. The owner marks itself
//! as inside in the `held` byte of the epoch, and looks whether it still owns the lock.
//! Another thread that wants the lock replaces the word by `TAKEN`, makes all other
//! threads of the process pass a memory barrier (`membarrier(2)`), and looks whether
//! the owner is inside. Since the owner stores before it loads, and the barrier lies
//! between the store and the load of the other thread, at least one of them sees the
//! other:
//!
//! | the owner | another thread |
//! | --- | --- |
//! | `held[epoch] = 1` | `owner = TAKEN` |
//! | (the compiler keeps the order) | barrier in all threads |
//! | is `owner` unchanged? | is `held[epoch]` 0? |
//!
//! A thread that reads the word and is then suspended may store into the `held` byte of
//! its epoch long after it has lost the lock. So each new owner gets a new epoch with a
//! byte of its own. When the epochs are used up, the lock has no bias any more and is
//! taken by compare-and-swap, as it is on systems without such a barrier.
//!
//! `tests/model` checks this file with all interleavings of few threads.

use super::sync::{
    AtomicU8, AtomicU64, NO_BIAS, Ordering, Pause, barrier, keep_order, this_thread, thread_pointer,
};

/// How many threads may own a lock one after the other before its bias ends.
const EPOCHS: u64 = 16;

/// The word holds the owning thread in its upper 56 bits (0: nobody), and the epoch or
/// one of these flags in the lower 8.
const THREAD_SHIFT: u32 = 8;
const HELD: u64 = 0x10;
const DOOMED: u64 = 0x20;
const TAKEN: u64 = 0x40;
const SHARED: u64 = 0x80;

/// A lock. It protects whatever its user says.
#[derive(Debug)]
pub struct Lock {
    /// One of these:
    ///
    /// - a thread (or 0) and an epoch: biased;
    /// - `TAKEN`: a thread inspects or replaces the word, or visits the object;
    /// - `SHARED`, `SHARED | HELD`: without bias, free or held;
    /// - the word of a held lock with `DOOMED`: who unlocks it destroys the object.
    owner: AtomicU64,
    /// Whether the owner of an epoch is inside; only the owner writes it.
    held: [AtomicU8; EPOCHS as usize],
}

/// A lock that is held: its word.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Held(u64);

/// A lock that is taken away from its owner, who is not inside: the word before.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct Taken(u64);

/// Why a lock was not given.
#[derive(Clone, Copy, Debug)]
pub enum Refused {
    /// Another call holds it.
    Busy,
    /// Its object is about to be destroyed.
    Doomed,
    /// The condition of the caller does not hold.
    Invalid,
    /// Another thread doomed the object when it seemed to be in this call: the caller
    /// destroys it, and calls [`Lock::renew`].
    Last(Taken),
}

/// What a thread that destroys the object of a lock has to do.
#[derive(Clone, Copy, Debug)]
pub enum Doom {
    /// Nobody uses the object: destroy it now.
    Now(Taken),
    /// A call uses it, and destroys it at its end.
    Later,
    /// It is being destroyed, or the condition of the caller does not hold.
    Never,
}

impl Lock {
    /// Makes a lock that nobody holds.
    #[cfg(not(model))]
    pub const fn new() -> Lock {
        Lock { owner: AtomicU64::new(0), held: [const { AtomicU8::new(0) }; EPOCHS as usize] }
    }

    /// Makes a lock that nobody holds.
    #[cfg(model)]
    pub fn new() -> Lock {
        Lock { owner: AtomicU64::new(0), held: std::array::from_fn(|_| AtomicU8::new(0)) }
    }

    /// Takes the lock for a call, if `valid` holds. It may be called again and again;
    /// once the lock is held, its answer does not change.
    ///
    /// # Errors
    /// [`Refused`].
    #[inline(always)]
    pub fn try_lock(&self, valid: impl Fn() -> bool + Copy) -> Result<Held, Refused> {
        let word = self.owner.load(Ordering::Relaxed);
        // A lock without bias is owned by no thread.
        let epoch = word ^ (thread_pointer() << THREAD_SHIFT);
        if epoch < EPOCHS {
            let held = &self.held[epoch as usize];
            // Set in a call that this one is made from, or was interrupted by.
            if held.load(Ordering::Relaxed) == 0 {
                held.store(1, Ordering::Relaxed);
                keep_order();
                if self.owner.load(Ordering::Acquire) == word && valid() {
                    return Ok(Held(word));
                }
                // Another thread may have seen this call inside.
                if let Some(taken) = self.unlock(Held(word)) {
                    return Err(Refused::Last(taken));
                }
            }
        }
        self.try_lock_slowly(valid)
    }

    #[cold]
    #[inline(never)]
    fn try_lock_slowly(&self, valid: impl Fn() -> bool) -> Result<Held, Refused> {
        let Taken(word) = self.take(&valid, false)?;
        let word = biased(word);
        if word == SHARED {
            self.owner.store(SHARED | HELD, Ordering::Release);
            return Ok(Held(SHARED | HELD));
        }
        self.held[epoch_of(word)].store(1, Ordering::Relaxed);
        self.owner.store(word, Ordering::Release);
        Ok(Held(word))
    }

    /// Ends a call. Returns the lock again if the object was doomed in the meantime:
    /// the caller destroys it then, and calls [`renew`](Lock::renew).
    #[inline(always)]
    pub fn unlock(&self, held: Held) -> Option<Taken> {
        let Held(word) = held;
        if word & SHARED == 0 {
            self.held[epoch_of(word)].store(0, Ordering::Release);
            keep_order();
            if self.owner.load(Ordering::Relaxed) == word {
                return None;
            }
        }
        self.unlock_slowly(word)
    }

    #[cold]
    #[inline(never)]
    fn unlock_slowly(&self, word: u64) -> Option<Taken> {
        if word & SHARED != 0 && self.swap(word, SHARED) {
            return None;
        }
        let mut pause = Pause::default();
        loop {
            let now = self.owner.load(Ordering::Acquire);
            if now == TAKEN {
                // The thread that has it dooms the object, or takes the lock.
                if !pause.pause() {
                    return None;
                }
            } else if now == word | DOOMED {
                if self.swap(now, TAKEN) {
                    return Some(Taken(word & !HELD));
                }
            } else if word & SHARED == 0 || self.swap(word, SHARED) {
                return None;
            }
        }
    }

    /// Takes the lock away from its owner, unless that is inside, without becoming the
    /// owner. A call that starts in the meantime waits until [`restore`](Lock::restore)
    /// or [`renew`](Lock::renew), so this must be brief.
    ///
    /// # Errors
    /// [`Refused::Busy`], [`Refused::Doomed`].
    pub fn visit(&self) -> Result<Taken, Refused> {
        self.take(&|| true, false)
    }

    /// Gives a lock back to its owner.
    pub fn restore(&self, taken: Taken) {
        self.owner.store(taken.0, Ordering::Release);
    }

    /// Makes a lock ready for another object, with no owner.
    pub fn renew(&self, taken: Taken) {
        let Taken(word) = taken;
        let owner = word >> THREAD_SHIFT;
        let epoch = word & (EPOCHS - 1);
        let next = if word & SHARED != 0 {
            SHARED
        } else if owner == 0 || owner == this_thread() {
            epoch
        } else if epoch + 1 < EPOCHS {
            epoch + 1
        } else {
            SHARED
        };
        self.restore(Taken(next));
    }

    /// Dooms the object of the lock, if `valid` holds.
    pub fn doom(&self, valid: impl Fn() -> bool) -> Doom {
        match self.take(&valid, true) {
            Ok(taken) => Doom::Now(taken),
            Err(Refused::Busy) => Doom::Later,
            Err(_) => Doom::Never,
        }
    }

    /// Returns true if the object is doomed.
    pub fn is_doomed(&self) -> bool {
        self.owner.load(Ordering::Acquire) & DOOMED != 0
    }

    /// Replaces the word of a lock that nobody holds by `TAKEN`. A lock that is held
    /// becomes doomed, if `doom` is true. It is taken for a moment even then, because
    /// only then `valid` is about the object that becomes doomed, and not about one that
    /// was in the slot before.
    fn take(&self, valid: &dyn Fn() -> bool, doom: bool) -> Result<Taken, Refused> {
        let mut pause = Pause::default();
        loop {
            let word = self.owner.load(Ordering::Acquire);
            if !valid() {
                return Err(Refused::Invalid);
            }
            if word & DOOMED != 0 {
                return Err(Refused::Doomed);
            }
            if word == TAKEN {
                if !pause.pause() {
                    return Err(Refused::Busy);
                }
                continue;
            }
            if word == SHARED | HELD && !doom {
                return Err(Refused::Busy);
            }
            if !self.swap(word, TAKEN) {
                continue;
            }
            // Nobody else changes the word or destroys the object now.
            if !valid() {
                self.restore(Taken(word));
                return Err(Refused::Invalid);
            }
            if self.owner_is_inside(word) {
                self.restore(Taken(if doom { word | DOOMED } else { word }));
                return Err(Refused::Busy);
            }
            return Ok(Taken(word));
        }
    }

    /// Returns whether the owner of a word is in a call, or might be.
    fn owner_is_inside(&self, word: u64) -> bool {
        if word & SHARED != 0 {
            return word & HELD != 0;
        }
        let thread = word >> THREAD_SHIFT;
        if thread == 0 {
            return false;
        }
        if thread != this_thread() && !barrier() {
            return true;
        }
        self.held[epoch_of(word)].load(Ordering::Acquire) != 0
    }

    fn swap(&self, old: u64, new: u64) -> bool {
        self.owner.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl Default for Lock {
    fn default() -> Lock {
        Lock::new()
    }
}

/// Returns the word with this thread as its owner, or `SHARED` if it can have none.
fn biased(word: u64) -> u64 {
    let me = this_thread();
    let epoch = word & (EPOCHS - 1);
    match word >> THREAD_SHIFT {
        _ if word & SHARED != 0 || me == NO_BIAS => SHARED,
        owner if owner == me => word,
        // The epoch of nobody was never used.
        0 => me << THREAD_SHIFT | epoch,
        _ if epoch + 1 < EPOCHS => me << THREAD_SHIFT | (epoch + 1),
        _ => SHARED,
    }
}

fn epoch_of(word: u64) -> usize {
    (word & (EPOCHS - 1)) as usize
}
