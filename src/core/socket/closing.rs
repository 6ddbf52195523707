//! Closing a socket, and waiting until its messages are sent.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::open::Open;
use crate::core::context;
use crate::core::error::Error;
use crate::core::socket::{Socket, State};
use crate::core::wait::Wait;
use crate::libzmq::retried;

/// A socket that ends earlier than its linger by this much ended because everything was
/// sent.
const EARLIER: Duration = Duration::from_millis(5);

impl Socket {
    /// Closes the socket. Messages that have not been sent yet are still sent in the
    /// background for `linger`; `Some(None)` is forever, and `None` keeps the linger
    /// that was set before. Closing a closed socket does nothing, and so does closing
    /// one of the process that this one was forked from, which is closed here.
    ///
    /// # Errors
    /// [`Error::Busy`] if the socket is in another call.
    pub fn close(&self, linger: Option<Option<Duration>>) -> Result<(), Error> {
        let mut state = match self.lock() {
            Err(Error::Forked) => return Ok(()),
            locked => locked?,
        };
        check_linger(&state, linger)?;
        if let State::Open(open) = mem::replace(&mut *state, State::Closed) {
            if let Some(linger) = linger {
                open.set_linger(linger)?;
            }
            context::closed(open.close());
        }
        Ok(())
    }

    /// Moves the open socket out, for a thread of the library. Afterwards this socket
    /// is closed.
    pub(in crate::core) fn move_out(&self) -> Result<Open, Error> {
        match mem::replace(&mut *self.lock()?, State::Closed) {
            State::Open(open) => Ok(*open),
            State::Closed => Err(Error::Closed),
            State::Terminated => Err(Error::Terminated),
        }
    }

    /// Closes the socket like [`close`](Socket::close) and waits until its last message
    /// was passed to the network. Returns true if it was, and false if the timeout or
    /// the linger expired first or the outcome is unknown. A message over inproc
    /// reaches its peer as soon as it is sent. Returns `None` if the socket was already
    /// closed, or belongs to the process that this one was forked from.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Interrupted`].
    pub fn close_and_wait(
        &self,
        linger: Option<Option<Duration>>,
        wait: &Wait,
    ) -> Result<Option<bool>, Error> {
        let mut state = match self.lock() {
            Err(Error::Forked) => return Ok(None),
            locked => locked?,
        };
        check_linger(&state, linger)?;
        let State::Open(mut open) = mem::replace(&mut *state, State::Closed) else {
            return Ok(None);
        };
        if let Some(linger) = linger {
            open.set_linger(linger)?;
        }
        // libzmq supports only one monitor per socket.
        open.watch.end(&open.socket);
        let inproc = handed_over(&open);
        let end = if inproc.is_some() { None } else { end_reader(&open) };
        let begin = Instant::now();
        let linger = open.close();
        drop(state);
        context::closed(linger);
        let Some(end) = end else {
            return Ok(Some(inproc.unwrap_or(false)));
        };
        let ended = ends(&end, wait);
        if !matches!(ended, Ok(true)) {
            context::keep_awaiting(end);
        }
        let ended = ended?;
        // The socket ends when everything is sent or its linger expires; libzmq does
        // not say which.
        let early = linger.is_none_or(|linger| begin.elapsed() + EARLIER < linger);
        Ok(Some(ended && early))
    }
}

/// Checks the linger of a close while the socket is still open.
fn check_linger(state: &State, linger: Option<Option<Duration>>) -> Result<(), Error> {
    match (state, linger) {
        (State::Open(open), Some(linger)) => open.policy.check_linger(linger),
        _ => Ok(()),
    }
}

/// Returns whether all messages have reached their peers, if all connections are inproc.
fn handed_over(open: &Open) -> Option<bool> {
    let mut all = open.endpoints().map(|(_, endpoint)| endpoint);
    all.all(|endpoint| endpoint.starts_with("inproc://"))
        .then(|| open.connected().all(context::is_bound))
}

/// Returns a socket that receives a message when `open` has ended.
fn end_reader(open: &Open) -> Option<zmq::Socket> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let endpoint = format!("inproc://zeromq-farewell-{number}");
    let end = context::own_socket(zmq::PAIR).ok()?;
    open.socket.monitor(&endpoint, zmq::SocketEvent::MONITOR_STOPPED.to_raw().into()).ok()?;
    retried(|| end.connect(&endpoint)).ok()?;
    Some(end)
}

/// Returns true if a message arrives before the timeout.
fn ends(end: &zmq::Socket, wait: &Wait) -> Result<bool, Error> {
    let clock = wait.begin();
    loop {
        let slice = match clock.slice() {
            Ok(slice) => slice,
            Err(Error::Again) => return Ok(false),
            Err(error) => return Err(error),
        };
        match end.poll(zmq::POLLIN, slice) {
            Ok(0) | Err(zmq::Error::EINTR) => {}
            Ok(_) => return Ok(true),
            // Everything was shut down in the meantime.
            Err(_) => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};
    use std::net::TcpListener;

    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn what_was_sent_is_known_to_be_sent() {
        let pull = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        let push = Socket::attached(Push, &pull.endpoint().unwrap().unwrap()).unwrap();
        for number in 0..500 {
            push.send(&[format!("{number}")], &SOON).unwrap();
        }
        let linger = Some(Some(Duration::from_secs(20)));
        assert_eq!(push.close_and_wait(linger, &SOON).unwrap(), Some(true));
        assert_eq!(push.close_and_wait(linger, &SOON).unwrap(), None);
        for number in 0..500 {
            assert_eq!(pull.receive(&SOON).unwrap().as_text(), Some(&*format!("{number}")));
        }
    }

    #[test]
    fn what_nobody_takes_is_known_to_be_lost() {
        // It accepts connections but never answers.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", silent.local_addr().unwrap());
        let push = Socket::attached(Push, &endpoint).unwrap();
        push.send(&["x"], &SOON).unwrap();
        let linger = Some(Some(Duration::from_millis(100)));
        assert_eq!(push.close_and_wait(linger, &SOON).unwrap(), Some(false));
        let push = Socket::attached(Push, &endpoint).unwrap();
        push.send(&["x"], &SOON).unwrap();
        let brief = Wait::new(Some(Duration::from_millis(20)));
        assert_eq!(push.close_and_wait(None, &brief).unwrap(), Some(false));
    }

    #[test]
    fn others_are_closed_after_one_was_waited_for_in_vain() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", silent.local_addr().unwrap());
        let push = Socket::attached(Push, &endpoint).unwrap();
        push.send(&["x"], &SOON).unwrap();
        let linger = Some(Some(Duration::from_millis(50)));
        let at_once = Wait::new(Some(Duration::ZERO));
        assert_eq!(push.close_and_wait(linger, &at_once).unwrap(), Some(false));
        // libzmq ends it before the next socket, which is closed later.
        let next = Socket::attached(Push, &endpoint).unwrap();
        next.send(&["x"], &SOON).unwrap();
        let begin = Instant::now();
        assert_eq!(next.close_and_wait(linger, &SOON).unwrap(), Some(false));
        assert!(begin.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn over_inproc_the_peer_has_it_already() {
        let pull = Socket::attached(Pull, "inproc://farewell").unwrap();
        let push = Socket::attached(Push, "inproc://farewell").unwrap();
        push.send(&["x"], &SOON).unwrap();
        assert_eq!(push.close_and_wait(None, &SOON).unwrap(), Some(true));
        assert_eq!(pull.receive(&SOON).unwrap().as_text(), Some("x"));
        let push = Socket::attached(Push, "inproc://farewell-nobody").unwrap();
        push.send(&["x"], &SOON).unwrap();
        assert_eq!(push.close_and_wait(None, &SOON).unwrap(), Some(false));
    }
}
