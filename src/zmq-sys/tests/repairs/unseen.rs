//! Peers that connect, and possibly leave, while their socket makes no call.

use std::env;
use std::process::Command;

use zmq::{Context, DEALER, DONTWAIT, PUB, PULL, PUSH, ROUTER, Socket, SocketType, XPUB};

use crate::counts::Counts;
use crate::peer::Peer;
use crate::wait::{TIMEOUT, go_on, option, until};

/// Makes this program measure memory, in its own process.
const MEASURE: &str = "ZEROMQ_MEASURE";

fn bound(context: &Context, kind: SocketType) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.bind("tcp://127.0.0.1:*").unwrap();
    socket
}

/// Runs a test in a process of its own, which can measure its memory.
pub fn measured(name: &str, test: impl FnOnce(fn() -> usize)) {
    if env::var_os(MEASURE).is_some() {
        test(memory);
        return;
    }
    let mut child = Command::new(env::current_exe().unwrap());
    let status = child.args(["--exact", name, "--nocapture"]).env(MEASURE, "1").status();
    assert!(status.unwrap().success());
}

/// The memory that this process has, in bytes.
fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Lets so many peers come and go.
pub fn come_and_go(socket: &Socket, socket_type: &str, count: usize) {
    for _ in 0..count {
        let mut peer = Peer::of_type(socket, socket_type);
        if socket_type == "SUB" {
            peer.send(0, b"\x01topic").unwrap();
        }
        // What it hears tells that the socket's side has come so far.
        peer.command("PING", &[0, 0]);
        peer.receive().unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn peers_that_come_and_go_unseen_leave_nothing_behind() {
    measured("unseen::peers_that_come_and_go_unseen_leave_nothing_behind", |memory| {
        let context = Context::new();
        for (kind, peer) in [(PUB, "SUB"), (XPUB, "SUB"), (PULL, "PUSH"), (ROUTER, "DEALER")] {
            let socket = bound(&context, kind);
            // So that what lies around is used.
            come_and_go(&socket, peer, 200);
            let before = memory();
            come_and_go(&socket, peer, 500);
            let grown = || memory().saturating_sub(before);
            assert!(until(|| grown() < 1_000_000), "{kind:?}: {}", grown());
        }
    });
}

#[test]
fn messages_of_peers_that_came_and_went_are_received() {
    let context = Context::new();
    let pull = bound(&context, PULL);
    for number in 0..20 {
        let mut peer = Peer::of_type(&pull, "PUSH");
        peer.send(0, format!("message {number}").as_bytes()).unwrap();
    }
    let router = bound(&context, ROUTER);
    let mut peer = Peer::of_type(&router, "DEALER");
    peer.send(0, b"to a router").unwrap();
    drop(peer);
    let xpub = bound(&context, XPUB);
    let mut peer = Peer::of_type(&xpub, "XSUB");
    peer.send(0, b"\x01topic").unwrap();
    peer.send(0, b"to a publisher").unwrap();
    drop(peer);

    pull.set_rcvtimeo(TIMEOUT).unwrap();
    let mut received: Vec<_> = (0..20).map(|_| pull.recv_string(0).unwrap().unwrap()).collect();
    received.sort_by_key(|message| message["message ".len()..].parse::<u32>().unwrap());
    for (number, message) in received.into_iter().enumerate() {
        assert_eq!(message, format!("message {number}"));
    }
    router.set_rcvtimeo(TIMEOUT).unwrap();
    assert_eq!(router.recv_multipart(0).unwrap()[1], b"to a router");
    xpub.set_rcvtimeo(TIMEOUT).unwrap();
    assert_eq!(xpub.recv_string(0).unwrap().unwrap(), "\x01topic");
    assert_eq!(xpub.recv_string(0).unwrap().unwrap(), "to a publisher");
    assert_eq!(xpub.recv_string(0).unwrap().unwrap(), "\x00topic");
}

#[test]
fn peers_that_stay_are_served_in_their_order() {
    let context = Context::new();
    // Some go, some stay, and the socket is used now and then.
    let publisher = bound(&context, PUB);
    let mut stay = Vec::new();
    for number in 0..60 {
        let mut peer = Peer::of_type(&publisher, "SUB");
        peer.send(0, b"\x01topic").unwrap();
        peer.command("PING", &[0, 0]);
        peer.receive().unwrap();
        if number % 3 == 0 {
            stay.push(peer);
        }
        if number % 10 == 9 {
            go_on(&publisher);
        }
    }
    assert!(until(|| {
        go_on(&publisher);
        option(&publisher, 5031) == 20
    }));
    publisher.send("topic", 0).unwrap();
    for peer in &mut stay {
        assert_eq!(peer.receive().unwrap(), (0, b"topic".to_vec()));
    }
    // One that is closed without ever having looked.
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    push.bind("tcp://127.0.0.1:*").unwrap();
    let peers: Vec<_> = (0..10).map(|_| Peer::of_type(&push, "PULL")).collect();
    drop(push);
    for mut peer in peers {
        assert!(peer.ends());
    }
    // And a client that finds its server at the second try.
    let dealer = context.socket(DEALER).unwrap();
    dealer.set_immediate(true).unwrap();
    dealer.set_linger(0).unwrap();
    dealer.set_reconnect_ivl(5).unwrap();
    let server = bound(&context, ROUTER);
    let endpoint = server.get_last_endpoint().unwrap().unwrap();
    dealer.connect(&endpoint).unwrap();
    drop(server);
    let server = context.socket(ROUTER).unwrap();
    assert!(until(|| server.bind(&endpoint).is_ok()));
    // Until then, the client may still have the connection to the first one.
    assert!(until(|| Counts::of(&server).peers == 1));
    assert!(until(|| dealer.send("hello", DONTWAIT).is_ok()));
    server.set_rcvtimeo(TIMEOUT).unwrap();
    assert_eq!(server.recv_multipart(0).unwrap()[1], b"hello");
}
