//! Subscriptions that must not be lost.

use zmq::{Context, PUB, SUB, Socket, SocketType, XPUB, XSUB};

use crate::wait::{TIMEOUT, go_on, option, until};

/// The number of subscriptions of a publisher's peers.
const SUBSCRIPTIONS: i32 = 5031;

/// The high-water mark, and the number of subscriptions.
const MARK: i32 = 10;
const COUNT: i32 = 300;

fn socket(context: &Context, kind: SocketType) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_linger(0).unwrap();
    socket.set_sndhwm(MARK).unwrap();
    socket.set_rcvhwm(MARK).unwrap();
    socket
}

fn subscribe(socket: &Socket, numbers: std::ops::Range<i32>) {
    for number in numbers {
        match socket.get_socket_type().unwrap() {
            SUB => socket.set_subscribe(format!("{number}.").as_bytes()).unwrap(),
            _ => socket.send(&format!("\x01{number}."), 0).unwrap(),
        }
    }
}

fn unsubscribe(socket: &Socket, numbers: std::ops::Range<i32>) {
    for number in numbers {
        match socket.get_socket_type().unwrap() {
            SUB => socket.set_unsubscribe(format!("{number}.").as_bytes()).unwrap(),
            _ => socket.send(&format!("\x00{number}."), 0).unwrap(),
        }
    }
}

/// True if a publisher receives this many subscriptions.
fn knows(publisher: &Socket, count: i32) -> bool {
    until(|| {
        go_on(publisher);
        option(publisher, SUBSCRIPTIONS) == count
    })
}

#[test]
fn subscriptions_are_not_limited_by_marks() {
    let context = Context::new();
    let folder = tempfile::tempdir().unwrap();
    let ipc = format!("ipc://{}/marks", folder.path().display());
    for (from, to) in [(SUB, PUB), (XSUB, XPUB)] {
        for endpoint in ["inproc://marks", "tcp://127.0.0.1:*", &ipc] {
            let publisher = socket(&context, to);
            publisher.bind(endpoint).unwrap();
            let endpoint = publisher.get_last_endpoint().unwrap().unwrap();
            let before = socket(&context, from);
            subscribe(&before, 0..COUNT);
            before.connect(&endpoint).unwrap();
            assert!(knows(&publisher, COUNT), "{from:?} {endpoint}");
            let after = socket(&context, from);
            after.connect(&endpoint).unwrap();
            subscribe(&after, 0..COUNT);
            assert!(knows(&publisher, 2 * COUNT), "{from:?} {endpoint}");
            unsubscribe(&after, 1..COUNT);
            assert!(knows(&publisher, COUNT + 1), "{from:?} {endpoint}");
            // The last of each arrives, and so does what is published.
            after.set_rcvtimeo(TIMEOUT).unwrap();
            publisher.send("0.", 0).unwrap();
            assert_eq!(after.recv_string(0).unwrap().unwrap(), "0.");
            publisher.unbind(&endpoint).unwrap();
        }
    }
}

#[test]
fn subscriptions_pass_where_messages_are_too_many() {
    let context = Context::new();
    let subscriber = socket(&context, XSUB);
    subscriber.connect("inproc://too-many").unwrap();
    let messages = 3 * MARK;
    for number in 0..messages {
        subscriber.send(&format!("message {number}"), 0).unwrap();
    }
    subscribe(&subscriber, 0..COUNT);
    // What follows a subscription goes with it.
    subscriber.send_multipart(["\x01several", "parts"], 0).unwrap();
    subscriber.send("one too many", 0).unwrap();
    let publisher = socket(&context, XPUB);
    publisher.bind("inproc://too-many").unwrap();
    assert!(knows(&publisher, COUNT + 1));

    publisher.set_rcvtimeo(TIMEOUT).unwrap();
    let mut received = Vec::new();
    while let Ok(message) = publisher.recv_string(zmq::DONTWAIT) {
        received.push(message.unwrap());
    }
    let are_messages = received.iter().filter(|message| message.starts_with("message")).count();
    assert_eq!(are_messages as i32, MARK);
    assert_eq!(received[received.len() - 2..], ["\x01several", "parts"]);
    // There is room again.
    go_on(&subscriber);
    subscriber.send("message", 0).unwrap();
    assert_eq!(publisher.recv_string(0).unwrap().unwrap(), "message");
}

#[test]
fn subscriptions_are_resent_without_a_limit() {
    let context = Context::new();
    for kind in [SUB, XSUB] {
        let publisher = socket(&context, XPUB);
        publisher.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = publisher.get_last_endpoint().unwrap().unwrap();
        let subscriber = socket(&context, kind);
        subscriber.set_reconnect_ivl(5).unwrap();
        subscriber.connect(&endpoint).unwrap();
        subscribe(&subscriber, 0..COUNT);
        assert!(knows(&publisher, COUNT));
        drop(publisher);

        let publisher = socket(&context, XPUB);
        assert!(until(|| {
            go_on(&subscriber);
            publisher.bind(&endpoint).is_ok()
        }));
        assert!(until(|| {
            go_on(&subscriber);
            go_on(&publisher);
            option(&publisher, SUBSCRIPTIONS) == COUNT
        }));
        subscribe(&subscriber, COUNT..COUNT + 1);
        assert!(knows(&publisher, COUNT + 1));
    }
}
