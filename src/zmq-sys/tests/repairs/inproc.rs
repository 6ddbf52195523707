//! Peers over inproc that come and go on other threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::wait::{TIMEOUT, await_command};

/// The maximum number of attempts until something happens.
const ROUNDS: usize = 1000;

#[test]
fn a_new_mark_is_not_sent_to_a_peer_that_has_gone() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("inproc://gone").unwrap();
    for mark in 1..10 {
        let push = context.socket(zmq::PUSH).unwrap();
        push.connect("inproc://gone").unwrap();
        let name = format!("inproc://end-{mark}");
        push.monitor(&name, zmq::SocketEvent::MONITOR_STOPPED as i32).unwrap();
        let end = context.socket(zmq::PAIR).unwrap();
        end.connect(&name).unwrap();
        push.send("x", 0).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"x");
        drop(push);
        // The pull socket learns that the pipe ends, and agrees. It does not learn any more
        // that the other socket has been freed after that.
        await_command(&pull);
        assert_eq!(pull.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
        assert_eq!(end.poll(zmq::POLLIN, TIMEOUT.into()), Ok(1));
        pull.set_rcvhwm(mark).unwrap();
    }
}

#[test]
fn a_router_may_wait_for_a_name_that_a_pair_with_a_peer_binds() {
    let context = zmq::Context::new();
    let pair = context.socket(zmq::PAIR).unwrap();
    let first = context.socket(zmq::ROUTER).unwrap();
    let second = context.socket(zmq::ROUTER).unwrap();
    first.connect("inproc://pair").unwrap();
    second.connect("inproc://pair").unwrap();
    pair.bind("inproc://pair").unwrap();
}

#[test]
fn a_router_may_disconnect_from_a_name_before_it_is_bound() {
    let context = zmq::Context::new();
    let router = context.socket(zmq::ROUTER).unwrap();
    router.connect("inproc://early").unwrap();
    router.disconnect("inproc://early").unwrap();
    assert_eq!(router.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
    let dealer = context.socket(zmq::DEALER).unwrap();
    dealer.bind("inproc://early").unwrap();
}

#[test]
fn what_was_sent_before_a_close_waits_for_the_bind() {
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect("inproc://closed").unwrap();
    push.send("x", 0).unwrap();
    drop(push);
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    pull.bind("inproc://closed").unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"x");
}

#[test]
fn a_router_that_waited_learns_the_routing_id_before_the_first_message() {
    let context = zmq::Context::new();
    let router = context.socket(zmq::ROUTER).unwrap();
    router.set_rcvtimeo(TIMEOUT).unwrap();
    router.connect("inproc://probe").unwrap();
    let dealer = context.socket(zmq::DEALER).unwrap();
    dealer.set_identity(b"D").unwrap();
    dealer.set_probe_router(true).unwrap();
    dealer.bind("inproc://probe").unwrap();
    assert_eq!(router.recv_multipart(0).unwrap(), [b"D".to_vec(), b"".to_vec()]);
}

#[test]
fn both_marks_count_after_a_bind_that_was_waited_for() {
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    push.set_sndhwm(3).unwrap();
    push.connect("inproc://marks").unwrap();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvhwm(4).unwrap();
    pull.bind("inproc://marks").unwrap();
    let sent = (0..100).take_while(|_| push.send("x", zmq::DONTWAIT).is_ok()).count();
    assert_eq!(sent, 7);
}

#[test]
fn names_are_bound_while_sockets_that_wait_for_them_are_closed() {
    let context = zmq::Context::new();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for thread in 0..2 {
            let (context, ended) = (&context, &ended);
            scope.spawn(move || {
                for round in (0_usize..).take_while(|_| !ended.load(Ordering::Relaxed)) {
                    let kind = if round % 2 == 0 { zmq::ROUTER } else { zmq::REP };
                    // Closed sockets that nobody has met yet count.
                    let Ok(socket) = context.socket(kind) else { continue };
                    socket.connect(&format!("inproc://name-{}-{thread}", round % 4)).unwrap();
                    socket.set_rcvhwm(5).unwrap();
                }
            });
        }
        for round in 0..4 * ROUNDS {
            let kind = if round % 3 == 0 { zmq::ROUTER } else { zmq::DEALER };
            if let Ok(socket) = context.socket(kind) {
                let _ = socket.bind(&format!("inproc://name-{}-{}", round % 4, round / 4 % 2));
                let _ = socket.recv_bytes(zmq::DONTWAIT);
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    // Else the context would have to make as many sockets as there are that wait.
    for name in 0..8 {
        let socket = (0..ROUNDS).find_map(|_| {
            let socket = context.socket(zmq::DEALER).ok();
            if socket.is_none() {
                thread::sleep(Duration::from_millis(10));
            }
            socket
        });
        let _ = socket.unwrap().bind(&format!("inproc://name-{}-{}", name % 4, name / 4));
    }
}

#[test]
fn a_welcome_message_may_find_nobody() {
    let context = zmq::Context::new();
    let sub = context.socket(zmq::SUB).unwrap();
    sub.connect("inproc://welcome").unwrap();
    sub.disconnect("inproc://welcome").unwrap();
    let xpub = context.socket(zmq::XPUB).unwrap();
    for socket in [&sub, &xpub] {
        socket.set_rcvtimeo(TIMEOUT).unwrap();
    }
    xpub.set_xpub_welcome_msg(Some("welcome")).unwrap();
    xpub.bind("inproc://welcome").unwrap();
    sub.connect("inproc://welcome").unwrap();
    sub.set_subscribe(b"welcome").unwrap();
    assert_eq!(xpub.recv_bytes(0).unwrap(), b"\x01welcome");
    assert_eq!(sub.recv_bytes(0).unwrap(), b"welcome");
}
