//! Connections that are not read because their socket has reached its high-water mark. They
//! use ipc, where sent data and the end of a connection arrive at once.

use std::io::Write;
use std::os::unix::net::UnixStream;

use crate::peer::{COMMAND, Peer};

/// Makes a frame. Several are written in one piece, so that they are read together.
const MESSAGE: &[u8] = b"\0\x07message";

/// Binds a socket and returns a peer for each of two transports.
fn bind(pull: &zmq::Socket) -> (Peer, UnixStream) {
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let idle = Peer::of_type(pull, "PUSH");
    pull.bind("ipc://*").unwrap();
    (idle, Peer::of_ipc(pull, "PUSH"))
}

/// Makes a PULL socket that is full after one message from each peer.
fn full(context: &zmq::Context) -> zmq::Socket {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvhwm(1).unwrap();
    pull.set_rcvtimeo(5000).unwrap();
    pull
}

/// Waits until the I/O thread of a context has checked all its connections twice.
fn look(peer: &mut Peer) {
    for _ in 0..4 {
        peer.command("PING", b"\0\0");
        while peer.receive().unwrap() != (COMMAND, b"\x04PONG".to_vec()) {}
    }
}

#[test]
fn a_heartbeat_survives_the_end_of_a_stopped_connection() {
    let context = zmq::Context::new();
    let pull = full(&context);
    pull.set_heartbeat_ivl(20).unwrap();
    pull.set_heartbeat_timeout(5000).unwrap();
    let (mut idle, mut peer) = bind(&pull);
    peer.write_all(&MESSAGE.repeat(10)).unwrap();
    look(&mut idle);
    drop(peer);
    look(&mut idle);
    // Its heartbeat has its turn before two of this one.
    for _ in 0..3 {
        assert_eq!(idle.receive().unwrap().1, b"\x04PING\0\0");
    }
    for _ in 0..10 {
        assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
    }
}

#[test]
fn a_ping_that_was_read_survives_the_end_of_its_connection() {
    let context = zmq::Context::new();
    let pull = full(&context);
    let (mut idle, mut peer) = bind(&pull);
    let ping = b"\x04\x07\x04PING\0\0";
    peer.write_all(&[&MESSAGE.repeat(10), &ping[..], MESSAGE].concat()).unwrap();
    look(&mut idle);
    drop(peer);
    look(&mut idle);
    for _ in 0..11 {
        assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
    }
    look(&mut idle);
}

#[test]
fn a_malformed_websocket_frame_ends_the_connection() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("ws://127.0.0.1:*").unwrap();
    // Text, what is not final, what is not masked, and no flags.
    for malformed in [b"\x81\x80", b"\x02\x80", b"\x82\x01", b"\x82\x80"] {
        let mut peer = Peer::of_web(&pull, "PUSH");
        peer.0.write_all(&[malformed, &b"\0\0\0\0"[..]].concat()).unwrap();
        assert!(peer.ends(), "{malformed:?}");
    }
    let mut nothing = [0];
    assert!(pull.recv_into(&mut nothing, zmq::DONTWAIT).is_err());
}
