//! The times of messages.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The system clock, except that it never goes back: after someone has set it back, time
/// passes at half the speed until it has caught up. So the order of messages is that of their
/// times, and there are pauses between messages where there were some.
pub struct Clock {
    last: i64,
    read: Instant,
}

impl Clock {
    /// Makes a clock that goes on from the time of the last message.
    pub fn after(last: i64) -> Clock {
        Clock { last, read: Instant::now() }
    }

    /// Returns the time in nanoseconds since 1970.
    pub fn now(&mut self) -> i64 {
        let read = Instant::now();
        let passed = read.duration_since(self.read).as_nanos() / 2;
        self.read = read;
        self.last = advanced(self.last, i64::try_from(passed).unwrap_or(i64::MAX), system_time());
        self.last
    }
}

fn advanced(last: i64, passed: i64, system: i64) -> i64 {
    if system >= last { system } else { last.saturating_add(passed) }
}

/// Returns the time of the system clock in nanoseconds since 1970.
pub fn system_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_goes_slowly() {
        assert_eq!(advanced(100, 3, 105), 105);
        assert_eq!(advanced(100, 3, 50), 103);
        let mut clock = Clock::after(i64::MAX - 1);
        assert!(clock.now() >= i64::MAX - 1);
        let mut clock = Clock::after(0);
        let first = clock.now();
        assert!(first > 1_700_000_000_000_000_000 && clock.now() >= first);
    }
}
