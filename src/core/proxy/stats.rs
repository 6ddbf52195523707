//! The state and counters that the thread of a proxy publishes.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::core::locked::locked;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// The state of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A side is missing.
    Waiting = 0,
    /// It forwards messages.
    Running = 1,
    /// It is paused, and messages wait in the queues.
    Paused = 2,
    /// It was stopped.
    Stopped = 3,
}

impl State {
    /// Returns its name, such as "running".
    pub fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Paused => "paused",
            State::Stopped => "stopped",
        }
    }
}

/// Counters of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages that were forwarded.
    pub messages: u64,
    /// Bytes in these messages.
    pub bytes: u64,
    /// Messages that were dropped because their peer was gone or did not accept them,
    /// or on purpose.
    pub dropped: u64,
}

/// What a proxy has forwarded since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// From the frontend to the backend.
    pub to_backend: Traffic,
    /// From the backend to the frontend.
    pub to_frontend: Traffic,
    /// Copies that were dropped because the peer of the capture socket did not accept
    /// them at once.
    pub capture_dropped: u64,
}

/// Written by the thread, read by everyone.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Counters for the directions to the backend and to the frontend.
    pub directions: [Counters; 2],
    pub capture: Counters,
    state: AtomicU8,
    /// The time for which the closed sockets keep sending, once the thread has ended.
    ended: Mutex<Option<Option<Duration>>>,
    end: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    messages: AtomicU64,
    bytes: AtomicU64,
    lost: AtomicU64,
}

impl Counters {
    pub fn sent(&self, bytes: u64) {
        self.messages.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    pub fn lost(&self) {
        self.lost.fetch_add(1, Relaxed);
    }

    fn traffic(&self) -> Traffic {
        Traffic {
            messages: self.messages.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            dropped: self.lost.load(Relaxed),
        }
    }
}

impl Board {
    pub fn stats(&self) -> Stats {
        let [to_backend, to_frontend] = self.directions.each_ref().map(Counters::traffic);
        Stats { to_backend, to_frontend, capture_dropped: self.capture.traffic().dropped }
    }

    pub fn state(&self) -> State {
        match self.state.load(Relaxed) {
            0 => State::Waiting,
            1 => State::Running,
            2 => State::Paused,
            _ => State::Stopped,
        }
    }

    pub fn set_state(&self, state: State) {
        self.state.store(state as u8, Relaxed);
    }

    /// Records that the sockets are closed and may keep sending for `linger`.
    pub fn end(&self, linger: Option<Duration>) {
        self.set_state(State::Stopped);
        *locked(&self.ended) = Some(linger);
        self.end.notify_all();
    }

    /// Waits for the end and returns the linger, or `None` on timeout.
    pub fn wait(&self, time: Duration) -> Option<Option<Duration>> {
        let until = Instant::now() + time;
        let mut ended = locked(&self.ended);
        loop {
            if ended.is_some() {
                return *ended;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            ended = match self.end.wait_timeout(ended, left) {
                Ok((ended, _)) => ended,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
