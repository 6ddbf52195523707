//! What a socket counts of its connections.

use std::io::Write;
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use zmq::{CurveKeyPair, DEALER, PAIR, PUB, PULL, PUSH, ROUTER, STREAM, SUB, Socket, SocketType};
use zmq_sys as sys;
use zmq_sys::additions::{ZMQ_CONNECTIONS, ZMQ_CONNECTIONS_NUMBERS, ZMQ_MAX_HANDSHAKES, ZMQ_PEERS};

use crate::monitor::Monitor;
use crate::options;
use crate::peer::{FreePort, Peer};
use crate::unseen::{come_and_go, measured};
use crate::wait::{DEADLINE, TIMEOUT, go_on, until};

/// The value of the option.
#[derive(Debug)]
pub struct Counts {
    pub peers: u64,
    pub connections: u64,
    disconnections: u64,
    failures: u64,
    refusals: u64,
    delays: u64,
    retries: u64,
    last: Last,
    pub oversized: u64,
}

#[derive(Debug)]
struct Last {
    number: u64,
    event: u64,
    value: u64,
    age: Duration,
    endpoint: String,
}

impl Counts {
    /// Returns what a socket has counted so far.
    pub fn of(socket: &Socket) -> Counts {
        let value = options::get_bytes(socket, ZMQ_CONNECTIONS, 256).unwrap();
        let (numbers, endpoint) = value.split_at(ZMQ_CONNECTIONS_NUMBERS * 8);
        let number = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().unwrap());
        let numbers: Vec<u64> = numbers.chunks_exact(8).map(number).collect();
        let [peers, connections, disconnections, failures, refusals, delays, retries, last @ ..] =
            &*numbers
        else {
            panic!("{numbers:?}")
        };
        Counts {
            peers: *peers,
            connections: *connections,
            disconnections: *disconnections,
            failures: *failures,
            refusals: *refusals,
            delays: *delays,
            retries: *retries,
            last: Last {
                number: last[0],
                event: last[1],
                value: last[2],
                age: Duration::from_micros(last[3]),
                endpoint: String::from_utf8(endpoint.to_vec()).unwrap(),
            },
            oversized: last[4],
        }
    }

    fn numbers(&self) -> [u64; 4] {
        [self.peers, self.connections, self.disconnections, self.failures]
    }
}

/// Waits until a socket has counted these peers, connections, disconnections and
/// failures.
#[track_caller]
fn counts(socket: &Socket, expected: [u64; 4]) {
    let there = until(|| Counts::of(socket).numbers() == expected);
    assert!(there, "{:?} is not {expected:?}", Counts::of(socket));
}

fn bound(context: &zmq::Context, kind: SocketType, endpoint: &str) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.bind(endpoint).unwrap();
    socket
}

fn connected(context: &zmq::Context, kind: SocketType, to: &Socket) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_linger(0).unwrap();
    socket.set_reconnect_ivl(10).unwrap();
    socket.connect(&to.get_last_endpoint().unwrap().unwrap()).unwrap();
    socket
}

#[test]
fn peers_of_each_transport_are_counted() {
    let context = zmq::Context::new();
    for endpoint in ["tcp://127.0.0.1:*", "ipc://*", "ws://127.0.0.1:*"] {
        let pull = bound(&context, PULL, endpoint);
        assert_eq!(Counts::of(&pull).numbers(), [0; 4]);
        let one = connected(&context, PUSH, &pull);
        let two = connected(&context, PUSH, &pull);
        counts(&pull, [2, 2, 0, 0]);
        counts(&one, [1, 1, 0, 0]);
        drop(two);
        counts(&pull, [1, 2, 1, 0]);
        drop(one);
        counts(&pull, [0, 2, 2, 0]);
    }
    let stream = bound(&context, STREAM, "tcp://127.0.0.1:*");
    let peer = Peer::connect(&stream);
    counts(&stream, [1, 1, 0, 0]);
    drop(peer);
    counts(&stream, [0, 1, 1, 0]);
}

#[test]
fn peers_of_older_protocols_are_counted() {
    let context = zmq::Context::new();
    let pull = bound(&context, PULL, "tcp://127.0.0.1:*");
    let mut peer = Peer::connect(&pull);
    // The greeting of ZMTP 2.0 as a PUSH, and an empty routing id.
    peer.0.write_all(b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x08\0\0").unwrap();
    counts(&pull, [1, 1, 0, 0]);
    drop(peer);
    counts(&pull, [0, 1, 1, 0]);
    assert_eq!(Counts::of(&pull).last.number, 0);
}

#[test]
fn peers_over_inproc_are_not_counted() {
    let context = zmq::Context::new();
    let pair = bound(&context, PAIR, "inproc://counts");
    let other = connected(&context, PAIR, &pair);
    go_on(&pair);
    assert_eq!(Counts::of(&pair).numbers(), [0; 4]);
    assert_eq!(Counts::of(&other).numbers(), [0; 4]);
    let short = options::get_bytes(&pair, ZMQ_CONNECTIONS, ZMQ_CONNECTIONS_NUMBERS * 8 - 1);
    assert_eq!(short, Err(zmq::Error::EINVAL));
}

#[test]
fn peers_that_connect_are_counted() {
    let context = zmq::Context::new();
    let push = context.socket(PUSH).unwrap();
    push.set_reconnect_ivl(1).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    push.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    for round in 1..=3 {
        let mut peer = Peer::accept(&listener);
        peer.handshake("PULL");
        counts(&push, [1, round, round - 1, 0]);
        drop(peer);
        counts(&push, [0, round, round, 0]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn clients_that_come_and_go_unseen_are_counted() {
    measured("counts::clients_that_come_and_go_unseen_are_counted", |memory| {
        let context = zmq::Context::new();
        let publisher = bound(&context, PUB, "tcp://127.0.0.1:*");
        // So that memory that is free is used.
        come_and_go(&publisher, "SUB", 200);
        let before = memory();
        come_and_go(&publisher, "SUB", 1000);
        let grown = || memory().saturating_sub(before);
        assert!(until(|| grown() < 100_000), "{}", grown());
        counts(&publisher, [0, 1200, 1200, 0]);
    });
}

/// Waits for this last failure.
#[track_caller]
fn fails(socket: &Socket, event: u32, value: u32) -> Counts {
    let wanted = (u64::from(event), u64::from(value));
    let last = |counts: &Counts| (counts.last.event, counts.last.value);
    assert!(until(|| last(&Counts::of(socket)) == wanted), "{:?}", Counts::of(socket));
    Counts::of(socket)
}

#[test]
fn failed_handshakes_are_counted_and_the_last_is_remembered() {
    let context = zmq::Context::new();
    let zap = bound(&context, zmq::REP, "inproc://zeromq.zap.01");
    zap.set_rcvtimeo(TIMEOUT).unwrap();
    let pull = context.socket(PULL).unwrap();
    pull.set_plain_server(true).unwrap();
    pull.set_zap_domain("test").unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();
    let client = || {
        let push = context.socket(PUSH).unwrap();
        push.set_linger(0).unwrap();
        push.set_plain_username(Some("me")).unwrap();
        push.set_plain_password(Some("secret")).unwrap();
        push.connect(&endpoint).unwrap();
        push
    };
    let answer = |status: &str| {
        let request = zap.recv_multipart(0).unwrap();
        let reply = [b"1.0", &*request[1], status.as_bytes(), b"", b"", b""];
        zap.send_multipart(reply, 0).unwrap();
    };
    let rejected = client();
    answer("400");
    counts(&rejected, [0, 0, 0, 1]);
    fails(&rejected, sys::ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400);
    counts(&pull, [0, 0, 0, 1]);
    let last = fails(&pull, sys::ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400).last;
    assert_eq!((last.number, &last.endpoint), (1, &endpoint));
    assert!(last.age < DEADLINE, "{last:?}");
    assert!(until(|| Counts::of(&pull).last.age > last.age));
    // A success makes up for it.
    let _accepted = client();
    answer("200");
    counts(&pull, [1, 1, 0, 1]);
    let last = Counts::of(&pull).last;
    assert_eq!((last.number, last.event, last.value, &*last.endpoint), (1, 0, 0, ""));
    // A peer that ends the connection early, and one with another mechanism.
    let peer = Peer::connect(&pull);
    peer.0.shutdown(Shutdown::Write).unwrap();
    counts(&pull, [1, 1, 0, 2]);
    fails(&pull, sys::ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, libc::EPIPE as u32);
    let mut peer = Peer::connect(&pull);
    let greeting = [&b"\xff\0\0\0\0\0\0\0\0\x7f\x03\x01NULL"[..], &[0; 48]].concat();
    peer.0.write_all(&greeting).unwrap();
    assert!(peer.ends());
    counts(&pull, [1, 1, 0, 3]);
    fails(
        &pull,
        sys::ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
        sys::ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH,
    );
}

#[test]
fn a_wrong_key_is_a_failed_handshake() {
    let context = zmq::Context::new();
    let pull = context.socket(PULL).unwrap();
    pull.set_curve_server(true).unwrap();
    pull.set_curve_secretkey(&CurveKeyPair::new().unwrap().secret_key).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    let keys = CurveKeyPair::new().unwrap();
    push.set_curve_publickey(&keys.public_key).unwrap();
    push.set_curve_secretkey(&keys.secret_key).unwrap();
    push.set_curve_serverkey(&keys.public_key).unwrap();
    push.connect(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
    fails(
        &pull,
        sys::ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL,
        sys::ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC,
    );
    assert!(until(|| Counts::of(&pull).failures > 0 && Counts::of(&push).failures > 0));
    assert_eq!((Counts::of(&pull).connections, Counts::of(&push).connections), (0, 0));
}

#[test]
fn peers_that_the_socket_leaves_are_not_lost() {
    let context = zmq::Context::new();
    let router = bound(&context, ROUTER, "tcp://127.0.0.1:*");
    let endpoint = router.get_last_endpoint().unwrap().unwrap();
    let dealer = connected(&context, DEALER, &router);
    counts(&dealer, [1, 1, 0, 0]);
    counts(&router, [1, 1, 0, 0]);
    dealer.disconnect(&endpoint).unwrap();
    let ended = || {
        // The disconnect goes on in the calls that follow it.
        assert_eq!(Counts::of(&dealer).numbers(), [0, 1, 0, 0]);
        Counts::of(&router).numbers() == [0, 1, 1, 0]
    };
    assert!(until(ended));
    dealer.connect(&endpoint).unwrap();
    counts(&router, [1, 2, 1, 0]);
    counts(&dealer, [1, 2, 0, 0]);
    router.unbind(&endpoint).unwrap();
    let ended = || {
        assert_eq!(Counts::of(&router).disconnections, 1);
        Counts::of(&dealer).numbers() == [0, 2, 1, 0]
    };
    assert!(until(ended));
    counts(&router, [0, 2, 1, 0]);

    let stream = bound(&context, STREAM, "tcp://127.0.0.1:*");
    let _peer = Peer::connect(&stream);
    let id = stream.recv_bytes(0).unwrap();
    counts(&stream, [1, 1, 0, 0]);
    // An empty message closes the connection.
    stream.send(id, zmq::SNDMORE).unwrap();
    stream.send("", 0).unwrap();
    counts(&stream, [0, 1, 0, 0]);
}

#[test]
fn attempts_to_connect_are_counted() {
    let context = zmq::Context::new();
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    push.set_reconnect_ivl(1).unwrap();
    push.connect("tcp://127.0.0.1:1").unwrap();
    assert!(until(|| Counts::of(&push).retries > 2));
    let counted = Counts::of(&push);
    assert!(counted.delays > 2, "{counted:?}");
    assert_eq!(counted.numbers(), [0; 4]);
}

#[test]
fn the_end_of_a_raw_connection_is_no_failed_handshake() {
    let context = zmq::Context::new();
    let stream = bound(&context, STREAM, "tcp://127.0.0.1:*");
    let monitor = Monitor::of(&context, &stream, "raw-end");
    drop(Peer::connect(&stream));
    assert_eq!(monitor.next().unwrap().0, sys::ZMQ_EVENT_ACCEPTED);
    assert_eq!(monitor.next().unwrap().0, sys::ZMQ_EVENT_DISCONNECTED);
    assert_eq!(Counts::of(&stream).last.number, 0);
}

#[test]
fn a_monitor_changes_no_count() {
    let context = zmq::Context::new();
    let publisher = bound(&context, PUB, "tcp://127.0.0.1:*");
    let monitor = Monitor::of(&context, &publisher, "counts");
    let subscriber = connected(&context, SUB, &publisher);
    monitor.wait(sys::ZMQ_EVENT_HANDSHAKE_SUCCEEDED).unwrap();
    counts(&publisher, [1, 1, 0, 0]);
    drop(subscriber);
    monitor.wait(sys::ZMQ_EVENT_DISCONNECTED).unwrap();
    counts(&publisher, [0, 1, 1, 0]);
}

/// Returns the lines that describe the queues of a socket.
fn described(socket: &Socket) -> Vec<String> {
    let text = options::get_bytes(socket, ZMQ_PEERS, 1024).unwrap();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_last_refusal_is_described() {
    let context = zmq::Context::new();
    let pull = context.socket(PULL).unwrap();
    options::set(&pull, ZMQ_MAX_HANDSHAKES, 1).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();
    assert!(described(&pull).is_empty());
    let _peers = [Peer::connect(&pull), Peer::connect(&pull)];
    assert!(until(|| Counts::of(&pull).refusals == 1));
    let lines = described(&pull);
    let [line] = &*lines else { panic!("{lines:?}") };
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!((words[0], words[3], words[4]), ("refused", "0", &*endpoint));
    assert_eq!(words[2], libc::EUSERS.to_string());
}

#[test]
fn queues_and_lost_peers_are_described() {
    let context = zmq::Context::new();
    let free = FreePort::new();
    let endpoint = format!("tcp://{}", free.address);
    let pull = context.socket(PULL).unwrap();
    pull.set_maxmsgsize(100).unwrap();
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    push.set_sndhwm(2).unwrap();
    push.set_reconnect_ivl(10).unwrap();
    push.connect(&endpoint).unwrap();
    assert_eq!(described(&push), [format!("queue 0 0 0 {endpoint}")]);
    push.send("one", 0).unwrap();
    push.send("two", 0).unwrap();
    assert_eq!(described(&push), [format!("queue 0 1 2 {endpoint}")]);
    pull.bind(&endpoint).unwrap();
    let taken = [format!("queue 1 0 0 {endpoint}")];
    assert!(until(|| described(&push) == taken), "{:?}", described(&push));
    // A message that is too large, and the end of a connection.
    push.set_reconnect_ivl(-1).unwrap();
    push.send(&[0; 1000][..], 0).unwrap();
    let lost = |socket: &Socket| {
        let mut lines = described(socket).into_iter().filter(|line| line.starts_with("lost "));
        let line = lines.next()?;
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Some((words[2].clone(), words[3].clone(), words[4].clone()))
    };
    assert!(until(|| lost(&pull).is_some() && lost(&push).is_some()));
    let (reason, errno, at) = lost(&pull).unwrap();
    assert_eq!((&*reason, errno, &at), ("0", libc::EMSGSIZE.to_string(), &endpoint));
    let (reason, _, at) = lost(&push).unwrap();
    assert_eq!((&*reason, &at), ("1", &endpoint));
    let pair = bound(&context, PAIR, "inproc://described");
    let _other = connected(&context, PAIR, &pair);
    go_on(&pair);
    assert_eq!(described(&pair), ["queue 0 0 0 "]);
}
