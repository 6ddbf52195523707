//! Peers: waiting for them, counting them, and explaining why there are none.

use std::fmt::Write;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::Socket;
use super::open::Open;
use crate::core::context;
use crate::core::error::Error;
use crate::core::socket_type::SocketType::{self, Router, Stream};
use crate::core::statistics::{Attachment, Counters, Statistics};
use crate::core::wait::Wait;
use crate::libzmq::retried;

/// How often, in milliseconds, to look for peers. libzmq does not always signal them:
/// inproc peers, and those that the socket connects to. The interval doubles each time.
const SHORTEST: i64 = 1;
const LONGEST: i64 = 16;

/// The maximum time for resolving a name and connecting to an address.
const RESOLVE: Duration = Duration::from_secs(1);
const REACH: Duration = Duration::from_millis(300);

impl Socket {
    /// Waits until the socket has at least `count` peers that have completed the
    /// handshake.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Argument`] if the socket is not attached
    /// to any endpoint, [`Error::Zmq`] if libzmq does not count peers (EINVAL),
    /// [`Error::Interrupted`].
    pub fn wait_for_peers(&self, count: usize, wait: &Wait) -> Result<(), Error> {
        self.with(|open| await_peers(open, count, wait, |open| Ok(known(open.peers()?)? >= count)))
    }

    /// Returns how much the socket has sent and received.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn counters(&self) -> Result<Counters, Error> {
        self.peek(|state| state.open().map(|open| open.counters))?
    }

    /// Returns the statistics of the socket.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn statistics(&self) -> Result<Statistics, Error> {
        self.with(|open| {
            open.refresh()?;
            let connections = open.connections()?;
            let peers = connections.as_ref().map(|known| open.with_inproc(known.peers));
            let connections = connections.unwrap_or_default();
            Ok(Statistics {
                counters: open.counters,
                peers,
                connections: connections.complete,
                disconnections: connections.ended,
                failures: connections.failed,
                subscriptions: open.prefixes()?,
                dropped: matches!(open.socket_type, Router | Stream).then(|| self.dropped()),
            })
        })
    }

    /// Returns the attached endpoints, bound ones first.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn attachments(&self) -> Result<Vec<Attachment>, Error> {
        self.peek(|state| state.open().map(|open| open.attachments()))?
    }

    /// Returns a sentence about the peers: how many there are, or why there are none.
    /// To find out, it may try to connect to a TCP endpoint, which takes up to about a
    /// second.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn diagnose(&self) -> Result<String, Error> {
        let (peers, failure, attachments, waiting) = self.with(|open| {
            open.refresh()?;
            let connections = open.connections()?;
            let peers = connections.as_ref().map(|known| open.with_inproc(known.peers));
            let attachments = open.attachments();
            let failure = connections.and_then(|known| known.last_failure).map(|(ago, event)| {
                let place = match attachments.len() {
                    1 => String::new(),
                    _ => format!(" at {}", event.endpoint),
                };
                format!("the last handshake{place} failed {} ago: {}", seconds(ago), event.reason())
            });
            let waits = |at: &Attachment| context::waits(&at.endpoint, open.id);
            let waiting: Vec<bool> = attachments.iter().map(waits).collect();
            Ok((peers, failure, attachments, waiting))
        })?;
        if attachments.is_empty() {
            return Ok("no endpoint yet: bind or connect it first".to_owned());
        }
        let mut text = match peers {
            Some(0) => "no peer".to_owned(),
            Some(1) => return Ok("1 peer".to_owned()),
            Some(count) => return Ok(format!("{count} peers")),
            None => "peers unknown: this libzmq does not count them".to_owned(),
        };
        for (attachment, waits) in attachments.iter().zip(waiting) {
            let Attachment { bound, endpoint, age } = attachment;
            let doing = if *bound { "bound to" } else { "connecting to" };
            let _ = write!(text, "; {doing} {endpoint} for {}", seconds(*age));
            let why = if *bound {
                "nobody is connected".to_owned()
            } else if waits {
                "nothing is bound to this name".to_owned()
            } else if failure.is_some() {
                continue;
            } else {
                obstacle(endpoint)
            };
            let _ = write!(text, ": {why}");
        }
        if let Some(failure) = failure {
            let _ = write!(text, "; {failure}");
        }
        Ok(text)
    }
}

impl Open {
    /// Returns the number of peers, if it is known.
    fn peers(&mut self) -> Result<Option<usize>, Error> {
        let connections = self.connections()?;
        Ok(connections.map(|connections| self.with_inproc(connections.peers)))
    }

    /// Adds the inproc peers to a number of network peers.
    fn with_inproc(&self, network: usize) -> usize {
        let count = network + context::inproc_peers(self.id, self.socket_type);
        if self.socket_type == SocketType::Pair { count.min(1) } else { count }
    }

    /// Processes what has happened, also inside libzmq, so that peers have delivered
    /// their subscriptions.
    fn refresh(&mut self) -> Result<(), Error> {
        self.update();
        let events = retried(|| self.socket.get_events());
        events.map_err(|error| Error::from_zmq("zmq_getsockopt", error))?;
        Ok(())
    }
}

fn known(peers: Option<usize>) -> Result<usize, Error> {
    peers.ok_or_else(|| Error::from_zmq("zmq_getsockopt", zmq::Error::EINVAL))
}

/// Waits until `enough` returns true.
pub(super) fn await_peers(
    open: &mut Open,
    count: usize,
    wait: &Wait,
    enough: impl Fn(&mut Open) -> Result<bool, Error>,
) -> Result<(), Error> {
    if open.attachments().is_empty() && count > 0 {
        return Err(Error::Argument {
            place: "the socket".to_owned(),
            expected: "one that is bound or connected".into(),
            got: "one without endpoints".to_owned(),
        });
    }
    let (mut clock, mut interval) = (None, SHORTEST);
    loop {
        open.refresh()?;
        if enough(open)? {
            return Ok(());
        }
        if wait.is_zero() {
            return Err(Error::Again);
        }
        let slice = clock.get_or_insert_with(|| wait.begin()).slice()?;
        let slice = if (0..interval).contains(&slice) { slice } else { interval };
        match open.poll_commands(slice) {
            Ok(()) | Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(Error::from_zmq("zmq_poll", error)),
        }
        interval = (interval * 2).min(LONGEST);
    }
}

/// Returns why an endpoint may be unreachable, as far as this side can tell.
fn obstacle(endpoint: &str) -> String {
    match endpoint.split_once("://") {
        Some(("tcp", address)) => tcp_obstacle(address),
        Some(("ipc", path)) if !path.starts_with('@') && !Path::new(path).exists() => {
            "there is no such file".to_owned()
        }
        _ => "no answer yet".to_owned(),
    }
}

fn tcp_obstacle(address: &str) -> String {
    // The part before a semicolon is the source address.
    let address = address.rsplit(';').next().unwrap_or(address).to_owned();
    let (tell, told) = mpsc::channel();
    let resolve = {
        let address = address.clone();
        move || {
            let found = address.to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
            // If it took too long, nobody is listening anymore.
            let _ = tell.send(found.unwrap_or_default());
        }
    };
    if thread::Builder::new().name("zeromq-resolve".to_owned()).spawn(resolve).is_err() {
        return "no answer yet".to_owned();
    }
    let Ok(addresses) = told.recv_timeout(RESOLVE) else {
        return "resolving the name takes too long".to_owned();
    };
    let Some(first) = addresses.iter().find(|a| a.is_ipv4()).or(addresses.first()) else {
        return "the name cannot be resolved".to_owned();
    };
    match TcpStream::connect_timeout(first, REACH) {
        Ok(_) => "something listens there, but the handshake is not done yet".to_owned(),
        Err(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                "connection refused, nothing listens there".to_owned()
            }
            std::io::ErrorKind::TimedOut => "no answer from the host".to_owned(),
            _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
        },
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use SocketType::{Pair, Pull, Push};
    use std::process::Command;
    use std::sync::Arc;
    use std::time::Instant;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn endpoint(socket: &Socket) -> String {
        socket.endpoint().unwrap().unwrap()
    }

    fn peers(socket: &Socket) -> Option<usize> {
        socket.statistics().unwrap().peers
    }

    fn bound(socket_type: SocketType, name: &str) -> Arc<Socket> {
        let endpoints = format!("@tcp://127.0.0.1:*,@inproc://peers-{name}");
        Socket::attached(socket_type, &endpoints).unwrap()
    }

    #[test]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
    fn peers_are_waited_for_and_counted_by_any_transport() {
        let pull = Socket::attached(Pull, "inproc://peers-any").unwrap();
        assert!(matches!(pull.wait_for_peers(1, &NOW), Err(Error::Again)));
        let inside = Socket::attached(Push, "inproc://peers-any").unwrap();
        pull.wait_for_peers(1, &SOON).unwrap();
        inside.wait_for_peers(1, &SOON).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let outside = Socket::attached(Push, &endpoint(&pull)).unwrap();
        pull.wait_for_peers(2, &SOON).unwrap();
        outside.wait_for_peers(1, &SOON).unwrap();
        inside.close(None).unwrap();
        assert_eq!(peers(&pull), Some(1));
        outside.disconnect(&endpoint(&pull)).unwrap();
        assert_eq!(peers(&outside), Some(0));
        while peers(&pull) != Some(0) {
            // libzmq continues a disconnect in the calls that follow it.
            assert_eq!(peers(&outside), Some(0));
            assert!(pull.receive(&Wait::new(Some(Duration::from_millis(5)))).is_err());
        }
        let statistics = pull.statistics().unwrap();
        assert_eq!((statistics.connections, statistics.disconnections), (1, 1));
        let lonely = Socket::new(Pair).unwrap();
        assert!(matches!(lonely.wait_for_peers(1, &SOON), Err(Error::Argument { .. })));
    }

    #[test]
    #[cfg(not(libzmq_repaired))]
    fn peers_are_unknown_to_a_libzmq_without_repairs() {
        let pull = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        assert_eq!(peers(&pull), None);
        assert!(pull.diagnose().unwrap().starts_with("peers unknown: this libzmq"));
        assert!(matches!(pull.wait_for_peers(1, &SOON), Err(Error::Zmq { .. })));
        let inproc = Socket::attached(Pull, "@inproc://peers-unrepaired").unwrap();
        assert_eq!(peers(&inproc), Some(0));
    }

    #[test]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
    fn peers_are_known_however_late_somebody_asks() {
        let pull = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        let push = Socket::attached(Push, &endpoint(&pull)).unwrap();
        push.wait_for_peers(1, &SOON).unwrap();
        for _ in 0..3 {
            let guest = Socket::attached(Push, &endpoint(&pull)).unwrap();
            guest.wait_for_peers(1, &SOON).unwrap();
            guest.close(None).unwrap();
        }
        let address = endpoint(&pull);
        let address = address.strip_prefix("tcp://").unwrap();
        drop(TcpStream::connect(address).unwrap());
        let numbers = || {
            let statistics = pull.statistics().unwrap();
            let Statistics { peers, connections, disconnections, failures, .. } = statistics;
            (peers, connections, disconnections, failures)
        };
        let end = Instant::now() + Duration::from_secs(20);
        while numbers() != (Some(1), 4, 3, 1) {
            assert!(Instant::now() < end, "{:?}", numbers());
            thread::sleep(Duration::from_millis(1));
        }
        // Its peers end with the endpoint.
        pull.unbind(&endpoint(&pull)).unwrap();
        while peers(&pull) != Some(0) {
            assert!(Instant::now() < end, "{:?}", numbers());
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(numbers(), (Some(0), 4, 3, 1));
    }

    #[test]
    #[cfg_attr(not(all(libzmq_repaired, target_os = "linux")), ignore = "it reads /proc")]
    fn a_network_socket_has_two_descriptors() {
        const NAME: &str = "core::socket::peers::tests::a_network_socket_has_two_descriptors";
        if std::env::var_os("ZEROMQ_ALONE").is_none() {
            // Other tests open and close descriptors.
            let mut alone = Command::new(std::env::current_exe().unwrap());
            let status = alone.args(["--exact", NAME]).env("ZEROMQ_ALONE", "1").status();
            assert!(status.unwrap().success());
            return;
        }
        let _context = Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        let count = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = count();
        let bound = || Socket::attached(Pull, "tcp://127.0.0.1:*").unwrap();
        let pulls: Vec<_> = (0..20).map(|_| bound()).collect();
        pulls.iter().for_each(|pull| assert_eq!(peers(pull), Some(0)));
        assert_eq!(count(), before + 40);
    }

    #[test]
    fn messages_frames_and_bytes_are_counted() {
        let pull = Socket::attached(Pull, "inproc://peers-counted").unwrap();
        let push = Socket::attached(Push, "inproc://peers-counted").unwrap();
        push.send(&["ab", "c"], &SOON).unwrap();
        push.send(&["d"], &SOON).unwrap();
        pull.receive(&SOON).unwrap();
        let counters = pull.counters().unwrap();
        assert_eq!((counters.messages_received, counters.frames_received), (0, 1));
        pull.receive_all(&SOON).unwrap();
        pull.receive_all(&SOON).unwrap();
        let (sent, received) = (push.counters().unwrap(), pull.counters().unwrap());
        assert_eq!((sent.messages_sent, sent.frames_sent, sent.bytes_sent), (2, 3, 4));
        assert_eq!(
            (received.messages_received, received.frames_received, received.bytes_received),
            (2, 3, 4)
        );
        let lonely = Socket::new(Push).unwrap();
        assert!(lonely.send(&["x"], &NOW).is_err());
        assert_eq!(lonely.counters().unwrap().expired, 1);
    }

    #[test]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
    fn a_socket_without_peers_tells_why() {
        let tell = |endpoints: &str| {
            let socket = Socket::attached(Push, endpoints).unwrap();
            socket.diagnose().unwrap()
        };
        assert!(tell("").starts_with("no endpoint yet"));
        let refused = tell("tcp://127.0.0.1:1");
        assert!(refused.ends_with("s: connection refused, nothing listens there"), "{refused}");
        assert!(tell("inproc://peers-nobody").ends_with(": nothing is bound to this name"));
        assert!(tell("ipc:///tmp/no/such/file").ends_with(": there is no such file"));
        assert!(tell("@inproc://peers-diagnosed").ends_with(": nobody is connected"));
        let (a, _b) = (bound(Pull, "one"), Socket::attached(Push, "inproc://peers-one").unwrap());
        assert_eq!(a.diagnose().unwrap(), "1 peer");
    }
}
