//! The events of a socket's connections. libzmq reports them to one reader, which is the
//! socket itself here, and the socket passes them to its monitors. Without a monitor
//! there is no reader. Inproc connections have no events.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use super::events::{ALL, Event};
use crate::core::context::TAKEN;
use crate::core::error::Error;
use crate::core::locked::locked;
use crate::libzmq::{self, retried};

/// The maximum number of events that a monitor queues for a slow reader.
const ROOM: usize = 10_000;

/// The events that a monitor has not read yet.
#[derive(Debug)]
pub(in crate::core) struct Feed {
    events: u16,
    queue: Mutex<VecDeque<Event>>,
    /// How many events there was no room for.
    dropped: AtomicU64,
}

impl Feed {
    pub fn new(events: u16) -> Arc<Feed> {
        Arc::new(Feed { events, queue: Mutex::default(), dropped: AtomicU64::new(0) })
    }

    /// Removes and returns the oldest event that has not been read.
    pub fn next(&self) -> Option<Event> {
        self.queue().pop_front()
    }

    /// Returns how many events there was no room for.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Event>> {
        locked(&self.queue)
    }

    fn push(&self, event: &Event) {
        if self.events & event.bit != 0 {
            let mut queue = self.queue();
            if queue.len() == ROOM {
                queue.pop_front();
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
            queue.push_back(event.clone());
        }
    }
}

/// Passes the events of a socket to its monitors.
pub(in crate::core) struct Watch {
    context: libzmq::Context,
    /// Open while there are monitors.
    reader: Option<zmq::Socket>,
    feeds: Vec<Weak<Feed>>,
}

impl Watch {
    pub fn new(context: libzmq::Context) -> Watch {
        Watch { context, reader: None, feeds: Vec::new() }
    }

    pub fn add(&mut self, socket: &zmq::Socket, feed: &Arc<Feed>) -> Result<(), Error> {
        self.update(socket);
        if self.reader.is_none() {
            let reader = self.start(socket);
            let reader = reader.map_err(|error| Error::from_zmq("zmq_socket_monitor", error))?;
            self.reader = Some(reader);
        }
        self.feeds.push(Arc::downgrade(feed));
        Ok(())
    }

    /// Makes libzmq report all events to a new reader.
    fn start(&self, socket: &zmq::Socket) -> zmq::Result<zmq::Socket> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let reader = self.context.socket(zmq::PAIR)?;
        // The queue of the reader fills up while the socket makes no call. A repaired libzmq
        // then drops events; another one would wait for the reader, and with it all sockets.
        reader.set_rcvhwm(if cfg!(libzmq_repaired) { ROOM as i32 } else { 0 })?;
        reader.set_linger(0)?;
        let endpoint = format!("{TAKEN}-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        retried(|| socket.monitor(&endpoint, ALL.into()))?;
        retried(|| reader.connect(&endpoint)).inspect_err(|_| stop(socket))?;
        Ok(reader)
    }

    /// Passes on the events that libzmq has reported so far. Stops reading if all
    /// monitors are gone.
    pub fn update(&mut self, socket: &zmq::Socket) {
        self.drain();
        self.feeds.retain(|feed| feed.strong_count() > 0);
        if self.feeds.is_empty() {
            self.end(socket);
        }
    }

    fn drain(&self) {
        while let Some(reader) = &self.reader
            && let Ok(event) = Event::receive(reader)
        {
            for feed in self.feeds.iter().filter_map(Weak::upgrade) {
                feed.push(&event);
            }
        }
    }

    /// Returns true if libzmq reports events.
    #[cfg(test)]
    pub fn is_reading(&self) -> bool {
        self.reader.is_some()
    }

    /// Waits up to `ms` milliseconds until libzmq reports something.
    pub fn poll(&self, ms: i64) -> Result<(), Error> {
        let reader = self.reader.as_ref().ok_or(Error::Closed)?;
        match reader.poll(zmq::POLLIN, ms) {
            Ok(_) | Err(zmq::Error::EINTR) => Ok(()),
            Err(error) => Err(Error::from_zmq("zmq_poll", error)),
        }
    }

    /// Stops reading, at the latest before the socket is closed; otherwise libzmq would
    /// wait for a reader that does not exist.
    pub fn end(&mut self, socket: &zmq::Socket) {
        if self.reader.is_some() {
            // Makes room for the last event.
            self.drain();
            stop(socket);
            self.drain();
            self.reader = None;
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
    use crate::core::{Monitor, Socket, SocketType};

    #[test]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq waits for the reader")]
    fn events_that_nobody_reads_are_limited() {
        let pull = Socket::new(SocketType::Pull).unwrap();
        let monitor = Monitor::new(&pull, ALL).unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", taken.local_addr().unwrap());
        let unread = pull.with(|open| {
            // Each bind that fails is reported twice before it returns.
            for _ in 0..ROOM {
                open.socket.bind(&endpoint).unwrap_err();
            }
            let reader = open.watch.reader.as_ref().unwrap();
            Ok(std::iter::from_fn(|| Event::receive(reader).ok()).count())
        });
        // libzmq adds the mark of its own end, 1000.
        let unread = unread.unwrap();
        assert!((1000..=ROOM + 1000).contains(&unread), "{unread}");
        pull.close(None).unwrap();
        let now = crate::core::Wait::new(Some(std::time::Duration::ZERO));
        let mut last = None;
        while let Ok(event) = monitor.next(&now) {
            last = Some(event.name());
        }
        assert_eq!(last, Some("MONITOR_STOPPED"));
    }
}
