//! Bytes that peers send to bound sockets of every type, with every security mechanism, over
//! TCP and WebSockets. Now and then, an honest peer checks that the socket still serves.

mod curve;
mod honest;
mod peer;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use zeromq::core::{Authenticator, Certificate, OptionValue, Role, Socket, SocketType, Wait};

use crate::input::Input;
use peer::Peer;

/// After how many connections an honest peer comes.
const OFTEN: usize = 64;

/// How many messages a socket receives at once.
const DRAINED: usize = 64;

const NOW: Wait = Wait::new(Some(Duration::ZERO));

/// What protects a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    Null,
    Plain,
    Curve,
}

/// The kind of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    socket_type: SocketType,
    security: Security,
    web: bool,
}

/// A bound socket.
struct Server {
    kind: Kind,
    socket: Arc<Socket>,
    /// The endpoint to connect to.
    endpoint: String,
    connections: usize,
}

/// Everything that is kept from one input to the next.
struct World {
    servers: Vec<Server>,
    certificate: Certificate,
    _authenticator: Authenticator,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

impl World {
    fn new() -> World {
        let authenticator = Authenticator::start().expect("there is no other one");
        let passwords = vec![("user".to_owned(), "word".to_owned())];
        authenticator.plain(None, passwords).expect("it runs");
        authenticator.curve_any(None).expect("it runs");
        let certificate = Certificate::from_keys(None, Some(&curve::server_secret()));
        World {
            servers: Vec::new(),
            certificate: certificate.expect("it is a key"),
            _authenticator: authenticator,
        }
    }
}

impl Server {
    fn new(kind: Kind, certificate: &Certificate) -> Server {
        let socket = Socket::new(kind.socket_type).expect("there is room for sockets");
        let set = |name, value| socket.set_option(name, &OptionValue::Int(value));
        set("linger", 0).expect("it is an option");
        set("rcvhwm", 100).expect("it is an option");
        set("sndhwm", 100).expect("it is an option");
        if kind.socket_type == SocketType::Req {
            // Peers that never reply do not keep it from asking others.
            set("req_relaxed", 1).expect("it is an option");
            set("req_correlate", 1).expect("it is an option");
        }
        if matches!(kind.socket_type, SocketType::Sub | SocketType::Xsub) {
            socket.subscribe(b"").expect("it can subscribe");
        }
        match kind.security {
            Security::Null => Ok(()),
            Security::Plain => socket.secure(&Role::PlainServer, Some("domain")),
            Security::Curve => socket.secure(&Role::CurveServer(certificate), None),
        }
        .expect("it is not attached");
        let endpoint = if kind.web { "ws://127.0.0.1:*" } else { "tcp://127.0.0.1:*" };
        socket.bind(endpoint).expect("there is a port");
        let endpoint = socket.last_endpoint().expect("it is open").expect("it is bound");
        Server { kind, socket, endpoint, connections: 0 }
    }

    /// Receives what has come, and replies where a reply is due.
    fn drain(&self) {
        for _ in 0..DRAINED {
            if self.socket.receive_all(&NOW).is_err() {
                break;
            }
            if self.kind.socket_type == SocketType::Rep {
                let _ = self.socket.send(&["reply"], &NOW);
            }
        }
    }

    /// Sends a message to whoever is there.
    fn send(&self, text: &[u8]) {
        let _ = match self.kind.socket_type {
            SocketType::Router | SocketType::Stream => {
                let ids = self.socket.routing_ids().unwrap_or_default();
                ids.iter().try_for_each(|id| self.socket.send(&[id, text], &NOW))
            }
            // It would end the subscription that brings the honest peer's messages.
            SocketType::Xsub if text == [0] => return,
            _ => self.socket.send(&[text, b"body"], &NOW),
        };
    }
}

/// The input is the kind of the socket, how far the handshake goes, and what is sent.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let security = input.of(&[Security::Null, Security::Plain, Security::Curve]);
    let mut kind = Kind {
        socket_type: input.of(SocketType::ALL),
        security,
        web: input.of(&[false, false, true]),
    };
    if kind.socket_type == SocketType::Stream {
        kind = Kind { security: Security::Null, web: false, ..kind };
    }
    WORLD.with_borrow_mut(|world| {
        let world = world.get_or_insert_with(World::new);
        let World { servers, certificate, .. } = world;
        let known = servers.iter().position(|server| server.kind == kind);
        let place = known.unwrap_or_else(|| {
            servers.push(Server::new(kind, certificate));
            servers.len() - 1
        });
        let server = &mut servers[place];
        let mut peer = Peer::connect(server);
        peer.greet(&mut input);
        while !input.is_empty() {
            match input.below(12) {
                0 => server.drain(),
                1 => server.send(input.short()),
                _ => peer.act(&mut input),
            }
        }
        peer.finish(|| server.drain());
        server.connections += 1;
        if server.connections % OFTEN == 1 {
            honest::visit(server, certificate);
        }
    });
}
