//! How long a call may wait, and how it is told to stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;

/// How often a call that waits asks the host whether to stop.
const SLICE: Duration = Duration::from_millis(100);

/// How often everything was shut down.
static ENDS: AtomicUsize = AtomicUsize::new(0);

/// Ends the calls that sleep in other threads. Those that wait for sockets are told
/// by libzmq.
pub(super) fn end() {
    ENDS.fetch_add(1, Ordering::Relaxed);
}

/// Who may want a call that waits to stop.
pub trait Interrupt {
    /// Whether to stop now.
    fn interrupted(&self) -> bool;

    /// Does what has to be done now and then while a call waits. It may call
    /// functions of the script: of the library nothing may be locked meanwhile that
    /// a collector needs.
    ///
    /// # Errors
    /// [`Error::Interrupted`] to stop now; any other ends the call, too.
    fn check(&self) -> Result<(), Error> {
        if self.interrupted() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// How long the next check has time.
    fn pause(&self) -> Duration {
        SLICE
    }
}

impl<F: Fn() -> bool> Interrupt for F {
    fn interrupted(&self) -> bool {
        self()
    }
}

/// The timeout of one call.
#[derive(Clone, Copy)]
pub struct Wait<'a> {
    timeout: Timeout,
    interrupt: Option<&'a dyn Interrupt>,
}

/// Nanoseconds, or one of two special values, in one word: a wait is made in every
/// call.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Timeout(u64);

impl Timeout {
    const FOREVER: Timeout = Timeout(u64::MAX);
    /// As long as the socket's own timeout says.
    const USUAL: Timeout = Timeout(u64::MAX - 1);

    /// A time of centuries is for ever.
    const fn of(timeout: Option<Duration>) -> Timeout {
        match timeout {
            Some(timeout) if timeout.as_nanos() < Timeout::USUAL.0 as u128 => {
                Timeout(timeout.as_nanos() as u64)
            }
            _ => Timeout::FOREVER,
        }
    }
}

impl<'a> Wait<'a> {
    /// Waits for `timeout`, or for ever if there is none. A timeout of zero does
    /// not wait.
    pub const fn new(timeout: Option<Duration>) -> Wait<'static> {
        Wait { timeout: Timeout::of(timeout), interrupt: None }
    }

    /// Waits as long as the options rcvtimeo and sndtimeo of the socket say: for
    /// ever, if they were not set.
    pub const fn usual() -> Wait<'static> {
        Wait { timeout: Timeout::USUAL, interrupt: None }
    }

    /// Ends the wait with [`Error::Interrupted`] once `interrupt` says so; it is
    /// asked several times a second and after every signal.
    pub fn until(self, interrupt: Option<&'a dyn Interrupt>) -> Wait<'a> {
        Wait { timeout: self.timeout, interrupt }
    }

    /// The same, with `usual` in place of the socket's own timeout.
    pub(super) fn or(self, usual: Option<Duration>) -> Wait<'a> {
        match self.timeout {
            Timeout::USUAL => Wait { timeout: Timeout::of(usual), ..self },
            _ => self,
        }
    }

    fn timeout(&self) -> Option<Duration> {
        match self.timeout {
            Timeout::USUAL | Timeout::FOREVER => None,
            Timeout(nanoseconds) => Some(Duration::from_nanos(nanoseconds)),
        }
    }

    /// Starts the clock. It is read only by calls that have to wait.
    pub(super) fn begin(&self) -> Clock<'a> {
        let deadline = match self.timeout() {
            None => None,
            // A time too far away to be told is for ever.
            Some(timeout) => Instant::now().checked_add(timeout),
        };
        Clock { deadline, interrupt: self.interrupt }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.timeout() == Some(Duration::ZERO)
    }

    /// Whether nothing but an interrupt ends it.
    pub(super) fn is_endless(&self) -> bool {
        self.timeout().is_none()
    }
}

/// Does nothing for as long as `wait` says.
///
/// # Errors
/// [`Error::Interrupted`] when the host wants to stop; [`Error::Terminated`] when
/// another thread shuts everything down.
pub fn sleep(wait: &Wait) -> Result<(), Error> {
    let clock = wait.begin();
    let ends = ENDS.load(Ordering::Relaxed);
    while ends == ENDS.load(Ordering::Relaxed) {
        let slice = match clock.slice() {
            Ok(slice) => u64::try_from(slice).map_or(SLICE, Duration::from_millis),
            Err(Error::Again) => return Ok(()),
            Err(error) => return Err(error),
        };
        thread::sleep(slice.min(SLICE));
    }
    Err(Error::Terminated)
}

/// A running [`Wait`].
pub(super) struct Clock<'a> {
    deadline: Option<Instant>,
    interrupt: Option<&'a dyn Interrupt>,
}

impl<'a> Clock<'a> {
    /// The time that is left, as the timeout of a further call.
    pub fn rest(&self) -> Wait<'a> {
        let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
        Wait { timeout: Timeout::of(left), interrupt: self.interrupt }
    }

    /// How long to poll now, in milliseconds as `zmq_poll(3)` takes them: -1 is
    /// for ever.
    ///
    /// # Errors
    /// [`Error::Again`] when the time is over, [`Error::Interrupted`] when the
    /// host wants to stop.
    pub fn slice(&self) -> Result<i64, Error> {
        self.interrupt.map_or(Ok(()), Interrupt::check)?;
        let left = match self.deadline {
            None => None,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Error::Again);
                }
                Some(left)
            }
        };
        let slice = match (left, self.interrupt) {
            (None, None) => return Ok(-1),
            (Some(left), None) => left,
            (left, Some(interrupt)) => left.unwrap_or(Duration::MAX).min(interrupt.pause()),
        };
        // Rounded up, so that the last part of a millisecond is not spun away.
        Ok(i64::try_from(slice.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX))
    }
}
