//! Messages of several frames while peers come and go.

use std::thread;
use std::time::Duration;

use zmq::{
    Context, DEALER, DONTWAIT, PAIR, PUB, PULL, PUSH, ROUTER, SNDMORE, SUB, Socket, SocketType,
};

use crate::peer::FreePort;
use crate::wait::{TIMEOUT, go_on, until};

#[test]
fn a_message_is_received_from_one_peer_while_another_leaves() {
    let context = Context::new();
    let pull = context.socket(PULL).unwrap();
    pull.bind("inproc://turns").unwrap();
    let mut pushes: Vec<_> = (0..3)
        .map(|_| {
            let push = context.socket(PUSH).unwrap();
            push.connect("inproc://turns").unwrap();
            go_on(&pull);
            push
        })
        .collect();
    pushes[0].send("first", 0).unwrap();
    pushes[1].send("second", 0).unwrap();
    pushes[2].send("begin", SNDMORE).unwrap();
    pushes[2].send("end", 0).unwrap();
    pushes[0].send("other", 0).unwrap();
    for expected in ["first", "second", "begin"] {
        assert_eq!(pull.recv_bytes(0).unwrap(), expected.as_bytes());
    }
    // A peer has ended once its socket stops its monitor, which it does when the other side
    // has let it go.
    let ended = context.socket(PAIR).unwrap();
    pushes[1].monitor("inproc://turns-ended", zmq::SocketEvent::MONITOR_STOPPED as i32).unwrap();
    ended.connect("inproc://turns-ended").unwrap();
    drop(pushes.remove(1));
    assert!(until(|| {
        go_on(&pull);
        ended.recv_bytes(DONTWAIT).is_ok()
    }));
    assert_eq!(pull.recv_bytes(DONTWAIT).unwrap(), b"end");
    assert_eq!(pull.recv_bytes(DONTWAIT).unwrap(), b"other");
}

#[test]
fn a_mark_may_be_lowered_between_two_frames() {
    let context = Context::new();
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    let free = FreePort::new();
    let endpoint = format!("tcp://{}", free.address);
    push.connect(&endpoint).unwrap();
    for _ in 0..5 {
        push.send("message", 0).unwrap();
    }
    push.send("begin", SNDMORE).unwrap();
    push.set_sndhwm(1).unwrap();
    push.send("end", DONTWAIT).unwrap();
    let pull = context.socket(PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    assert!(until(|| pull.bind(&endpoint).is_ok()));
    for _ in 0..5 {
        assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
    }
    assert_eq!(pull.recv_multipart(0).unwrap().concat(), b"beginend");
    go_on(&push);
    assert!(until(|| push.send("after", DONTWAIT).is_ok()));
}

#[test]
fn a_socket_may_unbind_in_the_middle_of_a_message() {
    let context = Context::new();
    let push = context.socket(PUSH).unwrap();
    push.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = push.get_last_endpoint().unwrap().unwrap();
    let other = Context::new();
    let pull = other.socket(PULL).unwrap();
    pull.set_rcvhwm(1).unwrap();
    pull.set_linger(0).unwrap();
    pull.connect(&endpoint).unwrap();
    let big = vec![0; 20_000_000];
    for _ in 0..3 {
        push.send("x", 0).unwrap();
    }
    for _ in 0..6 {
        let _ = push.send(&big, SNDMORE | DONTWAIT);
        let _ = push.send(&big, DONTWAIT);
    }
    // Meanwhile, libzmq begins to write a frame that does not fit into the buffers of the
    // system. Nothing reports how much of a frame was written.
    thread::sleep(Duration::from_millis(100));
    push.unbind(&endpoint).unwrap();
    drop((pull, other));
    push.set_linger(0).unwrap();
    drop(push);
}

#[test]
fn a_mark_of_a_router_may_be_lowered_between_two_frames() {
    let context = Context::new();
    let router = context.socket(ROUTER).unwrap();
    router.bind("inproc://mark").unwrap();
    let dealer = context.socket(DEALER).unwrap();
    dealer.set_identity(b"D").unwrap();
    dealer.set_rcvhwm(1).unwrap();
    dealer.connect("inproc://mark").unwrap();
    for _ in 0..5 {
        router.send_multipart(["D", "message"], 0).unwrap();
    }
    router.send("D", SNDMORE).unwrap();
    router.set_sndhwm(1).unwrap();
    router.send("begin", SNDMORE).unwrap();
    router.send("end", 0).unwrap();
    for _ in 0..5 {
        assert_eq!(dealer.recv_bytes(DONTWAIT).unwrap(), b"message");
    }
    go_on(&router);
    assert_eq!(dealer.recv_multipart(DONTWAIT).unwrap().concat(), b"beginend");
    go_on(&router);
    router.send_multipart(["D", "after"], 0).unwrap();
    assert_eq!(dealer.recv_bytes(DONTWAIT).unwrap(), b"after");
}

/// The types of a sender and its receiver, and what the receiver has before a message.
const PAIRS: [(SocketType, SocketType, &[u8]); 4] =
    [(PUSH, PULL, b""), (PUB, SUB, b""), (DEALER, DEALER, b""), (DEALER, ROUTER, b"D")];

/// Makes a receiver with two senders, each of which has sent a message.
fn two(context: &Context, sends: SocketType, receives: SocketType) -> (Socket, [Socket; 2]) {
    let receiver = context.socket(receives).unwrap();
    if receives == SUB {
        receiver.set_subscribe(b"").unwrap();
    }
    let senders = ["first", "second"].map(|name| {
        let sender = context.socket(sends).unwrap();
        if sends == DEALER {
            sender.set_identity(b"D").unwrap();
        }
        sender.bind(&format!("inproc://{name}")).unwrap();
        receiver.connect(&format!("inproc://{name}")).unwrap();
        go_on(&sender);
        sender
    });
    senders[0].send_multipart(["one", "two", "three"], 0).unwrap();
    (receiver, senders)
}

#[test]
fn a_message_is_received_whole_after_a_disconnect() {
    for (sends, receives, before) in PAIRS {
        for goes in [false, true] {
            println!("{sends:?} {receives:?} {goes}");
            let context = Context::new();
            let (receiver, senders) = two(&context, sends, receives);
            if !before.is_empty() {
                assert_eq!(receiver.recv_bytes(DONTWAIT).unwrap(), before);
            }
            assert_eq!(receiver.recv_bytes(DONTWAIT).unwrap(), b"one");
            receiver.disconnect("inproc://first").unwrap();
            if goes {
                go_on(&senders[0]);
                go_on(&receiver);
                go_on(&senders[0]);
            }
            if receives != ROUTER {
                senders[1].send("next", 0).unwrap();
            }
            assert_eq!(receiver.recv_multipart(DONTWAIT).unwrap(), [&b"two"[..], b"three"]);
            if receives != ROUTER {
                assert_eq!(receiver.recv_multipart(DONTWAIT).unwrap(), [b"next"]);
            }
            assert_eq!(receiver.recv_bytes(DONTWAIT), Err(zmq::Error::EAGAIN));
            assert!(!receiver.get_events().unwrap().contains(zmq::POLLIN));
        }
    }
}

#[test]
fn a_message_that_was_only_polled_is_received_whole_after_a_disconnect() {
    for (sends, receives) in [(PUB, SUB), (DEALER, ROUTER)] {
        for goes in [false, true] {
            let context = Context::new();
            let (receiver, senders) = two(&context, sends, receives);
            assert!(receiver.get_events().unwrap().contains(zmq::POLLIN));
            receiver.disconnect("inproc://first").unwrap();
            if goes {
                go_on(&senders[0]);
                go_on(&receiver);
                go_on(&senders[0]);
            }
            let received = receiver.recv_multipart(DONTWAIT).unwrap();
            assert!(received.ends_with(&[b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]));
            assert!(!receiver.get_events().unwrap().contains(zmq::POLLIN));
        }
    }
}
