//! Copies of all messages that pass through a proxy.

use crate::core::message::{Message, Sent};
use crate::core::socket::open::Open;

/// The socket that copies are sent to. It never waits: copies that its peer does not
/// accept at once are dropped and counted.
pub(super) struct Capture {
    pub open: Open,
    copy: Message,
}

impl Capture {
    pub fn new(open: Open) -> Capture {
        Capture { open, copy: Message::default() }
    }

    /// Sends a copy. Returns false if it was dropped.
    pub fn send_copy(&mut self, message: &mut Message) -> zmq::Result<bool> {
        self.copy.copy_frames(message)?;
        match send(&mut self.copy, &mut self.open.socket) {
            // Messages take as much memory as they may.
            Err(zmq::Error::ENOBUFS) => Ok(false),
            sent => Ok(sent? == Sent::Yes),
        }
    }
}

/// Sends a message without waiting. If it is not sent, it is unchanged, unless its peer
/// disconnected.
pub(super) fn send(message: &mut Message, socket: &mut zmq::Socket) -> zmq::Result<Sent> {
    match message.send(socket) {
        // A REQ or REP socket has to receive first.
        Err(zmq::Error::EFSM) => Ok(Sent::Full),
        // Its peer is gone.
        Err(zmq::Error::EHOSTUNREACH) => Ok(Sent::Lost),
        sent => sent,
    }
}
