//! Sockets: attached to endpoints, sending and receiving messages, closed.
//!
//! A socket serves one call at a time: a call from a second thread, or from
//! inside another call, gets [`Error::Busy`]. Closed is a state: the object
//! stays, and says [`Error::Closed`].

pub mod batch;
mod closing;
mod exclusive;
pub(super) mod listener;
mod notes;
pub(super) mod open;
mod peers;
mod publishing;
mod request;
mod routing;
pub mod security;
pub mod signals;
pub mod statistics;
pub(super) mod subscriptions;

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use smallvec::SmallVec;
use try_lock::Locked;
use zmq::PollEvents;

use super::context;
use super::endpoint::{self, Action};
use super::error::Error;
use super::message::Frame;
use super::socket_type::SocketType::{self, Sub, Xsub};
use super::wait::Wait;
use crate::libzmq::{self, retried};
use exclusive::Turn;
use notes::Notes;
use open::Open;

/// A ZeroMQ socket of the context of the process.
#[derive(Debug)]
pub struct Socket {
    socket_type: SocketType,
    generation: u32,
    state: Turn<State>,
    /// What libzmq does not remember.
    pub(super) notes: Notes,
}

pub(super) enum State {
    Open(Box<Open>),
    Closed,
    /// ZeroMQ ended while the socket was open.
    Terminated,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Open(_) => "open",
            State::Closed => "closed",
            State::Terminated => "terminated",
        })
    }
}

impl Socket {
    /// Opens a socket that is attached to nothing.
    ///
    /// # Errors
    /// [`Error::Zmq`] when there are too many (EMFILE).
    pub fn new(socket_type: SocketType) -> Result<Arc<Socket>, Error> {
        context::open(|context, generation| {
            let id = context::next_id();
            let open = Open::new(context, socket_type, id)?;
            Ok(Arc::new(Socket {
                socket_type,
                generation,
                state: Turn::new(State::Open(Box::new(open))),
                notes: Notes::new(socket_type),
            }))
        })
    }

    /// Opens a socket and attaches it to a list of endpoints. When one of them
    /// cannot be attached, there is no socket.
    ///
    /// # Errors
    /// As [`new`](Socket::new) and [`attach`](Socket::attach).
    pub fn attached(socket_type: SocketType, endpoints: &str) -> Result<Arc<Socket>, Error> {
        // Before the socket, so that a wrong list costs none.
        endpoint::items(endpoints)?;
        let socket = Socket::new(socket_type)?;
        match socket.attach(endpoints) {
            Ok(()) => Ok(socket),
            Err(error) => {
                socket.close(Some(Some(Duration::ZERO)))?;
                Err(error)
            }
        }
    }

    /// The type of the socket.
    pub fn socket_type(&self) -> SocketType {
        self.socket_type
    }

    /// Whether the socket can be used no more.
    pub fn is_closed(&self) -> bool {
        if self.generation != context::generation() {
            return true;
        }
        // In the middle of a call it is open.
        self.visit(|state| !matches!(state, State::Open(_))).unwrap_or(false)
    }

    /// Binds or connects each endpoint of a list: `@` binds, `>` connects, and
    /// without a prefix the type decides.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the faulty one stay attached.
    pub fn attach(&self, endpoints: &str) -> Result<(), Error> {
        self.attach_by(self.socket_type.default_action(), endpoints).map(drop)
    }

    /// As [`attach`](Socket::attach), but without a prefix `action` is done. Gives
    /// the TCP port of the last endpoint that was bound, or 0 if it has none.
    ///
    /// # Errors
    /// As [`attach`](Socket::attach).
    pub fn attach_by(&self, action: Action, endpoints: &str) -> Result<u16, Error> {
        self.with(|open| {
            let mut port = 0;
            for item in endpoint::items(endpoints)? {
                match item.action.unwrap_or(action) {
                    Action::Bind => port = open.bind(item.endpoint)?,
                    Action::Connect => open.connect(item.endpoint)?,
                }
            }
            Ok(port)
        })
    }

    /// Binds each endpoint of a list, and gives the TCP port of the last one, or
    /// 0 if it has none.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the faulty one stay bound.
    pub fn bind(&self, endpoints: &str) -> Result<u16, Error> {
        self.with(|open| {
            let mut port = 0;
            for endpoint in plain(endpoints, "bind")? {
                port = open.bind(endpoint)?;
            }
            Ok(port)
        })
    }

    /// Connects to each endpoint of a list. The peers need not be there yet.
    ///
    /// # Errors
    /// [`Error::Endpoint`]; the endpoints before the faulty one stay connected.
    pub fn connect(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "connect")?.into_iter().try_for_each(|endpoint| open.connect(endpoint))
        })
    }

    /// Takes back what `bind` did with each endpoint of a list, spelt as it was
    /// written, as [`endpoint`](Socket::endpoint) gives it, or as libzmq does.
    ///
    /// # Errors
    /// [`Error::Endpoint`] when it is not bound.
    pub fn unbind(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "unbind")?.into_iter().try_for_each(|endpoint| open.unbind(endpoint))
        })
    }

    /// Takes back what `connect` did with each endpoint of a list.
    ///
    /// # Errors
    /// [`Error::Endpoint`] when it is not connected.
    pub fn disconnect(&self, endpoints: &str) -> Result<(), Error> {
        self.with(|open| {
            plain(endpoints, "disconnect")?
                .into_iter()
                .try_for_each(|endpoint| open.disconnect(endpoint))
        })
    }

    /// The endpoint that was bound last, with its port filled in, as czmq gives
    /// it: `tcp://*:49152`. It stays after an unbind.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn endpoint(&self) -> Result<Option<String>, Error> {
        self.with(|open| Ok(open.endpoint.clone()))
    }

    /// Receives messages that start with `prefix` from now on; every message, if
    /// it is empty. SUB and XSUB only.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another type.
    pub fn subscribe(&self, prefix: &[u8]) -> Result<(), Error> {
        self.subscription("subscribe", prefix)
    }

    /// Takes back one subscription with this `prefix`. SUB and XSUB only.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for another type.
    pub fn unsubscribe(&self, prefix: &[u8]) -> Result<(), Error> {
        self.subscription("unsubscribe", prefix)
    }

    fn subscription(&self, operation: &'static str, prefix: &[u8]) -> Result<(), Error> {
        let subscribe = operation == "subscribe";
        subscriptions::check(prefix)?;
        self.with(|open| {
            let result = match self.socket_type {
                Sub if subscribe => open.socket.set_subscribe(prefix),
                Sub => open.socket.set_unsubscribe(prefix),
                // The control frame of zmq_socket(3): 1 or 0, then the prefix.
                Xsub => {
                    let mut frame = vec![u8::from(subscribe)];
                    frame.extend_from_slice(prefix);
                    open.socket.send(frame, 0)
                }
                socket_type => {
                    return Err(Error::Unsupported {
                        operation,
                        socket_type,
                        needs: "SUB or XSUB",
                    });
                }
            };
            result.map_err(|error| Error::from_zmq(operation, error))?;
            self.notes.subscription(subscribe, prefix);
            Ok(())
        })
    }

    /// Sends one message of as many frames. A ROUTER or STREAM message is the
    /// routing id frame, then the body.
    ///
    /// # Errors
    /// [`Error::Again`] when no peer takes it in time, [`Error::State`] when it
    /// is not the socket's turn, [`Error::Unsupported`] on SUB and PULL,
    /// [`Error::Unroutable`], [`Error::Interrupted`].
    pub fn send<F: AsRef<[u8]>>(&self, frames: &[F], wait: &Wait) -> Result<(), Error> {
        self.socket_type.check_sends()?;
        if frames.len() > 1 {
            self.check_conflates()?;
        }
        self.check_prefixes(frames)?;
        if self.notes.careful() {
            return self.send_carefully(frames, wait);
        }
        self.transfer("send", zmq::POLLOUT, wait, |open| {
            send(&mut open.socket, frames)?;
            open.count_sent(frames);
            Ok(())
        })
    }

    /// Each frame may tell an XSUB socket to subscribe something.
    pub(super) fn check_prefixes<F: AsRef<[u8]>>(&self, frames: &[F]) -> Result<(), Error> {
        if self.socket_type != Xsub {
            return Ok(());
        }
        match frames.iter().map(AsRef::as_ref).find(|frame| subscriptions::is_too_long(frame)) {
            Some(frame) => subscriptions::check(&frame[1..]),
            None => Ok(()),
        }
    }

    /// libzmq would cut a message of several frames to pieces.
    pub(super) fn check_conflates(&self) -> Result<(), Error> {
        self.with(|open| match open.conflates {
            false => Ok(()),
            true => Err(Error::Unsupported {
                operation: "send several frames in a message while conflate is set",
                socket_type: self.socket_type,
                needs: "one frame",
            }),
        })
    }

    /// Receives one frame: the first of the next message, or the next one of a
    /// message of which a frame was received before.
    ///
    /// # Errors
    /// [`Error::Again`] when none comes in time, [`Error::State`] when it is not
    /// the socket's turn, [`Error::Unsupported`] on PUB and PUSH,
    /// [`Error::Interrupted`].
    pub fn receive(&self, wait: &Wait) -> Result<Frame, Error> {
        self.receive_with(wait, mem::take)
    }

    /// Receives one frame, and gives what `take` makes of it. What it leaves of the
    /// frame is used for the next one.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive).
    pub fn receive_with<T>(
        &self,
        wait: &Wait,
        mut take: impl FnMut(&mut Frame) -> T,
    ) -> Result<T, Error> {
        self.socket_type.check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            let size = open.frame.receive(&mut open.socket)?;
            open.count_received(size, open.frame.more());
            Ok(take(&mut open.frame))
        })
    }

    /// Receives all frames of the next message, or those left of a message of
    /// which a frame was received before.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive).
    pub fn receive_all(&self, wait: &Wait) -> Result<Vec<Frame>, Error> {
        self.socket_type.check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, receive_all)
    }

    /// Closes the socket. What is not sent yet goes on being sent for `linger`,
    /// for ever if that is `Some(None)`, and for as long as was set before if it
    /// is `None`. Closing a closed socket does nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when the socket is in the middle of a call.
    pub fn close(&self, linger: Option<Option<Duration>>) -> Result<(), Error> {
        let mut state = self.lock()?;
        if let State::Open(open) = mem::replace(&mut *state, State::Closed) {
            if let Some(linger) = linger {
                open.set_linger(linger)?;
            }
            context::closed(open.close());
        }
        Ok(())
    }

    /// Takes what is open out of the socket, for a thread of the library. The
    /// socket is closed afterwards.
    pub(super) fn take(&self) -> Result<Open, Error> {
        match mem::replace(&mut *self.lock()?, State::Closed) {
            State::Open(open) => Ok(*open),
            State::Closed => Err(Error::Closed),
            State::Terminated => Err(Error::Terminated),
        }
    }

    /// Tries until it is done, the time is over or the host wants to stop. The
    /// first attempt costs no clock and no poll.
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

    /// Goes on trying after an attempt that failed.
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
        let mut ready = false;
        loop {
            match error {
                zmq::Error::EAGAIN if wait.is_zero() => return Err(Error::Again),
                zmq::Error::EAGAIN | zmq::Error::EINTR => {}
                error => return Err(self.error(operation, error)),
            }
            if ready {
                // Ready for some peer, but not for the one that the message is for.
                thread::sleep(Duration::from_millis(1));
            }
            if !ready && clock.is_some() {
                // It has waited in vain for a while.
                open.update();
            }
            let slice = clock.get_or_insert_with(|| wait.begin()).slice()?;
            ready = match open.socket.poll(events, slice) {
                Ok(count) => count > 0,
                Err(zmq::Error::EINTR) => false,
                Err(error) => return Err(self.error(operation, error)),
            };
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

    /// Does what libzmq has to do for its peers.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Closed`].
    pub(super) fn go_on(&self) -> Result<(), Error> {
        self.visit(|state| {
            let open = state.open()?;
            // What is wrong is told by the next call of a script.
            let _ = retried(|| open.socket.get_events());
            Ok(())
        })?
    }

    /// Looks in for a moment, on behalf of another socket or of the whole process. A
    /// call of the socket's own that comes just then waits for the end of it.
    ///
    /// # Errors
    /// [`Error::Busy`] when the socket is in the middle of a call.
    pub(super) fn visit<T>(&self, call: impl FnOnce(&mut State) -> T) -> Result<T, Error> {
        self.check_process()?;
        self.state.visit(call).ok_or(Error::Busy)
    }

    /// Runs `call` on the open socket.
    pub(super) fn with<T>(
        &self,
        call: impl FnOnce(&mut Open) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut state = self.lock()?;
        let result = call(state.open()?);
        if matches!(result, Err(Error::Terminated)) {
            *state = State::Terminated;
        }
        result
    }

    /// # Errors
    /// [`Error::Forked`] in a process that the socket does not belong to: another
    /// thread may have had its locks when it was forked.
    pub(super) fn check_process(&self) -> Result<(), Error> {
        if self.generation == context::generation() { Ok(()) } else { Err(Error::Forked) }
    }

    pub(super) fn lock(&self) -> Result<Locked<'_, State>, Error> {
        self.check_process()?;
        self.state.take().ok_or(Error::Busy)
    }
}

impl context::Ending for Socket {
    fn socket(self: Arc<Self>) -> Option<Arc<Socket>> {
        Some(self)
    }

    fn end(&self) -> Option<Duration> {
        let Ok(mut state) = self.lock() else {
            // Its call is about to learn of the end, and closes it.
            return Some(Duration::ZERO);
        };
        match mem::replace(&mut *state, State::Closed) {
            State::Open(open) => open.close(),
            _ => Some(Duration::ZERO),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let state = mem::replace(&mut self.state, Turn::new(State::Closed));
        if self.generation != context::generation() {
            // Its threads are in the parent process: nobody would answer.
            mem::forget(state);
        } else if let State::Open(open) = state.into_inner() {
            context::closed(open.close());
        }
    }
}

impl State {
    /// Lets go of a socket whose context has ended.
    pub(super) fn check_terminated(&mut self) {
        if let State::Open(open) = self
            && matches!(retried(|| open.socket.get_events()), Err(zmq::Error::ETERM))
        {
            *self = State::Terminated;
        }
    }

    pub(super) fn open(&mut self) -> Result<&mut Open, Error> {
        match self {
            State::Open(open) => Ok(open),
            State::Closed => Err(Error::Closed),
            State::Terminated => Err(Error::Terminated),
        }
    }
}

/// The endpoints of a list in which no item may have a prefix.
pub(super) fn plain<'a>(endpoints: &'a str, method: &str) -> Result<Vec<&'a str>, Error> {
    let items = endpoint::items(endpoints)?;
    if items.is_empty() {
        return Err(Error::syntax(endpoints, "there is no endpoint in it"));
    }
    let endpoints = items.iter().map(|item| match item.action {
        None => Ok(item.endpoint),
        Some(_) => Err(Error::syntax(
            item.endpoint,
            format!("{method} takes no @ or > before an endpoint; constructors do"),
        )),
    });
    endpoints.collect()
}

/// Sends all frames, none of them waiting, or none at all.
#[inline]
pub(super) fn send<F: AsRef<[u8]>>(socket: &mut zmq::Socket, frames: &[F]) -> zmq::Result<()> {
    match frames {
        [frame] => retried(|| libzmq::send(socket, frame.as_ref(), zmq::DONTWAIT)),
        frames => send_several(socket, frames),
    }
}

fn send_several<F: AsRef<[u8]>>(socket: &mut zmq::Socket, frames: &[F]) -> zmq::Result<()> {
    let last = frames.len() - 1;
    for (index, frame) in frames.iter().enumerate() {
        let more = if index < last { zmq::SNDMORE } else { 0 };
        match retried(|| libzmq::send(socket, frame.as_ref(), zmq::DONTWAIT | more)) {
            Ok(()) => {}
            // The peer went away in the middle: libzmq has taken the frames before
            // back and drops what is left of the message. Then all of it can go
            // to another peer.
            Err(zmq::Error::EAGAIN) if index > 0 => {
                for (rest, frame) in frames.iter().enumerate().skip(index + 1) {
                    let more = if rest < last { zmq::SNDMORE } else { 0 };
                    retried(|| libzmq::send(socket, frame.as_ref(), zmq::DONTWAIT | more))?;
                }
                return Err(zmq::Error::EAGAIN);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

pub(super) fn receive_all(open: &mut Open) -> zmq::Result<Vec<Frame>> {
    batch::message(open, &mut mem::take).map(SmallVec::into_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::OptionValue;
    use SocketType::{Dealer, Pub, Pull, Push, Rep, Req, Router};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn pair(name: &str, one: SocketType, other: SocketType) -> (Arc<Socket>, Arc<Socket>) {
        let endpoint = format!("inproc://socket-{name}");
        (
            Socket::attached(one, &format!("@{endpoint}")).unwrap(),
            Socket::attached(other, &format!(">{endpoint}")).unwrap(),
        )
    }

    fn texts(frames: &[Frame]) -> Vec<&str> {
        frames.iter().map(|frame| frame.as_text().unwrap()).collect()
    }

    #[test]
    fn a_message_keeps_its_frames() {
        let (pull, push) = pair("frames", Pull, Push);
        push.send(&["a", "", "c"], &SOON).unwrap();
        push.send(&["d"], &SOON).unwrap();
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["a", "", "c"]);
        assert_eq!(pull.receive(&SOON).unwrap().as_text(), Some("d"));
        push.send(&["e", "f"], &SOON).unwrap();
        assert!(pull.receive(&SOON).unwrap().more());
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["f"]);
    }

    #[test]
    fn waiting_ends() {
        let (pull, push) = pair("waiting", Pull, Push);
        assert!(matches!(pull.receive(&NOW), Err(Error::Again)));
        let brief = Wait::new(Some(Duration::from_millis(5)));
        assert!(matches!(pull.receive(&brief), Err(Error::Again)));
        let stop = || true;
        let stopped = Wait::new(None).until(Some(&stop));
        assert!(matches!(pull.receive(&stopped), Err(Error::Interrupted)));
        let lonely = Socket::new(Push).unwrap();
        assert!(matches!(lonely.send(&["x"], &brief), Err(Error::Again)));
        drop(push);
    }

    #[test]
    fn order_and_direction_are_checked() {
        let (rep, req) = pair("order", Rep, Req);
        assert!(matches!(req.receive(&NOW), Err(Error::State { .. })));
        req.send(&["1"], &SOON).unwrap();
        let error = req.send(&["2"], &SOON).unwrap_err();
        assert_eq!(
            error.to_string(),
            "send is out of order on a REQ socket: receive the reply to the last request first"
        );
        assert!(matches!(rep.send(&["x"], &NOW), Err(Error::State { .. })));
        let publisher = Socket::new(Pub).unwrap();
        let error = publisher.receive(&NOW).unwrap_err();
        assert_eq!(error.to_string(), "a PUB socket cannot receive; use SUB or PULL");
        assert!(matches!(
            Socket::new(Push).unwrap().subscribe(b""),
            Err(Error::Unsupported { .. })
        ));
    }

    #[test]
    fn endpoints_are_told_as_czmq_does() {
        let socket = Socket::new(Pull).unwrap();
        assert_eq!(socket.endpoint().unwrap(), None);
        let port = socket.bind("tcp://127.0.0.1:*").unwrap();
        assert!(port >= 49152);
        let named = format!("tcp://127.0.0.1:{port}");
        assert_eq!(socket.endpoint().unwrap(), Some(named.clone()));
        let taken = Socket::attached(Pull, &named).unwrap_err();
        assert_eq!(taken.errno().unwrap().name(), "EADDRINUSE");
        socket.unbind("tcp://127.0.0.1:*").unwrap();
        assert!(socket.unbind(&named).is_err());
        assert_eq!(socket.bind("inproc://socket-endpoints").unwrap(), 0);
        assert_eq!(socket.bind("tcp://127.0.0.1:0").unwrap(), 0);
    }

    #[test]
    fn any_spelling_unbinds() {
        let socket = Socket::new(Pull).unwrap();
        let port = socket.bind("tcp://*:*").unwrap();
        socket.unbind(&format!("tcp://0.0.0.0:{port}")).unwrap();
        let port = socket.bind("tcp://*:!").unwrap();
        socket.unbind(&format!("tcp://*:{port}")).unwrap();
        assert!(socket.unbind(&format!("tcp://*:{port}")).is_err());
        assert!(socket.disconnect("tcp://127.0.0.1:1").is_err());
    }

    #[test]
    fn a_socket_serves_one_call_at_a_time() {
        let (pull, _push) = pair("busy", Pull, Push);
        let busy = || {
            assert!(matches!(pull.receive(&NOW), Err(Error::Busy)));
            assert!(matches!(pull.close(None), Err(Error::Busy)));
            true
        };
        let wait = Wait::new(None).until(Some(&busy));
        assert!(matches!(pull.receive(&wait), Err(Error::Interrupted)));
    }

    #[test]
    fn who_looks_in_for_a_moment_makes_no_call_fail() {
        let (pull, push) = pair("visits", Pull, Push);
        let done = AtomicUsize::new(0);
        thread::scope(|scope| {
            for socket in [&pull, &push] {
                let done = &done;
                scope.spawn(move || {
                    while done.load(Ordering::Relaxed) == 0 {
                        let _ = (socket.go_on(), socket.counters(), socket.attachments());
                        socket.is_closed();
                    }
                });
            }
            let calls = (0..20_000).try_for_each(|_| {
                push.send(&["x"], &SOON)?;
                pull.receive(&SOON).map(drop)
            });
            done.store(1, Ordering::Relaxed);
            calls.unwrap();
        });
    }

    #[test]
    fn closed_is_a_state() {
        let socket = Socket::new(Push).unwrap();
        assert!(!socket.is_closed());
        socket.close(Some(None)).unwrap();
        socket.close(None).unwrap();
        assert!(socket.is_closed());
        assert!(matches!(socket.send(&["x"], &NOW), Err(Error::Closed)));
        assert!(matches!(socket.bind("inproc://closed"), Err(Error::Closed)));
    }

    #[test]
    fn prefixes_have_an_end() {
        let long = vec![1; subscriptions::LONGEST + 1];
        for socket_type in [Sub, Xsub] {
            let socket = Socket::new(socket_type).unwrap();
            socket.subscribe(&long[1..]).unwrap();
            socket.unsubscribe(&long[1..]).unwrap();
            for prefix in [&long, &vec![1; 1 << 20]] {
                assert!(matches!(socket.subscribe(prefix), Err(Error::Argument { .. })));
                assert!(matches!(socket.unsubscribe(prefix), Err(Error::Argument { .. })));
            }
        }
        let socket = Socket::new(Xsub).unwrap();
        let (frame, other) = (vec![1; 1 << 20], vec![2; 1 << 20]);
        assert!(matches!(socket.send(&[&other, &frame], &NOW), Err(Error::Argument { .. })));
        assert!(matches!(socket.send_more(&frame), Err(Error::Argument { .. })));
        socket.send(&[&other, &other], &NOW).unwrap();
    }

    #[test]
    fn what_waits_for_a_name_is_not_disconnected_if_that_would_end_the_process() {
        for (socket_type, may) in [(Dealer, true), (Router, false), (Rep, false)] {
            let name = format!("inproc://socket-awaited-{}", socket_type.name());
            let waiting = Socket::new(socket_type).unwrap();
            waiting.connect(&name).unwrap();
            assert_eq!(waiting.disconnect(&name).is_ok(), may);
            let bound = Socket::attached(Router, &format!("@{name}")).unwrap();
            assert!(matches!(bound.receive(&NOW), Err(Error::Again)));
            assert_eq!(waiting.disconnect(&name).is_ok(), !may);
        }
    }

    #[test]
    fn a_pair_does_not_bind_what_routers_wait_for() {
        let routers = [Rep, Router].map(|socket_type| Socket::new(socket_type).unwrap());
        for router in &routers {
            router.connect("inproc://socket-routers").unwrap();
        }
        let pair = Socket::new(SocketType::Pair).unwrap();
        let refused = pair.bind("inproc://socket-routers").unwrap_err();
        assert!(refused.to_string().contains("waits for it"), "{refused}");
        for router in &routers {
            router.close(None).unwrap();
        }
        pair.bind("inproc://socket-routers").unwrap();
    }

    #[test]
    fn a_mark_is_not_told_to_those_that_are_gone() {
        for round in 0..20 {
            let (one, two) = (format!("inproc://mark-{round}"), format!("inproc://marked-{round}"));
            let pair = Socket::new(SocketType::Pair).unwrap();
            // It has one peer only, and ends the other connection.
            pair.connect(&format!("{one},{two}")).unwrap();
            let router = Socket::attached(Router, &two).unwrap();
            assert!(pair.send(&["x"], &NOW).is_ok());
            for mark in [0, 5] {
                router.set_option("sndhwm", &OptionValue::Int(mark)).unwrap();
            }
            pair.close(None).unwrap();
            router.close(None).unwrap();
        }
    }

    #[test]
    fn a_system_error_that_the_zmq_crate_does_not_know_is_told() {
        let error = Socket::attached(Rep, "ipc:///dev/null/x").unwrap_err();
        assert_eq!(error.errno().unwrap().name(), "ENOTDIR", "{error}");
    }
}
