//! Peers that violate CurveZMQ (<https://rfc.zeromq.org/spec/26/>).

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::thread;

use libsodium_sys as sodium;
use zmq_sys as sys;

use crate::monitor::Monitor;
use crate::peer::{COMMAND, LONG, MORE, Peer};
use crate::wait::TIMEOUT;

/// A listener, and a client that connects to it and has sent a HELLO. The client has a
/// public key for the server.
struct Client {
    socket: zmq::Socket,
    monitor: Monitor,
    server: Peer,
    /// Its short-term public key.
    key: [u8; 32],
}

impl Client {
    fn begin(context: &zmq::Context, name: &str, server_key: &[u8; 32]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = context.socket(zmq::DEALER).unwrap();
        let keys = zmq::CurveKeyPair::new().unwrap();
        socket.set_curve_publickey(&keys.public_key).unwrap();
        socket.set_curve_secretkey(&keys.secret_key).unwrap();
        socket.set_curve_serverkey(server_key).unwrap();
        socket.set_linger(0).unwrap();
        let monitor = Monitor::of(context, &socket, name);
        socket.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        let mut server = Peer::accept(&listener);
        server.greet("CURVE");
        let (flags, hello) = server.receive().unwrap();
        assert_eq!((flags, hello.len()), (COMMAND, 200));
        let key = hello[80..112].try_into().unwrap();
        Client { socket, monitor, server, key }
    }
}

#[test]
fn a_ready_without_a_welcome_ends_the_connection() {
    let context = zmq::Context::new();
    // Whose key is known to no one.
    let key = zmq::CurveKeyPair::new().unwrap().public_key;
    let mut client = Client::begin(&context, "ready", &key);
    client.socket.send("secret", 0).unwrap();

    let mut nonce = *b"CurveZMQREADY---\0\0\0\0\0\0\0\x01";
    let metadata = crate::peer::property("Socket-Type", b"DEALER");
    let mut sealed = vec![0; 16 + metadata.len()];
    // SAFETY: the box has 16 bytes more than what is in it, and the key 32 bytes.
    let result = unsafe {
        sodium::crypto_box_easy_afternm(
            sealed.as_mut_ptr(),
            metadata.as_ptr(),
            metadata.len() as u64,
            nonce.as_mut_ptr(),
            [0; 32].as_ptr(),
        )
    };
    assert_eq!(result, 0);
    client.server.command("READY", &[&nonce[16..], &*sealed].concat());
    assert_eq!(
        client.monitor.wait(sys::ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL),
        Some(sys::ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND)
    );
    assert!(client.server.ends());
}

#[test]
fn a_weak_key_of_a_server_ends_the_connection() {
    let context = zmq::Context::new();
    let (mut public, mut secret) = ([0; 32], [0; 32]);
    // SAFETY: both are places for a key.
    let result = unsafe { sodium::crypto_box_keypair(public.as_mut_ptr(), secret.as_mut_ptr()) };
    assert_eq!(result, 0);
    let mut client = Client::begin(&context, "weak", &public);

    // A key of zeros, and a cookie.
    let content = [0; 128];
    let nonce = *b"WELCOME-0123456789abcdef";
    let mut sealed = [0; 144];
    // SAFETY: the box has 16 bytes more than what is in it, and the keys are as long as
    // they have to be.
    let result = unsafe {
        sodium::crypto_box_easy(
            sealed.as_mut_ptr(),
            content.as_ptr(),
            content.len() as u64,
            nonce.as_ptr(),
            client.key.as_ptr(),
            secret.as_ptr(),
        )
    };
    assert_eq!(result, 0);
    client.server.command("WELCOME", &[&nonce[8..], &sealed].concat());
    assert_eq!(
        client.monitor.wait(sys::ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL),
        Some(sys::ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC)
    );
    assert!(client.server.ends());
}

/// Passes on what arrives, with these flags added to the encrypted frames of the client.
fn add_flags(listener: &TcpListener, server: &zmq::Socket, flags: u8) {
    let mut client = Peer::accept(listener);
    let mut server = Peer::connect(server);
    let mut back = (server.0.try_clone().unwrap(), client.0.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut back.0, &mut back.1));
    thread::spawn(move || {
        // Each side waits for the first part of the other's greeting.
        let (mut greeting, mut size) = ([0; 64], 0);
        while size < greeting.len() {
            let count = client.0.read(&mut greeting[size..]).unwrap();
            server.0.write_all(&greeting[size..size + count]).unwrap();
            size += count;
        }
        while let Ok((own, body)) = client.receive() {
            let added = if body.starts_with(b"\x07MESSAGE") { flags } else { 0 };
            server.send((own & !LONG) | added, &body).unwrap();
        }
    });
}

#[test]
fn flags_outside_of_the_encryption_are_ignored() {
    let context = zmq::Context::new();
    let keys = zmq::CurveKeyPair::new().unwrap();
    for flags in [MORE, COMMAND] {
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_rcvtimeo(TIMEOUT).unwrap();
        pull.set_curve_server(true).unwrap();
        pull.set_curve_secretkey(&keys.secret_key).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let push = context.socket(zmq::PUSH).unwrap();
        push.set_curve_publickey(&keys.public_key).unwrap();
        push.set_curve_secretkey(&keys.secret_key).unwrap();
        push.set_curve_serverkey(&keys.public_key).unwrap();
        push.set_linger(0).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        push.connect(&format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        add_flags(&listener, &pull, flags);
        push.send_multipart(["one", "two"], 0).unwrap();
        push.send("three", 0).unwrap();
        assert_eq!(pull.recv_multipart(0).unwrap(), [b"one", b"two"]);
        assert_eq!(pull.recv_multipart(0).unwrap(), [b"three"]);
    }
}

#[test]
fn subscriptions_over_an_encrypted_websocket_arrive() {
    let context = zmq::Context::new();
    let keys = zmq::CurveKeyPair::new().unwrap();
    let publisher = context.socket(zmq::XPUB).unwrap();
    publisher.set_rcvtimeo(TIMEOUT).unwrap();
    publisher.set_curve_server(true).unwrap();
    publisher.set_curve_secretkey(&keys.secret_key).unwrap();
    publisher.bind("ws://127.0.0.1:*").unwrap();
    let sub = context.socket(zmq::SUB).unwrap();
    sub.set_rcvtimeo(TIMEOUT).unwrap();
    sub.set_curve_publickey(&keys.public_key).unwrap();
    sub.set_curve_secretkey(&keys.secret_key).unwrap();
    sub.set_curve_serverkey(&keys.public_key).unwrap();
    sub.set_subscribe(b"early").unwrap();
    sub.connect(&publisher.get_last_endpoint().unwrap().unwrap()).unwrap();
    assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x01early");
    sub.set_subscribe(b"late").unwrap();
    sub.set_unsubscribe(b"early").unwrap();
    assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x01late");
    assert_eq!(publisher.recv_bytes(0).unwrap(), b"\x00early");
    publisher.send("late", 0).unwrap();
    assert_eq!(sub.recv_bytes(0).unwrap(), b"late");
}
