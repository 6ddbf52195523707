//! Messages: a message is one or more frames, a frame is a number of bytes.

use std::ops::Deref;

use crate::libzmq;

/// One frame of a message, empty at first. It keeps the memory in which libzmq
/// received it.
#[derive(Debug, Default)]
pub struct Frame(libzmq::Frame);

impl Frame {
    /// Receives a frame into this one, without waiting, and gives its size.
    pub(in crate::core) fn receive(&mut self, socket: &mut zmq::Socket) -> zmq::Result<usize> {
        self.0.receive(socket, zmq::DONTWAIT)
    }

    /// Whether further frames of the same message follow.
    pub fn more(&self) -> bool {
        self.0.more()
    }

    /// The frame as text, if it is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }

    /// What is known about the peer that sent it: its "Peer-Address" and
    /// "Socket-Type", and what an authenticator said of it, the "User-Id" and the
    /// names in the metadata of its certificate (`zmq_msg_gets(3)`).
    pub fn property(&self, name: &str) -> Option<&str> {
        self.0.property(name)
    }

    /// Whether the frame is UTF-8.
    pub fn is_text(&self) -> bool {
        is_text(self)
    }
}

/// Whether bytes are UTF-8.
pub fn is_text(bytes: &[u8]) -> bool {
    // Most is ASCII, which is quicker to tell.
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

impl From<&[u8]> for Frame {
    fn from(bytes: &[u8]) -> Frame {
        Frame(libzmq::Frame::from(bytes))
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Frame {
        Frame(libzmq::Frame::from(bytes))
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
