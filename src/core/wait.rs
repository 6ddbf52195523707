//! Timeouts of calls, and how calls are interrupted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::error::Error;

/// The interval at which a waiting call asks the host whether to stop.
const SLICE: Duration = Duration::from_millis(100);

/// The number of shutdowns so far.
static ENDS: AtomicUsize = AtomicUsize::new(0);

/// Ends calls that sleep on other threads. Calls that wait for sockets are ended by
/// libzmq.
pub(super) fn end() {
    ENDS.fetch_add(1, Ordering::Relaxed);
}

/// Something that can interrupt a waiting call.
pub trait Interrupt {
    /// Returns true if the call should stop now.
    fn interrupted(&self) -> bool;

    /// Does what is due while a call waits. It may call script functions, so the
    /// library must not hold a lock that a garbage collector needs while it runs.
    ///
    /// # Errors
    /// [`Error::Interrupted`] to stop the call; any other error ends it too.
    fn check(&self) -> Result<(), Error> {
        if self.interrupted() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Returns how long to wait until the next check.
    fn pause(&self) -> Duration {
        SLICE
    }
}

impl<F: Fn() -> bool> Interrupt for F {
    fn interrupted(&self) -> bool {
        self()
    }
}

/// The timeout of a call, and what may interrupt it.
#[derive(Clone, Copy)]
pub struct Wait<'a> {
    timeout: Timeout,
    interrupt: Option<&'a dyn Interrupt>,
}

/// Nanoseconds or one of two special values, in one word, because every call makes one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Timeout(u64);

impl Timeout {
    const FOREVER: Timeout = Timeout(u64::MAX);
    /// The timeout of the socket.
    const USUAL: Timeout = Timeout(u64::MAX - 1);

    /// Timeouts of centuries are treated as forever.
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
    /// Waits up to `timeout`, or forever if it is `None`. A timeout of zero does not
    /// wait.
    pub const fn new(timeout: Option<Duration>) -> Wait<'static> {
        Wait { timeout: Timeout::of(timeout), interrupt: None }
    }

    /// Waits as long as the options rcvtimeo and sndtimeo of the socket say, which is
    /// forever if they were not set.
    pub const fn usual() -> Wait<'static> {
        Wait { timeout: Timeout::USUAL, interrupt: None }
    }

    /// Ends the wait with [`Error::Interrupted`] once `interrupt` says so. It is asked
    /// several times per second and after every signal.
    pub fn until(self, interrupt: Option<&'a dyn Interrupt>) -> Wait<'a> {
        Wait { timeout: self.timeout, interrupt }
    }

    /// Replaces the socket's timeout with `usual`, if it applies.
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

    /// Starts the clock. Only calls that have to wait read it.
    pub(super) fn begin(&self) -> Clock<'a> {
        let deadline = match self.timeout() {
            None => None,
            // A time too far in the future to represent is forever.
            Some(timeout) => Instant::now().checked_add(timeout),
        };
        Clock { deadline, interrupt: self.interrupt }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.timeout() == Some(Duration::ZERO)
    }

    /// Returns true if there is no timeout.
    pub(crate) fn is_endless(&self) -> bool {
        self.timeout().is_none()
    }
}

/// Sleeps for the duration of `wait`.
///
/// # Errors
/// [`Error::Interrupted`] if the host interrupts, [`Error::Terminated`] if another
/// thread shuts ZeroMQ down.
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
    /// Returns the remaining time, as the timeout of another call.
    pub fn rest(&self) -> Wait<'a> {
        let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
        Wait { timeout: Timeout::of(left), interrupt: self.interrupt }
    }

    /// Returns the remaining time, or that until `time` if it is shorter, as the timeout of
    /// another call.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout.
    pub fn rest_until(&self, time: Option<Instant>) -> Result<Wait<'a>, Error> {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Error::Again);
        }
        let end = [self.deadline, time].into_iter().flatten().min();
        let left = end.map(|end| end.saturating_duration_since(now));
        Ok(Wait { timeout: Timeout::of(left), interrupt: self.interrupt })
    }

    /// Lets the host interrupt the call.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn check(&self) -> Result<(), Error> {
        self.interrupt.map_or(Ok(()), Interrupt::check)
    }

    /// Returns how long to poll now, in milliseconds as for `zmq_poll(3)`: -1 is
    /// forever.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Interrupted`] if the host interrupts.
    pub fn slice(&self) -> Result<i64, Error> {
        self.check()?;
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
        // Rounded up, so that the last fraction of a millisecond is not spent spinning.
        Ok(i64::try_from(slice.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX))
    }
}
