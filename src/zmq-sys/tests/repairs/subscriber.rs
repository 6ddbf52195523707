//! Subscriptions that must not be lost, and copies that are not wanted.

use zmq::{Context, DONTWAIT, PUB, SUB, Socket, SocketType, XPUB, XSUB};
use zmq_sys::additions::{ZMQ_COPIES_DROPPED, ZMQ_DROP_COPIES};

use crate::options;
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

/// A subscriber that drops copies, and two publishers that know its subscription.
fn lines(context: &Context, kind: SocketType, remembered: i32) -> (Socket, [Socket; 2]) {
    let subscriber = context.socket(kind).unwrap();
    subscriber.set_linger(0).unwrap();
    subscriber.set_rcvtimeo(TIMEOUT).unwrap();
    options::set(&subscriber, ZMQ_DROP_COPIES, remembered).unwrap();
    let publishers = [(); 2].map(|()| {
        let publisher = context.socket(PUB).unwrap();
        publisher.set_linger(0).unwrap();
        publisher.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = publisher.get_last_endpoint().unwrap().unwrap();
        subscriber.connect(&endpoint).unwrap();
        publisher
    });
    match kind {
        SUB => subscriber.set_subscribe(b"").unwrap(),
        _ => subscriber.send("\x01", 0).unwrap(),
    }
    for publisher in &publishers {
        assert!(knows(publisher, 1));
    }
    (subscriber, publishers)
}

/// Receives a message of any number of frames.
fn received(subscriber: &Socket) -> String {
    let frames = subscriber.recv_multipart(0).unwrap();
    let frames = frames.into_iter().map(|frame| String::from_utf8(frame).unwrap());
    frames.collect::<Vec<_>>().join("|")
}

/// Returns how many copies a subscriber has dropped.
fn dropped(subscriber: &Socket) -> i64 {
    // It receives what has arrived until a message is to be returned.
    go_on(subscriber);
    let value = options::get_bytes(subscriber, ZMQ_COPIES_DROPPED, 8).unwrap();
    i64::from_ne_bytes(value.try_into().unwrap())
}

#[test]
fn copies_over_another_connection_are_dropped() {
    let context = Context::new();
    for kind in [SUB, XSUB] {
        let (subscriber, [first, second]) = lines(&context, kind, 1000);
        assert_eq!(option(&subscriber, ZMQ_DROP_COPIES), 1000);
        for publisher in [&first, &second] {
            publisher.send("one frame", 0).unwrap();
            publisher.send_multipart(["ab", "c"], 0).unwrap();
            publisher.send_multipart(["a", "bc"], 0).unwrap();
            publisher.send_multipart(["a", "bc", ""], 0).unwrap();
            publisher.send("", 0).unwrap();
        }
        for expected in ["one frame", "ab|c", "a|bc", "a|bc|", ""] {
            assert_eq!(received(&subscriber), expected);
        }
        assert!(until(|| dropped(&subscriber) == 5));
        // Each publisher may be the first.
        second.send_multipart(["next", "2"], 0).unwrap();
        assert_eq!(received(&subscriber), "next|2");
        first.send_multipart(["next", "2"], 0).unwrap();
        first.send("last", 0).unwrap();
        assert_eq!(subscriber.poll(zmq::POLLIN, TIMEOUT.into()), Ok(1));
        assert_eq!(received(&subscriber), "last");
        assert_eq!(dropped(&subscriber), 6);
        // A message can be received in part while others arrive.
        first.send_multipart(["x", "y", "z"], 0).unwrap();
        assert_eq!(subscriber.recv_string(0).unwrap().unwrap(), "x");
        second.send_multipart(["x", "y", "z"], 0).unwrap();
        second.send("end", 0).unwrap();
        assert_eq!(received(&subscriber), "y|z");
        assert_eq!(received(&subscriber), "end");
        // What is not received is freed with the socket.
        first.send_multipart(["x", "y"], 0).unwrap();
        assert_eq!(subscriber.recv_string(0).unwrap().unwrap(), "x");
    }
    let subscriber = context.socket(SUB).unwrap();
    for wrong in [-1, (1 << 20) + 1] {
        assert_eq!(options::set(&subscriber, ZMQ_DROP_COPIES, wrong), Err(zmq::Error::EINVAL));
    }
    let publisher = context.socket(PUB).unwrap();
    assert_eq!(options::set(&publisher, ZMQ_DROP_COPIES, 1), Err(zmq::Error::EINVAL));
}

#[test]
fn what_a_connection_brings_twice_is_received_twice() {
    let context = Context::new();
    let (subscriber, [first, second]) = lines(&context, SUB, 1000);
    for _ in 0..3 {
        first.send("again", 0).unwrap();
        assert_eq!(received(&subscriber), "again");
    }
    for _ in 0..3 {
        second.send("again", 0).unwrap();
    }
    assert!(until(|| dropped(&subscriber) == 3));
    // Without the option, nothing is dropped.
    options::set(&subscriber, ZMQ_DROP_COPIES, 0).unwrap();
    second.send("again", 0).unwrap();
    assert_eq!(received(&subscriber), "again");
    assert_eq!(subscriber.recv_string(DONTWAIT), Err(zmq::Error::EAGAIN));
}

#[test]
fn copies_are_remembered_for_a_while() {
    let context = Context::new();
    let (subscriber, [first, second]) = lines(&context, SUB, 100);
    let pass = |publisher: &Socket, numbers: std::ops::Range<i32>| {
        for number in numbers {
            publisher.send(&number.to_string(), 0).unwrap();
            assert_eq!(received(&subscriber), number.to_string());
        }
    };
    pass(&first, 0..1000);
    // The last hundred are copies, and the first thousand less two hundred are not.
    for number in 900..1000 {
        second.send(&number.to_string(), 0).unwrap();
    }
    assert!(until(|| dropped(&subscriber) == 100));
    pass(&second, 0..800);
}

#[test]
fn a_connection_that_ends_leaves_its_messages_to_others() {
    let context = Context::new();
    let (subscriber, [first, second]) = lines(&context, SUB, 1000);
    first.send("beat", 0).unwrap();
    assert_eq!(received(&subscriber), "beat");
    let endpoint = first.get_last_endpoint().unwrap().unwrap();
    subscriber.disconnect(&endpoint).unwrap();
    // The first one is a copy, and others until the socket has processed the end of the
    // connection.
    assert!(until(|| {
        second.send("beat", 0).unwrap();
        subscriber.recv_string(DONTWAIT).is_ok_and(|text| text.unwrap() == "beat")
    }));
    assert!(dropped(&subscriber) >= 1);
}
