//! Waiting for peers, and counting them.

use super::Socket;
use super::open::Open;
use crate::core::context;
use crate::core::error::Error;
use crate::core::socket_type::SocketType;
use crate::core::wait::Wait;
use crate::libzmq::retried;

/// How often, in milliseconds, to look for peers. libzmq does not always signal them:
/// inproc peers, and those that the socket connects to. The interval doubles each time.
const SHORTEST: i64 = 1;
const LONGEST: i64 = 16;

impl Socket {
    /// Waits until the socket has at least `count` peers that have completed the
    /// handshake.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Argument`] if the socket is not attached
    /// to any endpoint, [`Error::Zmq`] if libzmq does not count peers (EINVAL),
    /// [`Error::Interrupted`].
    pub fn wait_for_peers(&self, count: usize, wait: &Wait) -> Result<(), Error> {
        self.with(|open| {
            await_peers(open, count, wait, |open| Ok(known(open.count_peers()?)? >= count))
        })
    }
}

impl Open {
    /// Returns the number of peers, if it is known.
    fn count_peers(&mut self) -> Result<Option<usize>, Error> {
        let connections = self.connections()?;
        Ok(connections.map(|connections| self.with_inproc(connections.peers)))
    }

    /// Returns true if it is known to have connections over a network.
    pub(in crate::core) fn is_connected(&mut self) -> bool {
        self.connections().is_ok_and(|known| known.is_some_and(|known| known.peers > 0))
    }

    /// Adds the inproc peers to a number of network peers.
    pub(super) fn with_inproc(&self, network: usize) -> usize {
        let count = network + context::inproc_peers(self.id, self.socket_type);
        if self.socket_type == SocketType::Pair { count.min(1) } else { count }
    }

    /// Processes what has happened, also inside libzmq, so that peers have delivered
    /// their subscriptions.
    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        self.refresh_events().map(drop)
    }

    /// Does the same as [`refresh`](Open::refresh), and returns what the socket is ready
    /// for.
    pub(super) fn refresh_events(&mut self) -> Result<zmq::PollEvents, Error> {
        self.update();
        let events = retried(|| self.socket.get_events());
        events.map_err(|error| Error::from_zmq("zmq_getsockopt", error))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Statistics;
    use crate::core::socket::testing::alone;
    use SocketType::{Pair, Pull, Push};
    use std::thread;
    use std::time::{Duration, Instant};

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn endpoint(socket: &Socket) -> String {
        socket.endpoint().unwrap().unwrap()
    }

    fn peers(socket: &Socket) -> Option<usize> {
        socket.statistics().unwrap().peers
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
        assert!(pull.diagnose().unwrap().starts_with("peers unknown, since this libzmq"));
        assert!(matches!(pull.wait_for_peers(1, &SOON), Err(Error::Zmq { .. })));
        let inproc = Socket::attached(Pull, "@inproc://peers-unrepaired").unwrap();
        assert_eq!(peers(&inproc), Some(0));
    }

    #[test]
    #[cfg(unix)]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
    fn peers_are_known_however_late_somebody_asks() {
        use std::os::unix::net::UnixStream;

        // No other test can connect to it by mistake, as to a port that it had before.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("late");
        let pull = Socket::attached(Pull, &format!("@ipc://{}", path.display())).unwrap();
        let push = Socket::attached(Push, &endpoint(&pull)).unwrap();
        push.wait_for_peers(1, &SOON).unwrap();
        for _ in 0..3 {
            let guest = Socket::attached(Push, &endpoint(&pull)).unwrap();
            guest.wait_for_peers(1, &SOON).unwrap();
            guest.close(None).unwrap();
        }
        drop(UnixStream::connect(&path).unwrap());
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
        // Other tests open and close descriptors.
        if !alone(NAME, None) {
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
}
