//! The functions of libzmq that the zmq crate does not offer, or only at a cost. This
//! is the layer below the core, with the only direct calls of libzmq.

mod commands;
mod context;
mod frame;
#[cfg(unix)]
pub(crate) mod listener;
mod many;
pub(crate) mod options;
#[cfg(unix)]
pub(crate) mod readiness;
mod view;
#[cfg(unix)]
pub(crate) mod watcher;

use std::ffi::CStr;

use zeroize::Zeroizing;
use zmq_sys as sys;

pub(crate) use commands::wait_for_commands;
pub(crate) use context::Context;
pub use frame::Frame;
pub(crate) use frame::Received;
pub use many::Batch;
pub(crate) use many::send_many;
pub(crate) use view::Bytes;

/// Sends one frame, as with `zmq_send(3)`. A short frame is copied into the pipe
/// without initializing a message.
#[inline]
pub(crate) fn send(socket: &mut zmq::Socket, frame: &[u8], flags: i32) -> zmq::Result<()> {
    // SAFETY: a `zmq::Socket` is open, and the frame has that many bytes.
    let sent =
        unsafe { sys::zmq_send(socket.as_mut_ptr(), frame.as_ptr().cast(), frame.len(), flags) };
    if sent == -1 { Err(last_error()) } else { Ok(()) }
}

/// Decodes Z85, as with `zmq_z85_decode(3)`. Returns `None` if the text is invalid. The
/// function of the zmq crate never frees the text, which may be a secret, and accepts
/// invalid text.
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

/// Repeats a non-blocking call of libzmq that a signal interrupted.
#[inline(always)]
pub(crate) fn retried<T>(mut call: impl FnMut() -> zmq::Result<T>) -> zmq::Result<T> {
    loop {
        match call() {
            Err(zmq::Error::EINTR) => {}
            result => return result,
        }
    }
}

#[cold]
fn last_error() -> zmq::Error {
    // SAFETY: it reads a number of this thread.
    zmq::Error::from_raw(unsafe { sys::zmq_errno() })
}
