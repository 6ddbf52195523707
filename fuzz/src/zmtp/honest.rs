//! A peer that does what it should, to see whether a socket still serves.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use zeromq::core::{Certificate, OptionValue, Role, Socket, SocketType, Wait};

use super::{NOW, Security, Server};

/// How long the socket may take.
const DEADLINE: Duration = Duration::from_secs(20);

const BRIEF: Wait = Wait::new(Some(Duration::from_millis(5)));

/// Connects, and exchanges a message.
pub fn visit(server: &Server, certificate: &Certificate) {
    if server.kind.socket_type == SocketType::Stream {
        return visit_stream(server);
    }
    let client_type = peer(server.kind.socket_type);
    let client = Socket::new(client_type).expect("there is room for sockets");
    client.set_option("linger", &OptionValue::Int(0)).expect("it is an option");
    let own = Certificate::new().expect("there is CURVE");
    match server.kind.security {
        Security::Null => Ok(()),
        Security::Plain => {
            client.secure(&Role::PlainClient { username: "user", password: "word" }, None)
        }
        Security::Curve => client.secure(&Role::CurveClient(&own, certificate.public()), None),
    }
    .expect("it is not attached");
    if client_type == SocketType::Sub {
        client.subscribe(b"honest").expect("it can subscribe");
    }
    client.connect(&server.endpoint).expect("it is bound");
    let begin = Instant::now();
    while !exchange(&server.socket, &client) {
        assert!(begin.elapsed() < DEADLINE, "{:?} does not serve any more", server.kind);
    }
    client.close(Some(Some(Duration::ZERO))).expect("it is open");
}

/// Returns the type of a peer.
fn peer(socket_type: SocketType) -> SocketType {
    use SocketType::*;
    match socket_type {
        Req => Rep,
        Rep => Req,
        Router | Dealer => Dealer,
        Pub | Xpub => Sub,
        Sub | Xsub => Pub,
        Push => Pull,
        Pull => Push,
        Pair => Pair,
        Stream => Stream,
    }
}

/// Sends a message through both sockets, in the direction in which they can.
fn exchange(server: &Socket, client: &Socket) -> bool {
    use SocketType::*;
    match server.socket_type() {
        Pub | Xpub | Push | Req => {
            let _ = server.send(&["honest"], &NOW);
            // Subscriptions are messages of an XPUB.
            let _ = server.receive_all(&NOW);
            arrived(client)
        }
        _ => {
            let _ = client.send(&["honest"], &NOW);
            let arrived = arrived(server);
            if server.socket_type() == Rep {
                let _ = server.send(&["reply"], &NOW);
                let _ = client.receive_all(&BRIEF);
            }
            arrived
        }
    }
}

/// Returns true if the message arrives.
fn arrived(socket: &Socket) -> bool {
    let received = socket.receive_all(&BRIEF);
    received.is_ok_and(|frames| frames.last().is_some_and(|frame| **frame == *b"honest"))
}

/// A STREAM socket speaks TCP.
fn visit_stream(server: &Server) {
    let address = server.endpoint.strip_prefix("tcp://").expect("it is TCP");
    let mut stream = TcpStream::connect(address).expect("it is bound");
    stream.set_read_timeout(Some(Duration::from_millis(5))).expect("it is connected");
    stream.write_all(b"honest").expect("it is connected");
    let begin = Instant::now();
    let mut bytes = [0; 5];
    loop {
        if let Ok(frames) = server.socket.receive_all(&BRIEF)
            && let [id, body] = &frames[..]
            && **body == *b"honest"
        {
            let _ = server.socket.send(&[&**id, b"reply"], &NOW);
        }
        if stream.read_exact(&mut bytes).is_ok() {
            return;
        }
        assert!(begin.elapsed() < DEADLINE, "{:?} does not serve any more", server.kind);
    }
}
