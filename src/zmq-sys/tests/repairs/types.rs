//! Peers whose socket types do not go together.

use std::io::{Read, Write};
use std::net::TcpListener;

use zmq::{Context, CurveKeyPair, PULL, PUSH, REP, SUB, Socket};
use zmq_sys as sys;
use zmq_sys::additions::ZMQ_INCOMPATIBLE_PEER;

use crate::monitor::Monitor;
use crate::options;
use crate::peer::Peer;
use crate::wait::until;

const INVALID: u32 = sys::ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA;
const PROTOCOL: u32 = sys::ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

/// Returns the type of the last incompatible peer, and the endpoint.
fn refused(socket: &Socket) -> Option<(String, String)> {
    let value = options::get_bytes(socket, ZMQ_INCOMPATIBLE_PEER, 256).unwrap();
    let text = String::from_utf8(value).unwrap();
    let (ago, rest) = text.split_once('\n')?;
    assert!(ago.parse::<u64>().unwrap() < 60_000_000, "{text}");
    let (kind, endpoint) = rest.split_once('\n').unwrap();
    Some((kind.to_owned(), endpoint.to_owned()))
}

#[test]
fn incompatible_types_are_reported_and_remembered() {
    let context = Context::new();
    for (kind, name) in [(PULL, "PULL"), (REP, "REP")] {
        let server = context.socket(kind).unwrap();
        let monitor = Monitor::of(&context, &server, &format!("types-{name}"));
        assert_eq!(refused(&server), None);
        server.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = server.get_last_endpoint().unwrap().unwrap();
        let client = context.socket(if kind == REP { PUSH } else { PULL }).unwrap();
        client.set_linger(0).unwrap();
        client.connect(&endpoint).unwrap();
        assert_eq!(monitor.wait(PROTOCOL), Some(INVALID));
        let own = if kind == REP { "PUSH" } else { "PULL" };
        assert_eq!(refused(&server), Some((own.to_owned(), endpoint.clone())));
        assert!(until(|| refused(&client).is_some()), "{name}");
        assert_eq!(refused(&client), Some((name.to_owned(), endpoint)));
    }
}

#[test]
fn both_sides_learn_of_incompatible_types_whoever_is_first() {
    let context = Context::new();
    let subscriber = context.socket(SUB).unwrap();
    subscriber.set_linger(0).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    subscriber.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
    let mut peer = Peer::accept(&listener);
    // It knows the type of the peer as soon as it has read the greeting.
    let mut bytes = [0; 64].to_vec();
    bytes[..16].copy_from_slice(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01NULL");
    bytes.extend(b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03REP");
    peer.0.write_all(&bytes).unwrap();
    let mut answer = Vec::new();
    peer.0.read_to_end(&mut answer).unwrap();
    let own = b"Socket-Type\0\0\0\x03SUB";
    assert!(answer.windows(own.len()).any(|part| part == own), "{}", answer.escape_ascii());
    assert_eq!(refused(&subscriber).map(|(kind, _)| kind).as_deref(), Some("REP"));
}

#[test]
fn secured_sockets_report_incompatible_types_once() {
    let context = Context::new();
    let keys = CurveKeyPair::new().unwrap();
    let server = context.socket(PULL).unwrap();
    server.set_curve_server(true).unwrap();
    server.set_curve_secretkey(&keys.secret_key).unwrap();
    let monitor = Monitor::of(&context, &server, "types-curve");
    server.bind("tcp://127.0.0.1:*").unwrap();
    let client = context.socket(PULL).unwrap();
    client.set_curve_serverkey(&keys.public_key).unwrap();
    client.set_curve_publickey(&keys.public_key).unwrap();
    client.set_curve_secretkey(&keys.secret_key).unwrap();
    client.connect(&server.get_last_endpoint().unwrap().unwrap()).unwrap();
    assert_eq!(monitor.wait(PROTOCOL), Some(INVALID));
    assert_eq!(monitor.next().map(|(event, _)| event), Some(sys::ZMQ_EVENT_DISCONNECTED));
    assert_eq!(refused(&server).map(|(kind, _)| kind).as_deref(), Some("PULL"));
}
