//! What a socket knows of its connections. libzmq tells one reader of their events,
//! here the socket itself, which passes them on to its monitors and counts its peers
//! by them. Nothing is told of inproc.

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

/// How many events a monitor keeps for a reader that is slow.
const ROOM: usize = 10_000;

/// What a monitor has still to read.
#[derive(Debug)]
pub(in crate::core) struct Feed {
    events: u16,
    queue: Mutex<VecDeque<Event>>,
}

impl Feed {
    pub fn new(events: u16) -> Arc<Feed> {
        Arc::new(Feed { events, queue: Mutex::default() })
    }

    /// The oldest event that was not read.
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

/// What a socket knows of its connections: whom it tells, and what it counts.
pub(in crate::core) struct Watch {
    context: libzmq::Context,
    source: Source,
    feeds: Vec<Weak<Feed>>,
    /// Whether libzmq reports everything, and not only what is counted.
    pub all: bool,
    counted: u16,
    /// The event that begins a connection that counts.
    begins: u16,
    pub connections: u64,
    pub disconnections: u64,
    pub failures: u64,
    /// The last handshake that failed, since the last that did not.
    pub last_failure: Option<(Instant, Event)>,
    /// How many connections there are by each endpoint, how many of them are complete,
    /// and how many are about to end that never were.
    live: HashMap<String, Connections>,
}

#[derive(Default)]
struct Connections {
    open: usize,
    complete: usize,
    failed: usize,
}

enum Source {
    /// The socket has had no connection that libzmq tells of.
    Idle,
    Reader(zmq::Socket),
    /// There was no socket left for the reader.
    None,
}

impl Watch {
    pub fn new(socket_type: SocketType, context: libzmq::Context) -> Watch {
        // Peers of a STREAM socket do not shake hands.
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

    /// To be called before the socket is attached to an endpoint of the network.
    pub fn begin(&mut self, socket: &zmq::Socket) {
        if matches!(self.source, Source::Idle) {
            // Without it only the peers are unknown.
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

    /// Makes libzmq tell a new reader of these events, in place of the one before.
    fn tell(&mut self, socket: &zmq::Socket, events: u16) -> zmq::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let reader = self.context.socket(zmq::PAIR)?;
        // libzmq would wait for a reader whose queue is full, with all sockets.
        reader.set_rcvhwm(0)?;
        reader.set_linger(0)?;
        let endpoint = format!("{TAKEN}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let told = retried(|| socket.monitor(&endpoint, events.into()));
        // What was told until then comes first.
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

    /// Takes in what libzmq has told so far.
    pub fn update(&mut self, socket: &zmq::Socket) {
        self.drain();
        self.feeds.retain(|feed| feed.strong_count() > 0);
        if self.all && self.feeds.is_empty() {
            // What is repeated for ever is told no more.
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
        // A failure may be told twice.
        live.failed = live.failed.min(live.open.saturating_sub(live.complete));
        if live.open == 0 && live.complete == 0 {
            self.live.remove(&event.endpoint);
        }
    }

    /// Forgets the connections by an endpoint that was disconnected: libzmq does
    /// not tell of their end. It names an endpoint by the name of the machine or by
    /// its address.
    pub fn disconnected(&mut self, endpoint: &str) {
        if self.live.remove(endpoint).is_none() {
            let port = |endpoint: &str| endpoint.rsplit_once(':').map(|(_, port)| port.to_owned());
            let gone = port(endpoint);
            self.live.retain(|known, _| port(known) != gone);
        }
    }

    /// How many peers there are by the network, if that is known.
    pub fn peers(&self) -> Option<usize> {
        match self.source {
            Source::None => None,
            _ => Some(self.live.values().map(|live| live.complete).sum()),
        }
    }

    /// Waits until libzmq tells something, for `ms` at most.
    pub fn poll(&self, ms: i64) -> Result<(), Error> {
        match &self.source {
            Source::Reader(reader) => match reader.poll(zmq::POLLIN, ms) {
                Ok(_) | Err(zmq::Error::EINTR) => Ok(()),
                Err(error) => Err(Error::from_zmq("zmq_poll", error)),
            },
            _ => Err(Error::Closed),
        }
    }

    /// The item of the reader for a poll together with other sockets.
    pub fn item(&self) -> Option<zmq::PollItem<'_>> {
        match &self.source {
            Source::Reader(reader) => Some(reader.as_poll_item(zmq::POLLIN)),
            _ => None,
        }
    }

    /// Ends it, before the socket is closed: libzmq would wait for a reader that
    /// is not there.
    pub fn end(&mut self, socket: &zmq::Socket) {
        if matches!(self.source, Source::Reader(_)) {
            stop(socket);
            self.drain();
            self.source = Source::Idle;
        }
    }
}

fn stop(socket: &zmq::Socket) {
    // It fails, and that is what it is for.
    let _ = socket.monitor(TAKEN, 0);
}
