//! Sending and receiving arrays of numbers.

use super::Socket;
use crate::core::array::{self, Array, ArrayRef};
use crate::core::error::Error;
use crate::core::message::{Frame, Message};
use crate::core::wait::Wait;

impl Socket {
    /// Sends an array as two frames: JSON with its dtype and shape, then its elements, row by
    /// row. They are copied once.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send).
    pub fn send_array(&self, array: &ArrayRef, wait: &Wait) -> Result<(), Error> {
        let mut message = Message::from(Vec::from(array.frames()));
        self.send_shared(&mut message, wait)
    }

    /// Receives an array that [`send_array`](Socket::send_array), or numpy by pyzmq's recipe,
    /// has sent. The elements are not copied, unless their bytes are in the other order.
    ///
    /// # Errors
    /// [`Error::Decode`] if the message is not an array: it is discarded. The errors of
    /// [`receive_all`](Socket::receive_all).
    pub fn receive_array(&self, wait: &Wait) -> Result<Array, Error> {
        let frames = self.receive_all(wait)?;
        let count = frames.len();
        let decode = |what: String| Error::Decode { what: what.into() };
        let [described, elements] = <[Frame; 2]>::try_from(frames)
            .map_err(|_| decode(format!("an array has two frames, and the message has {count}")))?;
        array::read(&described, elements).map_err(decode)
    }
}
