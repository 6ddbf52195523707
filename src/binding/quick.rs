//! Methods that scripts call so often that hosts take a short path to them: without the
//! checks of the table, an argument list, or a result to convert. A call on this path
//! succeeds, or has done nothing and is repeated through `call`.

use super::call::decided;
use super::classes::rows;
use super::object::Object;
use super::socket::messages::{RECEIVE, RECEIVE_FRAME, SEND};
use super::socket::{self, Socket};
use super::table::Row;
use crate::core::Frame;

/// A method with a short path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick {
    /// `ZMQSocket.send` with one String and no named arguments: [`send`].
    Send,
    /// `ZMQSocket.receive` without arguments: [`receive`].
    Receive,
    /// `ZMQSocket.receiveframe` without arguments: [`receive`].
    ReceiveFrame,
}

impl Quick {
    /// All of them.
    pub const ALL: [Quick; 3] = [Quick::Send, Quick::Receive, Quick::ReceiveFrame];

    /// Returns the row of the method.
    pub fn row(self) -> Option<&'static Row> {
        rows().iter().find(|row| row.is(&socket::CLASS, self.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Quick::Send => SEND,
            Quick::Receive => RECEIVE,
            Quick::ReceiveFrame => RECEIVE_FRAME,
        }
    }
}

/// Sends one frame, if it can be sent at once. Returns false if nothing was sent.
#[inline]
pub fn send(receiver: &Object, frame: &[u8]) -> bool {
    !decided() && receiver.get::<Socket>().is_some_and(|socket| socket.send_now(frame))
}

/// Receives one frame, if one is there, and returns what `take` makes of it. Returns `None`
/// if nothing was received.
#[inline]
pub fn receive<T>(receiver: &Object, take: impl FnOnce(&mut Frame) -> T) -> Option<T> {
    if decided() {
        return None;
    }
    receiver.get::<Socket>()?.receive_now(take)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quick_method_has_a_row() {
        for quick in Quick::ALL {
            assert_eq!(quick.row().unwrap().method.name, quick.name());
        }
    }
}
