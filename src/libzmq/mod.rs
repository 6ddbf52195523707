//! What libzmq can do and the zmq crate does not offer, or offers at a price: the
//! edge below the core, with the only calls of libzmq that are not the crate's.

mod context;
mod frame;
#[cfg(unix)]
pub(crate) mod listener;
pub(crate) mod options;

use zmq_sys as sys;

pub(crate) use context::Context;
pub use frame::Frame;

/// Sends one frame, as `zmq_send(3)`: a short one is copied into the pipe without
/// a message being made of it.
pub(crate) fn send(socket: &mut zmq::Socket, frame: &[u8], flags: i32) -> zmq::Result<()> {
    // SAFETY: the socket is open, as zmq::Socket says; there are as many bytes.
    let sent =
        unsafe { sys::zmq_send(socket.as_mut_ptr(), frame.as_ptr().cast(), frame.len(), flags) };
    if sent == -1 { Err(last_error()) } else { Ok(()) }
}

/// Repeats a call of libzmq, one that does not wait, that a signal broke off.
#[inline]
pub(crate) fn retried<T>(mut call: impl FnMut() -> zmq::Result<T>) -> zmq::Result<T> {
    loop {
        match call() {
            Err(zmq::Error::EINTR) => {}
            result => return result,
        }
    }
}

fn last_error() -> zmq::Error {
    // SAFETY: it reads a number of this thread.
    zmq::Error::from_raw(unsafe { sys::zmq_errno() })
}
