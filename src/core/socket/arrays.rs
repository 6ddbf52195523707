//! Sending and receiving arrays of numbers.

use super::Socket;
use crate::core::array::{self, AnyArray, Array, ArrayRef, Sparse, SparseRef, sparse};
use crate::core::error::Error;
use crate::core::message::Message;
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

    /// Sends a sparse matrix as four frames: JSON with its format, dtypes and shape, then its
    /// vectors: the elements that are stored, the row of each, and where each column begins.
    /// They are copied once.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send).
    pub fn send_sparse(&self, matrix: &SparseRef, wait: &Wait) -> Result<(), Error> {
        let mut message = Message::from(Vec::from(matrix.frames()));
        self.send_shared(&mut message, wait)
    }

    /// Receives an array that [`send_array`](Socket::send_array), or numpy by pyzmq's recipe,
    /// has sent. The elements are not copied, unless their bytes are in the other order.
    ///
    /// # Errors
    /// [`Error::Decode`] if the message is not an array: it is discarded. The errors of
    /// [`receive_all`](Socket::receive_all).
    pub fn receive_array(&self, wait: &Wait) -> Result<Box<Array>, Error> {
        match self.receive_any_array(wait)? {
            AnyArray::Dense(array) => Ok(array),
            AnyArray::Sparse(_) => Err(decode("expected an array, got a sparse matrix".to_owned())),
        }
    }

    /// Receives a sparse matrix that [`send_sparse`](Socket::send_sparse) has sent, or another
    /// program in the same form, also in compressed rows. The vectors are not copied, unless
    /// their bytes, or the rows in a column, are in another order.
    ///
    /// # Errors
    /// As for [`receive_array`](Socket::receive_array).
    pub fn receive_sparse(&self, wait: &Wait) -> Result<Box<Sparse>, Error> {
        match self.receive_any_array(wait)? {
            AnyArray::Sparse(matrix) => Ok(matrix),
            AnyArray::Dense(_) => Err(decode("expected a sparse matrix, got an array".to_owned())),
        }
    }

    /// Receives either of them.
    ///
    /// # Errors
    /// As for [`receive_array`](Socket::receive_array).
    pub fn receive_any_array(&self, wait: &Wait) -> Result<AnyArray, Error> {
        let mut frames = self.receive_all(wait)?.into_iter();
        let count = frames.len();
        let mut next = || frames.next().unwrap_or_default();
        match count {
            2 => array::read(&next(), next()).map(|array| AnyArray::Dense(Box::new(array))),
            4 => sparse::read(&next(), [next(), next(), next()])
                .map(|matrix| AnyArray::Sparse(Box::new(matrix))),
            count => Err(format!(
                "an array has two frames, a sparse matrix four, and the message has {count}"
            )),
        }
        .map_err(decode)
    }
}

fn decode(what: String) -> Error {
    Error::Decode { what: what.into() }
}
