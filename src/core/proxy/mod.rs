//! Proxies: a thread forwards messages between two sockets.
//!
//! The thread owns the sockets. Commands reach it through a channel, and a pair of
//! sockets, the bell, wakes it, because it already waits for sockets.

mod capture;
mod compatibility;
mod direction;
mod faults;
mod route;
mod slow_peers;
mod stats;
mod worker;

#[cfg(test)]
mod tests;

use std::mem;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::bell::{self, bell};
use super::context;
use super::endpoint::{self, Action};
use super::error::Error;
use super::policy::{Policy, Slot};
use super::socket::Socket;
use super::socket::open::Open;
use super::socket_type::SocketType;
use super::statistics::{Counters, Statistics};
use crate::libzmq::{options, retried};
use capture::Capture;
use stats::Board;
use worker::{Command, Seat, Worker};
use zmq_sys::additions::ZMQ_MEMORY_LIMIT;

pub use faults::Faults;
pub use stats::{State, Stats, Traffic};

/// The maximum time for the thread to execute a command. It takes microseconds, unless the
/// machine is overloaded.
const ANSWER: Duration = Duration::from_secs(10);

/// The maximum time that the shutdown of the context waits for the thread.
const END: Duration = Duration::from_secs(1);

/// A side of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side from which requests, publications or tasks arrive.
    Frontend = 0,
    /// The side from which requests, publications or tasks arrive.
    Backend = 1,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Frontend => Side::Backend,
            Side::Backend => Side::Frontend,
        }
    }
}

/// A proxy. Its thread ends when it is dropped.
///
/// ```
/// use std::time::Duration;
/// use zeromq::core::proxy::{Proxy, Side};
/// use zeromq::core::{Socket, SocketType, Wait};
///
/// # fn main() -> Result<(), zeromq::core::Error> {
/// let timeout = Wait::new(Some(Duration::from_secs(5)));
/// let proxy = Proxy::new()?;
/// proxy.set(Side::Frontend, SocketType::Router, "inproc://front-doc", &|_| Ok(false))?;
/// proxy.set(Side::Backend, SocketType::Dealer, "inproc://back-doc", &|_| Ok(false))?;
///
/// let client = Socket::attached(SocketType::Req, ">inproc://front-doc")?;
/// let server = Socket::attached(SocketType::Rep, ">inproc://back-doc")?;
/// client.send(&["Hello"], &timeout)?;
/// assert_eq!(server.receive(&timeout)?.as_text(), Some("Hello"));
/// proxy.stop()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy(Arc<Link>);

/// The state that a proxy shares with its thread.
struct Link {
    generation: u32,
    board: Board,
    control: Mutex<Option<Control>>,
}

/// The channel through which the thread receives commands.
struct Control {
    commands: Sender<Command>,
    bell: Open,
    thread: JoinHandle<()>,
    given: [Option<Given>; 2],
    /// Its place among the sockets that a policy permits.
    _slot: Option<Slot>,
}

/// The settings of a side.
struct Given {
    socket_type: SocketType,
    endpoints: String,
    attached: Vec<(Action, String)>,
    port: u16,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.board.state().name())
    }
}

impl Proxy {
    /// Makes a proxy without sockets and starts its thread.
    ///
    /// # Errors
    /// [`Error::Zmq`] if there are too many sockets or threads.
    pub fn new() -> Result<Proxy, Error> {
        Proxy::under(&Policy::OPEN)
    }

    /// Makes a proxy like [`new`](Proxy::new). It counts as a socket of the policy, because
    /// it takes a thread and descriptors even without sockets.
    ///
    /// # Errors
    /// The errors of [`new`](Proxy::new), [`Error::Policy`].
    pub fn under(policy: &Policy) -> Result<Proxy, Error> {
        let slot = policy.open_socket()?;
        let (bell, other) = bell()?;
        let link = context::register(|_, generation| {
            let board = Board::default();
            Ok(Arc::new(Link { generation, board, control: Mutex::new(None) }))
        })?;
        let (commands, receiver) = mpsc::channel();
        let worker = Worker::new(link.clone(), receiver, other);
        let thread = thread::Builder::new().name("zeromq-proxy".to_owned());
        let thread = thread.spawn(move || worker.run()).map_err(|_| Error::no_thread())?;
        let control = Control { commands, bell, thread, given: [None, None], _slot: slot };
        *link.control.lock().unwrap_or_else(|control| control.into_inner()) = Some(control);
        Ok(Proxy(link))
    }

    /// Opens the socket of one side: it is bound to each endpoint that has no prefix,
    /// and the previous socket of this side is closed. `prepare` is called with the
    /// socket before it is attached and returns true if it has subscribed the socket.
    /// Otherwise a SUB receives everything, and so does an XSUB unless the other side
    /// is an XPUB.
    ///
    /// Messages are forwarded once both sides have a socket. If the new socket cannot
    /// be attached, the previous one stays, unless the new one needed its address.
    ///
    /// # Errors
    /// [`Error::Argument`] if the type cannot be combined with that of the other side,
    /// [`Error::Endpoint`], [`Error::Stopped`], [`Error::Busy`].
    pub fn set(
        &self,
        side: Side,
        socket_type: SocketType,
        endpoints: &str,
        prepare: &dyn Fn(&Arc<Socket>) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut control = self.control()?;
        let control = control.as_mut().ok_or(Error::Stopped { what: "proxy" })?;
        let items = endpoint::items(endpoints)?;
        if items.is_empty() {
            return Err(Error::syntax(endpoints, "the list has no endpoint"));
        }
        let other = control.given[side.other() as usize].as_ref();
        compatibility::check(socket_type, other.map(|given| given.socket_type))?;

        let mut old = control.ask(|reply| Command::Take(side, reply))?;
        let given = control.given[side as usize].take();
        // Two sockets cannot have the same address, not even briefly.
        if given.as_ref().is_some_and(|given| given.shares(&items)) {
            close(old.take());
        }
        let mut new = seat(socket_type, endpoints, prepare);
        if old.is_some() && new.as_ref().is_err_and(is_taken) {
            close(old.take());
            new = seat(socket_type, endpoints, prepare);
        }
        match new {
            Ok((seat, new)) => {
                close(old);
                control.ask(|reply| Command::Put(side, Box::new(seat), reply))?;
                control.given[side as usize] = Some(new);
                Ok(())
            }
            Err(error) => {
                if let Some(old) = old {
                    control.ask(|reply| Command::Put(side, Box::new(old), reply))?;
                    control.given[side as usize] = given;
                }
                Err(error)
            }
        }
    }

    /// Returns the endpoints of a side, as they were passed.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn endpoints(&self, side: Side) -> Result<Option<String>, Error> {
        self.given(side, |given| given.endpoints.clone())
    }

    /// Returns the endpoints of a side as they were bound and connected, with what the system
    /// has chosen for their wildcards.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn attached(&self, side: Side) -> Result<Option<Vec<(Action, String)>>, Error> {
        self.given(side, |given| given.attached.clone())
    }

    /// Returns the TCP port of the last endpoint of a side, 0 if that is not a TCP
    /// endpoint, or `None` if the side has no socket.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn port(&self, side: Side) -> Result<Option<u16>, Error> {
        self.given(side, |given| given.port)
    }

    fn given<T>(&self, side: Side, read: impl FnOnce(&Given) -> T) -> Result<Option<T>, Error> {
        let control = self.control()?;
        let control = control.as_ref().ok_or(Error::Stopped { what: "proxy" })?;
        Ok(control.given[side as usize].as_ref().map(read))
    }

    /// Sends a copy of every forwarded message to a socket of this type, which binds or
    /// connects as its type does by default. `None` ends the capture. Copies that the
    /// peer does not accept at once are dropped and counted. `prepare` is called with the
    /// socket before it is attached.
    ///
    /// # Errors
    /// [`Error::Argument`] unless the type is PUSH, PUB or PAIR, [`Error::Endpoint`],
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn capture(
        &self,
        place: Option<(SocketType, &str)>,
        prepare: impl FnOnce(&Socket) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some((socket_type, endpoints)) = place else {
            return self.ask(|reply| Command::Capture(None, reply));
        };
        if !matches!(socket_type, SocketType::Push | SocketType::Pub | SocketType::Pair) {
            return Err(Error::Argument {
                place: "type".to_owned(),
                expected: "PUSH, PUB or PAIR".into(),
                got: socket_type.name().to_owned(),
            });
        }
        if endpoint::items(endpoints)?.is_empty() {
            return Err(Error::syntax(endpoints, "the list has no endpoint"));
        }
        // The previous capture socket may have the same address.
        self.ask(|reply| Command::Capture(None, reply))?;
        let open = Socket::attached_after(socket_type, endpoints, prepare)?.move_out()?;
        self.ask(|reply| Command::Capture(Some(Box::new(Capture::new(open))), reply))
    }

    /// Pauses the proxy. No message is lost: messages wait in the queues of both
    /// sockets and then at their senders.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn pause(&self) -> Result<(), Error> {
        self.ask(|reply| Command::Pause(true, reply))
    }

    /// Resumes the proxy.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn resume(&self) -> Result<(), Error> {
        self.ask(|reply| Command::Pause(false, reply))
    }

    /// Sets the faults to inject from now on; the default is none.
    ///
    /// # Errors
    /// [`Error::Argument`] if a probability is not from 0 to 1, [`Error::Stopped`],
    /// [`Error::Busy`].
    pub fn set_faults(&self, faults: Faults) -> Result<(), Error> {
        faults.check()?;
        self.ask(|reply| Command::Faults(faults, reply))
    }

    /// Closes both sockets, ends the thread, and releases the addresses. Stopping a
    /// stopped proxy does nothing, and so does stopping one of the process that this one
    /// was forked from, which is stopped here.
    ///
    /// # Errors
    /// [`Error::Busy`] if the proxy is in another call.
    pub fn stop(&self) -> Result<(), Error> {
        self.end(Duration::ZERO)
    }

    /// Forwards the messages that have already arrived, for up to `time`, and then
    /// [stops](Proxy::stop). A PULL socket is unbound first, so that its peers keep what they
    /// have not sent yet. A paused proxy forwards nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] if the proxy is in another call.
    pub fn finish(&self, time: Duration) -> Result<(), Error> {
        self.end(time)
    }

    fn end(&self, time: Duration) -> Result<(), Error> {
        let control = match self.control() {
            Err(Error::Forked) => return Ok(()),
            control => control?.take(),
        };
        let Some(control) = control else {
            return Ok(());
        };
        control.finish(time);
        if self.0.board.wait(ANSWER.saturating_add(time)).is_none() {
            return Err(Error::Busy);
        }
        // It has nothing more to do, so a panic of its thread no longer matters.
        let _ = control.thread.join();
        Ok(())
    }

    /// Returns the state of the proxy.
    pub fn state(&self) -> State {
        if self.0.generation == context::generation() {
            self.0.board.state()
        } else {
            State::Stopped
        }
    }

    /// Returns the counters, even after the proxy was stopped.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn stats(&self) -> Result<Stats, Error> {
        match self.ask(Command::Count) {
            Ok(()) | Err(Error::Stopped { .. }) => Ok(self.0.board.stats()),
            Err(error) => Err(error),
        }
    }

    /// Returns the statistics of the socket of a side, or `None` if there is none. It has
    /// received the messages that were forwarded to the other side, and sent those that came
    /// from there, since the proxy was made; frames are not counted.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn statistics(&self, side: Side) -> Result<Option<Statistics>, Error> {
        let Some(found) = self.ask(|reply| Command::Statistics(side, reply))? else {
            return Ok(None);
        };
        let Stats { to_backend, to_frontend, .. } = self.0.board.stats();
        let (received, sent) = match side {
            Side::Frontend => (to_backend, to_frontend),
            Side::Backend => (to_frontend, to_backend),
        };
        let counters = Counters {
            messages_received: received.messages,
            bytes_received: received.bytes,
            messages_sent: sent.messages,
            bytes_sent: sent.bytes,
            ..Counters::default()
        };
        Ok(Some(Statistics { counters, ..found? }))
    }

    fn ask<T>(&self, command: impl FnOnce(Sender<T>) -> Command) -> Result<T, Error> {
        self.control()?.as_ref().ok_or(Error::Stopped { what: "proxy" })?.ask(command)
    }

    fn control(&self) -> Result<MutexGuard<'_, Option<Control>>, Error> {
        if self.0.generation != context::generation() {
            return Err(Error::Forked);
        }
        match self.0.control.try_lock() {
            Ok(control) => Ok(control),
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Poisoned(control)) => Ok(control.into_inner()),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A garbage collector must not wait for the thread to end.
        if let Ok(mut control) = self.control()
            && let Some(control) = control.take()
        {
            control.stop();
        }
    }
}

impl Control {
    fn ask<T>(&self, command: impl FnOnce(Sender<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = mpsc::channel();
        let stopped = Error::Stopped { what: "proxy" };
        self.commands.send(command(reply)).map_err(|_| stopped.clone())?;
        self.ring();
        match answer.recv_timeout(ANSWER) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => Err(Error::Busy),
            Err(RecvTimeoutError::Disconnected) => Err(stopped),
        }
    }

    fn stop(&self) {
        self.finish(Duration::ZERO);
    }

    fn finish(&self, time: Duration) {
        // If the thread has already ended, nobody is listening.
        let _ = self.commands.send(Command::Stop(time));
        self.ring();
    }

    fn ring(&self) {
        bell::ring(&self.bell);
    }
}

impl context::Ending for Link {
    fn end(&self) -> Option<Duration> {
        // If the proxy is in a call, its thread will notice the shutdown.
        let control = match self.control.try_lock() {
            Ok(mut control) => control.take(),
            Err(TryLockError::Poisoned(control)) => control.into_inner().take(),
            Err(TryLockError::WouldBlock) => return Some(Duration::ZERO),
        };
        if let Some(control) = &control {
            control.stop();
        }
        let Some(linger) = self.board.wait(END) else {
            return Some(Duration::ZERO);
        };
        if let Some(control) = control {
            let _ = control.thread.join();
        }
        linger
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let control = self.control.get_mut().unwrap_or_else(|control| control.into_inner());
        if self.generation != context::generation() {
            // Its thread is in the parent process, so nobody would answer.
            mem::forget(control.take());
        }
    }
}

impl Given {
    fn shares(&self, items: &[endpoint::Item]) -> bool {
        let own = endpoint::items(&self.endpoints).unwrap_or_default();
        own.iter().any(|own| items.iter().any(|item| item.endpoint == own.endpoint))
    }
}

fn seat(
    socket_type: SocketType,
    endpoints: &str,
    prepare: &dyn Fn(&Arc<Socket>) -> Result<bool, Error>,
) -> Result<(Seat, Given), Error> {
    let socket = Socket::new(socket_type)?;
    let attach = || {
        let subscribed = prepare(&socket)?;
        if socket_type == SocketType::Sub && !subscribed {
            socket.subscribe(b"")?;
        }
        let port = socket.attach_by(Action::Bind, endpoints)?;
        Ok((subscribed, socket.endpoints()?, port))
    };
    let attached = attach();
    let mut open = socket.move_out()?;
    let (subscribed, attached, port) = match attached {
        Ok(attached) => attached,
        Err(error) => {
            open.close();
            return Err(error);
        }
    };
    // Its connections keep the limit and read nothing while messages take more memory. What
    // they have read is forwarded all the same: otherwise it would take the memory forever. A
    // libzmq without the option limits nothing.
    let _ = retried(|| options::set(&mut open.socket, ZMQ_MEMORY_LIMIT, 0_i64));
    if socket_type == SocketType::Router {
        // Makes it report a peer that accepts no message instead of dropping the
        // message.
        let mandatory = open.socket.set_router_mandatory(true);
        mandatory.map_err(|error| Error::from_zmq("setsockopt", error))?;
    }
    let given = Given { socket_type, endpoints: endpoints.to_owned(), attached, port };
    Ok((Seat { socket_type, open, subscribed, fresh: true }, given))
}

fn close(seat: Option<Seat>) {
    if let Some(seat) = seat {
        context::closed(seat.open.close());
    }
}

fn is_taken(error: &Error) -> bool {
    error.errno().is_some_and(|errno| errno.name() == "EADDRINUSE")
}
