//! The work that a decoded value causes in a host, and its limits.
//!
//! A few bytes of a message can cause much of it. An empty list is two bytes of JSON but a
//! hundred in a host. The dictionaries of Morpho and of the reference host hash strings
//! without a secret, and all floats to 0, so a peer can choose keys that all collide; the
//! time to insert them is then quadratic and cannot be interrupted.

use std::cell::Cell;

use crate::binding::value::Value;
use crate::core::wait::Interrupt;

/// What a number, a truth value or nil counts.
pub(super) const SMALL: u64 = 1;

/// What a string, a frame, a list or a dictionary counts.
pub(super) const LARGE: u64 = 8;

/// The limit of all values of a frame: 16 million numbers, or 2 million strings and lists.
const MOST: u64 = 1 << 24;

/// The limit of steps that are needed to insert the keys of all dictionaries of a frame, in
/// addition to those of keys that do not collide.
const MOST_STEPS: u64 = 4_000_000;

/// The steps that a key may need on average, because some always collide.
const STEPS: u64 = 32;

/// The multiplier for integers and hashes of strings.
const GOLDEN: u32 = 2_654_435_769;

/// The smallest dictionary that is checked.
const FEW: usize = 64;

const TOO_MANY: &str = "the frame holds too many values: at most 16 million numbers, or 2 \
                        million strings, lists and dictionaries, are decoded";

const COLLIDES: &str = "the keys of the frame's dictionaries collide: it would take too long to \
                        build them; send a list of pairs, or strings instead of floats";

/// How many units are counted before the host is asked again whether to stop.
const ASKED_EVERY: u64 = 1 << 16;

/// Counts the values of a frame.
#[derive(Default)]
pub(super) struct Cost<'a> {
    units: Cell<u64>,
    /// At how many units the host is asked next.
    ask: Cell<u64>,
    interrupt: Option<&'a dyn Interrupt>,
    interrupted: Cell<bool>,
    /// The keys of dictionaries that were checked, and the steps to insert them.
    keys: Cell<u64>,
    steps: Cell<u64>,
    exceeded: Cell<Option<&'static str>>,
}

impl<'a> Cost<'a> {
    /// Counts from 0, and asks this now and then whether to stop.
    pub fn new(interrupt: Option<&'a dyn Interrupt>) -> Cost<'a> {
        Cost { interrupt, ..Cost::default() }
    }

    /// Returns true if the host has asked to stop.
    pub fn interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// Returns the limit that was exceeded.
    pub fn exceeded(&self) -> Option<&'static str> {
        self.exceeded.get()
    }

    /// Counts a value.
    ///
    /// # Errors
    /// The reason, if there are too many.
    pub fn count(&self, units: u64) -> Result<(), &'static str> {
        self.units.set(self.units.get() + units);
        if self.units.get() >= self.ask.get() {
            self.ask.set(self.units.get() + ASKED_EVERY);
            if self.interrupt.is_some_and(Interrupt::interrupted) {
                self.interrupted.set(true);
                return Err("interrupted");
            }
        }
        if self.units.get() > MOST { self.refuse(TOO_MANY) } else { Ok(()) }
    }

    /// Counts the steps that it takes to insert the keys of a dictionary into a table like
    /// Morpho's: open addressing, one slot after the other, at most three quarters full.
    ///
    /// # Errors
    /// The reason, if it takes too many.
    pub fn count_keys(&self, entries: &[(Value, Value)]) -> Result<(), &'static str> {
        // A small table is cheap even if all keys collide.
        if entries.len() < FEW {
            return Ok(());
        }
        self.keys.set(self.keys.get() + entries.len() as u64);
        let most = MOST_STEPS + STEPS * self.keys.get();
        let capacity = (entries.len() * 4 / 3 + 1).next_power_of_two();
        let mut used = vec![false; capacity];
        for (key, _) in entries {
            let mut place = hash(key) as usize & (capacity - 1);
            let mut steps = 0;
            while used[place] {
                place = (place + 1) & (capacity - 1);
                steps += 1;
            }
            used[place] = true;
            self.steps.set(self.steps.get() + steps);
            if self.steps.get() > most {
                return self.refuse(COLLIDES);
            }
        }
        Ok(())
    }

    fn refuse(&self, why: &'static str) -> Result<(), &'static str> {
        self.exceeded.set(Some(why));
        Err(why)
    }
}

/// Returns the hash of a key in Morpho.
fn hash(key: &Value) -> u32 {
    match key {
        Value::Int(number) => (*number as u32).wrapping_mul(GOLDEN),
        Value::String(text) => fnv(text),
        Value::Object(object) => object.hash().map_or(0, |hash| (hash ^ (hash >> 32)) as u32),
        _ => 0,
    }
}

/// Returns the hash by Fowler, Noll and Vo (FNV-1a), with signed bytes as in Morpho.
fn fnv(bytes: &[u8]) -> u32 {
    let step = |hash: u32, byte: &u8| (hash ^ *byte as i8 as u32).wrapping_mul(16_777_619);
    bytes.iter().fold(2_166_136_261, step).wrapping_mul(GOLDEN)
}
