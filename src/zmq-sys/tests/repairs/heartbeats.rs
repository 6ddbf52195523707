//! Heartbeats, which must not end the connection of a live peer.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::Duration;

use zmq_sys as sys;

use crate::monitor::Monitor;
use crate::peer::{COMMAND, LONG, Peer};
use crate::wait::TIMEOUT;

/// Makes a socket that sends a heartbeat every 50 ms and gives its peers 300 ms to answer.
fn beating(context: &zmq::Context, kind: zmq::SocketType) -> zmq::Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_heartbeat_ivl(50).unwrap();
    socket.set_heartbeat_timeout(300).unwrap();
    socket.set_rcvtimeo(TIMEOUT).unwrap();
    socket.set_sndtimeo(TIMEOUT).unwrap();
    socket.set_linger(0).unwrap();
    socket
}

#[test]
fn no_time_to_live_is_sent_that_wraps() {
    let context = zmq::Context::new();
    for (ttl, told) in [(0, 0), (100, 1), (65_500, 655), (65_600, 655), (6_553_500, 655)] {
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_heartbeat_ivl(10).unwrap();
        pull.set_heartbeat_ttl(ttl).unwrap();
        pull.set_heartbeat_timeout(TIMEOUT).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = Peer::of_type(&pull, "PUSH");
        let (_, ping) = peer.receive().unwrap();
        assert_eq!(ping, [b"\x04PING", &u16::to_be_bytes(told)[..]].concat(), "{ttl}");
    }
}

#[test]
fn a_long_time_to_live_is_received_as_it_is() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    // In 16 bits these would be 64 and 28 milliseconds.
    for ttl in [656, 3933_u16] {
        let mut peer = Peer::of_type(&pull, "PUSH");
        peer.command("PING", &ttl.to_be_bytes());
        assert_eq!(peer.receive().unwrap().1, b"\x04PONG");
        sleep(Duration::from_millis(150));
        peer.command("PING", b"\0\0");
        assert_eq!(peer.receive().unwrap().1, b"\x04PONG", "{ttl}");
    }
    // A short one is heeded.
    let mut peer = Peer::of_type(&pull, "PUSH");
    peer.command("PING", &1_u16.to_be_bytes());
    assert!(peer.ends());
}

/// How much longer the intervals are than those of `beating`, and the pauses of a peer.
#[derive(Clone, Copy)]
struct Pace(u16);

impl Pace {
    /// Runs a test at different paces until it passes. On a busy machine, a live peer may be
    /// late for short intervals; without the repair, it is late for all of them.
    #[track_caller]
    fn some(test: impl Fn(Pace) -> io::Result<()>) {
        let results = [1, 4, 16].map(Pace).into_iter().map(test);
        let errors: Vec<_> = results.map_while(Result::err).collect();
        assert!(errors.len() < 3, "the connection ended at every pace: {errors:?}");
    }

    fn beating(self, context: &zmq::Context, kind: zmq::SocketType) -> zmq::Socket {
        let socket = beating(context, kind);
        socket.set_heartbeat_ivl(50 * i32::from(self.0)).unwrap();
        socket.set_heartbeat_timeout(300 * i32::from(self.0)).unwrap();
        socket
    }

    /// Sends a PING with a time to live that is as long as the timeout.
    fn ping(self, peer: &mut Peer) -> io::Result<()> {
        peer.send(COMMAND, &[&b"\x04PING"[..], &(3 * self.0).to_be_bytes()].concat())
    }

    /// Waits a fifteenth of the timeout.
    fn pause(self) {
        sleep(Duration::from_millis(20) * u32::from(self.0));
    }
}

/// Waits until all that a peer has sent so far was read; an error if its connection has ended.
fn is_read(peer: &mut Peer) -> io::Result<()> {
    peer.send(COMMAND, b"\x04PING\0\0read")?;
    while peer.receive()? != (COMMAND, b"\x04PONGread".to_vec()) {}
    Ok(())
}

#[test]
fn a_long_message_that_comes_in_slowly_arrives() {
    Pace::some(|pace| {
        let context = zmq::Context::new();
        let pull = pace.beating(&context, zmq::PULL);
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = Peer::of_type(&pull, "PUSH");
        pace.ping(&mut peer)?;
        let piece = [7; 1000];
        let length = 60 * piece.len() as u64;
        peer.0.write_all(&[&[LONG][..], &length.to_be_bytes()].concat())?;
        for _ in 0..60 {
            peer.0.write_all(&piece)?;
            pace.pause();
        }
        is_read(&mut peer)?;
        assert_eq!(pull.recv_bytes(0).unwrap(), piece.repeat(60));
        Ok(())
    });
}

#[test]
fn a_peer_that_stops_in_a_message_is_noticed() {
    let context = zmq::Context::new();
    let pull = beating(&context, zmq::PULL);
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = Peer::of_type(&pull, "PUSH");
    // The connection may have ended by now.
    let _ = peer.0.write_all(b"\0\xffbegin");
    assert!(peer.ends());
    // Also where only the peer has a heartbeat.
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = Peer::of_type(&pull, "PUSH");
    peer.command("PING", &1_u16.to_be_bytes());
    let _ = peer.0.write_all(b"\0\xffbegin");
    assert!(peer.ends());
}

#[test]
fn a_long_message_that_goes_out_slowly_arrives() {
    Pace::some(|pace| {
        let context = zmq::Context::new();
        let push = pace.beating(&context, zmq::PUSH);
        // All of it is with the system soon, and the PING behind it.
        push.set_sndbuf(8 << 20).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        push.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        let size = 6_000_000;
        push.send(vec![7; size], 0).unwrap();
        let mut peer = Peer::accept(&listener);
        let small = 128_i32 << 10;
        // SAFETY: the descriptor is open, and the value as long as said.
        let result = unsafe {
            libc::setsockopt(
                peer.0.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_RCVBUF,
                (&raw const small).cast(),
                size_of_val(&small) as libc::socklen_t,
            )
        };
        assert_eq!(result, 0);
        peer.handshake("PULL");
        let mut header = [COMMAND; 9];
        // A PING, which is as long, may be first.
        while header[0] == COMMAND {
            peer.0.read_exact(&mut header)?;
        }
        assert_eq!(header, [&[LONG][..], &(size as u64).to_be_bytes()].concat()[..]);
        let mut piece = vec![0; size / 60];
        for _ in 0..60 {
            peer.0.read_exact(&mut piece)?;
            pace.pause();
        }
        assert_eq!(peer.receive()?, (COMMAND, b"\x04PING\0\0".to_vec()));
        peer.send(COMMAND, b"\x04PONG")?;
        push.send("more", 0).unwrap();
        while peer.receive()? != (0, b"more".to_vec()) {}
        Ok(())
    });
}

#[test]
fn a_peer_that_takes_nothing_more_is_noticed() {
    let context = zmq::Context::new();
    for transport in ["tcp://127.0.0.1:*", "ipc://*"] {
        let push = beating(&context, zmq::PUSH);
        push.set_heartbeat_ivl(200).unwrap();
        push.bind(transport).unwrap();
        let monitor = Monitor::of(&context, &push, &transport[..3]);
        push.set_sndtimeo(0).unwrap();
        let peer = loop {
            let peer: Box<dyn Read> = if transport.starts_with("tcp") {
                let peer = Peer::of_type(&push, "PULL");
                Box::new(peer.0)
            } else {
                Box::new(Peer::of_ipc(&push, "PULL"))
            };
            // Before the first PING. If the machine is so slow that the peer has gone without
            // an answer to it, the next one is tried.
            match push.send(vec![7; 50_000_000], 0) {
                Ok(()) => break peer,
                Err(zmq::Error::EAGAIN) => drop(peer),
                Err(error) => panic!("{error}"),
            }
            assert!(monitor.wait(sys::ZMQ_EVENT_DISCONNECTED).is_some(), "{transport}");
        };
        assert!(monitor.wait(sys::ZMQ_EVENT_DISCONNECTED).is_some(), "{transport}");
        drop(peer);
    }
}

#[test]
fn a_silent_peer_is_noticed() {
    let context = zmq::Context::new();
    let pull = beating(&context, zmq::PULL);
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = Peer::of_type(&pull, "PUSH");
    assert!(peer.ends());
}

#[test]
fn a_full_socket_keeps_its_peers() {
    Pace::some(|pace| {
        let context = zmq::Context::new();
        let pull = pace.beating(&context, zmq::PULL);
        pull.set_rcvhwm(1).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = Peer::of_type(&pull, "PUSH");
        pace.ping(&mut peer)?;
        peer.0.write_all(&b"\0\x07message".repeat(10))?;
        let mut pings = 0;
        while pings < 14 {
            let (_, command) = peer.receive()?;
            pings += usize::from(command.starts_with(b"\x04PING"));
        }
        for _ in 0..10 {
            assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
        }
        peer.send(0, b"more")?;
        is_read(&mut peer)?;
        assert_eq!(pull.recv_bytes(0).unwrap(), b"more");
        Ok(())
    });
}
