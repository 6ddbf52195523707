//! REP sockets and the envelopes of requests.

use zmq::{Context, DEALER, DONTWAIT, REP, REQ};
use zmq_sys::ZMQ_ROUTER_MANDATORY;

use crate::options;

#[test]
fn a_mandatory_rep_receives_from_a_peer_that_has_gone() {
    let context = Context::new();
    let rep = context.socket(REP).unwrap();
    options::set(&rep, ZMQ_ROUTER_MANDATORY as i32, 1).unwrap();
    rep.bind("inproc://mandatory").unwrap();
    let req = context.socket(REQ).unwrap();
    req.connect("inproc://mandatory").unwrap();
    req.send("question", 0).unwrap();
    drop(req);
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
    drop(dealer);
    let req = context.socket(REQ).unwrap();
    req.connect("inproc://malformed").unwrap();
    req.send("question", 0).unwrap();
    assert_eq!(rep.recv_bytes(DONTWAIT).unwrap(), b"question");
    rep.send("answer", DONTWAIT).unwrap();
    assert_eq!(req.recv_bytes(DONTWAIT).unwrap(), b"answer");
}
