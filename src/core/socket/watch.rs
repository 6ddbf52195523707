//! The monitoring of a socket's connections. libzmq reports their events to one reader,
//! which is the socket itself here. The socket passes them to its monitors and counts its
//! peers with them. Inproc connections have no events.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Instant;

use super::events::{ACCEPTED, ALL, CONNECTED, DISCONNECTED, Event, FAILED, SUCCEEDED};
use crate::core::context::TAKEN;
use crate::core::error::Error;
use crate::core::locked::locked;
use crate::core::socket_type::SocketType;
use crate::libzmq::{self, retried};

/// The maximum number of events that a monitor queues for a slow reader.
const ROOM: usize = 10_000;

/// The events that a monitor has not read yet.
#[derive(Debug)]
pub(in crate::core) struct Feed {
    events: u16,
    queue: Mutex<VecDeque<Event>>,
}

impl Feed {
    pub fn new(events: u16) -> Arc<Feed> {
        Arc::new(Feed { events, queue: Mutex::default() })
    }

    /// Removes and returns the oldest event that has not been read.
    pub fn next(&self) -> Option<Event> {
        self.queue().pop_front()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Event>> {
        locked(&self.queue)
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

/// The observers of a socket's connections: the monitors to inform, and counters.
pub(in crate::core) struct Watch {
    context: libzmq::Context,
    source: Source,
    feeds: Vec<Weak<Feed>>,
    /// True if libzmq reports all events, not only those that are counted.
    pub all: bool,
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

    pub fn add(&mut self, socket: &zmq::Socket, feed: &Arc<Feed>) -> Result<(), Error> {
        self.update(socket);
        if !self.all {
            let told = self.tell(socket, ALL);
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
