//! Sockets that keep only the last message (ZMQ_CONFLATE).

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::farewell::settle;
use crate::peer::{MORE, Peer};
use crate::wait::{DEADLINE, TIMEOUT};

/// The number of times that one thread waits for the other.
const ROUNDS: usize = 2000;

const TRANSPORTS: [&str; 4] = ["inproc", "tcp", "ipc", "ws"];

/// The types of a sender and its receiver.
const PAIRS: [(zmq::SocketType, zmq::SocketType); 4] = [
    (zmq::PUSH, zmq::PULL),
    (zmq::PUB, zmq::SUB),
    (zmq::DEALER, zmq::DEALER),
    (zmq::DEALER, zmq::ROUTER),
];

/// One of two sockets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Sender,
    Receiver,
    Both,
}

const SIDES: [Side; 3] = [Side::Sender, Side::Receiver, Side::Both];

fn endpoint(transport: &str, name: &str) -> String {
    match transport {
        "inproc" => format!("inproc://{name}"),
        "ipc" => "ipc://*".to_owned(),
        network => format!("{network}://127.0.0.1:*"),
    }
}

fn socket(context: &zmq::Context, socket_type: zmq::SocketType, conflates: bool) -> zmq::Socket {
    let socket = context.socket(socket_type).unwrap();
    if conflates {
        socket.set_conflate(true).unwrap();
    }
    socket.set_rcvtimeo(TIMEOUT).unwrap();
    socket.set_sndtimeo(TIMEOUT).unwrap();
    if socket_type == zmq::SUB {
        socket.set_subscribe(b"").unwrap();
    } else {
        socket.set_linger(TIMEOUT).unwrap();
    }
    socket
}

/// Receives until this message arrives and returns how many came before it.
fn receive(receiver: &zmq::Socket, message: &[u8]) -> usize {
    let mut before = 0;
    while receiver.recv_multipart(0).unwrap().last().unwrap() != message {
        before += 1;
    }
    before
}

/// Runs a test for each pair of types, each side that binds, and each side that conflates.
/// Passes it the sender, the receiver, and the side that conflates.
fn each(transport: &str, case: impl Fn(zmq::Socket, zmq::Socket, Side)) {
    for (number, (sends, receives)) in PAIRS.into_iter().enumerate() {
        for binds in [Side::Sender, Side::Receiver] {
            // ROUTER has no such option.
            for conflates in SIDES.into_iter().take(if receives == zmq::ROUTER { 1 } else { 3 }) {
                println!("{transport}, {sends:?} {receives:?}: {binds:?} binds, {conflates:?}");
                let context = zmq::Context::new();
                let sender = socket(&context, sends, conflates != Side::Receiver);
                let receiver = socket(&context, receives, conflates != Side::Sender);
                let (bound, connected) =
                    if binds == Side::Sender { (&sender, &receiver) } else { (&receiver, &sender) };
                bound.bind(&endpoint(transport, &number.to_string())).unwrap();
                connected.connect(&bound.get_last_endpoint().unwrap().unwrap()).unwrap();
                meet(&sender, &receiver);
                case(sender, receiver, conflates);
            }
        }
    }
}

/// Waits until messages from the sender reach the receiver.
fn meet(sender: &zmq::Socket, receiver: &zmq::Socket) {
    let begin = Instant::now();
    for number in 0_u32.. {
        assert!(begin.elapsed() < DEADLINE);
        let probe = number.to_be_bytes();
        sender.send(&probe[..], 0).unwrap();
        while receiver.poll(zmq::POLLIN, 10) == Ok(1) {
            if receiver.recv_multipart(0).unwrap().last().unwrap() == &probe {
                return;
            }
        }
    }
}

/// The sender closes at once after its last message.
fn closes_at_once(transport: &str) {
    each(transport, |sender, receiver, _| {
        for value in ["one", "two", "three"] {
            sender.send(value, 0).unwrap();
        }
        drop(sender);
        let before = receive(&receiver, b"three");
        if transport == "inproc" {
            assert_eq!(before, 0);
        }
    });
}

#[test]
fn the_last_message_over_inproc_arrives_though_its_sender_closes_at_once() {
    closes_at_once("inproc");
}

#[test]
fn the_last_message_over_tcp_arrives_though_its_sender_closes_at_once() {
    closes_at_once("tcp");
}

#[test]
fn the_last_message_over_ipc_arrives_though_its_sender_closes_at_once() {
    closes_at_once("ipc");
}

#[test]
fn the_last_message_over_ws_arrives_though_its_sender_closes_at_once() {
    closes_at_once("ws");
}

#[test]
fn the_last_message_stays_after_its_connection_has_ended() {
    for transport in ["tcp", "ipc", "ws"] {
        let context = zmq::Context::new();
        let receiver = socket(&context, zmq::PULL, true);
        receiver.bind(&endpoint(transport, "")).unwrap();
        let event = zmq::SocketEvent::DISCONNECTED;
        receiver.monitor("inproc://receiver", event as i32).unwrap();
        let monitor = socket(&context, zmq::PAIR, false);
        monitor.connect("inproc://receiver").unwrap();
        let sender = socket(&context, zmq::PUSH, false);
        sender.connect(&receiver.get_last_endpoint().unwrap().unwrap()).unwrap();
        for value in ["one", "two", "three"] {
            sender.send(value, 0).unwrap();
        }
        drop(sender);
        monitor.recv_multipart(0).unwrap();
        settle(&context);
        assert_eq!(receive(&receiver, b"three"), 0);
        assert_eq!(receiver.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
    }
}

#[test]
fn the_last_message_over_inproc_waits_for_the_bind() {
    for (sends, receives) in PAIRS {
        for conflates in SIDES.into_iter().take(if receives == zmq::ROUTER { 1 } else { 3 }) {
            for closes in [true, false] {
                println!("{sends:?} {receives:?}: {conflates:?}, closes: {closes}");
                let context = zmq::Context::new();
                let sender = socket(&context, sends, conflates != Side::Receiver);
                let receiver = socket(&context, receives, conflates != Side::Sender);
                sender.set_sndhwm(3).unwrap();
                sender.set_identity(b"sender").unwrap();
                sender.connect("inproc://early").unwrap();
                if sends == zmq::PUB {
                    // It sends nothing before it has subscribers.
                    receiver.bind("inproc://early").unwrap();
                    meet(&sender, &receiver);
                }
                for value in ["one", "two", "three"] {
                    sender.send(value, 0).unwrap();
                }
                if sends != zmq::PUB {
                    if conflates == Side::Receiver {
                        assert_eq!(sender.send("", zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
                    }
                    receiver.bind("inproc://early").unwrap();
                }
                if closes {
                    drop(sender);
                    assert_eq!(receive(&receiver, b"three"), 0);
                    continue;
                }
                assert_eq!(receive(&receiver, b"three"), 0);
                for number in 0..100_u8 {
                    sender.send(&[number][..], 0).unwrap();
                }
                let message = receiver.recv_multipart(0).unwrap();
                assert_eq!(message.last().unwrap(), &[99]);
                if receives == zmq::ROUTER {
                    assert_eq!(message[0], b"sender");
                }
                assert_eq!(receiver.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
            }
        }
    }
}

#[test]
fn a_conflating_sender_may_bind_the_name_that_its_receiver_waits_for() {
    for (sends, receives) in PAIRS {
        let context = zmq::Context::new();
        let receiver = socket(&context, receives, false);
        receiver.connect("inproc://late").unwrap();
        let sender = socket(&context, sends, true);
        sender.bind("inproc://late").unwrap();
        meet(&sender, &receiver);
        for number in 0..100_u8 {
            sender.send(&[number][..], 0).unwrap();
        }
        assert_eq!(receive(&receiver, &[99]), 0);
    }
}

#[test]
fn all_subscriptions_of_a_conflating_subscriber_arrive() {
    for transport in TRANSPORTS {
        for binds in [Side::Sender, Side::Receiver] {
            let context = zmq::Context::new();
            println!("{transport}: {binds:?} binds");
            let publisher = socket(&context, zmq::XPUB, false);
            let subscriber = socket(&context, zmq::SUB, true);
            for topic in ["one", "two", "three"] {
                subscriber.set_subscribe(topic.as_bytes()).unwrap();
            }
            let (bound, connected) = if binds == Side::Sender {
                (&publisher, &subscriber)
            } else {
                (&subscriber, &publisher)
            };
            bound.bind(&endpoint(transport, "topics")).unwrap();
            connected.connect(&bound.get_last_endpoint().unwrap().unwrap()).unwrap();
            let (begin, mut topics) = (Instant::now(), Vec::new());
            while topics.len() < 4 && begin.elapsed() < DEADLINE {
                // It looks after its new peer.
                subscriber.get_events().unwrap();
                if publisher.poll(zmq::POLLIN, 10).unwrap() == 1 {
                    topics.push(publisher.recv_bytes(0).unwrap());
                }
            }
            topics.sort();
            assert_eq!(topics, [&b"\x01"[..], b"\x01one", b"\x01three", b"\x01two"]);
        }
    }
}

#[test]
fn a_mark_that_is_set_later_does_not_hold_a_conflating_sender() {
    for transport in TRANSPORTS {
        let context = zmq::Context::new();
        let receiver = socket(&context, zmq::PULL, true);
        receiver.bind(&endpoint(transport, "marks")).unwrap();
        let sender = socket(&context, zmq::PUSH, true);
        sender.connect(&receiver.get_last_endpoint().unwrap().unwrap()).unwrap();
        sender.set_sndhwm(2).unwrap();
        receiver.set_rcvhwm(2).unwrap();
        for number in 0..100_u8 {
            sender.send(&[number][..], 0).unwrap();
        }
        receive(&receiver, &[99]);
    }
}

#[test]
fn the_last_message_arrives_though_it_comes_while_another_is_received() {
    let context = zmq::Context::new();
    let receiver = socket(&context, zmq::PULL, true);
    receiver.bind("inproc://while").unwrap();
    let sender = socket(&context, zmq::PUSH, true);
    sender.connect("inproc://while").unwrap();
    let (turns, lost) = (Barrier::new(2), AtomicBool::new(false));
    thread::scope(|scope| {
        let (turns, lost) = (&turns, &lost);
        scope.spawn(move || {
            for _ in 0..ROUNDS {
                for number in 0..100_u8 {
                    sender.send(&[number][..], 0).unwrap();
                }
                turns.wait();
                if lost.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            // It looks all the time, which is when the other one may write.
            while receiver.recv_bytes(zmq::DONTWAIT).as_deref() != Ok(&[99]) {
                if begin.elapsed() > DEADLINE {
                    lost.store(true, Ordering::SeqCst);
                    break;
                }
            }
            turns.wait();
            assert!(!lost.load(Ordering::SeqCst));
        }
    });
}

#[test]
fn a_message_of_several_frames_is_kept_whole() {
    for (kind, peer) in [(zmq::PULL, "PUSH"), (zmq::SUB, "PUB"), (zmq::DEALER, "DEALER")] {
        let context = zmq::Context::new();
        let receiver = socket(&context, kind, true);
        receiver.bind("tcp://127.0.0.1:*").unwrap();
        let mut one = Peer::of_type(&receiver, peer);
        let mut other = Peer::of_type(&receiver, peer);
        for _ in 0..100 {
            one.send(MORE, b"one").unwrap();
            one.send(MORE, b"two").unwrap();
            one.send(0, b"three").unwrap();
            assert_eq!(receiver.recv_multipart(0).unwrap().concat(), b"onetwothree");
        }
        // The last message replaces all frames of the first one, or its first frame is being
        // read already.
        one.send(MORE, b"a").unwrap();
        one.send(0, b"b").unwrap();
        assert_eq!(receiver.recv_bytes(0).unwrap(), b"a");
        one.send(MORE, b"c").unwrap();
        one.send(0, b"d").unwrap();
        one.send(0, b"e").unwrap();
        one.command("PING", b"\0\0");
        while !one.receive().unwrap().1.starts_with(b"\x04PONG") {}
        assert_eq!(receiver.recv_bytes(0).unwrap(), b"b");
        assert_eq!(receiver.recv_multipart(0).unwrap(), [b"e"]);
        // A message whose peer goes before its end is nothing.
        one.send(MORE, b"begin").unwrap();
        drop(one);
        other.send(MORE, b"other").unwrap();
        other.send(0, b"end").unwrap();
        assert_eq!(receiver.recv_multipart(0).unwrap(), [&b"other"[..], b"end"]);
    }
    let context = zmq::Context::new();
    for binds in [Side::Sender, Side::Receiver] {
        let pull = socket(&context, zmq::PULL, true);
        let push = socket(&context, zmq::PUSH, false);
        let (bound, connected) =
            if binds == Side::Sender { (&push, &pull) } else { (&pull, &push) };
        connected.connect("inproc://frames").unwrap();
        push.send("queued", zmq::SNDMORE | zmq::DONTWAIT).unwrap_or_default();
        bound.bind("inproc://frames").unwrap();
        push.send("end", 0).unwrap();
        push.send_multipart(["one", "two"], 0).unwrap();
        assert_eq!(pull.recv_multipart(0).unwrap(), [b"one", b"two"]);
        bound.unbind("inproc://frames").unwrap();
    }
}
