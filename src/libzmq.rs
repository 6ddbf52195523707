//! What libzmq can do and the zmq crate does not offer, or offers at a price: the
//! edge below the core, with the only calls of libzmq that are not the crate's.

mod frame;

use std::ffi::{CStr, CString, c_int};
use std::mem::{align_of, size_of};
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

/// What is known about the peer that sent a message, as `zmq_msg_gets(3)`; the
/// crate asks for it only who may change the message.
pub(crate) fn property<'a>(message: &'a zmq::Message, name: &str) -> Option<&'a str> {
    let message: *const sys::zmq_msg_t = ptr::from_ref(message).cast();
    let name = CString::new(name).ok()?;
    // SAFETY: the message is there and only read, the name ends with a NUL.
    let value = unsafe { sys::zmq_msg_gets(message, name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: it is a text of the message, which is not changed as long as it is lent.
    unsafe { CStr::from_ptr(value) }.to_str().ok()
}

/// Receives a frame in place of `message`, as `zmq_msg_recv(3)`, and gives its size,
/// which the crate does not tell.
pub(crate) fn receive(
    socket: &mut zmq::Socket,
    message: &mut zmq::Message,
    flags: i32,
) -> zmq::Result<usize> {
    let message: *mut sys::zmq_msg_t = ptr::from_mut(message).cast();
    // SAFETY: the socket is open and the message initialized, as their types say.
    let size = unsafe { sys::zmq_msg_recv(message, socket.as_mut_ptr(), flags) };
    usize::try_from(size).map_err(|_| last_error())
}

// A zmq::Message is a zmq_msg_t and nothing else.
const _: () = {
    assert!(size_of::<zmq::Message>() == size_of::<sys::zmq_msg_t>());
    assert!(align_of::<zmq::Message>() == align_of::<sys::zmq_msg_t>());
};

fn last_error() -> zmq::Error {
    // SAFETY: it reads a number of this thread.
    zmq::Error::from_raw(unsafe { sys::zmq_errno() })
}
