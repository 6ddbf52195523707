//! The progress line of a queue, for a terminal.

use std::time::{Duration, Instant};

use super::ledger::Stats;
use crate::core::counted::Counted;

/// How often the line is written.
const EVERY: Duration = Duration::from_millis(200);

/// How quickly the speed follows, as a share per line.
const FOLLOW: f64 = 0.1;

/// Returns true if the terminal accepts text now.
#[cfg(unix)]
pub(super) fn accepts() -> bool {
    use std::os::fd::AsRawFd;
    let error = std::io::stderr().as_raw_fd();
    let mut items = [zmq::PollItem::from_fd(error, zmq::POLLOUT)];
    zmq::poll(&mut items, 0) == Ok(1) && items[0].is_writable()
}

#[cfg(not(unix))]
pub(super) fn accepts() -> bool {
    true
}

/// A line that is written over and over.
#[derive(Debug)]
pub(super) struct Progress {
    last: Instant,
    finished: u64,
    /// Tasks per second.
    speed: f64,
    /// True if it has written at least one line and not ended it.
    open: bool,
}

impl Progress {
    pub fn new(now: Instant, stats: &Stats) -> Progress {
        Progress { last: now, finished: stats.done + stats.failed, speed: 0.0, open: false }
    }

    pub fn next_due(&self) -> Instant {
        self.last + EVERY
    }

    /// Returns the line, if it is due.
    pub fn line(&mut self, now: Instant, stats: &Stats) -> Option<String> {
        let passed = now.saturating_duration_since(self.last);
        let finished = stats.done + stats.failed;
        if passed < EVERY {
            return None;
        }
        let now_speed = (finished - self.finished) as f64 / passed.as_secs_f64();
        self.speed = match self.speed {
            0.0 => now_speed,
            speed => speed + FOLLOW * (now_speed - speed),
        };
        let changed = finished != self.finished || finished < stats.added;
        (self.last, self.finished) = (now, finished);
        if !changed && self.open {
            return None;
        }
        self.open = true;
        Some(shown(stats, self.speed))
    }

    /// Returns what ends the line.
    pub fn end(&mut self, stats: &Stats) -> Option<String> {
        let open = std::mem::take(&mut self.open);
        open.then(|| format!("{}\n", shown(stats, self.speed)))
    }
}

/// Returns the line in place of the one before. A terminal that is too narrow cuts it short.
fn shown(stats: &Stats, speed: f64) -> String {
    format!("\r\x1b[?7l{}\x1b[K\x1b[?7h", describe(stats, speed))
}

fn describe(stats: &Stats, speed: f64) -> String {
    let Stats { added, done, failed, running, workers, .. } = *stats;
    let mut text = format!("{done} of {added} done, {failed} failed, {running} running");
    text.push_str(&format!(", {}", Counted(workers, "worker")));
    if speed > 0.0 {
        let digits = if speed < 10.0 { 1 } else { 0 };
        text.push_str(&format!(", {speed:.digits$} tasks/s"));
        let left = (added - done - failed) as f64 / speed;
        if left > 0.0 && left < 1e9 {
            text.push_str(&format!(", {} left", clock(left.ceil() as u64)));
        }
    }
    text
}

/// Returns seconds as 0:05, 12:30 or 3:00:00.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_far_it_is() {
        let start = Instant::now();
        let stats = |done| Stats { added: 1000, done, running: 4, workers: 1, ..Stats::default() };
        let mut progress = Progress::new(start, &stats(0));
        assert_eq!(progress.line(start + EVERY / 2, &stats(50)), None);
        let line = progress.line(start + EVERY, &stats(100)).unwrap();
        let expected = "100 of 1000 done, 0 failed, 4 running, 1 worker, 500 tasks/s, 0:02 left";
        assert_eq!(line, format!("\r\x1b[?7l{expected}\x1b[K\x1b[?7h"));
        assert!(progress.end(&stats(1000)).unwrap().ends_with('\n'));
        assert_eq!(progress.end(&stats(1000)), None);
    }

    #[test]
    fn long_times_have_hours() {
        assert_eq!([clock(5), clock(750), clock(10_800)], ["0:05", "12:30", "3:00:00"]);
    }
}
