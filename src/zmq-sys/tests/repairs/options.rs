//! Options by number, for options that the `zmq` crate does not have.

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::ptr;

use zmq_sys as sys;

/// Sets an option of type int.
pub fn set(socket: &zmq::Socket, option: c_int, value: c_int) -> zmq::Result<()> {
    set_bytes(socket, option, &value.to_ne_bytes())
}

/// Sets an option that is text or binary data.
pub fn set_bytes(socket: &zmq::Socket, option: c_int, value: &[u8]) -> zmq::Result<()> {
    let (value, size) = (value.as_ptr().cast(), value.len());
    // SAFETY: the socket is open, and the value has that many bytes.
    result(unsafe { sys::zmq_setsockopt(raw(socket), option, value, size) })
}

/// Returns the value of an option of type int.
pub fn get(socket: &zmq::Socket, option: c_int) -> zmq::Result<c_int> {
    let (mut value, mut size) = (0, size_of::<c_int>());
    let place = ptr::from_mut(&mut value).cast();
    // SAFETY: the socket is open, and there is room for an int.
    result(unsafe { sys::zmq_getsockopt(raw(socket), option, place, &mut size) }).map(|()| value)
}

/// Returns the value of an option that is binary data of at most `most` bytes.
pub fn get_bytes(socket: &zmq::Socket, option: c_int, most: usize) -> zmq::Result<Vec<u8>> {
    let (mut value, mut size) = (vec![0; most], most);
    let place = value.as_mut_ptr().cast();
    // SAFETY: the socket is open, and there is room for that many bytes.
    result(unsafe { sys::zmq_getsockopt(raw(socket), option, place, &mut size) })?;
    value.truncate(size);
    Ok(value)
}

/// The `zmq` crate hands out the pointer of a mutable socket only.
fn raw(socket: &zmq::Socket) -> *mut c_void {
    let item = socket.as_poll_item(zmq::POLLIN);
    // SAFETY: a PollItem is a zmq_pollitem_t, whose first field is the socket.
    unsafe { ptr::from_ref(&item).cast::<*mut c_void>().read() }
}

fn result(code: c_int) -> zmq::Result<()> {
    // SAFETY: it reads a number of this thread.
    if code == -1 { Err(zmq::Error::from_raw(unsafe { sys::zmq_errno() })) } else { Ok(()) }
}
