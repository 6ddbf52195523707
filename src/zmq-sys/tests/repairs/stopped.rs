//! Connections that are not read because their socket has reached its high-water mark. They
//! use ipc, where sent data and the end of a connection arrive at once.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use crate::counts::Counts;
use crate::peer::{COMMAND, Peer};
use crate::wait::{TIMEOUT, go_on, until};

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
    pull.set_rcvtimeo(TIMEOUT).unwrap();
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
    pull.set_heartbeat_timeout(TIMEOUT).unwrap();
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

/// Makes a socket of this type that connects, and is full after this many messages.
fn connects(
    context: &zmq::Context,
    kind: zmq::SocketType,
    mark: i32,
) -> (zmq::Socket, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = context.socket(kind).unwrap();
    socket.set_rcvhwm(mark).unwrap();
    socket.set_rcvtimeo(TIMEOUT).unwrap();
    socket.set_reconnect_ivl(10).unwrap();
    socket.set_linger(0).unwrap();
    socket.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    (socket, listener)
}

/// Connects a ROUTER whose queue the message of a peer that has gone fills.
fn full_router(context: &zmq::Context) -> (zmq::Socket, TcpListener) {
    let (router, listener) = connects(context, zmq::ROUTER, 1);
    let mut peer = Peer::accept(&listener);
    peer.handshake("DEALER");
    peer.send(0, b"one").unwrap();
    (router, listener)
}

#[test]
fn a_full_router_reconnects() {
    let context = zmq::Context::new();
    let (router, listener) = full_router(&context);
    let mut peer = Peer::accept(&listener);
    peer.handshake("DEALER");
    look(&mut peer);
    peer.send(0, b"two").unwrap();
    for expected in [b"one", b"two"] {
        assert_eq!(router.recv_multipart(0).unwrap()[1], expected);
    }
    peer.send(0, b"end").unwrap();
    assert_eq!(router.recv_multipart(0).unwrap()[1], b"end");
}

#[test]
fn a_full_stream_reconnects() {
    let context = zmq::Context::new();
    let (stream, listener) = connects(&context, zmq::STREAM, 2);
    let mut peer = Peer::accept(&listener);
    peer.0.write_all(b"one").unwrap();
    drop(peer);
    let mut peer = Peer::accept(&listener);
    assert!(until(|| Counts::of(&stream).connections == 2));
    for expected in [&b""[..], b"one"] {
        assert_eq!(stream.recv_multipart(0).unwrap()[1], expected);
    }
    go_on(&stream);
    peer.0.write_all(b"two").unwrap();
    while stream.recv_multipart(0).unwrap()[1] != b"two" {}
}

#[test]
fn a_full_router_reconnects_to_an_old_peer() {
    let context = zmq::Context::new();
    let (router, listener) = full_router(&context);
    // ZMTP 2.0: a DEALER without a routing id.
    let mut peer = Peer::accept(&listener);
    peer.0.write_all(b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0\0\x03two").unwrap();
    peer.0.read_exact(&mut [0; 14]).unwrap();
    for expected in [b"one", b"two"] {
        assert_eq!(router.recv_multipart(0).unwrap()[1], expected);
    }
}
