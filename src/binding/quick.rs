//! Methods that scripts call so often that hosts take a short path to them: without the
//! checks of the table, an argument list, or a result to convert. A call on this path
//! succeeds, or has done nothing and is repeated through `call`.

use smallvec::SmallVec;

use super::call::decided;
use super::classes::rows;
use super::object::Object;
use super::socket::messages::{RECEIVE, RECEIVE_ALL, RECEIVE_FRAME, SEND};
use super::socket::{self, Socket};
use super::table::Row;
use crate::core::Frame;

/// Messages of at most this many frames are sent without an allocation.
const FEW: usize = 8;

/// A method with a short path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick {
    /// `ZMQSocket.send` with Strings and no named arguments: [`send`].
    Send,
    /// `ZMQSocket.receive` without arguments: [`receive`].
    Receive,
    /// `ZMQSocket.receiveframe` without arguments: [`receive`].
    ReceiveFrame,
    /// `ZMQSocket.receiveall` without arguments: [`receive_all`].
    ReceiveAll,
}

impl Quick {
    /// All of them.
    pub const ALL: [Quick; 4] =
        [Quick::Send, Quick::Receive, Quick::ReceiveFrame, Quick::ReceiveAll];

    /// Returns the row of the method.
    pub fn row(self) -> Option<&'static Row> {
        rows().iter().find(|row| row.is(&socket::CLASS, self.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Quick::Send => SEND,
            Quick::Receive => RECEIVE,
            Quick::ReceiveFrame => RECEIVE_FRAME,
            Quick::ReceiveAll => RECEIVE_ALL,
        }
    }
}

/// Sends a message of `count` frames, if it can be sent at once. `frame` returns one of them,
/// or `None` if the argument is not a String. Returns false if nothing was sent.
#[inline]
pub fn send<'a>(
    receiver: &Object,
    count: usize,
    frame: impl Fn(usize) -> Option<&'a [u8]>,
) -> bool {
    let Some(socket) = receiver.get::<Socket>().filter(|_| !decided()) else {
        return false;
    };
    if count == 1 {
        return frame(0).is_some_and(|frame| socket.send_now(&[frame]));
    }
    let frames: Option<SmallVec<[&[u8]; FEW]>> = (0..count).map(frame).collect();
    frames.is_some_and(|frames| socket.send_now(&frames))
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

/// Receives all frames of a message, if one is there, and calls `visit` with each. Returns
/// false if nothing was received.
#[inline]
pub fn receive_all(receiver: &Object, visit: impl FnMut(&mut Frame)) -> bool {
    !decided() && receiver.get::<Socket>().is_some_and(|socket| socket.receive_all_now(visit))
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
