//! Messages: a message is one or more frames, a frame is a number of bytes.

use std::ops::Deref;

use crate::libzmq;

/// One frame of a message. It keeps the memory in which libzmq received it.
#[derive(Debug)]
pub struct Frame(zmq::Message);

impl Frame {
    /// Receives a frame into this one, without waiting, and gives its size.
    pub(super) fn receive(&mut self, socket: &mut zmq::Socket) -> zmq::Result<usize> {
        libzmq::receive(socket, &mut self.0, zmq::DONTWAIT)
    }

    /// Whether further frames of the same message follow.
    pub fn more(&self) -> bool {
        self.0.get_more()
    }

    /// The frame as text, if it is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// What is known about the peer that sent it: its "Peer-Address" and
    /// "Socket-Type", and what an authenticator said of it, the "User-Id" and the
    /// names in the metadata of its certificate (`zmq_msg_gets(3)`).
    pub fn property(&self, name: &str) -> Option<&str> {
        libzmq::property(&self.0, name)
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

impl Default for Frame {
    /// An empty frame.
    fn default() -> Frame {
        Frame(zmq::Message::new())
    }
}

impl From<&[u8]> for Frame {
    fn from(bytes: &[u8]) -> Frame {
        Frame(zmq::Message::from(bytes))
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Frame {
        Frame(zmq::Message::from(bytes))
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
