//! Takes the place of `src/bin/zeromq/interrupt.rs`: it interrupts a script after a number of
//! steps instead of after Ctrl-C.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::host::error::{Outcome, Stop};

/// How many calls and rounds of loops a script may take. A string that is doubled in each of
/// them has to fit into the memory.
const STEPS: usize = 18;

/// How long it may sleep.
const LIMIT: Duration = Duration::from_millis(60);

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(0) };
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A script begins.
pub fn begin() {
    LEFT.set(STEPS);
    BEGAN.set(Some(Instant::now()));
}

pub fn is_watched() -> bool {
    true
}

pub fn asked() -> bool {
    let left = LEFT.get();
    LEFT.set(left.saturating_sub(1));
    left == 0 || BEGAN.get().is_some_and(|began| began.elapsed() > LIMIT)
}

pub fn blocked<T>(work: impl FnOnce() -> T) -> Outcome<T> {
    Ok(work())
}

pub fn check() -> Outcome<()> {
    if asked() { Err(Stop::Interrupted) } else { Ok(()) }
}
