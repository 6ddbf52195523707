//! What libzmq can do and the zmq crate does not offer, or offers at a price: the
//! edge below the core, with the only calls of libzmq that are not the crate's.

mod context;
mod frame;
#[cfg(unix)]
pub(crate) mod listener;
pub(crate) mod options;

use std::ffi::CStr;

use zeroize::Zeroizing;
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

/// The bytes of a text in Z85, as `zmq_z85_decode(3)`; nothing if it is none. The zmq
/// crate's function never frees the text, which may be a secret, and passes on what is
/// no text.
pub(crate) fn z85_decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut terminated = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    terminated.extend_from_slice(text);
    terminated.push(0);
    let text = CStr::from_bytes_with_nul(&terminated).ok()?;
    let mut bytes = vec![0; text.count_bytes() / 5 * 4];
    // SAFETY: the text ends with a NUL, and there is room for four bytes for each five
    // of its characters.
    let decoded = unsafe { sys::zmq_z85_decode(bytes.as_mut_ptr(), text.as_ptr()) };
    (!decoded.is_null()).then_some(bytes)
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
