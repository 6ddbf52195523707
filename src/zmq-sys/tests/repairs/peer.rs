//! A peer that speaks ZMTP 3.1 by hand (<https://rfc.zeromq.org/spec/37/>), so that it
//! can say what no library says.

#![allow(dead_code, reason = "each test takes its part")]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The flags of a frame.
pub const MORE: u8 = 1;
/// As above: eight bytes of length.
pub const LONG: u8 = 2;
/// As above: a command, no part of a message.
pub const COMMAND: u8 = 4;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// A connection to a bound socket.
pub struct Peer(pub TcpStream);

impl Peer {
    /// Connects to an endpoint of a socket, without a word.
    pub fn connect(socket: &zmq::Socket) -> Peer {
        let endpoint = socket.get_last_endpoint().unwrap().unwrap();
        let stream = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Peer(stream)
    }

    /// Connects and makes the handshake of NULL as a socket of this type.
    pub fn of_type(socket: &zmq::Socket, socket_type: &str) -> Peer {
        let mut peer = Peer::connect(socket);
        peer.greet("NULL");
        peer.command("READY", &property("Socket-Type", socket_type.as_bytes()));
        let (flags, ready) = peer.receive().unwrap();
        assert_eq!(flags & COMMAND, COMMAND);
        assert!(ready.starts_with(b"\x05READY"), "{ready:?}");
        peer
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

    /// Receives a frame, with its flags.
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

    /// Whether the other side ends the connection, whatever it says before, within the
    /// deadline.
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

/// A property of a READY command.
pub fn property(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.extend((value.len() as u32).to_be_bytes());
    bytes.extend(value);
    bytes
}
