//! Proxies: what one socket receives the other one sends, in a thread of its own.
//!
//! The thread owns the sockets. It is told what to do through a channel, and a
//! bell wakes it: a pair of sockets, as it waits for sockets anyway.

mod capture;
mod compatibility;
mod direction;
mod faults;
mod slow_peers;
mod stats;
mod way;
mod worker;

#[cfg(test)]
mod tests;

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::context;
use super::endpoint::{self, Action};
use super::error::Error;
use super::socket::Socket;
use super::socket::open::Open;
use super::socket_type::SocketType;
use capture::Capture;
use stats::Board;
use worker::{Command, Seat, Worker};

pub use faults::Faults;
pub use stats::{State, Stats, Traffic};

/// How long the thread may take to do what it is told. It takes microseconds,
/// unless the machine is overwhelmed.
const ANSWER: Duration = Duration::from_secs(10);

/// How long the end of the context waits for the thread.
const END: Duration = Duration::from_secs(1);

/// A side of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where requests, publishers or tasks come from.
    Frontend = 0,
    /// Where they go to.
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
#[derive(Debug)]
pub struct Proxy(Arc<Link>);

/// What a proxy and its thread share.
struct Link {
    generation: u32,
    board: Board,
    control: Mutex<Option<Control>>,
}

/// How the thread is told what to do.
struct Control {
    commands: Sender<Command>,
    bell: Open,
    thread: JoinHandle<()>,
    given: [Option<Given>; 2],
}

/// What a side was given.
struct Given {
    socket_type: SocketType,
    endpoints: String,
    port: u16,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.board.state().name())
    }
}

impl Proxy {
    /// Makes a proxy without sockets, and starts its thread.
    ///
    /// # Errors
    /// [`Error::Zmq`] when there are too many sockets or threads.
    pub fn new() -> Result<Proxy, Error> {
        let (bell, other) = bell()?;
        let link = context::open(|_, generation| {
            let board = Board::default();
            Ok(Arc::new(Link { generation, board, control: Mutex::new(None) }))
        })?;
        let (commands, receiver) = mpsc::channel();
        let worker = Worker::new(link.clone(), receiver, other);
        let thread = thread::Builder::new().name("zeromq-proxy".to_owned());
        let thread = thread.spawn(move || worker.run()).map_err(|_| Error::no_thread())?;
        let control = Control { commands, bell, thread, given: [None, None] };
        *link.control.lock().unwrap_or_else(|control| control.into_inner()) = Some(control);
        Ok(Proxy(link))
    }

    /// Gives one side its socket, bound to each endpoint that has no prefix; the
    /// one that it had is closed. `prepare` gets the socket before it is attached,
    /// and gives whether it has subscribed it to something; else SUB receives
    /// everything, and so does XSUB unless the other side is XPUB.
    ///
    /// Messages begin to pass when both sides have a socket. When the new one
    /// cannot be attached the old one stays, unless it had to make room for it.
    ///
    /// # Errors
    /// [`Error::Argument`] for a type that does not go with that of the other
    /// side, [`Error::Endpoint`], [`Error::Stopped`], [`Error::Busy`].
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
            return Err(Error::syntax(endpoints, "there is no endpoint in it"));
        }
        let other = control.given[side.other() as usize].as_ref();
        compatibility::check(socket_type, other.map(|given| given.socket_type))?;

        let mut old = control.ask(|reply| Command::Take(side, reply))?;
        let given = control.given[side as usize].take();
        // Two sockets cannot have the same address, not even for a moment.
        if given.as_ref().is_some_and(|given| given.shares(&items)) {
            close(old.take());
        }
        let mut new = seat(socket_type, endpoints, prepare);
        if old.is_some() && new.as_ref().is_err_and(is_taken) {
            close(old.take());
            new = seat(socket_type, endpoints, prepare);
        }
        match new {
            Ok((seat, port)) => {
                close(old);
                control.ask(|reply| Command::Put(side, Box::new(seat), reply))?;
                let endpoints = endpoints.to_owned();
                control.given[side as usize] = Some(Given { socket_type, endpoints, port });
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

    /// The endpoints of a side as they were given.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn endpoints(&self, side: Side) -> Result<Option<String>, Error> {
        self.given(side, |given| given.endpoints.clone())
    }

    /// The TCP port of the last endpoint of a side, or 0 if it has none.
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

    /// Sends a copy of every message that passes to a socket of this type, which
    /// binds or connects as its type does by default; or to nobody any more. What
    /// its peer does not take at once is dropped and counted.
    ///
    /// # Errors
    /// [`Error::Argument`] for a type other than PUSH, PUB and PAIR,
    /// [`Error::Endpoint`], [`Error::Stopped`], [`Error::Busy`].
    pub fn capture(&self, place: Option<(SocketType, &str)>) -> Result<(), Error> {
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
            return Err(Error::syntax(endpoints, "there is no endpoint in it"));
        }
        // The one before may have the same address.
        self.ask(|reply| Command::Capture(None, reply))?;
        let open = Socket::attached(socket_type, endpoints)?.move_out()?;
        self.ask(|reply| Command::Capture(Some(Box::new(Capture::new(open))), reply))
    }

    /// Leaves messages where they are. Nothing is lost: they wait in the queues of
    /// both sockets, and then at their senders.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn pause(&self) -> Result<(), Error> {
        self.ask(|reply| Command::Pause(true, reply))
    }

    /// Passes messages on again.
    ///
    /// # Errors
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn resume(&self) -> Result<(), Error> {
        self.ask(|reply| Command::Pause(false, reply))
    }

    /// Makes faults from now on, or none any more.
    ///
    /// # Errors
    /// [`Error::Argument`] for a chance that is not from 0 to 1,
    /// [`Error::Stopped`], [`Error::Busy`].
    pub fn set_faults(&self, faults: Faults) -> Result<(), Error> {
        faults.check()?;
        self.ask(|reply| Command::Faults(faults, reply))
    }

    /// Closes both sockets and ends the thread. Their addresses are free then.
    /// Stopping a stopped proxy does nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when the proxy is in the middle of a call.
    pub fn stop(&self) -> Result<(), Error> {
        let Some(control) = self.control()?.take() else {
            return Ok(());
        };
        control.stop();
        if self.0.board.wait(ANSWER).is_none() {
            return Err(Error::Busy);
        }
        // It has nothing more to do, and a panic of it concerns nobody now.
        let _ = control.thread.join();
        Ok(())
    }

    /// What the proxy is doing.
    pub fn state(&self) -> State {
        if self.0.generation == context::generation() {
            self.0.board.state()
        } else {
            State::Stopped
        }
    }

    /// What has passed, also after the end.
    ///
    /// # Errors
    /// [`Error::Busy`].
    pub fn stats(&self) -> Result<Stats, Error> {
        match self.ask(Command::Count) {
            Ok(()) | Err(Error::Stopped { .. }) => Ok(self.0.board.stats()),
            Err(error) => Err(error),
        }
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
        // Whoever collects garbage does not wait for the end.
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
        // If it has ended already, nobody listens.
        let _ = self.commands.send(Command::Stop);
        self.ring();
    }

    fn ring(&self) {
        // When it cannot ring, it has rung often enough, or ZeroMQ has ended.
        let _ = self.bell.socket.send("", zmq::DONTWAIT);
    }
}

impl context::Ending for Link {
    fn end(&self) -> Option<Duration> {
        // If it is in the middle of a call, its thread is about to learn of the end.
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
            // Its thread is in the parent process: nobody would answer.
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

/// Both ends of what wakes the thread.
fn bell() -> Result<(Open, Open), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let endpoint = format!("inproc://zeromq-proxy-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let one = Socket::attached(SocketType::Pair, &format!("@{endpoint}"))?;
    let other = Socket::attached(SocketType::Pair, &format!(">{endpoint}"))?;
    Ok((one.move_out()?, other.move_out()?))
}

fn seat(
    socket_type: SocketType,
    endpoints: &str,
    prepare: &dyn Fn(&Arc<Socket>) -> Result<bool, Error>,
) -> Result<(Seat, u16), Error> {
    let socket = Socket::new(socket_type)?;
    let attach = || {
        let subscribed = prepare(&socket)?;
        if socket_type == SocketType::Sub && !subscribed {
            socket.subscribe(b"")?;
        }
        Ok((subscribed, socket.attach_by(Action::Bind, endpoints)?))
    };
    let attached = attach();
    let open = socket.move_out()?;
    let (subscribed, port) = match attached {
        Ok(attached) => attached,
        Err(error) => {
            open.close();
            return Err(error);
        }
    };
    if socket_type == SocketType::Router {
        // So that it says when a peer takes no message, and does not drop it.
        let mandatory = open.socket.set_router_mandatory(true);
        mandatory.map_err(|error| Error::from_zmq("setsockopt", error))?;
    }
    Ok((Seat { socket_type, open, subscribed, fresh: true }, port))
}

fn close(seat: Option<Seat>) {
    if let Some(seat) = seat {
        context::closed(seat.open.close());
    }
}

fn is_taken(error: &Error) -> bool {
    error.errno().is_some_and(|errno| errno.name() == "EADDRINUSE")
}
