//! Events on the connections of a socket: peers connect and disconnect, handshakes
//! fail, addresses cannot be bound. libzmq reports them to one reader, which is the
//! socket itself here. The socket passes them to its monitors and counts its peers with
//! them. Inproc connections have no events.

pub(super) mod handshake;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::error::{Errno, Error};
use super::socket::Socket;
use super::socket_type::SocketType;
use super::wait::Wait;
use crate::libzmq::{self, retried};
use handshake::{Failed, sentence};

/// A name that is always bound. libzmq stops the monitor of a socket when it is told to
/// make another one, and then fails to make one for a name that cannot be bound.
pub(super) const TAKEN: &str = "inproc://zeromq-monitor";

/// How many events a monitor queues for a slow reader.
const ROOM: usize = 10_000;

/// The events, with their names in czmq and their bits in libzmq.
const EVENTS: &[(&str, u16)] = &[
    ("CONNECTED", 1 << 0),
    ("CONNECT_DELAYED", 1 << 1),
    ("CONNECT_RETRIED", 1 << 2),
    ("LISTENING", 1 << 3),
    ("BIND_FAILED", 1 << 4),
    ("ACCEPTED", 1 << 5),
    ("ACCEPT_FAILED", 1 << 6),
    ("CLOSED", 1 << 7),
    ("CLOSE_FAILED", 1 << 8),
    ("DISCONNECTED", 1 << 9),
    ("MONITOR_STOPPED", 1 << 10),
    ("HANDSHAKE_FAILED_NO_DETAIL", 1 << 11),
    ("HANDSHAKE_SUCCEEDED", 1 << 12),
    ("HANDSHAKE_FAILED_PROTOCOL", 1 << 13),
    ("HANDSHAKE_FAILED_AUTH", 1 << 14),
];

const CONNECTED: u16 = 1 << 0;
const ACCEPTED: u16 = 1 << 5;
const DISCONNECTED: u16 = 1 << 9;
const NO_DETAIL: u16 = 1 << 11;
const SUCCEEDED: u16 = 1 << 12;
const PROTOCOL: u16 = 1 << 13;
const AUTH: u16 = 1 << 14;
const FAILED: u16 = NO_DETAIL | PROTOCOL | AUTH;

/// Names for groups of events, and old names of czmq.
const GROUPS: &[(&str, u16)] =
    &[("ALL", 0x7fff), ("HANDSHAKE_FAILED", FAILED), ("HANDSHAKE_SUCCEED", SUCCEEDED)];

/// An event on a connection.
#[derive(Clone, Debug)]
pub struct Event {
    bit: u16,
    /// A descriptor, an errno, a number of milliseconds or a status code, depending on
    /// the event.
    pub value: u32,
    /// The endpoint of the connection.
    pub endpoint: String,
}

impl Event {
    fn receive(reader: &zmq::Socket) -> zmq::Result<Event> {
        let head = retried(|| reader.recv_msg(zmq::DONTWAIT))?;
        let endpoint = retried(|| reader.recv_msg(zmq::DONTWAIT))?;
        let (bit, value) = match *head {
            [a, b, c, d, e, f] => (u16::from_ne_bytes([a, b]), u32::from_ne_bytes([c, d, e, f])),
            _ => return Err(zmq::Error::EPROTO),
        };
        Ok(Event { bit, value, endpoint: String::from_utf8_lossy(&endpoint).into_owned() })
    }

    /// Returns its name in czmq, such as "HANDSHAKE_FAILED_AUTH".
    pub fn name(&self) -> &'static str {
        EVENTS.iter().find(|(_, bit)| *bit == self.bit).map_or("UNKNOWN", |(name, _)| name)
    }

    /// Returns what the event means, as a sentence.
    pub fn reason(&self) -> String {
        let system = || Errno::of(self.value);
        match self.name() {
            "CONNECTED" => "the peer is reached, and the handshake begins".to_owned(),
            "CONNECT_DELAYED" => "the peer has not answered yet".to_owned(),
            "CONNECT_RETRIED" => format!("not reached; the next try is in {} ms", self.value),
            "LISTENING" => "the endpoint is bound".to_owned(),
            "BIND_FAILED" => format!("the endpoint cannot be bound: {}", system()),
            "ACCEPTED" => "a peer has come, and the handshake begins".to_owned(),
            "ACCEPT_FAILED" => format!("a peer cannot be let in: {}", system()),
            "CLOSED" => "the connection or the endpoint is closed".to_owned(),
            "CLOSE_FAILED" => format!("the connection cannot be closed: {}", system()),
            "DISCONNECTED" => "the connection has ended".to_owned(),
            "MONITOR_STOPPED" => "the socket is closed, or its monitor stopped".to_owned(),
            "HANDSHAKE_SUCCEEDED" => "the peer can be talked to".to_owned(),
            "HANDSHAKE_FAILED_NO_DETAIL" => sentence(Failed::Other(self.value)).to_owned(),
            "HANDSHAKE_FAILED_PROTOCOL" => sentence(Failed::Protocol(self.value)).to_owned(),
            "HANDSHAKE_FAILED_AUTH" => sentence(Failed::Auth(self.value)).to_owned(),
            _ => String::new(),
        }
    }
}

/// Returns the bits of the events with these names, or of all events if there are no
/// names.
///
/// # Errors
/// The first unknown name.
pub fn events<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<u16, &'a str> {
    let mut bits = 0;
    for name in names {
        let known = EVENTS.iter().chain(GROUPS).find(|(known, _)| *known == name);
        bits |= known.ok_or(name)?.1;
    }
    Ok(if bits == 0 { GROUPS[0].1 } else { bits })
}

/// A reader of the events of a socket.
#[derive(Debug)]
pub struct Monitor {
    socket: Arc<Socket>,
    feed: Mutex<Option<Arc<Feed>>>,
}

/// The events that a monitor has not read yet.
#[derive(Debug)]
pub(super) struct Feed {
    events: u16,
    queue: Mutex<VecDeque<Event>>,
}

impl Feed {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, event: &Event) {
        if self.events & event.bit != 0 {
            let mut queue = self.queue();
            if queue.len() == ROOM {
                queue.pop_front();
            }
            queue.push_back(event.clone());
        }
    }
}

impl Monitor {
    /// Starts reading the events of a socket; `events` has the bits of those to report.
    ///
    /// # Errors
    /// [`Error::Zmq`] if there are too many sockets, [`Error::Closed`],
    /// [`Error::Busy`].
    pub fn new(socket: &Arc<Socket>, events: u16) -> Result<Monitor, Error> {
        let feed = Arc::new(Feed { events, queue: Mutex::default() });
        socket.with(|open| open.watch.add(&open.socket, &feed))?;
        Ok(Monitor { socket: socket.clone(), feed: Mutex::new(Some(feed)) })
    }

    /// Waits for the next event. Events of a socket that was closed meanwhile can still
    /// be read.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout; [`Error::Closed`] if the monitor was stopped, or if
    /// its socket is closed and no event is left; [`Error::Interrupted`],
    /// [`Error::Busy`].
    pub fn next(&self, wait: &Wait) -> Result<Event, Error> {
        let feed = self.feed().clone().ok_or(Error::Closed)?;
        let read = || feed.queue().pop_front();
        if let Some(event) = read() {
            return Ok(event);
        }
        self.socket.with(|open| {
            let mut clock = None;
            loop {
                open.watch.update(&open.socket);
                if let Some(event) = read() {
                    return Ok(event);
                }
                let slice = if wait.is_zero() {
                    return Err(Error::Again);
                } else {
                    clock.get_or_insert_with(|| wait.begin()).slice()?
                };
                open.watch.poll(slice)?;
            }
        })
    }

    /// Stops the monitor. Stopping it twice is harmless.
    pub fn stop(&self) {
        *self.feed() = None;
    }

    /// Returns the socket that it monitors.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Returns true if it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.feed().is_none()
    }

    fn feed(&self) -> MutexGuard<'_, Option<Arc<Feed>>> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a socket knows about its connections: the monitors to inform, and counters.
pub(super) struct Watch {
    context: libzmq::Context,
    source: Source,
    feeds: Vec<Weak<Feed>>,
    /// True if libzmq reports all events, not only those that are counted.
    all: bool,
    counted: u16,
    /// The event that marks a complete connection.
    begins: u16,
    pub connections: u64,
    pub disconnections: u64,
    pub failures: u64,
    /// The last handshake that failed, unless a later one succeeded.
    pub last_failure: Option<(Instant, Event)>,
    /// The connections of each endpoint: how many are open, how many are complete, and
    /// how many have failed and will close.
    live: HashMap<String, Connections>,
}

#[derive(Default)]
struct Connections {
    open: usize,
    complete: usize,
    failed: usize,
}

enum Source {
    /// The socket has not had any connections that libzmq reports.
    Idle,
    Reader(zmq::Socket),
    /// There were too many sockets to open a reader.
    None,
}

impl Watch {
    pub fn new(socket_type: SocketType, context: libzmq::Context) -> Watch {
        // Peers of a STREAM have no handshake.
        let (begins, shakes) = match socket_type {
            SocketType::Stream => (CONNECTED | ACCEPTED, 0),
            _ => (SUCCEEDED, SUCCEEDED | FAILED),
        };
        Watch {
            context,
            source: Source::Idle,
            feeds: Vec::new(),
            all: false,
            counted: CONNECTED | ACCEPTED | DISCONNECTED | shakes,
            begins,
            connections: 0,
            disconnections: 0,
            failures: 0,
            last_failure: None,
            live: HashMap::new(),
        }
    }

    /// Called before the socket is attached to a network endpoint.
    pub fn begin(&mut self, socket: &zmq::Socket) {
        if matches!(self.source, Source::Idle) {
            // If it fails, only the number of peers is unknown.
            self.source = Source::None;
            let _ = self.tell(socket, self.counted);
        }
    }

    fn add(&mut self, socket: &zmq::Socket, feed: &Arc<Feed>) -> Result<(), Error> {
        self.update(socket);
        if !self.all {
            let told = self.tell(socket, GROUPS[0].1);
            told.map_err(|error| Error::from_zmq("zmq_socket_monitor", error))?;
            self.all = true;
        }
        self.feeds.push(Arc::downgrade(feed));
        Ok(())
    }

    /// Makes libzmq report these events to a new reader, which replaces the previous
    /// one.
    fn tell(&mut self, socket: &zmq::Socket, events: u16) -> zmq::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let reader = self.context.socket(zmq::PAIR)?;
        // If the queue of the reader were full, libzmq would wait for it, and with it
        // all sockets.
        reader.set_rcvhwm(0)?;
        reader.set_linger(0)?;
        let endpoint = format!("{TAKEN}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let told = retried(|| socket.monitor(&endpoint, events.into()));
        // Events reported until then come first.
        self.drain();
        self.source = Source::None;
        told?;
        if let Err(error) = retried(|| reader.connect(&endpoint)) {
            stop(socket);
            return Err(error);
        }
        self.source = Source::Reader(reader);
        Ok(())
    }

    /// Processes the events that libzmq has reported so far.
    pub fn update(&mut self, socket: &zmq::Socket) {
        self.drain();
        self.feeds.retain(|feed| feed.strong_count() > 0);
        if self.all && self.feeds.is_empty() {
            // Stop reporting events that repeat forever.
            self.all = self.tell(socket, self.counted).is_err();
        }
    }

    fn drain(&mut self) {
        while let Source::Reader(reader) = &self.source
            && let Ok(event) = Event::receive(reader)
        {
            self.count(&event);
            for feed in self.feeds.iter().filter_map(Weak::upgrade) {
                feed.give(&event);
            }
        }
    }

    fn count(&mut self, event: &Event) {
        if event.bit & self.counted == 0 {
            return;
        }
        let live = self.live.entry(event.endpoint.clone()).or_default();
        if event.bit & (CONNECTED | ACCEPTED) != 0 {
            live.open += 1;
        }
        if event.bit & self.begins != 0 {
            self.connections += 1;
            live.complete += 1;
            self.last_failure = None;
        } else if event.bit & FAILED != 0 {
            self.failures += 1;
            live.failed += 1;
            self.last_failure = Some((Instant::now(), event.clone()));
        } else if event.bit == DISCONNECTED {
            live.open = live.open.saturating_sub(1);
            if live.failed > 0 {
                live.failed -= 1;
            } else {
                self.disconnections += 1;
                live.complete = live.complete.saturating_sub(1);
            }
        }
        // A failure may be reported twice.
        live.failed = live.failed.min(live.open.saturating_sub(live.complete));
        if live.open == 0 && live.complete == 0 {
            self.live.remove(&event.endpoint);
        }
    }

    /// Forgets the connections of an endpoint that was disconnected, because libzmq
    /// does not report their end. libzmq names an endpoint by host name or by address.
    pub fn disconnected(&mut self, endpoint: &str) {
        if self.live.remove(endpoint).is_none() {
            let port = |endpoint: &str| endpoint.rsplit_once(':').map(|(_, port)| port.to_owned());
            let gone = port(endpoint);
            self.live.retain(|known, _| port(known) != gone);
        }
    }

    /// Returns the number of network peers, if it is known.
    pub fn peers(&self) -> Option<usize> {
        match self.source {
            Source::None => None,
            _ => Some(self.live.values().map(|live| live.complete).sum()),
        }
    }

    /// Waits up to `ms` milliseconds until libzmq reports something.
    pub fn poll(&self, ms: i64) -> Result<(), Error> {
        match &self.source {
            Source::Reader(reader) => match reader.poll(zmq::POLLIN, ms) {
                Ok(_) | Err(zmq::Error::EINTR) => Ok(()),
                Err(error) => Err(Error::from_zmq("zmq_poll", error)),
            },
            _ => Err(Error::Closed),
        }
    }

    /// Returns a poll item for the reader, to poll it together with other sockets.
    pub fn item(&self) -> Option<zmq::PollItem<'_>> {
        match &self.source {
            Source::Reader(reader) => Some(reader.as_poll_item(zmq::POLLIN)),
            _ => None,
        }
    }

    /// Stops reading before the socket is closed; otherwise libzmq would wait for a
    /// reader that does not exist.
    pub fn end(&mut self, socket: &zmq::Socket) {
        if matches!(self.source, Source::Reader(_)) {
            stop(socket);
            self.drain();
            self.source = Source::Idle;
        }
    }
}

fn stop(socket: &zmq::Socket) {
    // The call is meant to fail.
    let _ = socket.monitor(TAKEN, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use SocketType::{Pair, Pull, Push};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn all(monitor: &Monitor, last: &str) -> Vec<&'static str> {
        let mut names = Vec::new();
        loop {
            let name = monitor.next(&SOON).unwrap().name();
            // Ports that are already taken are skipped.
            if !["BIND_FAILED", "CLOSED"].contains(&name) || name == last {
                names.push(name);
            }
            if name == last {
                return names;
            }
        }
    }

    #[test]
    fn names_are_those_of_czmq() {
        assert_eq!(events([]), Ok(0x7fff));
        assert_eq!(events(["CONNECTED", "CLOSED"]), Ok(0x81));
        assert_eq!(
            events(["HANDSHAKE_FAILED"]),
            events([
                "HANDSHAKE_FAILED_NO_DETAIL",
                "HANDSHAKE_FAILED_PROTOCOL",
                "HANDSHAKE_FAILED_AUTH"
            ])
        );
        assert_eq!(events(["connected"]), Err("connected"));
    }

    #[test]
    fn several_monitors_tell_of_a_connection() {
        let pull = Socket::new(Pull).unwrap();
        let everything = Monitor::new(&pull, events([]).unwrap()).unwrap();
        let few = Monitor::new(&pull, events(["LISTENING", "DISCONNECTED"]).unwrap()).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let push = Socket::attached(Push, &pull.endpoint().unwrap().unwrap()).unwrap();
        assert_eq!(
            all(&everything, "HANDSHAKE_SUCCEEDED"),
            ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]
        );
        push.close(None).unwrap();
        assert_eq!(all(&everything, "DISCONNECTED"), ["DISCONNECTED"]);
        assert_eq!(all(&few, "DISCONNECTED"), ["LISTENING", "DISCONNECTED"]);
        assert!(matches!(few.next(&NOW), Err(Error::Again)));
        pull.close(None).unwrap();
        assert_eq!(everything.next(&NOW).unwrap().name(), "MONITOR_STOPPED");
        assert!(matches!(everything.next(&SOON), Err(Error::Closed)));
    }

    #[test]
    fn a_free_port_is_found_under_a_monitor() {
        let first = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        let second = Socket::new(Pull).unwrap();
        let _monitor = Monitor::new(&second, 0x7fff).unwrap();
        let taken = first.endpoint().unwrap().unwrap();
        let port: u16 = taken.rsplit_once(':').unwrap().1.parse().unwrap();
        let found = second.bind(&format!("tcp://127.0.0.1:*[{port}-]")).unwrap();
        assert!(found > port);
    }

    #[test]
    fn monitors_and_sockets_end_in_any_order() {
        for round in 0..4 {
            let socket = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
            let one = Monitor::new(&socket, 0x7fff).unwrap();
            let two = Monitor::new(&socket, 0x7fff).unwrap();
            if round & 1 == 0 {
                one.stop();
                one.stop();
                assert!(matches!(one.next(&SOON), Err(Error::Closed)));
            }
            if round & 2 == 0 {
                drop(two);
            }
            socket.close(None).unwrap();
            drop(one);
        }
    }

    #[test]
    fn without_a_monitor_only_what_is_counted_is_told() {
        let socket = Socket::attached(Push, "tcp://127.0.0.1:1").unwrap();
        let monitor = Monitor::new(&socket, 0x7fff).unwrap();
        assert!(all(&monitor, "CONNECT_RETRIED").contains(&"CONNECT_DELAYED"));
        drop(monitor);
        let watched = |open: &mut crate::core::socket::open::Open| {
            open.update();
            Ok(open.watch.all)
        };
        assert!(!socket.with(watched).unwrap());
        let lonely = Socket::new(Pair).unwrap();
        let monitor = Monitor::new(&lonely, 0x7fff).unwrap();
        assert!(matches!(monitor.next(&NOW), Err(Error::Again)));
    }
}
