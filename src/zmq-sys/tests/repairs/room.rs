//! Room in queues, and whether senders notice it.

use zmq::{Context, DEALER, DONTWAIT, PAIR, PUB, PULL, PUSH, ROUTER, SUB, Socket, SocketType};

use crate::wait::{TIMEOUT, go_on, option, until};

fn pair(
    context: &Context,
    from: SocketType,
    to: SocketType,
    endpoint: &str,
    mark: i32,
) -> [Socket; 2] {
    let [sender, receiver] = [from, to].map(|kind| {
        let socket = context.socket(kind).unwrap();
        socket.set_linger(0).unwrap();
        socket.set_sndhwm(mark).unwrap();
        socket.set_rcvhwm(mark).unwrap();
        socket.set_rcvtimeo(TIMEOUT).unwrap();
        socket
    });
    sender.bind(endpoint).unwrap();
    if to == SUB {
        receiver.set_subscribe(b"").unwrap();
    } else {
        receiver.set_identity(b"D").unwrap();
    }
    receiver.connect(&sender.get_last_endpoint().unwrap().unwrap()).unwrap();
    // The sender knows of its peer.
    match from {
        PUB => assert!(until(|| {
            go_on(&sender);
            option(&sender, 5031) == 1
        })),
        ROUTER => {
            receiver.send("here", 0).unwrap();
            sender.recv_multipart(0).unwrap();
        }
        _ => assert!(until(|| sender.get_events().unwrap().contains(zmq::POLLOUT))),
    }
    [sender, receiver]
}

/// Sends a message without waiting.
fn send(sender: &Socket) -> zmq::Result<()> {
    match sender.get_socket_type().unwrap() {
        ROUTER => sender.send_multipart(["D", "message"], DONTWAIT),
        _ => sender.send("message", DONTWAIT),
    }
}

#[test]
fn a_drained_queue_takes_every_message() {
    let context = Context::new();
    for (from, to) in [(PUSH, PULL), (PAIR, PAIR), (DEALER, DEALER), (PUB, SUB), (ROUTER, DEALER)] {
        for mark in [1, 1000] {
            let endpoint = format!("inproc://drained-{mark}-{from:?}");
            let [sender, receiver] = pair(&context, from, to, &endpoint, mark);
            for number in 0..20_000 {
                send(&sender).unwrap_or_else(|error| panic!("{from:?} {number}: {error}"));
                let received = receiver.recv_bytes(DONTWAIT);
                received.unwrap_or_else(|error| panic!("{from:?} {number}: {error}"));
            }
        }
    }
}

#[test]
fn bursts_below_the_mark_lose_nothing() {
    const MARK: i32 = 10;
    let context = Context::new();
    for (from, to) in [(PUSH, PULL), (PAIR, PAIR), (DEALER, DEALER), (PUB, SUB), (ROUTER, DEALER)] {
        for endpoint in [&format!("inproc://bursts-{from:?}"), "tcp://127.0.0.1:*"] {
            let [sender, receiver] = pair(&context, from, to, endpoint, MARK);
            // Over inproc the marks of both ends count. The receiver reports every half of
            // the mark, so that a part of each burst is not reported.
            let burst = if endpoint.starts_with("inproc") { 2 * MARK - 6 } else { MARK - 3 };
            for number in 0..200 {
                for _ in 0..burst {
                    send(&sender).unwrap_or_else(|error| panic!("{from:?} {number}: {error}"));
                }
                for _ in 0..burst {
                    let received = receiver.recv_bytes(0);
                    received
                        .unwrap_or_else(|error| panic!("{from:?} {endpoint} {number}: {error}"));
                }
            }
        }
    }
}

#[test]
fn room_is_seen_after_a_queue_was_full() {
    const MARK: i32 = 10;
    let context = Context::new();
    for (from, to) in [(PUSH, PULL), (PAIR, PAIR), (DEALER, DEALER), (PUB, SUB), (ROUTER, DEALER)] {
        let endpoint = format!("inproc://full-{from:?}");
        let [sender, receiver] = pair(&context, from, to, &endpoint, MARK);
        let mut room = 2 * MARK;
        for number in 0..200 {
            for _ in 0..room {
                send(&sender).unwrap_or_else(|error| panic!("{from:?} {number}: {error}"));
            }
            // One too many, which some refuse and some drop.
            assert_eq!(send(&sender).is_err(), ![PUB, ROUTER].contains(&from), "{from:?}");
            // Some remain, so that the receiver has not reported all that it has read.
            room = 2 * MARK - 3;
            for _ in 0..room {
                receiver.recv_bytes(0).unwrap();
            }
        }
    }
}
