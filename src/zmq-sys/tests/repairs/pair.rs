//! PAIR sockets, and peers that take turns.

use std::thread;
use std::time::Duration;

use zmq::{Context, DONTWAIT, PAIR, POLLIN, Socket};

use crate::wait::{TIMEOUT, go_on, until};

const ENDPOINTS: [&str; 2] = ["inproc://pair", "tcp://127.0.0.1:*"];

fn bound(context: &Context, endpoint: &str) -> Socket {
    let socket = socket(context);
    socket.bind(endpoint).unwrap();
    socket
}

fn connected(context: &Context, to: &Socket) -> Socket {
    let socket = socket(context);
    socket.connect(&to.get_last_endpoint().unwrap().unwrap()).unwrap();
    socket
}

fn socket(context: &Context) -> Socket {
    let socket = context.socket(PAIR).unwrap();
    socket.set_linger(0).unwrap();
    socket.set_rcvtimeo(TIMEOUT).unwrap();
    socket.set_sndtimeo(TIMEOUT).unwrap();
    socket
}

fn received(socket: &Socket) -> String {
    socket.recv_string(0).unwrap().unwrap()
}

#[test]
fn the_next_peer_is_served_once_the_first_has_gone() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        for talks in [true, false] {
            let server = bound(&context, endpoint);
            let first = connected(&context, &server);
            first.set_linger(TIMEOUT).unwrap();
            first.send("from the first", 0).unwrap();
            if talks {
                assert_eq!(received(&server), "from the first");
                server.send("to the first", 0).unwrap();
                assert_eq!(received(&first), "to the first");
            }
            // The server does nothing until the next one has come.
            drop(first);
            let second = connected(&context, &server);
            second.send("from the second", 0).unwrap();
            assert!(until(|| server.get_events().unwrap().contains(POLLIN)));
            if !talks {
                assert_eq!(received(&server), "from the first");
            }
            assert_eq!(received(&server), "from the second", "{endpoint}");
            server.send("to the second", 0).unwrap();
            assert_eq!(received(&second), "to the second");
            server.unbind(&server.get_last_endpoint().unwrap().unwrap()).unwrap();
        }
    }
}

#[test]
fn a_send_goes_on_with_the_next_peer() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        let server = bound(&context, endpoint);
        server.set_sndhwm(1).unwrap();
        let first = connected(&context, &server);
        first.set_rcvhwm(1).unwrap();
        first.send("never received", 0).unwrap();
        assert!(until(|| server.get_events().unwrap().contains(POLLIN)));
        let long = vec![0; 1_000_000];
        while server.send(&long, DONTWAIT).is_ok() {}
        let endpoint = server.get_last_endpoint().unwrap().unwrap();
        let next = thread::spawn({
            let context = context.clone();
            move || {
                thread::sleep(Duration::from_millis(20));
                drop(first);
                let second = socket(&context);
                second.connect(&endpoint).unwrap();
                loop {
                    if received(&second) == "for whoever is there" {
                        break;
                    }
                }
            }
        });
        server.send("for whoever is there", 0).unwrap();
        while !next.is_finished() {
            // The first may have taken it along.
            let _ = server.send("for whoever is there", DONTWAIT);
            thread::sleep(Duration::from_millis(5));
        }
        next.join().unwrap();
        assert_eq!(received(&server), "never received");
        server.unbind(&server.get_last_endpoint().unwrap().unwrap()).unwrap();
    }
}

#[test]
fn peers_are_served_one_at_a_time() {
    let context = Context::new();
    for endpoint in ENDPOINTS {
        let server = bound(&context, endpoint);
        let first = connected(&context, &server);
        first.send("1", 0).unwrap();
        assert_eq!(received(&server), "1");
        let second = connected(&context, &server);
        let third = connected(&context, &server);
        second.send("2", 0).unwrap();
        third.send("3", 0).unwrap();
        for number in 0..20 {
            first.send(&number.to_string(), 0).unwrap();
            assert_eq!(received(&server), number.to_string());
            server.send(&number.to_string(), 0).unwrap();
            assert_eq!(received(&first), number.to_string());
        }
        assert!(server.recv_bytes(DONTWAIT).is_err());
        // Half a message is for nobody else.
        server.send("begun", zmq::SNDMORE).unwrap();
        drop(first);
        assert!(until(|| {
            go_on(&server);
            server.recv_string(DONTWAIT).is_ok()
        }));
        let _ = server.send("and ended", DONTWAIT);
        server.send("whole", 0).unwrap();
        let answered = until(|| {
            [&second, &third].into_iter().any(|peer| match peer.recv_string(DONTWAIT) {
                Ok(message) => {
                    assert_eq!(message.unwrap(), "whole");
                    true
                }
                Err(_) => false,
            })
        });
        assert!(answered);
        server.unbind(&server.get_last_endpoint().unwrap().unwrap()).unwrap();
    }
}
