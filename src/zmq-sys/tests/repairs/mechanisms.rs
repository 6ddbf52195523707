//! The mechanism that a socket asks of its peers.

use std::io::{Read, Write};

use crate::peer::{Peer, WEB_COMMAND};
use crate::wait::TIMEOUT;

/// Asks a WebSocket endpoint for the protocol without a mechanism; returns what it answers.
fn ask(socket: &zmq::Socket) -> Vec<u8> {
    let mut peer = Peer::connect(socket);
    peer.0
        .write_all(
            b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: ZWS2.0\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .unwrap();
    let mut answer = vec![0; 12];
    let size = peer.0.read(&mut answer).unwrap_or(0);
    answer.truncate(size);
    answer
}

#[test]
fn a_domain_refuses_a_websocket_without_a_mechanism() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("ws://127.0.0.1:*").unwrap();
    assert_eq!(ask(&pull), b"HTTP/1.1 101");
    let secured = context.socket(zmq::PULL).unwrap();
    secured.set_zap_domain("domain").unwrap();
    secured.bind("ws://127.0.0.1:*").unwrap();
    assert_eq!(ask(&secured), b"");
}

#[test]
fn a_subscription_over_a_websocket_may_be_a_command() {
    let context = zmq::Context::new();
    let publisher = context.socket(zmq::XPUB).unwrap();
    publisher.set_rcvtimeo(TIMEOUT).unwrap();
    publisher.bind("ws://127.0.0.1:*").unwrap();
    let mut peer = Peer::of_web(&publisher, "SUB");
    peer.web(WEB_COMMAND, b"\x09SUBSCRIBEtopic").unwrap();
    peer.web(WEB_COMMAND, b"\x06CANCELtopic").unwrap();
    assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x01topic");
    assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x00topic");
}
