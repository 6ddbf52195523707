//! The number of open sockets of a policy.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number of sockets, and the generation of the process that they belong to: after a fork,
/// the sockets of the parent are closed in the child and are never dropped there.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// Counts a socket. Returns false if there are as many as may be.
    pub fn add(&self, generation: u32, most: u32) -> bool {
        let more = |state| {
            let open = open(state, generation);
            (open < most).then(|| join(generation, open + 1))
        };
        self.0.fetch_update(Relaxed, Relaxed, more).is_ok()
    }

    /// Subtracts a socket of this generation.
    pub fn subtract(&self, generation: u32) {
        let less = |state| {
            let open = open(state, generation);
            open.checked_sub(1).map(|open| join(generation, open))
        };
        // There is nothing to subtract if the sockets of another process are counted.
        let _ = self.0.fetch_update(Relaxed, Relaxed, less);
    }
}

fn join(generation: u32, open: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(open)
}

/// Returns the number of sockets of this generation.
fn open(state: u64, generation: u32) -> u32 {
    if state >> 32 == u64::from(generation) { state as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_the_parent_do_not_count_after_a_fork() {
        let count = Count::default();
        assert_eq!([1, 1, 1].map(|generation| count.add(generation, 2)), [true, true, false]);
        count.subtract(1);
        assert!(count.add(1, 2));
        assert_eq!([2, 2, 2].map(|generation| count.add(generation, 2)), [true, true, false]);
        // One that the child inherited and drops.
        count.subtract(1);
        assert!(!count.add(2, 2));
        count.subtract(2);
        assert!(count.add(2, 2));
    }
}
