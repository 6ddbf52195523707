//! A handwritten ZMTP 3.1 peer (<https://rfc.zeromq.org/spec/37/>), which can send data
//! that no library would send.

#![allow(dead_code, reason = "each test takes its part")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::wait::DEADLINE;

/// The flags of a frame.
pub const MORE: u8 = 1;
/// The same, with a length of eight bytes.
pub const LONG: u8 = 2;
/// The same: a command, not part of a message.
pub const COMMAND: u8 = 4;
/// The same over a WebSocket.
pub const WEB_COMMAND: u8 = 2;

/// A connection to a bound socket.
pub struct Peer(pub TcpStream);

impl Peer {
    /// Connects to an endpoint without sending anything.
    pub fn connect(socket: &zmq::Socket) -> Peer {
        let endpoint = socket.get_last_endpoint().unwrap().unwrap();
        let address = endpoint.split_once("://").unwrap().1;
        let stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Peer(stream)
    }

    /// Connects and performs the NULL handshake as a socket of this type.
    pub fn of_type(socket: &zmq::Socket, socket_type: &str) -> Peer {
        let mut peer = Peer::connect(socket);
        peer.handshake(socket_type);
        peer
    }

    /// Connects to an ipc endpoint and performs the NULL handshake.
    pub fn of_ipc(socket: &zmq::Socket, socket_type: &str) -> UnixStream {
        let endpoint = socket.get_last_endpoint().unwrap().unwrap();
        let mut stream = UnixStream::connect(endpoint.strip_prefix("ipc://").unwrap()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut greeting = [0; 64];
        greeting[..16].copy_from_slice(b"\xff\0\0\0\0\0\0\0\0\x7f\x03\x01NULL");
        let property = property("Socket-Type", socket_type.as_bytes());
        let ready = [&[COMMAND, 6 + property.len() as u8], &b"\x05READY"[..], &*property].concat();
        stream.write_all(&[&greeting[..], &*ready].concat()).unwrap();
        stream.read_exact(&mut [0; 64 + 8]).unwrap();
        stream
    }

    /// Connects to a WebSocket endpoint and performs the HTTP and NULL handshakes. The
    /// caller then writes the frames itself.
    pub fn of_web(socket: &zmq::Socket, socket_type: &str) -> Peer {
        let mut peer = Peer::connect(socket);
        peer.web_handshake(socket_type).unwrap();
        peer
    }

    /// Performs the HTTP and NULL handshakes for a WebSocket.
    pub fn web_handshake(&mut self, socket_type: &str) -> io::Result<()> {
        self.upgrade()?;
        let property = property("Socket-Type", socket_type.as_bytes());
        self.web(WEB_COMMAND, &[b"\x05READY", &*property].concat())?;
        let mut header = [0; 3];
        self.0.read_exact(&mut header)?;
        // Binary, and so many bytes with the flags.
        assert_eq!((header[0], header[2]), (0x82, WEB_COMMAND));
        self.0.read_exact(&mut vec![0; usize::from(header[1]) - 1])
    }

    /// Performs the HTTP handshake for a WebSocket with NULL.
    pub fn upgrade(&mut self) -> io::Result<()> {
        self.0.write_all(
            b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: ZWS2.0/NULL\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        Ok(())
    }

    /// Sends a frame over a WebSocket, with a mask that changes nothing.
    pub fn web(&mut self, flags: u8, body: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x82];
        match body.len() + 1 {
            length @ ..126 => frame.push(0x80 | length as u8),
            length @ ..0x1_0000 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.push(flags);
        frame.extend(body);
        self.0.write_all(&frame)
    }

    /// Accepts a connection from a socket without sending anything.
    pub fn accept(listener: &TcpListener) -> Peer {
        // A listener has no deadline of its own.
        listener.set_nonblocking(true).unwrap();
        let end = Instant::now() + DEADLINE;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    assert!(Instant::now() < end, "nobody connects");
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("{error}"),
            }
        };
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Peer(stream)
    }

    /// Performs the NULL handshake as a socket of this type.
    pub fn handshake(&mut self, socket_type: &str) {
        self.greet("NULL");
        self.command("READY", &property("Socket-Type", socket_type.as_bytes()));
        let (flags, ready) = self.receive().unwrap();
        assert_eq!(flags & COMMAND, COMMAND);
        assert!(ready.starts_with(b"\x05READY"), "{ready:?}");
    }

    /// Exchanges greetings, as a client.
    pub fn greet(&mut self, mechanism: &str) {
        let mut greeting = [0; 64];
        greeting[0] = 0xff;
        greeting[9] = 0x7f;
        greeting[10] = 3;
        greeting[11] = 1;
        greeting[12..12 + mechanism.len()].copy_from_slice(mechanism.as_bytes());
        self.0.write_all(&greeting).unwrap();
        self.0.read_exact(&mut [0; 64]).unwrap();
    }

    /// Sends a frame.
    pub fn send(&mut self, flags: u8, body: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(body.len() + 9);
        match u8::try_from(body.len()) {
            Ok(length) => frame.extend([flags, length]),
            Err(_) => {
                frame.push(flags | LONG);
                frame.extend((body.len() as u64).to_be_bytes());
            }
        }
        frame.extend(body);
        self.0.write_all(&frame)
    }

    /// Sends a command.
    pub fn command(&mut self, name: &str, data: &[u8]) {
        let mut body = vec![name.len() as u8];
        body.extend(name.as_bytes());
        body.extend(data);
        self.send(COMMAND, &body).unwrap();
    }

    /// Receives a frame and its flags.
    pub fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut flags = [0];
        self.0.read_exact(&mut flags)?;
        let length = if flags[0] & LONG == 0 {
            let mut length = [0];
            self.0.read_exact(&mut length)?;
            u64::from(length[0])
        } else {
            let mut length = [0; 8];
            self.0.read_exact(&mut length)?;
            u64::from_be_bytes(length)
        };
        let mut body = vec![0; length as usize];
        self.0.read_exact(&mut body)?;
        Ok((flags[0], body))
    }

    /// True if the other side ends the connection within the deadline, whatever it sends
    /// before.
    pub fn ends(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match self.0.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == io::ErrorKind::ConnectionReset,
            }
        }
    }
}

/// A port of 127.0.0.1 where nobody listens. The system gives it to no one who asks for any
/// port, because a connection has it until this is dropped.
pub struct FreePort {
    pub address: SocketAddr,
    _connection: [TcpStream; 2],
}

impl FreePort {
    pub fn new() -> FreePort {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connects = TcpStream::connect(address).unwrap();
        FreePort { address, _connection: [connects, listener.accept().unwrap().0] }
    }
}

/// Makes a property of a READY command.
pub fn property(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.extend((value.len() as u32).to_be_bytes());
    bytes.extend(value);
    bytes
}
