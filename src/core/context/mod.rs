//! The context of the process. It is made when the first socket is opened, so that
//! inproc works between all scripts, and it ends within a bounded time.
//!
//! ```
//! use std::time::Duration;
//! use zeromq::core::context::{self, settings};
//! use zeromq::core::{Socket, SocketType, Wait};
//!
//! # fn main() -> Result<(), zeromq::core::Error> {
//! // The default linger of all sockets that are opened later, in milliseconds.
//! settings::set_defaults(&[(&settings::SOCKETS[0], 200)]);
//! let socket = Socket::attached(SocketType::Push, "inproc://context-doc")?;
//!
//! // Closes every socket and sends what is queued, within two seconds.
//! assert!(context::shutdown_within(Some(&Wait::new(Some(Duration::from_secs(2))))));
//! assert!(socket.is_closed());
//! # Ok(())
//! # }
//! ```

pub(super) mod address_reuse;
mod fork;
mod hooks;
pub(super) mod inproc;
pub mod settings;
mod shutdown;
pub(super) mod spare_files;

pub use fork::{forked, forking, parted};
pub use shutdown::{shutdown, shutdown_within};

use std::any::Any;
use std::collections::HashSet;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use super::error::{Errno, Error};
use super::socket_type::SocketType;
use super::statistics::Counters;
use crate::core::locked::locked;
use crate::libzmq;
pub(crate) use fork::generation;
pub(super) use hooks::{Hooks, add_hooks};
use inproc::{Event, Id, Names};
use settings::Setting;
use spare_files::check_spare_files;

/// A name that is always bound. libzmq stops the monitor of a socket when it is told to
/// make another one, and then fails to make one for a name that cannot be bound.
pub(super) const TAKEN: &str = "inproc://zeromq-monitor";

static SHARED: Mutex<Option<Shared>> = Mutex::new(None);

/// The context, and what has to be closed before it can end.
struct Shared {
    context: libzmq::Context,
    generation: u32,
    ending: Vec<Weak<dyn Ending>>,
    /// The number of entries in `ending` from which on dead ones are removed.
    room: usize,
    flushed: Flushed,
    names: Names,
    /// The inproc names that sockets connected to, even if they are closed now, and
    /// that were not bound since.
    awaited: HashSet<String>,
    /// The messages and bytes that closed sockets have sent and received.
    counters: Counters,
    /// Sockets that still wait for the message that a closed socket has ended. Without
    /// them, libzmq would wait forever to deliver it, and close no other socket until
    /// then.
    awaiting: Vec<zmq::Socket>,
    /// Binds the awaited names during the shutdown. libzmq does not release a socket
    /// that waits for a name, and aborts the process if there is no free slot for a
    /// socket to do this itself (ctx.cpp), so the slot is reserved early.
    last: zmq::Socket,
}

/// When the messages of all closed sockets are sent or given up.
#[derive(Clone, Copy)]
enum Flushed {
    At(Instant),
    Never,
}

fn lock() -> MutexGuard<'static, Option<Shared>> {
    locked(&SHARED)
}

/// Something that has to be closed before the context can end.
pub(super) trait Ending: Any + Send + Sync {
    /// Closes it and returns how long it keeps sending; `None` is forever.
    fn end(&self) -> Option<Duration>;

    /// Returns true if it counts as an open socket.
    fn is_open(&self) -> bool {
        true
    }
}

/// Opens something with `open` and registers it for the shutdown.
pub(super) fn register<T: Ending + 'static>(
    open: impl FnOnce(&libzmq::Context, u32) -> Result<Arc<T>, Error>,
) -> Result<Arc<T>, Error> {
    let generation = generation();
    let mut guard = lock();
    if guard.as_ref().is_some_and(|shared| shared.generation != generation) {
        // The threads of the parent's context do not exist here, so it can only be
        // abandoned.
        mem::forget(guard.take());
    }
    if guard.is_none() {
        *guard = Some(Shared::new(generation)?);
    }
    let Some(shared) = guard.as_mut() else {
        return Err(Error::Terminated);
    };
    shared.check_room()?;
    let opened = open(&shared.context, generation)?;
    if shared.ending.len() >= shared.room {
        shared.ending.retain(|ending| ending.strong_count() > 0);
        shared.room = 64.max(2 * shared.ending.len());
    }
    let ending = Arc::downgrade(&opened);
    shared.ending.push(ending);
    Ok(opened)
}

/// Opens an internal socket for the duration of one call. The shutdown does not close
/// it, but every call on it fails from then on.
pub(super) fn own_socket(socket_type: zmq::SocketType) -> Result<zmq::Socket, Error> {
    let guard = lock();
    let Some(shared) = guard.as_ref().filter(|shared| shared.generation == generation()) else {
        return Err(Error::Terminated);
    };
    let socket = shared.context.socket(socket_type);
    socket.map_err(|error| Error::from_zmq("zmq_socket", error))
}

/// Keeps an internal socket until it receives the message that is about to be sent to
/// it.
pub(super) fn keep_awaiting(socket: zmq::Socket) {
    if let Some(shared) = lock().as_mut() {
        let waits = |socket: &zmq::Socket| socket.poll(zmq::POLLIN, 0) == Ok(0);
        shared.awaiting.retain(waits);
        shared.awaiting.push(socket);
    }
}

/// Returns true if a socket of this process is bound to an inproc endpoint.
pub(super) fn is_bound(endpoint: &str) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.is_bound(endpoint))
}

impl Shared {
    /// Checks that one more socket can be opened.
    ///
    /// # Errors
    /// [`Error::Zmq`] (EMFILE) if the maximum number of sockets is open.
    fn check_room(&self) -> Result<(), Error> {
        let most = settings::max_sockets();
        if self.ending.len() < most {
            return Ok(());
        }
        let open = self.ending.iter().filter_map(Weak::upgrade).filter(|ending| ending.is_open());
        let count = open.count();
        if count < most {
            return Ok(());
        }
        Err(Error::Zmq { call: "zmq_socket", errno: Errno::TOO_MANY })
    }

    fn new(generation: u32) -> Result<Shared, Error> {
        settings::read_environment();
        let refused = |error| Error::from_zmq("zmq_socket", error);
        // Two for each I/O thread and the thread that closes sockets, and some for
        // sockets.
        check_spare_files(2 * settings::io_threads() + 6).map_err(refused)?;
        let context = libzmq::Context::new().map_err(refused)?;
        settings::make(&context)?;
        let last = context.socket(zmq::PULL);
        let last = last.map_err(refused)?;
        last.bind(TAKEN).map_err(|error| Error::from_zmq("zmq_bind", error))?;
        Ok(Shared {
            last,
            context,
            generation,
            ending: Vec::new(),
            room: 64,
            flushed: Flushed::At(Instant::now()),
            names: Names::default(),
            awaited: HashSet::new(),
            counters: Counters::default(),
            awaiting: Vec::new(),
        })
    }
}

/// Records what a socket did with an endpoint, if it is an inproc one.
pub(super) fn record_inproc(event: Event, endpoint: &str, id: Id, socket_type: SocketType) {
    if !endpoint.starts_with("inproc://") {
        return;
    }
    let mut guard = lock();
    let Some(shared) = guard.as_mut() else {
        return;
    };
    shared.names.record(event, endpoint, id, socket_type);
    match event {
        Event::Bound => drop(shared.awaited.remove(endpoint)),
        Event::Connected if shared.names.waits(endpoint, id) => {
            shared.awaited.insert(endpoint.to_owned());
        }
        Event::Unbound | Event::Connected | Event::Disconnected => {}
    }
}

/// Returns the number of inproc peers of a socket.
pub(super) fn inproc_peers(id: Id, socket_type: SocketType) -> usize {
    lock().as_ref().map_or(0, |shared| shared.names.peers(id, socket_type))
}

/// Returns the names and types of the inproc peers of a socket.
pub(super) fn inproc_peer_types(id: Id) -> Vec<(String, SocketType)> {
    lock().as_ref().map_or_else(Vec::new, |shared| shared.names.peer_types(id))
}

/// Returns true if an inproc connection of a socket still waits for a bind.
pub(super) fn waits(endpoint: &str, id: Id) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.waits(endpoint, id))
}

/// Returns true if the socket that is bound to an inproc endpoint has had a peer there.
pub(super) fn has_met(endpoint: &str) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.has_met(endpoint))
}

/// Returns true if a socket still has the peer that it has connected to over inproc.
pub(super) fn reaches(endpoint: &str, id: Id) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.reaches(endpoint, id))
}

/// Returns an id for the next socket.
pub(super) fn next_id() -> Id {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Id(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Records that a socket was closed, with its counters.
pub(super) fn forget(id: Id, counters: &Counters) {
    if let Some(shared) = lock().as_mut() {
        shared.names.forget(id);
        shared.counters.add(counters);
    }
}

/// Records that a socket was closed and may keep sending for `linger`; `None` is
/// forever.
pub(super) fn closed(linger: Option<Duration>) {
    if let Some(shared) = lock().as_mut() {
        let end = linger.and_then(|linger| Instant::now().checked_add(linger));
        shared.flushed = match (shared.flushed, end) {
            (Flushed::At(one), Some(other)) => Flushed::At(one.max(other)),
            _ => Flushed::Never,
        };
    }
}

/// Returns everything that has to be closed before the context can end, oldest first.
pub(super) fn all() -> Vec<Arc<dyn Ending>> {
    // The sockets must not be dropped inside: dropping the last reference locks this
    // again.
    let guard = lock();
    let shared = guard.as_ref().filter(|shared| shared.generation == generation());
    shared.map_or_else(Vec::new, |shared| shared.ending.iter().filter_map(Weak::upgrade).collect())
}

/// Returns the messages and bytes that closed sockets have sent and received.
pub(super) fn closed_counters() -> Counters {
    lock().as_ref().map_or_else(Counters::default, |shared| shared.counters)
}

/// Sets properties of the context before it is made.
///
/// # Errors
/// [`Error::Started`] if a socket has already been opened.
pub fn set(values: &[(&'static Setting, i64)]) -> Result<(), Error> {
    let generation = generation();
    let guard = lock();
    if guard.as_ref().is_some_and(|shared| shared.generation == generation) {
        return Err(Error::Started);
    }
    values.iter().for_each(|(setting, value)| setting.give(*value));
    Ok(())
}

/// Returns the properties of the context, named as in `zmq_ctx_get(3)` in lower case.
/// If there is no context yet, returns those that it would have.
///
/// # Errors
/// [`Error::Zmq`] if libzmq refuses a value that was set.
pub fn options() -> Result<Vec<(&'static str, i64)>, Error> {
    let generation = generation();
    match lock().as_ref() {
        Some(shared) if shared.generation == generation => Ok(settings::read(&shared.context)),
        _ => {
            settings::read_environment();
            // Without sockets it starts no threads.
            let context = libzmq::Context::new();
            let context = context.map_err(|error| Error::from_zmq("zmq_ctx_new", error))?;
            settings::make(&context)?;
            Ok(settings::read(&context))
        }
    }
}

/// Returns the version of libzmq, such as "4.3.5".
pub fn version() -> String {
    let (major, minor, patch) = zmq::version();
    format!("{major}.{minor}.{patch}")
}

/// The optional capabilities of libzmq.
const CAPABILITIES: &[&str] =
    &["curve", "draft", "gssapi", "ipc", "norm", "pgm", "tipc", "vmci", "ws", "wss"];

/// Returns the optional capabilities that libzmq was built with.
pub fn capabilities() -> impl Iterator<Item = &'static str> {
    CAPABILITIES.iter().copied().filter(|capability| has(capability))
}

/// Returns true if libzmq was built with a capability of `zmq_has(3)`. libzmq spells
/// most of them in lower case, but "WS" and "WSS" in upper case.
pub fn has(capability: &str) -> bool {
    let known = |capability: &str| zmq::has(capability).unwrap_or(false);
    // A NUL would make the zmq crate panic.
    !capability.contains('\0') && (known(capability) || known(&capability.to_uppercase()))
}
