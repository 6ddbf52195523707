//! Sockets: attaching, sending, receiving, closing. Each file covers one topic.
//!
//! A socket serves one call at a time. A call from a second thread, or from inside
//! another call, returns [`Error::Busy`]. After a socket is closed, its object remains
//! and its methods return [`Error::Closed`].

mod arrays;
mod attempt;
mod batch;
mod closing;
mod connections;
mod descriptor;
pub mod diagnosis;
pub(super) mod endpoints;
pub(super) mod events;
pub mod handshake;
pub(in crate::core) mod listener;
pub(in crate::core) mod messages;
mod multipart;
pub mod numbering;
pub(super) mod open;
mod peers;
mod readiness;
mod request;
mod routing;
pub mod security;
pub mod signals;
mod statistics;
mod subscribers;
pub(super) mod subscriptions;
#[cfg(test)]
pub(super) mod testing;
mod transfer;
pub(super) mod watch;

use std::any::Any;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::context;
use super::endpoint;
use super::error::Error;
use super::policy::Policy;
use super::socket_type::SocketType;
use super::statistics::Counters;
use crate::exclusive::{Exclusive, Locked};
use crate::libzmq::retried;
use multipart::Begun;
use numbering::Numbering;
use open::Open;
use routing::Routing;
use subscriptions::OwnSubscriptions;

/// A ZeroMQ socket of the process's context. It closes when it is dropped.
///
/// ```
/// use std::time::Duration;
/// use zeromq::core::{Socket, SocketType, Wait};
///
/// # fn main() -> Result<(), zeromq::core::Error> {
/// let timeout = Wait::new(Some(Duration::from_secs(5)));
/// let server = Socket::attached(SocketType::Rep, "tcp://127.0.0.1:*")?;
/// let endpoint = server.endpoint()?.expect("REP binds by default");
/// let client = Socket::attached(SocketType::Req, &endpoint)?;
///
/// client.send(&["Hello"], &timeout)?;
/// assert_eq!(server.receive(&timeout)?.as_text(), Some("Hello"));
/// server.send(&["World"], &timeout)?;
/// assert_eq!(client.receive(&timeout)?.as_text(), Some("World"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Socket {
    socket_type: SocketType,
    generation: u32,
    state: Exclusive<State>,
    uses: AtomicUsize,
    /// True once the socket has a descriptor that tells whether it is ready.
    is_watched: AtomicBool,
    begun: Begun,
    subscriptions: OwnSubscriptions,
    routing: Routing,
    numbering: Numbering,
}

pub(super) enum State {
    Open(Box<Open>),
    Closed,
    /// ZeroMQ was shut down while the socket was open.
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
    /// Opens a socket that is not attached to any endpoint.
    ///
    /// # Errors
    /// [`Error::Zmq`] if there are too many sockets (EMFILE).
    pub fn new(socket_type: SocketType) -> Result<Arc<Socket>, Error> {
        context::register(|context, generation| {
            let id = context::next_id();
            let open = Open::new(context, socket_type, id)?;
            Ok(Arc::new(Socket {
                socket_type,
                generation,
                state: Exclusive::new(State::Open(Box::new(open))),
                uses: AtomicUsize::new(0),
                is_watched: AtomicBool::new(false),
                begun: Begun::default(),
                subscriptions: OwnSubscriptions::default(),
                routing: Routing::default(),
                numbering: Numbering::default(),
            }))
        })
    }

    /// Opens a socket and attaches it to a list of endpoints. If one of them fails, the
    /// socket is closed again.
    ///
    /// # Errors
    /// The errors of [`new`](Socket::new) and [`attach`](Socket::attach).
    pub fn attached(socket_type: SocketType, endpoints: &str) -> Result<Arc<Socket>, Error> {
        Socket::attached_after(socket_type, endpoints, |_| Ok(()))
    }

    /// Does the same as [`attached`](Socket::attached), but calls `prepare` with the socket
    /// before it is attached.
    ///
    /// # Errors
    /// The errors of [`attached`](Socket::attached) and of `prepare`.
    pub fn attached_after(
        socket_type: SocketType,
        endpoints: &str,
        prepare: impl FnOnce(&Socket) -> Result<(), Error>,
    ) -> Result<Arc<Socket>, Error> {
        // Checked first, so that an invalid list opens no socket.
        endpoint::items(endpoints)?;
        let socket = Socket::new(socket_type)?;
        match prepare(&socket).and_then(|()| socket.attach(endpoints)) {
            Ok(()) => Ok(socket),
            Err(error) => {
                socket.close(Some(Some(Duration::ZERO)))?;
                Err(error)
            }
        }
    }

    /// Opens two PAIR sockets that are connected over an inproc endpoint of their own.
    ///
    /// # Errors
    /// The errors of [`new`](Socket::new).
    pub fn pair() -> Result<[Arc<Socket>; 2], Error> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("inproc://zeromq-pipe-{}", NEXT.fetch_add(1, Relaxed));
        let one = Socket::attached(SocketType::Pair, &format!("@{name}"))?;
        let other = Socket::attached(SocketType::Pair, &format!(">{name}"))?;
        Ok([one, other])
    }

    /// Restricts the socket to what a policy permits, from now on.
    ///
    /// # Errors
    /// [`Error::Policy`] if there are as many sockets as it permits; [`Error::Closed`],
    /// [`Error::Busy`].
    pub fn restrict(&self, policy: &Policy) -> Result<(), Error> {
        self.with(|open| open.restrict(policy))
    }

    /// Returns the type of the socket.
    pub fn socket_type(&self) -> SocketType {
        self.socket_type
    }

    /// Returns true if the socket is closed.
    pub fn is_closed(&self) -> bool {
        if self.generation != context::generation() {
            return true;
        }
        // If it is in a call, it is open.
        self.visit(|state| !matches!(state, State::Open(_))).unwrap_or(false)
    }

    /// Visits the socket briefly, on behalf of another socket or of the whole process.
    /// A call on the socket that starts in the meantime waits for the visit to end. The
    /// visit does not call libzmq, because it is not counted as a use.
    ///
    /// # Errors
    /// [`Error::Busy`] if the socket is in a call.
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

    /// Checks that the socket belongs to this process.
    ///
    /// # Errors
    /// [`Error::Forked`] in a forked process: another thread of the parent may have
    /// held the locks of the socket during the fork.
    #[inline]
    pub(super) fn check_process(&self) -> Result<(), Error> {
        if self.generation == context::generation() { Ok(()) } else { Err(Error::Forked) }
    }

    /// Locks the socket for a call.
    ///
    /// # Errors
    /// [`Error::Busy`] if another call holds it, [`Error::Forked`].
    #[inline(always)]
    pub(super) fn lock(&self) -> Result<InCall<'_>, Error> {
        let state = self.lock_unused()?;
        self.note_use();
        Ok(state)
    }

    /// Locks the socket like [`lock`](Socket::lock), without counting it as a use. Before
    /// the caller calls libzmq, it calls [`note_use`](Socket::note_use).
    #[inline(always)]
    pub(super) fn lock_unused(&self) -> Result<InCall<'_>, Error> {
        if self.generation == context::generation()
            && let Some(state) = self.state.try_lock()
        {
            return Ok(InCall { state, socket: self });
        }
        Err(self.not_locked())
    }

    #[cold]
    #[inline(never)]
    fn not_locked(&self) -> Error {
        self.check_process().err().unwrap_or(Error::Busy)
    }

    /// Counts a use. Called with the lock held, so there is one writer at a time, and a
    /// plain store is enough.
    #[inline]
    pub(super) fn note_use(&self) {
        self.uses.store(self.uses.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Returns a number that differs after each call that may have called libzmq. With
    /// the lock held, it includes all earlier calls.
    #[inline]
    pub(super) fn uses(&self) -> usize {
        self.uses.load(Relaxed)
    }
}

impl context::Ending for Socket {
    fn is_open(&self) -> bool {
        !self.is_closed()
    }

    fn end(&self) -> Option<Duration> {
        let Ok(mut state) = self.lock() else {
            // Its current call will notice the shutdown and close it.
            return Some(Duration::ZERO);
        };
        match mem::replace(&mut *state, State::Closed) {
            State::Open(open) => open.close(),
            _ => Some(Duration::ZERO),
        }
    }
}

/// A socket that is locked for a call.
pub(super) struct InCall<'a> {
    state: Locked<'a, State>,
    socket: &'a Socket,
}

impl Deref for InCall<'_> {
    type Target = State;

    #[inline(always)]
    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for InCall<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for InCall<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(unix)]
        if self.socket.is_watched.load(Relaxed) {
            self.socket.tell_readiness(&mut self.state);
        }
    }
}

/// Returns all open sockets of the process, oldest first. Some may be about to close.
pub fn sockets() -> Vec<Arc<Socket>> {
    let all = context::all().into_iter().map(|ending| ending as Arc<dyn Any + Send + Sync>);
    all.filter_map(|ending| ending.downcast().ok()).collect()
}

/// Returns how much all sockets of this context have sent and received so far, without
/// sockets that are in a call.
pub fn counters() -> Counters {
    let mut total = context::closed_counters();
    for socket in sockets() {
        if let Ok(counters) = socket.counters() {
            total.add(&counters);
        }
    }
    total
}

impl Drop for Socket {
    fn drop(&mut self) {
        let state = mem::replace(&mut self.state, Exclusive::new(State::Closed));
        if self.generation != context::generation() {
            // Its threads are in the parent process, so nobody would answer.
            mem::forget(state);
        } else if let State::Open(open) = state.into_inner() {
            context::closed(open.close());
        }
    }
}

impl State {
    /// Releases a socket whose context has ended.
    pub(super) fn check_terminated(&mut self) {
        if let State::Open(open) = self
            && matches!(retried(|| open.socket.get_events()), Err(zmq::Error::ETERM))
        {
            *self = State::Terminated;
        }
    }

    #[inline(always)]
    pub(super) fn open(&mut self) -> Result<&mut Open, Error> {
        match self {
            State::Open(open) => Ok(open),
            closed => Err(closed.not_open()),
        }
    }

    #[cold]
    #[inline(never)]
    fn not_open(&self) -> Error {
        if matches!(self, State::Terminated) { Error::Terminated } else { Error::Closed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Wait;
    use SocketType::{Pull, Push};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use testing::pair;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

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
                        let _ = (socket.counters(), socket.attachments());
                        socket.is_closed();
                        // Without a pause, visits could follow each other so closely that a
                        // busy machine never runs the call in between.
                        thread::yield_now();
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
}
