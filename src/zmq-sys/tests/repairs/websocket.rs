//! Events of WebSocket connections.

use zmq::{Context, CurveKeyPair, PULL, PUSH};
use zmq_sys as sys;

use crate::monitor::Monitor;
use crate::wait::TIMEOUT;

const SUCCEEDED: u32 = sys::ZMQ_EVENT_HANDSHAKE_SUCCEEDED;

#[test]
fn a_handshake_is_reported_once() {
    let context = Context::new();
    let pull = context.socket(PULL).unwrap();
    pull.bind("ws://127.0.0.1:*").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    let monitor = Monitor::of(&context, &push, "websocket-once");
    push.connect(&endpoint).unwrap();
    assert_eq!(monitor.wait(SUCCEEDED), Some(0));
    drop(pull);
    assert_eq!(monitor.next().map(|(event, _)| event), Some(sys::ZMQ_EVENT_DISCONNECTED));

    // One that is refused does not succeed before.
    let keys = CurveKeyPair::new().unwrap();
    let server = context.socket(PULL).unwrap();
    server.set_curve_server(true).unwrap();
    server.set_curve_secretkey(&keys.secret_key).unwrap();
    server.bind("ws://127.0.0.1:*").unwrap();
    let other = CurveKeyPair::new().unwrap();
    let client = context.socket(PUSH).unwrap();
    client.set_linger(0).unwrap();
    client.set_curve_serverkey(&other.public_key).unwrap();
    client.set_curve_publickey(&other.public_key).unwrap();
    client.set_curve_secretkey(&other.secret_key).unwrap();
    let monitor = Monitor::of(&context, &client, "websocket-refused");
    client.connect(&server.get_last_endpoint().unwrap().unwrap()).unwrap();
    loop {
        match monitor.next().map(|(event, _)| event) {
            Some(sys::ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) => break,
            Some(SUCCEEDED) | None => panic!("no failure was reported"),
            _ => {}
        }
    }
}

#[test]
fn a_path_may_have_several_parts() {
    let context = Context::new();
    let pull = context.socket(PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    pull.bind("ws://127.0.0.1:*/one/two").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();
    assert!(endpoint.ends_with("/one/two"), "{endpoint}");
    let push = context.socket(PUSH).unwrap();
    push.set_linger(0).unwrap();
    push.connect(&endpoint).unwrap();
    push.send("message", 0).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
}
