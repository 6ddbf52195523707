//! Timers: which are due, and when. They do not run by themselves.

use std::time::{Duration, Instant};

/// A set of timers, each with a value that says what it is for.
#[derive(Debug)]
pub struct Timers<T> {
    timers: Vec<Timer<T>>,
    last: i64,
}

#[derive(Debug)]
struct Timer<T> {
    id: i64,
    due: Instant,
    every: Duration,
    /// How many times it will still run; `None` is forever.
    left: Option<u64>,
    what: T,
}

impl<T> Default for Timers<T> {
    fn default() -> Timers<T> {
        Timers { timers: Vec::new(), last: 0 }
    }
}

impl<T: Clone> Timers<T> {
    /// Adds a timer that is due after `every` and then repeatedly at that interval,
    /// `times` times in total or forever. Returns its number; the first timer is number
    /// 1.
    pub fn add(&mut self, every: Duration, times: Option<u64>, what: T) -> i64 {
        self.last += 1;
        let due = later(Instant::now(), every);
        self.timers.push(Timer { id: self.last, due, every, left: times, what });
        self.last
    }

    /// Removes a timer and returns its value.
    pub fn cancel(&mut self, id: i64) -> Option<T> {
        let index = self.timers.iter().position(|timer| timer.id == id)?;
        Some(self.timers.remove(index).what)
    }

    /// Returns the values of all timers.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.timers.iter().map(|timer| &timer.what)
    }

    /// Returns when the next timer is due.
    pub fn next(&self) -> Option<Instant> {
        self.timers.iter().map(|timer| timer.due).min()
    }

    /// Returns the numbers of the timers that are due at `now`, earliest first.
    pub fn due(&self, now: Instant) -> Vec<i64> {
        let mut due: Vec<_> = self.timers.iter().filter(|timer| timer.due <= now).collect();
        due.sort_by_key(|timer| timer.due);
        due.iter().map(|timer| timer.id).collect()
    }

    /// Fires a timer once: returns its value, if the timer still exists, and sets when
    /// it is due next. Turns that were missed are skipped.
    pub fn fire(&mut self, id: i64, now: Instant) -> Option<T> {
        let index = self.timers.iter().position(|timer| timer.id == id)?;
        let timer = &mut self.timers[index];
        if let Some(left) = &mut timer.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Some(self.timers.remove(index).what);
            }
        }
        let next = later(timer.due, timer.every);
        timer.due = if next > now { next } else { later(now, timer.every) };
        Some(timer.what.clone())
    }
}

/// Adds a duration. A time too far in the future to represent becomes a hundred years.
fn later(time: Instant, by: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    time.checked_add(by).unwrap_or_else(|| time + CENTURY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn timers_are_due_in_order_and_run_so_many_times() {
        let mut timers = Timers::default();
        let start = Instant::now();
        let slow = timers.add(5 * SECOND, None, "slow");
        let fast = timers.add(2 * SECOND, Some(2), "fast");
        assert!(timers.due(start + SECOND).is_empty());
        assert_eq!(timers.due(start + 6 * SECOND), [fast, slow]);
        assert_eq!(timers.fire(fast, start + 3 * SECOND), Some("fast"));
        assert!(timers.due(start + 3 * SECOND).is_empty());
        assert_eq!(timers.fire(fast, start + 5 * SECOND), Some("fast"));
        assert_eq!(timers.fire(fast, start + 6 * SECOND), None);
        assert_eq!([timers.cancel(slow), timers.cancel(slow)], [Some("slow"), None]);
        assert!(timers.next().is_none());
    }

    #[test]
    fn missed_turns_are_left_out() {
        let mut timers = Timers::default();
        let start = Instant::now();
        let id = timers.add(SECOND, None, ());
        assert!(timers.fire(id, start + 60 * SECOND).is_some());
        assert!(timers.due(start + 60 * SECOND).is_empty());
        let far = timers.add(Duration::MAX, None, ());
        assert!(timers.fire(far, start).is_some());
    }
}
