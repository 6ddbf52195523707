//! The one context of the process, made when the first socket is opened, so
//! that `inproc` works between all scripts; and its end, within a bounded time.

pub(super) mod address_reuse;
mod fork;
pub(super) mod inproc;
pub(super) mod limits;
mod part;
pub mod settings;
mod shutdown;

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
pub(super) use fork::generation;
use inproc::{Event, Id, Names};
use limits::spare_files;
pub(super) use part::{Part, join};
use settings::Setting;

/// A name that is always taken: libzmq ends the monitor of a socket when it is
/// told to make another one, and makes none that cannot be bound.
pub(super) const TAKEN: &str = "inproc://zeromq-monitor";

static SHARED: Mutex<Option<Shared>> = Mutex::new(None);

/// The context, and what has to be closed before it can end.
struct Shared {
    context: libzmq::Context,
    generation: u32,
    ending: Vec<Weak<dyn Ending>>,
    /// How many to remember before those that are gone are forgotten.
    room: usize,
    flushed: Flushed,
    names: Names,
    /// The names of inproc endpoints that a socket was connected to, be it closed
    /// now, and nobody has bound since.
    awaited: HashSet<String>,
    /// What closed sockets have sent and received.
    counters: Counters,
    /// Who waits for the news that a closed socket has come to its end: libzmq would
    /// wait for ever to tell it to nobody, and close no other socket meanwhile.
    awaiting: Vec<zmq::Socket>,
    /// Binds the awaited names at the end. libzmq does not let go of a socket that
    /// waits for a name, and ends the process when it finds no room for a socket to
    /// do this itself (ctx.cpp), so its room is taken in time.
    last: zmq::Socket,
}

/// When everything that closed sockets had still to send is sent or given up.
#[derive(Clone, Copy)]
enum Flushed {
    At(Instant),
    Never,
}

fn lock() -> MutexGuard<'static, Option<Shared>> {
    locked(&SHARED)
}

/// What has to be closed before the context can end.
pub(super) trait Ending: Any + Send + Sync {
    /// Closes it, and gives how long it goes on sending; without one, for ever.
    fn end(&self) -> Option<Duration>;

    /// Whether it is one of the sockets that count, or stands for one.
    fn is_open(&self) -> bool {
        true
    }
}

/// Opens something with `open`, and remembers it for the end.
pub(super) fn open<T: Ending + 'static>(
    open: impl FnOnce(&libzmq::Context, u32) -> Result<Arc<T>, Error>,
) -> Result<Arc<T>, Error> {
    let generation = generation();
    let mut guard = lock();
    if guard.as_ref().is_some_and(|shared| shared.generation != generation) {
        // The threads of the parent's context are not here: it can only be left.
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

/// A socket of the library's own, for the time of one call: it is not closed at
/// the end, but every call on it fails from then on.
pub(super) fn own_socket(socket_type: zmq::SocketType) -> Result<zmq::Socket, Error> {
    let guard = lock();
    let Some(shared) = guard.as_ref().filter(|shared| shared.generation == generation()) else {
        return Err(Error::Terminated);
    };
    let socket = shared.context.socket(socket_type);
    socket.map_err(|error| Error::from_zmq("zmq_socket", error))
}

/// Keeps a socket of the library's own until it has received something: somebody
/// is about to send it.
pub(super) fn keep_awaiting(socket: zmq::Socket) {
    if let Some(shared) = lock().as_mut() {
        let waits = |socket: &zmq::Socket| socket.poll(zmq::POLLIN, 0) == Ok(0);
        shared.awaiting.retain(waits);
        shared.awaiting.push(socket);
    }
}

/// Whether a socket of this process is bound to an inproc endpoint.
pub(super) fn is_bound(endpoint: &str) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.is_bound(endpoint))
}

impl Shared {
    /// # Errors
    /// [`Error::Zmq`] (EMFILE) when as many sockets are open as may be.
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
        // Two for each thread, with the one that closes sockets, and some for sockets.
        spare_files(2 * settings::io_threads() + 6).map_err(refused)?;
        let context = libzmq::Context::new().map_err(refused)?;
        settings::make(&context)?;
        // A PAIR would end all but one of those that wait, which ends the process
        // when routers are among them (pipe.cpp).
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

/// Notes what a socket did with an endpoint, if it is an inproc one.
pub(super) fn note(event: Event, endpoint: &str, id: Id) {
    if !endpoint.starts_with("inproc://") {
        return;
    }
    let mut guard = lock();
    let Some(shared) = guard.as_mut() else {
        return;
    };
    shared.names.note(event, endpoint, id);
    match event {
        Event::Bound => drop(shared.awaited.remove(endpoint)),
        Event::Connected { .. } if shared.names.waits(endpoint, id) => {
            shared.awaited.insert(endpoint.to_owned());
        }
        Event::Unbound | Event::Connected { .. } | Event::Disconnected => {}
    }
}

/// How many peers a socket has by inproc.
pub(super) fn inproc_peers(id: Id, socket_type: SocketType) -> usize {
    lock().as_ref().map_or(0, |shared| shared.names.peers(id, socket_type))
}

/// Whether an inproc connection of a socket still waits for a bind.
pub(super) fn waits(endpoint: &str, id: Id) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.waits(endpoint, id))
}

/// Whether a REP or ROUTER waits for an inproc endpoint to be bound.
pub(super) fn routes(endpoint: &str) -> bool {
    lock().as_ref().is_some_and(|shared| shared.names.routes(endpoint))
}

/// A number for the next socket.
pub(super) fn next_id() -> Id {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Id(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Notes that a socket is closed, which has counted so much.
pub(super) fn forget(id: Id, counters: &Counters) {
    if let Some(shared) = lock().as_mut() {
        shared.names.forget(id);
        shared.counters.add(counters);
    }
}

/// Notes that a socket was closed, and may be sending for `linger` from now on;
/// without one, for ever.
pub(super) fn closed(linger: Option<Duration>) {
    if let Some(shared) = lock().as_mut() {
        let end = linger.and_then(|linger| Instant::now().checked_add(linger));
        shared.flushed = match (shared.flushed, end) {
            (Flushed::At(one), Some(other)) => Flushed::At(one.max(other)),
            _ => Flushed::Never,
        };
    }
}

/// Everything that has to be closed before the context can end, the oldest first.
pub(super) fn all() -> Vec<Arc<dyn Ending>> {
    // Not dropped in here: the last reference to a socket locks this again.
    let guard = lock();
    let shared = guard.as_ref().filter(|shared| shared.generation == generation());
    shared.map_or_else(Vec::new, |shared| shared.ending.iter().filter_map(Weak::upgrade).collect())
}

/// What closed sockets have sent and received.
pub(super) fn closed_counters() -> Counters {
    lock().as_ref().map_or_else(Counters::default, |shared| shared.counters)
}

/// Says how the context is to be made.
///
/// # Errors
/// [`Error::Started`] when there is one, since a socket was opened.
pub fn set(values: &[(&'static Setting, i64)]) -> Result<(), Error> {
    let generation = generation();
    let guard = lock();
    if guard.as_ref().is_some_and(|shared| shared.generation == generation) {
        return Err(Error::Started);
    }
    values.iter().for_each(|(setting, value)| setting.give(*value));
    Ok(())
}

/// The options of the context, by their names in `zmq_ctx_get(3)` in lower case; of
/// the one that would be made, if there is none.
///
/// # Errors
/// [`Error::Zmq`] when libzmq refuses what was set.
pub fn options() -> Result<Vec<(&'static str, i64)>, Error> {
    let generation = generation();
    match lock().as_ref() {
        Some(shared) if shared.generation == generation => Ok(settings::read(&shared.context)),
        _ => {
            settings::read_environment();
            // Without a socket it has no threads.
            let context = libzmq::Context::new();
            let context = context.map_err(|error| Error::from_zmq("zmq_ctx_new", error))?;
            settings::make(&context)?;
            Ok(settings::read(&context))
        }
    }
}

/// The version of libzmq: "4.3.5".
pub fn version() -> String {
    let (major, minor, patch) = zmq::version();
    format!("{major}.{minor}.{patch}")
}

/// What libzmq can be built with beyond what it always has.
const CAPABILITIES: &[&str] =
    &["curve", "draft", "gssapi", "ipc", "norm", "pgm", "tipc", "vmci", "ws", "wss"];

/// What libzmq was built with, of what it does not always have.
pub fn capabilities() -> impl Iterator<Item = &'static str> {
    CAPABILITIES.iter().copied().filter(|capability| has(capability))
}

/// Whether libzmq was built with a capability of `zmq_has(3)`, which spells most
/// of them in lower case, but "WS" and "WSS" in upper case.
pub fn has(capability: &str) -> bool {
    let known = |capability: &str| zmq::has(capability).unwrap_or(false);
    // A NUL would make the zmq crate panic.
    !capability.contains('\0') && (known(capability) || known(&capability.to_uppercase()))
}
