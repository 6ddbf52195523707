//! Commands that a peer sends once the handshake is done.

use crate::peer::{COMMAND, Peer};

/// A bound PULL socket, and a PUSH that is connected to it.
fn pull_and_peer(context: &zmq::Context) -> (zmq::Socket, Peer) {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let peer = Peer::of_type(&pull, "PUSH");
    (pull, peer)
}

#[test]
fn a_ping_without_its_time_to_live_ends_the_connection() {
    let context = zmq::Context::new();
    for short in [&b""[..], b"\0"] {
        let (_pull, mut peer) = pull_and_peer(&context);
        peer.command("PING", short);
        let answer = peer.receive();
        assert!(answer.is_err(), "a PING of {} bytes: {answer:?}", 5 + short.len());
    }
}

#[test]
fn a_ping_is_answered_with_its_context() {
    let context = zmq::Context::new();
    let (_pull, mut peer) = pull_and_peer(&context);
    for size in [0, 1, 15, 16] {
        let bytes = vec![b'c'; size];
        peer.command("PING", &[b"\0\0", &*bytes].concat());
        assert_eq!(peer.receive().unwrap(), (COMMAND, [b"\x04PONG", &*bytes].concat()));
    }
    // A longer one than the protocol allows is cut.
    peer.command("PING", &[b"\0\0", &*vec![b'c'; 300]].concat());
    assert_eq!(peer.receive().unwrap(), (COMMAND, b"\x04PONGcccccccccccccccc".to_vec()));
}

#[test]
fn a_malformed_command_ends_the_connection() {
    let context = zmq::Context::new();
    for malformed in [&b""[..], b"\x04", b"\x04PIN", b"\x09SUBSCRIB", b"\xff"] {
        let (_pull, mut peer) = pull_and_peer(&context);
        peer.send(COMMAND, malformed).unwrap();
        assert!(peer.ends(), "{malformed:?}");
    }
}
