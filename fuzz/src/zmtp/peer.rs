//! A peer that says anything. It knows ZMTP 3.1 (RFC 37) well enough to be listened to.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use zeromq::core::SocketType;

use super::curve::Curve;
use super::{Kind, Security, Server};
use crate::input::Input;

/// The flags of a frame.
const LONG: u8 = 2;
const COMMAND: u8 = 4;
/// The same over a WebSocket.
const WEB_COMMAND: u8 = 2;

/// How long an answer of the handshake is waited for.
const ANSWER: Duration = Duration::from_secs(5);

/// How long the end of the connection is waited for.
const END: Duration = Duration::from_millis(200);

const COMMANDS: &[&[u8]] = &[
    b"\x05READY",
    b"\x05ERROR",
    b"\x04PING",
    b"\x04PONG",
    b"\x09SUBSCRIBE",
    b"\x06CANCEL",
    b"\x05HELLO",
    b"\x07WELCOME",
    b"\x08INITIATE",
    b"\x07MESSAGE",
    b"\x04JOIN",
    b"\x05LEAVE",
];

const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: ZWS2.0/";

pub struct Peer {
    stream: TcpStream,
    kind: Kind,
    /// After a handshake with CURVE.
    curve: Option<Curve>,
}

impl Peer {
    pub fn connect(server: &Server) -> Peer {
        let address = server.endpoint.split_once("://").expect("it is an endpoint").1;
        let stream = TcpStream::connect(address.trim_end_matches('/')).expect("it is bound");
        stream.set_nodelay(true).expect("it is connected");
        Peer { stream, kind: server.kind, curve: None }
    }

    /// Sends bytes. A connection that has ended does not mind.
    fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Performs a part of the handshake, or all of it.
    pub fn greet(&mut self, input: &mut Input) {
        // It is mostly performed to its end.
        let stages = input.below(16);
        if stages == 0 || self.kind.socket_type == SocketType::Stream {
            return;
        }
        let mechanism = match self.kind.security {
            Security::Null => "NULL",
            Security::Plain => "PLAIN",
            Security::Curve => "CURVE",
        };
        if self.kind.web {
            self.write(
                format!("{UPGRADE}{mechanism}\r\nSec-WebSocket-Version: 13\r\n\r\n").as_bytes(),
            );
            if !self.skip_head() {
                return;
            }
        } else {
            let mut greeting = [0; 64];
            greeting[..12].copy_from_slice(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01");
            greeting[12..12 + mechanism.len()].copy_from_slice(mechanism.as_bytes());
            self.write(&greeting);
            if self.read(64).is_none() {
                return;
            }
        }
        if stages == 1 {
            return;
        }
        let properties = self.properties(input);
        match self.kind.security {
            Security::Null => self.command(&[b"\x05READY", &*properties].concat()),
            Security::Plain => {
                self.command(b"\x05HELLO\x04user\x04word");
                if stages > 2 && self.answer().is_some() {
                    self.command(&[b"\x08INITIATE", &*properties].concat());
                }
            }
            Security::Curve => {
                let mut curve = Curve::default();
                self.command(&curve.hello());
                if stages == 2 {
                    return;
                }
                let Some(welcome) = self.answer() else {
                    return;
                };
                let initiate = curve.initiate(&welcome, &properties);
                self.command(&initiate.expect("the server knows its key"));
                self.curve = Some(curve);
            }
        }
        if stages > 3 {
            self.answer();
        }
    }

    /// Returns the metadata, mostly that of a peer that fits.
    fn properties(&self, input: &mut Input) -> Vec<u8> {
        use SocketType::*;
        let fits = match self.kind.socket_type {
            Req => "REP",
            Rep => "REQ",
            Router => "DEALER",
            Dealer => "ROUTER",
            Pub | Xpub => "SUB",
            Sub | Xsub => "PUB",
            Push => "PULL",
            Pull => "PUSH",
            Pair => "PAIR",
            Stream => "STREAM",
        };
        let mut all = Vec::new();
        let mut add = |name: &[u8], value: &[u8]| {
            all.push(name.len() as u8);
            all.extend(name);
            all.extend((value.len() as u32).to_be_bytes());
            all.extend(value);
        };
        match input.below(16) {
            0 => add(b"Socket-Type", input.short()),
            1 => add(input.short(), input.short()),
            2 => {
                add(b"Socket-Type", fits.as_bytes());
                add(b"Identity", input.short());
            }
            3 => all.extend(input.short()),
            _ => add(b"Socket-Type", fits.as_bytes()),
        }
        all
    }

    /// Sends something.
    pub fn act(&mut self, input: &mut Input) {
        match input.below(10) {
            0 => {
                let bytes = input.short();
                self.write(bytes);
            }
            1 => {
                let (flags, body) = (input.byte(), input.short());
                self.frame(flags, body);
            }
            2 => {
                // A length that does not fit.
                let (flags, length) = (input.byte() | LONG, input.integer());
                let body = input.short();
                let head = length.to_be_bytes();
                self.write(&[&[flags], &head[..], body].concat());
            }
            3 => {
                let command = [input.of(COMMANDS), input.short()].concat();
                self.command(&command);
            }
            4 => {
                // Subscribes or cancels, in the old way.
                let body = [&[input.byte() & 1], input.short()].concat();
                self.message(0, &body);
            }
            5 => self.message(1, b""),
            6 => {
                let body = vec![b'x'; input.below(4096)];
                self.message(0, &body);
            }
            7 => {
                if let Some(curve) = &mut self.curve {
                    let (flags, body) = (input.byte(), input.short());
                    let sealed = curve.message(flags, body);
                    self.frame(0, &sealed);
                }
            }
            _ => {
                let (more, body) = (input.byte() & 1, input.short());
                self.message(more, body);
            }
        }
    }

    /// Sends a frame of a message, encrypted if it has to be.
    fn message(&mut self, flags: u8, body: &[u8]) {
        match &mut self.curve {
            Some(curve) => {
                let sealed = curve.message(flags, body);
                self.frame(0, &sealed);
            }
            None => self.frame(flags, body),
        }
    }

    fn command(&mut self, body: &[u8]) {
        let flags = if self.kind.web { WEB_COMMAND } else { COMMAND };
        self.frame(flags, body);
    }

    fn frame(&mut self, flags: u8, body: &[u8]) {
        let mut bytes = Vec::new();
        if self.kind.web {
            bytes.push(0x82);
            match body.len() + 1 {
                length @ ..126 => bytes.push(0x80 | length as u8),
                length => {
                    bytes.push(0x80 | 126);
                    bytes.extend((length as u16).to_be_bytes());
                }
            }
            bytes.extend([0; 4]);
            bytes.push(flags);
        } else if body.len() < 256 {
            bytes.extend([flags & !LONG, body.len() as u8]);
        } else {
            bytes.push(flags | LONG);
            bytes.extend((body.len() as u64).to_be_bytes());
        }
        bytes.extend(body);
        self.write(&bytes);
    }

    fn read(&mut self, length: usize) -> Option<Vec<u8>> {
        self.stream.set_read_timeout(Some(ANSWER)).ok()?;
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Reads the answer to the request for a WebSocket.
    fn skip_head(&mut self) -> bool {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.read(1) {
                Some(byte) if head.len() < 4096 => head.extend(byte),
                _ => return false,
            }
        }
        head.starts_with(b"HTTP/1.1 101 ")
    }

    /// Reads the body of the next frame.
    fn answer(&mut self) -> Option<Vec<u8>> {
        let [flags, short] = *self.read(2)? else {
            return None;
        };
        let length = match (self.kind.web, short) {
            (true, 126) => {
                let bytes = self.read(2)?;
                usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
            }
            (false, first) if flags & LONG != 0 => {
                let rest = self.read(7)?;
                rest.iter().fold(usize::from(first), |sum, byte| sum << 8 | usize::from(*byte))
            }
            (_, short) => usize::from(short),
        };
        let body = self.read(length.min(1 << 16))?;
        // The flags of a WebSocket are in its body.
        Some(if self.kind.web { body.get(1..)?.to_vec() } else { body })
    }

    /// Ends the connection, and waits until the server has seen that.
    pub fn finish(mut self, mut drain: impl FnMut()) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(Duration::from_millis(2)));
        let begin = Instant::now();
        let mut bytes = [0; 4096];
        while begin.elapsed() < END {
            match self.stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => drain(),
                    _ => break,
                },
            }
        }
        drain();
    }
}
