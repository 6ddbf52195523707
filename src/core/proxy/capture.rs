//! Copies of all messages that pass through a proxy.

use super::slow_peers::send;
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
    pub fn take(&mut self, message: &mut Message) -> zmq::Result<bool> {
        self.copy.copy_frames(message)?;
        Ok(send(&mut self.copy, &mut self.open.socket)? == Sent::Yes)
    }
}
