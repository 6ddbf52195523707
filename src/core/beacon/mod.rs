//! Beacons: short broadcasts on the local network, by which programs discover each
//! other. Each is one UDP datagram to the broadcast address, compatible with czmq's
//! zbeacon.

mod interface;

use std::io;
use std::mem;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread;
use std::time::Duration;

#[cfg(unix)]
use std::os::fd::AsRawFd as _;
#[cfg(windows)]
use std::os::windows::io::AsRawSocket as _;

use socket2::{Domain, Protocol, Type};

use super::context;
use super::error::Error;
use super::message::Frame;
use super::policy::{Policy, Slot};
use super::wait::Wait;
use crate::core::locked::locked;
use interface::Network;

/// The longest beacon, in bytes.
pub const LONGEST: usize = 255;

/// The maximum time, in milliseconds, until a waiting call notices that the beacon was
/// stopped.
const SLICE: i64 = 100;

/// A beacon. Its thread ends when it is dropped.
#[derive(Debug)]
pub struct Beacon(Arc<Link>);

/// The part of a beacon that the shutdown of the context ends.
#[derive(Debug)]
struct Link {
    generation: u32,
    hostname: Ipv4Addr,
    open: Mutex<Option<Arc<Open>>>,
    /// Its place among the sockets that a policy permits.
    slot: Mutex<Option<Slot>>,
}

#[derive(Debug)]
struct Open {
    /// The destination of all datagrams.
    target: SocketAddrV4,
    sender: UdpSocket,
    receiver: UdpSocket,
    /// The prefix of the beacons to receive; `None` receives nothing.
    filter: Mutex<Option<Vec<u8>>>,
    /// The bytes that are published, which are not received.
    own: Mutex<Vec<u8>>,
    /// Ends the publishing thread when it is dropped.
    publishing: Mutex<Option<Sender<()>>>,
    receiving: Mutex<()>,
}

impl Beacon {
    /// Makes a beacon on a UDP port. It does nothing yet. The interface is given by its
    /// name or address, or `*` for any. By default it is the one that the environment
    /// variable `ZSYS_INTERFACE` names, or the first one that can broadcast.
    ///
    /// # Errors
    /// [`Error::Endpoint`] if there is no such interface, [`Error::Zmq`] if the system
    /// refuses the port.
    pub fn new(port: u16, interface: Option<&str>) -> Result<Beacon, Error> {
        Beacon::under(&Policy::OPEN, port, interface)
    }

    /// Opens a beacon like [`new`](Beacon::new), if the policy permits its port. It counts as
    /// a socket of the policy.
    ///
    /// # Errors
    /// The errors of [`new`](Beacon::new), [`Error::Policy`].
    pub fn under(policy: &Policy, port: u16, interface: Option<&str>) -> Result<Beacon, Error> {
        policy.check_beacon(port)?;
        let slot = policy.open_socket()?;
        let network = interface::network(interface)?;
        let open = Open::new(network, port).map_err(|error| Error::from_io("bind", &error))?;
        let link = context::register(|_, generation| {
            let open = Mutex::new(Some(Arc::new(open)));
            let slot = Mutex::new(slot);
            Ok(Arc::new(Link { generation, hostname: network.own, open, slot }))
        })?;
        Ok(Beacon(link))
    }

    /// Returns the address of this machine on the network of the beacon.
    pub fn hostname(&self) -> Ipv4Addr {
        self.0.hostname
    }

    /// Sends these bytes now and then again after each interval.
    ///
    /// # Errors
    /// [`Error::Argument`] unless there are 1 to 255 bytes, [`Error::Stopped`].
    pub fn publish(&self, bytes: &[u8], interval: Duration) -> Result<(), Error> {
        let open = self.open()?;
        if bytes.is_empty() || bytes.len() > LONGEST {
            return Err(Error::Argument {
                place: "argument 1 (text)".to_owned(),
                expected: "a String of 1 to 255 bytes".into(),
                got: format!("one of {}", bytes.len()),
            });
        }
        open.silence();
        bytes.clone_into(&mut locked(&open.own));
        let (silence, silenced) = mpsc::channel();
        let publisher = open.clone();
        let bytes = bytes.to_owned();
        let publish = move || {
            loop {
                // The network may be down now and up again the next time.
                let _ = publisher.sender.send_to(&bytes, publisher.target);
                match silenced.recv_timeout(interval) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        };
        let thread = thread::Builder::new().name("zeromq-beacon".to_owned());
        thread.spawn(publish).map_err(|_| Error::no_thread())?;
        *locked(&open.publishing) = Some(silence);
        Ok(())
    }

    /// Stops publishing.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn silence(&self) -> Result<(), Error> {
        self.open()?.silence();
        Ok(())
    }

    /// Receives beacons of others that begin with `prefix` from now on; `None` receives
    /// none. It replaces the previous subscription.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn subscribe(&self, prefix: Option<&[u8]>) -> Result<(), Error> {
        let open = self.open()?;
        let mut filter = locked(&open.filter);
        if filter.is_none() {
            // Beacons from before the subscription are dropped.
            while open.receive_now().is_some() {}
        }
        *filter = prefix.map(<[u8]>::to_owned);
        Ok(())
    }

    /// Waits for the next beacon and returns the address of its sender and its bytes.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Stopped`], [`Error::Busy`] if another
    /// thread receives, [`Error::Interrupted`].
    pub fn receive(&self, wait: &Wait) -> Result<(Ipv4Addr, Frame), Error> {
        let open = self.open()?;
        let _receiving = match open.receiving.try_lock() {
            Ok(receiving) => receiving,
            Err(TryLockError::WouldBlock) => return Err(Error::Busy),
            Err(TryLockError::Poisoned(receiving)) => receiving.into_inner(),
        };
        let mut clock = None;
        loop {
            while let Some((address, bytes)) = open.receive_now() {
                if open.wants(&bytes) {
                    return Ok((address, Frame::from(bytes)));
                }
            }
            if wait.is_zero() {
                return Err(Error::Again);
            }
            let slice = match clock.get_or_insert_with(|| wait.begin()).slice()? {
                -1 => SLICE,
                slice => slice.min(SLICE),
            };
            // It may have been stopped in the meantime.
            self.open()?;
            open.wait(slice);
        }
    }

    /// Stops publishing and receiving, and releases the port. Stopping a stopped beacon
    /// does nothing.
    pub fn stop(&self) {
        if self.0.generation == context::generation() {
            self.0.stop();
        }
    }

    fn open(&self) -> Result<Arc<Open>, Error> {
        if self.0.generation != context::generation() {
            return Err(Error::Forked);
        }
        locked(&self.0.open).clone().ok_or(Error::Stopped { what: "beacon" })
    }
}

impl Drop for Beacon {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Link {
    fn stop(&self) {
        if let Some(open) = locked(&self.open).take() {
            open.silence();
        }
        drop(locked(&self.slot).take());
    }
}

impl context::Ending for Link {
    fn end(&self) -> Option<Duration> {
        self.stop();
        Some(Duration::ZERO)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if self.generation != context::generation() {
            // Its thread is in the parent process, so nobody would answer.
            mem::forget(locked(&self.open).take());
        }
    }
}

impl Open {
    fn new(network: Network, port: u16) -> io::Result<Open> {
        // This address does not receive the broadcasts of other networks, but some
        // systems cannot bind it.
        let bound = match network.all {
            all if cfg!(target_os = "linux") && !all.is_broadcast() => all,
            _ => Ipv4Addr::UNSPECIFIED,
        };
        let receiver = socket(bound, port)?;
        receiver.set_nonblocking(true)?;
        Ok(Open {
            target: SocketAddrV4::new(network.all, port),
            sender: socket(network.own, 0)?,
            receiver,
            filter: Mutex::default(),
            own: Mutex::default(),
            publishing: Mutex::default(),
            receiving: Mutex::default(),
        })
    }

    fn silence(&self) {
        drop(locked(&self.publishing).take());
        locked(&self.own).clear();
    }

    /// Returns the next datagram, if there is one.
    fn receive_now(&self) -> Option<(Ipv4Addr, Vec<u8>)> {
        // One extra byte shows whether it is too long.
        let mut bytes = [0; LONGEST + 1];
        let (count, from) = loop {
            match self.receiver.recv_from(&mut bytes) {
                Ok(received) => break received,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        };
        match from {
            SocketAddr::V4(from) => Some((*from.ip(), bytes[..count].to_vec())),
            SocketAddr::V6(_) => None,
        }
    }

    fn wants(&self, bytes: &[u8]) -> bool {
        bytes.len() <= LONGEST
            && bytes != locked(&self.own).as_slice()
            && locked(&self.filter).as_ref().is_some_and(|prefix| bytes.starts_with(prefix))
    }

    /// Waits up to `ms` milliseconds for a datagram.
    fn wait(&self, ms: i64) {
        #[cfg(unix)]
        let descriptor = self.receiver.as_raw_fd();
        #[cfg(windows)]
        let descriptor = self.receiver.as_raw_socket();
        let mut items = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
        // After a signal the caller checks again.
        let _ = zmq::poll(&mut items, ms);
    }
}

/// Opens a UDP socket for beacons: several programs may bind the same port.
fn socket(address: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_broadcast(true)?;
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(target_os = "linux"), not(target_os = "solaris")))]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddrV4::new(address, port).into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));
    const BRIEF: Wait = Wait::new(Some(Duration::from_millis(100)));
    const OFTEN: Duration = Duration::from_millis(10);

    /// Makes two beacons on the loopback interface, and a port that no other test has.
    fn beacons() -> (Beacon, Beacon, u16) {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let beacon = || Beacon::new(port, Some("127.0.0.1")).unwrap();
        (beacon(), beacon(), port)
    }

    fn text(beacon: &Beacon) -> String {
        let (address, frame) = beacon.receive(&SOON).unwrap();
        assert_eq!(address, Ipv4Addr::LOCALHOST);
        frame.as_text().unwrap().to_owned()
    }

    #[test]
    fn beacons_find_each_other() {
        let (one, other, _) = beacons();
        assert_eq!(one.hostname(), Ipv4Addr::LOCALHOST);
        one.subscribe(Some(b"")).unwrap();
        other.subscribe(Some(b"on")).unwrap();
        other.publish(b"other", OFTEN).unwrap();
        one.publish(b"nobody asked for this", OFTEN).unwrap();
        assert_eq!(text(&one), "other");
        // Again after the interval, and never its own.
        assert_eq!(text(&one), "other");
        assert!(matches!(other.receive(&BRIEF), Err(Error::Again)));
        one.publish(b"one", OFTEN).unwrap();
        assert_eq!(text(&other), "one");
        one.silence().unwrap();
        // Datagrams sent earlier may still arrive.
        while other.receive(&BRIEF).is_ok() {}
        other.publish(b"x", Duration::from_secs(60)).unwrap();
        while text(&one) != "x" {}
    }

    #[test]
    fn nothing_comes_without_a_subscription() {
        let (one, other, _) = beacons();
        other.publish(b"early", Duration::from_secs(60)).unwrap();
        assert!(matches!(one.receive(&BRIEF), Err(Error::Again)));
        other.publish(b"early too", Duration::from_secs(60)).unwrap();
        one.receiver_has_something();
        one.subscribe(Some(b"")).unwrap();
        other.publish(b"late", Duration::from_secs(60)).unwrap();
        assert_eq!(text(&one), "late");
        one.subscribe(None).unwrap();
        other.publish(b"later", Duration::from_secs(60)).unwrap();
        assert!(matches!(one.receive(&BRIEF), Err(Error::Again)));
    }

    impl Beacon {
        fn receiver_has_something(&self) {
            let open = self.open().unwrap();
            let mut byte = [0];
            let end = Instant::now() + Duration::from_secs(20);
            while open.receiver.peek(&mut byte).is_err() {
                assert!(Instant::now() < end);
                open.wait(SLICE);
            }
        }
    }

    #[test]
    fn datagrams_are_as_czmq_sends_them() {
        let (beacon, other, port) = beacons();
        drop(other);
        beacon.subscribe(Some(b"ZRE")).unwrap();
        let foreign = socket(Ipv4Addr::LOCALHOST, 0).unwrap();
        let all = ("127.255.255.255", port);
        foreign.send_to(&[b'x'; 300], all).unwrap();
        foreign.send_to(&[[b'Z', b'R', b'E'].as_slice(), &[b'x'; 253]].concat(), all).unwrap();
        foreign.send_to(b"ZRE\x01\xff", all).unwrap();
        let (_, frame) = beacon.receive(&SOON).unwrap();
        assert_eq!(&*frame, b"ZRE\x01\xff");
        // In the other direction.
        beacon.stop();
        let plain = socket(Ipv4Addr::new(127, 255, 255, 255), port).unwrap();
        plain.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let beacon = Beacon::new(port, Some("127.0.0.1")).unwrap();
        beacon.publish(b"ZRE\x01", OFTEN).unwrap();
        let mut bytes = [0; 300];
        let count = plain.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..count], b"ZRE\x01");
    }

    #[test]
    fn it_ends() {
        let (one, other, port) = beacons();
        one.publish(b"x", Duration::from_secs(3600)).unwrap();
        let link = Arc::downgrade(&one.0);
        drop(one);
        assert_eq!(link.strong_count(), 0);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| other.receive(&Wait::new(None)));
            let link = &other.0;
            let open = locked(&link.open).clone().unwrap();
            while open.receiving.try_lock().is_ok() {
                thread::sleep(Duration::from_millis(1));
            }
            assert!(matches!(other.receive(&SOON), Err(Error::Busy)));
            other.stop();
            assert!(matches!(waiting.join().unwrap(), Err(Error::Stopped { .. })));
        });
        other.stop();
        assert!(matches!(other.publish(b"x", OFTEN), Err(Error::Stopped { .. })));
        assert!(matches!(other.subscribe(None), Err(Error::Stopped { .. })));
        let beacon = Beacon::new(port, Some("127.0.0.1")).unwrap();
        for wrong in [&b""[..], &[b'x'; 256]] {
            assert!(matches!(beacon.publish(wrong, OFTEN), Err(Error::Argument { .. })));
        }
        let stop = || true;
        let stopped = Wait::new(None).until(Some(&stop));
        assert!(matches!(beacon.receive(&stopped), Err(Error::Interrupted)));
        assert!(matches!(Beacon::new(port, Some("nonsense")), Err(Error::Endpoint { .. })));
    }
}
