//! Monitors, which report events on the connections of a socket: peers connect and
//! disconnect, handshakes fail, addresses cannot be bound. Inproc connections have no
//! events.

use std::sync::{Arc, Mutex, MutexGuard};

use zmq_sys::additions::ZMQ_DROPPED_EVENTS;

use super::error::Error;
use super::socket::Socket;
use super::socket::watch::Feed;
use super::wait::Wait;
use crate::core::locked::locked;
use crate::libzmq::{options, retried};

pub use super::socket::events::{Event, events};

/// A reader of the events of a socket.
#[derive(Debug)]
pub struct Monitor {
    socket: Arc<Socket>,
    feed: Mutex<Option<Arc<Feed>>>,
}

impl Monitor {
    /// Starts reading the events of a socket; `events` has the bits of those to report.
    ///
    /// # Errors
    /// [`Error::Zmq`] if there are too many sockets, [`Error::Closed`],
    /// [`Error::Busy`].
    pub fn new(socket: &Arc<Socket>, events: u16) -> Result<Monitor, Error> {
        let feed = Feed::new(events);
        socket.with(|open| open.watch.add(&open.socket, &feed))?;
        Ok(Monitor { socket: socket.clone(), feed: Mutex::new(Some(feed)) })
    }

    /// Waits for the next event. Events of a socket that was closed in the meantime can
    /// still be read.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout; [`Error::Stopped`] if the monitor was stopped;
    /// [`Error::Closed`] if its socket is closed and no event is left;
    /// [`Error::Interrupted`], [`Error::Busy`], [`Error::Forked`].
    pub fn next(&self, wait: &Wait) -> Result<Event, Error> {
        self.socket.check_process()?;
        let feed = self.feed().clone().ok_or(Error::Stopped { what: "monitor" })?;
        let read = || feed.next();
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

    /// Returns how many events were dropped because they were not read in time: those of
    /// this monitor, and those that libzmq had no room for since the socket was opened.
    ///
    /// # Errors
    /// [`Error::Stopped`] if the monitor was stopped; [`Error::Closed`], [`Error::Busy`],
    /// [`Error::Forked`].
    pub fn dropped(&self) -> Result<u64, Error> {
        self.socket.check_process()?;
        let feed = self.feed().clone().ok_or(Error::Stopped { what: "monitor" })?;
        self.socket.with(|open| {
            open.watch.update(&open.socket);
            let read = || options::get::<u64>(&mut open.socket, ZMQ_DROPPED_EVENTS);
            let before = match retried(read) {
                Err(zmq::Error::EINVAL) => 0,
                count => count.map_err(|error| Error::from_zmq("zmq_getsockopt", error))?,
            };
            Ok(before + feed.dropped())
        })
    }

    /// Stops the monitor. Stopping it twice, or in a process that was forked from its
    /// own, is harmless.
    pub fn stop(&self) {
        // A lock that another thread held during a fork is locked forever in the child.
        if self.socket.check_process().is_ok() {
            *self.feed() = None;
        }
    }

    /// Returns the socket that it monitors.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Returns true if it was stopped, or belongs to the process that this one was forked
    /// from.
    pub fn is_stopped(&self) -> bool {
        self.socket.check_process().is_err() || self.feed().is_none()
    }

    fn feed(&self) -> MutexGuard<'_, Option<Arc<Feed>>> {
        locked(&self.feed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pair, Pull, Push};
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
                assert!(matches!(one.next(&SOON), Err(Error::Stopped { what: "monitor" })));
            }
            if round & 2 == 0 {
                drop(two);
            }
            socket.close(None).unwrap();
            drop(one);
        }
    }

    #[test]
    fn without_a_monitor_nothing_is_reported() {
        let socket = Socket::attached(Push, "tcp://127.0.0.1:1").unwrap();
        let reading = || {
            let reading = |open: &mut crate::core::socket::open::Open| {
                open.update();
                Ok(open.watch.is_reading())
            };
            socket.with(reading).unwrap()
        };
        assert!(!reading());
        for _ in 0..2 {
            let monitor = Monitor::new(&socket, 0x7fff).unwrap();
            assert!(all(&monitor, "CONNECT_RETRIED").contains(&"CONNECT_DELAYED"));
            assert!(reading());
            drop(monitor);
            assert!(!reading());
        }
        let lonely = Socket::new(Pair).unwrap();
        let monitor = Monitor::new(&lonely, 0x7fff).unwrap();
        assert!(matches!(monitor.next(&NOW), Err(Error::Again)));
    }
}
