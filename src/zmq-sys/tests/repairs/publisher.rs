//! What peers do to publishers.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmq::{Context, DONTWAIT, PUB, SUB, Socket, SocketType, XPUB, XSUB};
use zmq_sys::options::numbered;

use crate::peer::{MORE, Peer};
use crate::wait::{go_on, option, until};

/// `ZMQ_TOPICS_COUNT`, and the options of this library.
const TOPICS_COUNT: i32 = 116;
const MATCHING: i32 = 5030;
const SUBSCRIPTIONS: i32 = 5031;

fn bound(context: &Context, kind: SocketType, endpoint: &str) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_linger(0).unwrap();
    socket.bind(endpoint).unwrap();
    socket
}

fn connected(context: &Context, kind: SocketType, to: &Socket) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_linger(0).unwrap();
    socket.connect(&to.get_last_endpoint().unwrap().unwrap()).unwrap();
    socket
}

/// How many subscriptions there are in all.
fn all(socket: &Socket) -> i32 {
    go_on(socket);
    option(socket, SUBSCRIPTIONS)
}

/// How many a message with this topic matches.
fn matching(socket: &Socket, topic: &[u8]) -> i32 {
    numbered(MATCHING, || socket.set_subscribe(topic)).unwrap();
    option(socket, MATCHING)
}

#[test]
fn subscriptions_are_counted() {
    let context = Context::new();
    for (kind, endpoint) in [(PUB, "inproc://counted"), (XPUB, "tcp://127.0.0.1:*")] {
        let publisher = bound(&context, kind, endpoint);
        let one = connected(&context, SUB, &publisher);
        let two = connected(&context, SUB, &publisher);
        for prefix in ["a", "ab", "b"] {
            one.set_subscribe(prefix.as_bytes()).unwrap();
        }
        two.set_subscribe(b"a").unwrap();
        two.set_subscribe(b"a").unwrap();
        two.set_subscribe(b"z").unwrap();
        assert!(until(|| all(&publisher) == 5 && matching(&publisher, b"z") == 1));
        assert_eq!(matching(&publisher, b"abc"), 3);
        assert_eq!(matching(&publisher, b"a"), 2);
        assert_eq!(matching(&publisher, b"c"), 0);
        assert_eq!(matching(&publisher, b""), 0);
        // The second of two subscriptions of a peer is none.
        two.set_unsubscribe(b"a").unwrap();
        two.set_unsubscribe(b"a").unwrap();
        assert!(until(|| all(&publisher) == 4));
        assert_eq!(matching(&publisher, b"abc"), 2);
    }
}

#[test]
fn a_peer_that_goes_takes_its_subscriptions_along() {
    let context = Context::new();
    let publisher = bound(&context, PUB, "tcp://127.0.0.1:*");
    let one = connected(&context, SUB, &publisher);
    let two = connected(&context, SUB, &publisher);
    one.set_subscribe(b"a").unwrap();
    two.set_subscribe(b"a").unwrap();
    two.set_subscribe(b"b").unwrap();
    assert!(until(|| all(&publisher) == 3));
    drop(two);
    assert!(until(|| all(&publisher) == 1));
    assert_eq!(matching(&publisher, b"a"), 1);
    assert_eq!(matching(&publisher, b"b"), 0);
}

#[test]
fn topics_of_peers_that_went_are_not_counted() {
    let context = Context::new();
    let publisher = bound(&context, XPUB, "tcp://127.0.0.1:*");
    let one = connected(&context, SUB, &publisher);
    let two = connected(&context, SUB, &publisher);
    one.set_subscribe(b"a").unwrap();
    two.set_subscribe(b"a").unwrap();
    two.set_subscribe(b"b").unwrap();
    let topics = || {
        go_on(&publisher);
        option(&publisher, TOPICS_COUNT)
    };
    assert!(until(|| topics() == 2));
    drop(two);
    assert!(until(|| topics() == 1));
    drop(one);
    assert!(until(|| topics() == 0));
}
