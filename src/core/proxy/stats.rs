//! What the thread of a proxy tells about itself.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::core::locked::locked;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// What a proxy is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not got both sides yet.
    Waiting = 0,
    /// It passes messages on.
    Running = 1,
    /// It leaves messages where they are.
    Paused = 2,
    /// It has ended.
    Stopped = 3,
}

impl State {
    /// Its name: "running".
    pub fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Paused => "paused",
            State::Stopped => "stopped",
        }
    }
}

/// What has passed in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages that were sent on.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Messages whose peer is not there or takes none, and those dropped on purpose.
    pub dropped: u64,
}

/// What has passed through a proxy since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// From the frontend to the backend.
    pub to_backend: Traffic,
    /// From the backend to the frontend.
    pub to_frontend: Traffic,
    /// Copies that the peer of the capture did not take in time.
    pub capture_dropped: u64,
}

/// Written by the thread, read by everyone.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// To the backend and to the frontend.
    pub flows: [Counters; 2],
    pub capture: Counters,
    state: AtomicU8,
    /// How long the sockets go on sending, when they are closed.
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
        let [to_backend, to_frontend] = self.flows.each_ref().map(Counters::traffic);
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

    /// Tells that the sockets are closed, and may be sending for `linger`.
    pub fn end(&self, linger: Option<Duration>) {
        self.set_state(State::Stopped);
        *locked(&self.ended) = Some(linger);
        self.end.notify_all();
    }

    /// Waits for the end, and gives the linger; nothing if it does not come in time.
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
