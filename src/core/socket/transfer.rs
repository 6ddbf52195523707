//! The path of every message: an attempt that does not wait, then further ones until
//! one succeeds.

use std::time::Duration;

use zmq::PollEvents;

use super::open::Open;
use super::{Socket, State};
use crate::core::error::Error;
use crate::core::wait::{Clock, Wait};

impl Socket {
    /// Tries until an attempt succeeds, the timeout expires, or the host interrupts.
    /// The first attempt needs neither a clock nor a poll.
    #[inline]
    pub(super) fn transfer<T>(
        &self,
        operation: &'static str,
        events: PollEvents,
        wait: &Wait,
        mut attempt: impl FnMut(&mut Open) -> zmq::Result<T>,
    ) -> Result<T, Error> {
        let mut state = self.lock()?;
        match attempt(state.open()?) {
            Ok(done) => Ok(done),
            Err(error) => self.persist(operation, events, wait, &mut state, error, attempt),
        }
    }

    /// Keeps trying after a failed attempt.
    #[cold]
    fn persist<T>(
        &self,
        operation: &'static str,
        events: PollEvents,
        wait: &Wait,
        state: &mut State,
        error: zmq::Error,
        attempt: impl FnMut(&mut Open) -> zmq::Result<T>,
    ) -> Result<T, Error> {
        let open = state.open()?;
        let result = self.retry(operation, events, wait, open, error, attempt);
        match result {
            Err(Error::Terminated) => *state = State::Terminated,
            Err(Error::Again) if events == zmq::POLLOUT => open.counters.expired += 1,
            Err(Error::Unroutable) => open.counters.unroutable += 1,
            _ => {}
        }
        result
    }

    fn retry<T>(
        &self,
        operation: &'static str,
        events: PollEvents,
        wait: &Wait,
        open: &mut Open,
        mut error: zmq::Error,
        mut attempt: impl FnMut(&mut Open) -> zmq::Result<T>,
    ) -> Result<T, Error> {
        let usual = if events == zmq::POLLIN { open.receive_timeout } else { open.send_timeout };
        let wait = wait.or(usual);
        let mut clock = None;
        loop {
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
            let polled = match events {
                zmq::POLLOUT => open.poll_commands(slice),
                events => open.socket.poll(events, slice).map(drop),
            };
            match polled {
                Ok(()) | Err(zmq::Error::EINTR) => {}
                Err(error) => return Err(self.error(operation, error)),
            }
            error = match attempt(open) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
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
