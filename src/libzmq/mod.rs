//! What libzmq can do and the zmq crate does not offer, or offers at a price: the
//! edge below the core, with the only calls of libzmq that are not the crate's.

mod frame;

use std::ffi::c_int;
use std::mem::size_of;
use std::ptr;

use zmq_sys as sys;

pub(crate) use frame::Frame;

/// Sends one frame, as `zmq_send(3)`: a short one is copied into the pipe without
/// a message being made of it.
pub(crate) fn send(socket: &mut zmq::Socket, frame: &[u8], flags: i32) -> zmq::Result<()> {
    // SAFETY: the socket is open, as zmq::Socket says; there are as many bytes.
    let sent =
        unsafe { sys::zmq_send(socket.as_mut_ptr(), frame.as_ptr().cast(), frame.len(), flags) };
    if sent == -1 { Err(last_error()) } else { Ok(()) }
}

/// Sets an option whose value is an int, as `zmq_setsockopt(3)`.
pub(crate) fn set_int(socket: &mut zmq::Socket, option: u32, value: c_int) -> zmq::Result<()> {
    let place = ptr::from_ref(&value).cast();
    let Ok(option) = c_int::try_from(option) else {
        return Err(zmq::Error::EINVAL);
    };
    // SAFETY: the socket is open, as zmq::Socket says; the value is there meanwhile,
    // and libzmq checks its size.
    let set =
        unsafe { sys::zmq_setsockopt(socket.as_mut_ptr(), option, place, size_of::<c_int>()) };
    if set == -1 { Err(last_error()) } else { Ok(()) }
}

fn last_error() -> zmq::Error {
    // SAFETY: it reads a number of this thread.
    zmq::Error::from_raw(unsafe { sys::zmq_errno() })
}
