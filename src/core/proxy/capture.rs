//! A copy of everything that passes through a proxy.

use crate::core::message::{Message, Sent};
use crate::core::socket::open::Open;

/// Where the copies go. It never waits: what its peer does not take in time is
/// dropped, and counted.
pub(super) struct Capture {
    pub open: Open,
    copy: Message,
}

impl Capture {
    pub fn new(open: Open) -> Capture {
        Capture { open, copy: Message::default() }
    }

    /// Sends a copy; false if it was dropped.
    pub fn send_copy(&mut self, message: &mut Message) -> zmq::Result<bool> {
        self.copy.copy_frames(message)?;
        Ok(send(&mut self.copy, &mut self.open.socket)? == Sent::Yes)
    }
}

/// Sends a message without waiting. It is as it was if it is not sent, unless its peer
/// went away.
pub(super) fn send(message: &mut Message, socket: &mut zmq::Socket) -> zmq::Result<Sent> {
    match message.send(socket) {
        // REQ and REP: it is not their turn.
        Err(zmq::Error::EFSM) => Ok(Sent::Full),
        // Its peer is not there.
        Err(zmq::Error::EHOSTUNREACH) => Ok(Sent::Lost),
        sent => sent,
    }
}
