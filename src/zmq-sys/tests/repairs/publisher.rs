//! Publishers whose peers misbehave.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmq::{Context, DONTWAIT, Error, PUB, SUB, Socket, SocketType, XPUB, XSUB};
use zmq_sys::additions::{
    ZMQ_MATCHING_SUBSCRIPTIONS as MATCHING, ZMQ_MAX_SUBSCRIPTION_BYTES, ZMQ_PUBLISHED,
    ZMQ_SUBSCRIPTIONS as SUBSCRIPTIONS,
};

use crate::counts::Counts;
use crate::options;
use crate::peer::{MORE, Peer};
use crate::wait::{DEADLINE, TIMEOUT, go_on, option, until};

/// `ZMQ_TOPICS_COUNT`
const TOPICS_COUNT: i32 = 116;

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

/// Returns the number of all subscriptions.
fn all(socket: &Socket) -> i32 {
    go_on(socket);
    option(socket, SUBSCRIPTIONS)
}

/// Returns the number of subscriptions that match a message with this topic.
fn matching(socket: &Socket, topic: &[u8]) -> i32 {
    options::set_bytes(socket, MATCHING, topic).unwrap();
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
fn a_peer_that_was_connected_to_takes_its_subscriptions_along() {
    let context = Context::new();
    for kind in [PUB, XPUB] {
        let subscriber = bound(&context, SUB, "tcp://127.0.0.1:*");
        let endpoint = subscriber.get_last_endpoint().unwrap().unwrap();
        let publisher = context.socket(kind).unwrap();
        publisher.set_linger(0).unwrap();
        publisher.set_reconnect_ivl(10).unwrap();
        publisher.connect(&endpoint).unwrap();
        subscriber.set_subscribe(b"a").unwrap();
        subscriber.set_subscribe(b"b").unwrap();
        let counted = |number| {
            go_on(&publisher);
            let topics = option(&publisher, TOPICS_COUNT);
            all(&publisher) == number && topics == number
        };
        assert!(until(|| {
            go_on(&subscriber);
            counted(2)
        }));
        subscriber.unbind(&endpoint).unwrap();
        drop(subscriber);
        assert!(until(|| counted(0)));
        assert_eq!(matching(&publisher, b"b"), 0);
        // What is sent meanwhile waits for the next peer, which has other subscriptions.
        publisher.send("b1", 0).unwrap();
        let next = context.socket(SUB).unwrap();
        next.set_rcvtimeo(5000).unwrap();
        next.set_subscribe(b"b").unwrap();
        next.set_subscribe(b"c").unwrap();
        assert!(until(|| next.bind(&endpoint).is_ok()));
        assert!(until(|| {
            go_on(&next);
            counted(2)
        }));
        let matched = [b"a", b"b", b"c"].map(|topic| matching(&publisher, topic));
        assert_eq!(matched, [0, 1, 1]);
        publisher.send("c1", 0).unwrap();
        assert_eq!(next.recv_bytes(0).unwrap(), b"b1");
        assert_eq!(next.recv_bytes(0).unwrap(), b"c1");
    }
}

/// Makes a publisher that connects to a listener.
fn connecting(context: &Context, kind: SocketType) -> (Socket, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let publisher = context.socket(kind).unwrap();
    publisher.set_linger(0).unwrap();
    publisher.set_reconnect_ivl(10).unwrap();
    // No more than the subscriptions here.
    publisher.set_rcvhwm(2).unwrap();
    publisher.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    (publisher, listener)
}

#[test]
fn a_peer_that_comes_back_misses_nothing() {
    let context = Context::new();
    for kind in [PUB, XPUB] {
        let (publisher, listener) = connecting(&context, kind);
        let counted = |number| {
            until(|| {
                go_on(&publisher);
                all(&publisher) == number
            })
        };
        let mut peer = Peer::accept(&listener);
        peer.handshake("SUB");
        peer.send(0, b"\x01a").unwrap();
        peer.send(0, b"\x01b").unwrap();
        peer.command("PING", &[0, 0]);
        peer.receive().unwrap();
        drop(peer);
        // Its end is known by now, but the publisher has not looked.
        let mut peer = Peer::accept(&listener);
        assert!(counted(0));
        publisher.send("a1", 0).unwrap();
        peer.handshake("SUB");
        peer.send(0, b"\x01b").unwrap();
        assert!(counted(1));
        publisher.send("a2", 0).unwrap();
        for expected in [b"a1", b"a2"] {
            assert_eq!(peer.receive().unwrap(), (0, expected.to_vec()));
        }
        peer.send(0, b"\x01a").unwrap();
        assert!(counted(2));
        if kind == XPUB {
            for expected in [b"\x01a", b"\x01b"] {
                assert_eq!(publisher.recv_bytes(DONTWAIT).unwrap(), expected);
            }
            assert_eq!(publisher.recv_bytes(DONTWAIT), Err(Error::EAGAIN));
        }
    }
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

#[test]
fn a_peer_that_floods_does_not_hold_a_send() {
    const MOST: usize = 400_000_000;
    let context = Context::new();
    let publisher = context.socket(XPUB).unwrap();
    publisher.set_maxmsgsize(-1).unwrap();
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let end = Instant::now() + DEADLINE;
    let mut frame = vec![2, 0, 0, 0, 0, 0, 1, 0, 0];
    frame.resize(9 + 65_536, b'x');
    let frames = Arc::new(frame.repeat(10));
    let flooders: Vec<_> = (0..2)
        .map(|_| {
            let mut peer = Peer::of_type(&publisher, "XSUB");
            let (done, frames) = (done.clone(), frames.clone());
            thread::spawn(move || {
                peer.0.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
                let mut written = 0;
                while written < MOST && !done.load(Ordering::Relaxed) && Instant::now() < end {
                    // It may be kept waiting.
                    written += peer.0.write(&frames[written % frames.len()..]).unwrap_or(0);
                }
                !done.load(Ordering::Relaxed)
            })
        })
        .collect();
    // Somebody listens, and the publisher goes on sending.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(600) {
        publisher.send("tick", 0).unwrap();
        go_on(&publisher);
    }
    done.store(true, Ordering::Relaxed);
    let gave_up = flooders.into_iter().any(|flooder| flooder.join().unwrap());
    assert!(!gave_up, "the flood held the publisher");
}

#[test]
fn subscriptions_are_read_in_portions() {
    const COUNT: i32 = 20_000;
    let context = Context::new();
    let subscriber = context.socket(XSUB).unwrap();
    subscriber.set_sndhwm(0).unwrap();
    subscriber.connect("inproc://portions").unwrap();
    for number in 0..COUNT {
        subscriber.send(&format!("\x01{number}."), 0).unwrap();
    }
    let publisher = bound(&context, XPUB, "inproc://portions");
    let first = option(&publisher, SUBSCRIPTIONS);
    assert!((1..COUNT).contains(&first), "{first}");
    // All come, whether somebody waits for them or not.
    publisher.set_rcvtimeo(TIMEOUT).unwrap();
    for number in 0..COUNT {
        assert_eq!(publisher.recv_string(0).unwrap().unwrap(), format!("\x01{number}."));
    }
    assert_eq!(all(&publisher), COUNT);
}

#[test]
fn an_xpub_keeps_no_more_than_its_user_may_want() {
    const MOST: usize = 100_000_000;
    let context = Context::new();
    let publisher = bound(&context, XPUB, "tcp://127.0.0.1:*");
    let mut peer = Peer::of_type(&publisher, "XSUB");
    peer.0.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut frame = vec![2, 0, 0, 0, 0, 0, 0, 31, 64];
    frame.resize(9 + 8000, b'x');
    let frames = frame.repeat(100);
    let writer = thread::spawn(move || {
        let mut written = 0;
        while written < MOST {
            match peer.0.write(&frames[written % frame.len()..]) {
                Ok(count) => written += count,
                Err(_) => break,
            }
        }
        (peer, written, frame.len())
    });
    while !writer.is_finished() {
        go_on(&publisher);
        thread::sleep(Duration::from_millis(1));
    }
    let (peer, written, length) = writer.join().unwrap();
    assert!(written < MOST, "it took everything");
    // Nothing of it is lost.
    publisher.set_rcvtimeo(TIMEOUT).unwrap();
    for _ in 0..written / length {
        assert_eq!(publisher.recv_bytes(0).unwrap().len(), 8000);
    }
    drop(peer);
}

#[test]
fn a_subscription_that_came_and_went_unseen_is_forgotten() {
    let context = Context::new();
    let publisher = bound(&context, XPUB, "inproc://unseen");
    let subscriber = connected(&context, XSUB, &publisher);
    subscriber.send("\x01before", 0).unwrap();
    for number in 0..5000 {
        subscriber.send(&format!("\x01{number}"), 0).unwrap();
        subscriber.send(&format!("\x00{number}"), 0).unwrap();
        if number == 2000 {
            subscriber.send("\x01between", 0).unwrap();
            subscriber.send("a message", 0).unwrap();
        }
        go_on(&publisher);
    }
    subscriber.send("\x00before", 0).unwrap();
    go_on(&publisher);
    let mut pending = Vec::new();
    while let Ok(message) = publisher.recv_string(DONTWAIT) {
        pending.push(message.unwrap());
    }
    assert!(pending.len() < 2000, "{}", pending.len());
    // What is left tells the same.
    assert!(pending.iter().any(|message| message == "a message"));
    let mut topics = std::collections::BTreeSet::new();
    for message in pending.iter().filter(|message| *message != "a message") {
        match message.split_at(1) {
            ("\x01", topic) => assert!(topics.insert(topic)),
            (_, topic) => assert!(topics.remove(topic)),
        }
    }
    assert_eq!(topics.into_iter().collect::<Vec<_>>(), ["between"]);
    assert_eq!(matching(&publisher, b"between"), 1);
}

#[test]
fn a_topic_has_a_limit_unless_the_program_sets_another() {
    let context = Context::new();
    for kind in [PUB, XPUB] {
        let publisher = bound(&context, kind, "tcp://127.0.0.1:*");
        assert_eq!(publisher.get_maxmsgsize().unwrap(), 8192);
        let mut fine = Peer::of_type(&publisher, "XSUB");
        fine.send(0, &[&[1], "f".repeat(8191).as_bytes()].concat()).unwrap();
        assert!(until(|| all(&publisher) == 1));

        let mut long = Peer::of_type(&publisher, "XSUB");
        long.send(MORE, b"\x01first").unwrap();
        let _ = long.send(0, &[&[1], "l".repeat(8192).as_bytes()].concat());
        assert!(long.ends());
        assert_eq!(all(&publisher), 1);

        let free = context.socket(kind).unwrap();
        free.set_maxmsgsize(-1).unwrap();
        free.bind("tcp://127.0.0.1:*").unwrap();
        let mut long = Peer::of_type(&free, "XSUB");
        long.send(0, &[&[1], "l".repeat(20_000).as_bytes()].concat()).unwrap();
        assert!(until(|| all(&free) == 1));
    }
}

#[test]
fn what_nobody_wants_and_what_is_wanted_is_told() {
    let context = Context::new();
    let publisher = bound(&context, PUB, "inproc://wanted");
    let told = |room| options::get_bytes(&publisher, ZMQ_PUBLISHED, room);
    let value = |unwanted: u64, texts: &[&[u8]]| {
        let mut value = unwanted.to_ne_bytes().to_vec();
        for text in texts {
            value.push(text.len().try_into().unwrap());
            value.extend(*text);
        }
        Ok(value)
    };
    assert_eq!(told(256), value(0, &[b""]));
    let subscriber = connected(&context, SUB, &publisher);
    let long = [b'x'; 100];
    for prefix in [&b"news"[..], b"ne", &long, b"\xff"] {
        subscriber.set_subscribe(prefix).unwrap();
    }
    assert!(until(|| all(&publisher) == 4));
    publisher.send("news", 0).unwrap();
    publisher.send_multipart(["new", "x"], 0).unwrap();
    let prefixes = [&b"ne"[..], b"news", &long[..64], b"\xff"];
    let with = |topic| [&[topic], &prefixes[..]].concat();
    assert_eq!(told(256), value(0, &with(b"")));
    publisher.send_multipart(["sport", "x"], 0).unwrap();
    assert_eq!(told(256), value(1, &with(b"sport")));
    publisher.send(&long[..99], 0).unwrap();
    assert_eq!(told(256), value(2, &with(&long[..64])));
    assert_eq!(told(8 + 65 + 3), value(2, &[&long[..64], b"ne"]));
    assert_eq!(told(8 + 64), Err(zmq::Error::EINVAL));
}

#[test]
fn subscriptions_of_a_peer_are_limited() {
    let context = Context::new();
    for kind in [PUB, XPUB] {
        let publisher = context.socket(kind).unwrap();
        publisher.set_linger(0).unwrap();
        assert_eq!(options::get(&publisher, ZMQ_MAX_SUBSCRIPTION_BYTES), Ok(4 << 20));
        options::set(&publisher, ZMQ_MAX_SUBSCRIPTION_BYTES, 1000).unwrap();
        publisher.bind("tcp://127.0.0.1:*").unwrap();
        let subscription =
            |first: u8, number: u32| [&[first][..], format!("{number:0100}").as_bytes()].concat();
        let mut honest = Peer::of_type(&publisher, "SUB");
        // Those that it has given up do not count, and none that it never had.
        for number in 0..30 {
            honest.send(0, &subscription(1, number)).unwrap();
            honest.send(0, &subscription(0, number)).unwrap();
        }
        for number in 0..10 {
            honest.send(0, &subscription(1, number)).unwrap();
        }
        assert!(until(|| all(&publisher) == 10));
        let mut greedy = Peer::of_type(&publisher, "SUB");
        for number in 100.. {
            if greedy.send(0, &subscription(1, number)).is_err() {
                break;
            }
            greedy.send(0, &subscription(0, 7)).unwrap_or_default();
            go_on(&publisher);
        }
        assert!(until(|| all(&publisher) == 10 && Counts::of(&publisher).oversized == 1));
        assert_eq!(matching(&publisher, &subscription(1, 9)[1..]), 1);
        // Peers of the same process are trusted.
        publisher.bind("inproc://limited-subscriptions").unwrap();
        let inside = context.socket(SUB).unwrap();
        inside.connect("inproc://limited-subscriptions").unwrap();
        for number in 0..20 {
            inside.set_subscribe(&subscription(1, number)[1..]).unwrap();
        }
        assert!(until(|| all(&publisher) == 30));
        publisher.unbind("inproc://limited-subscriptions").unwrap();
    }
}

/// A publisher that accepts 100 bytes of subscriptions.
fn narrow(context: &Context) -> Socket {
    let publisher = context.socket(PUB).unwrap();
    publisher.set_linger(0).unwrap();
    publisher.set_reconnect_ivl(1).unwrap();
    options::set(&publisher, ZMQ_MAX_SUBSCRIPTION_BYTES, 100).unwrap();
    publisher
}

#[test]
fn a_subscription_counts_once() {
    let subscription = |first: u8| [&[first][..], &[b't'; 60]].concat();
    let context = Context::new();
    let publisher = narrow(&context);
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    // As XSUB sends them.
    let mut peer = Peer::of_type(&publisher, "XSUB");
    for _ in 0..5 {
        peer.send(0, &subscription(1)).unwrap();
        peer.send(0, &subscription(1)).unwrap();
        peer.send(0, &subscription(0)).unwrap();
    }
    peer.send(0, &subscription(1)).unwrap();
    peer.send(0, b"\x01end").unwrap();
    assert!(until(|| all(&publisher) == 2));
    // It is still connected.
    peer.send(0, b"\x01later").unwrap();
    assert!(until(|| all(&publisher) == 3));
    assert_eq!(Counts::of(&publisher).oversized, 0);
}

#[test]
fn a_publisher_that_connects_again_and_again_hears_subscriptions() {
    let context = Context::new();
    let publisher = narrow(&context);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    publisher.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    for round in 0..10 {
        let mut peer = Peer::accept(&listener);
        peer.handshake("SUB");
        peer.send(0, &[&b"\x01"[..], &[b't'; 60]].concat()).unwrap();
        peer.command("PING", &[0, 0]);
        assert!(peer.receive().is_ok(), "{round}");
        go_on(&publisher);
        assert!(until(|| all(&publisher) == 1), "{round}");
    }
}
