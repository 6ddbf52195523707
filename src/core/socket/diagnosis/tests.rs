use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::reasons::*;
use super::*;
use crate::core::OptionValue;
use crate::core::SocketType::{Pull, Push};
use crate::core::curve::Certificate;
use crate::core::socket::security::Role;
use crate::core::socket::testing::alone;

/// A greeting of ZMTP 3.1 without security, and what a PULL says after it.
const GREETING: [u8; 64] = {
    let mut greeting = [0; 64];
    (greeting[0], greeting[8], greeting[9], greeting[10], greeting[11]) = (0xff, 1, 0x7f, 3, 1);
    (greeting[12], greeting[13], greeting[14], greeting[15]) = (b'N', b'U', b'L', b'L');
    greeting
};
const READY: &[u8] = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL";

/// Waits until a socket tells a reason, and returns the whole text.
fn tells(socket: &Socket, reason: &Reason) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    let parts: Vec<&str> = reason.sentence.split(['{', '}']).step_by(2).collect();
    loop {
        let text = socket.diagnose().unwrap();
        if parts.iter().all(|part| text.contains(part)) {
            return text;
        }
        assert!(Instant::now() < end, "{}: {text}", reason.name);
        thread::sleep(Duration::from_millis(1));
    }
}

/// Listens, and serves each client on a thread of its own. Returns the endpoint.
fn serve(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    endpoint
}

/// Reads until the other side closes the connection.
fn read_all(mut stream: TcpStream) {
    while stream.read(&mut [0; 1024]).is_ok_and(|size| size > 0) {}
}

/// Connects a PUSH that gives up soon.
fn impatient(endpoint: &str) -> Arc<Socket> {
    let socket = Socket::new(Push).unwrap();
    let set = |open: &mut crate::core::socket::open::Open| {
        open.socket.set_handshake_ivl(100).unwrap();
        open.socket.set_heartbeat_ivl(20).unwrap();
        open.socket.set_heartbeat_timeout(50).unwrap();
        Ok(())
    };
    socket.with(set).unwrap();
    socket.connect(endpoint).unwrap();
    socket
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn a_socket_without_peers_tells_why() {
    let tell = |endpoints: &str| {
        let socket = Socket::attached(Push, endpoints).unwrap();
        socket.diagnose().unwrap()
    };
    assert!(tell("").starts_with("no endpoint yet"));
    assert!(tell("tcp://127.0.0.1:1").contains("s, but nothing listens there"));
    assert!(tell("inproc://peers-nobody").contains("s, but nothing is bound to this name"));
    assert!(tell("ipc:///tmp/no/such/file").contains("there is no such file"));
    assert!(tell("@inproc://peers-diagnosed").contains("but no peer has connected"));
    let pull = Socket::attached(Pull, "@tcp://127.0.0.1:*,@inproc://peers-one").unwrap();
    let _push = Socket::attached(Push, "inproc://peers-one").unwrap();
    assert!(pull.diagnose().unwrap().starts_with("1 peer; no message has arrived"));
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn what_is_not_zeromq_is_told() {
    let answer =
        |mut stream: TcpStream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let socket = Socket::attached(Push, &serve(answer)).unwrap();
    let text = tells(&socket, &NOT_ZEROMQ);
    assert!(text.contains("it sent \"HTTP/1.1"), "{text}");
    let socket = Socket::attached(Push, &serve(read_all)).unwrap();
    tells(&socket, &SILENT);
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn handshakes_that_do_not_end_are_told() {
    let greet = |mut stream: TcpStream| {
        stream.write_all(&GREETING).unwrap();
        read_all(stream);
    };
    let endpoint = serve(greet);
    tells(&Socket::attached(Push, &endpoint).unwrap(), &HANDSHAKING);
    let text = tells(&impatient(&endpoint), &HANDSHAKE_FAILED);
    assert!(text.contains("the handshake was not completed"), "{text}");
    let leave = |mut stream: TcpStream| {
        stream.write_all(&GREETING).unwrap();
        stream.read_exact(&mut [0; 64]).ok();
    };
    let text = tells(&Socket::attached(Push, &serve(leave)).unwrap(), &HANDSHAKE_FAILED);
    assert!(text.contains("it may require CURVE or passwords"), "{text}");
    let violate = |mut stream: TcpStream| {
        stream.write_all(&GREETING).unwrap();
        stream.write_all(b"\x04\x06\x05WRONG").ok();
        read_all(stream);
    };
    let text = tells(&Socket::attached(Push, &serve(violate)).unwrap(), &HANDSHAKE_FAILED);
    assert!(text.contains("the peer violated the ZeroMQ protocol"), "{text}");
}

#[test]
#[cfg_attr(not(all(libzmq_repaired, unix)), ignore = "libzmq does not count peers")]
fn a_lack_of_descriptors_is_told() {
    if !alone("core::socket::diagnosis::tests::a_lack_of_descriptors_is_told", Some(60)) {
        return;
    }
    let socket = Socket::attached(Pull, "@tcp://127.0.0.1:*").unwrap();
    let endpoint = socket.endpoint().unwrap().unwrap();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let spare = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut clients = Vec::new();
    // Each takes one, and one more when it is accepted.
    while let Ok(client) = TcpStream::connect(address) {
        clients.push(client);
    }
    drop(spare);
    clients.extend(TcpStream::connect(address));
    let text = tells(&socket, &NOT_ACCEPTED);
    assert!(text.contains("EMFILE"), "{text}");
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn a_peer_that_stops_answering_is_told() {
    let hang = |mut stream: TcpStream| {
        stream.write_all(&GREETING).unwrap();
        stream.write_all(READY).ok();
        read_all(stream);
    };
    tells(&impatient(&serve(hang)), &HEARTBEAT_LOST);
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn a_peer_that_closes_the_connection_again_and_again_is_told() {
    let close = |mut stream: TcpStream| {
        stream.write_all(&GREETING).unwrap();
        stream.write_all(READY).ok();
        // The greeting and the READY of the socket.
        stream.read_exact(&mut [0; 64 + 28]).ok();
    };
    let socket = Socket::attached(Push, &serve(close)).unwrap();
    let soon = crate::core::Wait::new(Some(Duration::from_secs(20)));
    socket.send(&["x"], &soon).unwrap();
    tells(&socket, &CLOSED_AGAIN);
}

#[test]
#[cfg_attr(not(all(libzmq_repaired, target_os = "linux")), ignore = "systems differ")]
fn hosts_that_cannot_be_reached_are_told() {
    use socket2::{Domain, Type};

    // It answers no further client when one waits.
    let listener = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let address: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    listener.bind(&address.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let brief = Duration::from_millis(100);
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, brief) {
        waiting.push(stream);
    }
    tells(&Socket::attached(Push, &format!("tcp://{address}")).unwrap(), &NO_ANSWER);
    tells(&Socket::attached(Push, "tcp://255.255.255.255:1").unwrap(), &UNREACHABLE);
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn a_name_that_takes_too_long_is_told() {
    let endpoint = format!("tcp://{}:1", reach::tests::HANGING);
    let text = tells(&Socket::attached(Push, &endpoint).unwrap(), &NAME_SLOW);
    assert!(text.contains("the name hangs.invalid takes too long"), "{text}");
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn a_transport_that_is_not_tried_is_told() {
    let push = Socket::attached(Push, "tcp://127.0.0.1:1").unwrap();
    let mut facts = push.with(Facts::of).unwrap();
    // This libzmq may not have the transport.
    facts.places[0].attachment.endpoint = "wss://127.0.0.1:1".to_owned();
    let mut findings = Findings::default();
    endpoints::examine(&facts, &mut findings);
    let begin = PENDING.sentence.split("{age}, ").nth(1).unwrap();
    assert!(findings.0[0].ends_with(begin), "{findings:?}");
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn a_socket_that_stops_when_nothing_listens_is_told() {
    let push = Socket::new(Push).unwrap();
    push.set_option("reconnect_stop", &OptionValue::Int(1)).unwrap();
    push.connect("tcp://127.0.0.1:1").unwrap();
    let text = tells(&push, &GAVE_UP);
    assert!(text.contains("nothing listens there"), "{text}");
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn what_listens_for_websockets_is_told() {
    if !crate::core::context::has("ws") {
        return;
    }
    let told = |serve: &str, reason| {
        let endpoint = serve.replace("tcp://", "ws://");
        tells(&Socket::attached(Push, &endpoint).unwrap(), reason)
    };
    let answer = |mut stream: TcpStream| {
        drop(stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n"));
        read_all(stream);
    };
    let text = told(&serve(answer), &NOT_ZEROMQ);
    assert!(text.contains("it sent \"HTTP/1.1 404"), "{text}");
    told(&serve(read_all), &SILENT);
    // A server with CURVE, and a client without.
    let server = Socket::new(Pull).unwrap();
    server.secure(&Role::CurveServer(&Certificate::new().unwrap()), None).unwrap();
    server.bind("ws://127.0.0.1:*").unwrap();
    told(&server.endpoint().unwrap().unwrap(), &OTHER_SECURITY);
}

#[test]
#[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
fn ipv6_that_is_off_is_told() {
    let push = Socket::new(Push).unwrap();
    let ipv6 = |on| push.set_option("ipv6", &OptionValue::Bool(on)).unwrap();
    // Connecting is refused while the option is off.
    ipv6(true);
    push.connect("tcp://[::1]:1").unwrap();
    ipv6(false);
    tells(&push, &IPV6_OFF);
}
