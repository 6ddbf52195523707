//! Heartbeats, which must cut no connection of a peer that is there.

use std::thread::sleep;
use std::time::Duration;

use crate::peer::Peer;

#[test]
fn no_time_to_live_is_sent_that_wraps() {
    let context = zmq::Context::new();
    for (ttl, told) in [(0, 0), (100, 1), (65_500, 655), (65_600, 655), (6_553_500, 655)] {
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_heartbeat_ivl(10).unwrap();
        pull.set_heartbeat_ttl(ttl).unwrap();
        pull.set_heartbeat_timeout(5000).unwrap();
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
