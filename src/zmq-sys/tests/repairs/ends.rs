//! Peers that leave.

use std::thread;
use std::time::{Duration, Instant};

use zmq::{Context, DEALER, DONTWAIT, Error, PUB, ROUTER, SUB, Socket, XPUB};

use crate::wait::{DEADLINE, TIMEOUT, go_on, option, until};

const ENDPOINTS: [&str; 2] = ["inproc://ends", "tcp://127.0.0.1:*"];

/// A mandatory ROUTER, and a DEALER with the name D that has sent it a message.
fn routed(context: &Context, endpoint: &str) -> (Socket, Socket) {
    let router = context.socket(ROUTER).unwrap();
    router.set_linger(0).unwrap();
    router.set_sndhwm(1).unwrap();
    router.set_router_mandatory(true).unwrap();
    router.bind(endpoint).unwrap();
    let dealer = context.socket(DEALER).unwrap();
    dealer.set_linger(0).unwrap();
    dealer.set_rcvhwm(1).unwrap();
    dealer.set_identity(b"D").unwrap();
    dealer.connect(&router.get_last_endpoint().unwrap().unwrap()).unwrap();
    dealer.send("hello", 0).unwrap();
    (router, dealer)
}

/// Fills a peer with messages that it does not receive.
fn fill(router: &Socket) {
    let long = vec![0; 1_000_000];
    let end = Instant::now() + Duration::from_millis(50);
    let mut refused = false;
    while !refused || Instant::now() < end {
        refused = router.send_multipart([&b"D"[..], &long], DONTWAIT) == Err(Error::EAGAIN);
    }
}

#[test]
fn a_router_that_waits_for_room_learns_of_the_end() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        for received in [true, false] {
            let (router, dealer) = routed(&context, endpoint);
            assert!(until(|| router.get_events().unwrap().contains(zmq::POLLIN)));
            if received {
                router.recv_multipart(0).unwrap();
            }
            fill(&router);
            router.set_sndtimeo(2 * TIMEOUT).unwrap();
            let leaves = thread::spawn(move || {
                // The router waits by then, or it does not: it has to learn of it.
                thread::sleep(Duration::from_millis(20));
                drop(dealer);
            });
            let begun = Instant::now();
            let error = loop {
                match router.send_multipart(["D", "more"], 0) {
                    Ok(()) => {}
                    Err(error) => break error,
                }
            };
            assert_eq!(error, Error::EHOSTUNREACH, "{endpoint} {received}");
            assert!(begun.elapsed() < DEADLINE);
            leaves.join().unwrap();
            router.unbind(&router.get_last_endpoint().unwrap().unwrap()).unwrap();
        }
    }
}

#[test]
fn a_peer_that_left_takes_no_message() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        let (router, dealer) = routed(&context, endpoint);
        assert!(until(|| router.get_events().unwrap().contains(zmq::POLLOUT)));
        drop(dealer);
        // A message of it is still to be received.
        assert!(until(|| router.get_events().unwrap() == zmq::POLLIN), "{endpoint}");
        assert_eq!(router.send_multipart(["D", "x"], DONTWAIT), Err(Error::EHOSTUNREACH));
        router.unbind(&router.get_last_endpoint().unwrap().unwrap()).unwrap();
    }
}

#[test]
fn messages_of_a_peer_that_left_are_received() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        let (router, dealer) = routed(&context, endpoint);
        dealer.set_linger(-1).unwrap();
        dealer.send_multipart(["some", "parts"], 0).unwrap();
        assert!(until(|| router.get_events().unwrap().contains(zmq::POLLIN)));
        drop(dealer);
        assert!(until(|| router.get_events().unwrap() == zmq::POLLIN), "{endpoint}");
        assert_eq!(router.recv_multipart(0).unwrap(), [&b"D"[..], b"hello"]);
        assert_eq!(router.recv_multipart(0).unwrap(), [&b"D"[..], b"some", b"parts"]);
        router.unbind(&router.get_last_endpoint().unwrap().unwrap()).unwrap();
    }
}

#[test]
fn a_publisher_forgets_a_peer_at_once() {
    let context = Context::new();
    for kind in [PUB, XPUB] {
        for endpoint in ENDPOINTS {
            let publisher = context.socket(kind).unwrap();
            publisher.bind(endpoint).unwrap();
            let subscriber = context.socket(SUB).unwrap();
            subscriber.set_subscribe(b"a").unwrap();
            subscriber.connect(&publisher.get_last_endpoint().unwrap().unwrap()).unwrap();
            assert!(until(|| {
                go_on(&publisher);
                option(&publisher, 5031) == 1
            }));
            let descriptor = publisher.get_fd().unwrap();
            drop(subscriber);
            // The first look at the commands that tell of the end is enough for a PUB.
            let mut items = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
            assert_eq!(zmq::poll(&mut items, 10_000), Ok(1));
            go_on(&publisher);
            if kind == PUB {
                assert_eq!(option(&publisher, 5031), 0, "{endpoint}");
            } else {
                assert!(until(|| {
                    go_on(&publisher);
                    option(&publisher, 5031) == 0
                }));
                assert_eq!(publisher.recv_string(DONTWAIT).unwrap().unwrap(), "\x01a");
                assert_eq!(publisher.recv_string(DONTWAIT).unwrap().unwrap(), "\x00a");
            }
            publisher.unbind(&publisher.get_last_endpoint().unwrap().unwrap()).unwrap();
        }
    }
}
