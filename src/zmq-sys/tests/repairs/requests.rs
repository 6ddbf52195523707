//! REP sockets and the envelopes of requests.

use zmq::{Context, DEALER, DONTWAIT, POLLIN, REP, REQ, ROUTER};
use zmq_sys::ZMQ_ROUTER_MANDATORY;

use crate::options;
use crate::wait::{await_command, go_on};

#[test]
fn a_mandatory_rep_receives_from_a_peer_that_has_gone() {
    let context = Context::new();
    let rep = context.socket(REP).unwrap();
    options::set(&rep, ZMQ_ROUTER_MANDATORY as i32, 1).unwrap();
    rep.bind("inproc://mandatory").unwrap();
    let req = context.socket(REQ).unwrap();
    req.connect("inproc://mandatory").unwrap();
    req.send("question", 0).unwrap();
    go_on(&rep);
    drop(req);
    await_command(&rep);
    go_on(&rep);
    assert_eq!(rep.recv_bytes(DONTWAIT).unwrap(), b"question");
    rep.send("answer", DONTWAIT).unwrap();
    let req = context.socket(REQ).unwrap();
    req.connect("inproc://mandatory").unwrap();
    req.send("question", 0).unwrap();
    assert_eq!(rep.recv_bytes(DONTWAIT).unwrap(), b"question");
    rep.send("answer", DONTWAIT).unwrap();
    assert_eq!(req.recv_bytes(DONTWAIT).unwrap(), b"answer");
}

#[test]
fn a_malformed_request_does_not_cost_another_peer_its_reply() {
    let context = Context::new();
    let rep = context.socket(REP).unwrap();
    rep.bind("inproc://malformed").unwrap();
    let dealer = context.socket(DEALER).unwrap();
    dealer.connect("inproc://malformed").unwrap();
    dealer.send("no envelope", 0).unwrap();
    go_on(&rep);
    drop(dealer);
    await_command(&rep);
    go_on(&rep);
    let req = context.socket(REQ).unwrap();
    req.connect("inproc://malformed").unwrap();
    req.send("question", 0).unwrap();
    assert_eq!(rep.recv_bytes(DONTWAIT).unwrap(), b"question");
    rep.send("answer", DONTWAIT).unwrap();
    assert_eq!(req.recv_bytes(DONTWAIT).unwrap(), b"answer");
}

#[test]
fn a_late_reply_cannot_be_received() {
    let context = Context::new();
    let router = context.socket(ROUTER).unwrap();
    router.bind("inproc://late").unwrap();
    let req = context.socket(REQ).unwrap();
    req.set_req_relaxed(true).unwrap();
    req.set_req_correlate(true).unwrap();
    req.connect("inproc://late").unwrap();
    let mut requests = Vec::new();
    for text in ["first", "second"] {
        req.send(text, 0).unwrap();
        requests.push(router.recv_multipart(DONTWAIT).unwrap());
    }
    for (request, arrives) in [(&requests[0], 0), (&requests[1], 1)] {
        router.send_multipart(&request[..], DONTWAIT).unwrap();
        // Asking again changes nothing.
        for _ in 0..2 {
            assert_eq!(req.poll(POLLIN, 0), Ok(arrives));
        }
    }
    assert_eq!(req.recv_bytes(DONTWAIT).unwrap(), b"second");
    // What was asked for and not received is forgotten with the next request.
    req.send("third", 0).unwrap();
    let third = router.recv_multipart(DONTWAIT).unwrap();
    router.send_multipart(&third, DONTWAIT).unwrap();
    assert_eq!(req.poll(POLLIN, 0), Ok(1));
    req.send("fourth", 0).unwrap();
    assert_eq!(req.poll(POLLIN, 0), Ok(0));
    let fourth = router.recv_multipart(DONTWAIT).unwrap();
    router.send_multipart(&fourth, DONTWAIT).unwrap();
    assert_eq!(req.recv_bytes(DONTWAIT).unwrap(), b"fourth");
}
