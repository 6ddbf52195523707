//! The path of every message: an attempt that does not wait, then further ones until
//! one succeeds.

use std::time::Duration;

use zmq::PollEvents;

use super::open::Open;
use super::{InCall, Socket, State};
use crate::core::error::Error;
use crate::core::wait::{Clock, Wait};

impl Socket {
    /// Tries until an attempt succeeds, the timeout expires, or the host interrupts. The
    /// first attempt needs neither a clock nor a poll.
    ///
    /// Errors are large, and this is the path of every message, so they are made out of
    /// line.
    #[inline(always)]
    pub(super) fn transfer<T>(
        &self,
        operation: &'static str,
        events: PollEvents,
        wait: &Wait,
        mut attempt: impl FnMut(&mut Open) -> zmq::Result<T>,
    ) -> Result<T, Error> {
        let mut state = self.lock()?;
        let open = match &mut *state {
            State::Open(open) => &mut **open,
            closed => return Err(closed.not_open()),
        };
        let mut clock = None;
        loop {
            match attempt(open) {
                Ok(done) => return Ok(done),
                Err(error) => {
                    if let Some(error) =
                        self.pause(operation, events, wait, &mut clock, open, error)
                    {
                        return Err(fail(state, *error));
                    }
                }
            }
        }
    }

    /// Waits after a failed attempt. Returns why there must be no further one.
    #[cold]
    #[inline(never)]
    fn pause<'a>(
        &self,
        operation: &'static str,
        events: PollEvents,
        wait: &Wait<'a>,
        clock: &mut Option<Clock<'a>>,
        open: &mut Open,
        error: zmq::Error,
    ) -> Option<Box<Error>> {
        let result = self.poll_again(operation, events, wait, clock, open, error);
        match result {
            Err(Error::Again) if events == zmq::POLLOUT => open.counters.expired += 1,
            Err(Error::Unroutable) => open.counters.unroutable += 1,
            _ => {}
        }
        result.err().map(Box::new)
    }

    fn poll_again<'a>(
        &self,
        operation: &'static str,
        events: PollEvents,
        wait: &Wait<'a>,
        clock: &mut Option<Clock<'a>>,
        open: &mut Open,
        error: zmq::Error,
    ) -> Result<(), Error> {
        let usual = if events == zmq::POLLIN { open.receive_timeout } else { open.send_timeout };
        let wait = wait.or(usual);
        match error {
            zmq::Error::EAGAIN if wait.is_zero() => return Err(Error::Again),
            zmq::Error::EAGAIN | zmq::Error::EINTR => {}
            error => return Err(self.error(operation, error)),
        }
        if clock.is_some() {
            // A while has passed without success.
            open.update();
        }
        let slice = clock.get_or_insert_with(|| wait.begin()).slice()?;
        match open.poll_commands(slice) {
            Ok(()) | Err(zmq::Error::EINTR) => Ok(()),
            Err(error) => Err(self.error(operation, error)),
        }
    }

    fn error(&self, operation: &'static str, error: zmq::Error) -> Error {
        match error {
            zmq::Error::EFSM => Error::State { operation, socket_type: self.socket_type },
            error => Error::from_zmq(operation, error),
        }
    }

    /// Starts the clock of a call that sends or receives more than once. Without its
    /// own timeout, the receive timeout of the socket applies.
    pub(super) fn clock<'a>(&self, wait: &Wait<'a>) -> Result<Clock<'a>, Error> {
        let usual: Option<Duration> = self.with(|open| Ok(open.receive_timeout))?;
        Ok(wait.or(usual).begin())
    }
}

/// Ends a call that failed.
#[cold]
#[inline(never)]
fn fail(mut state: InCall<'_>, error: Error) -> Error {
    if matches!(error, Error::Terminated) {
        *state = State::Terminated;
    }
    error
}
