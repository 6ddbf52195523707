//! Options by number, as with `zmq_setsockopt(3)` and `zmq_getsockopt(3)`, and the
//! state of a peer. libzmq checks the size of every value, so an option of another type
//! is refused (EINVAL).

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::ptr;

use zmq_sys as sys;

use super::last_error;

/// No readable option is longer.
const LONGEST: usize = 1024;

/// A type of numeric options.
pub(crate) trait Number: Copy + Default {}

impl Number for c_int {}
impl Number for i64 {}
impl Number for u64 {}

/// Sets a numeric option.
pub(crate) fn set<T: Number>(socket: &mut zmq::Socket, option: c_int, value: T) -> zmq::Result<()> {
    // SAFETY: the value is valid during the call and has this size.
    unsafe { set_raw(socket, option, ptr::from_ref(&value).cast(), size_of::<T>()) }
}

/// Sets an option that is text or binary data.
pub(crate) fn set_bytes(socket: &mut zmq::Socket, option: c_int, value: &[u8]) -> zmq::Result<()> {
    // SAFETY: the bytes are valid during the call, and there are that many.
    unsafe { set_raw(socket, option, value.as_ptr().cast(), value.len()) }
}

/// Clears an option: a text, or a filter.
pub(crate) fn unset(socket: &mut zmq::Socket, option: c_int) -> zmq::Result<()> {
    // SAFETY: libzmq reads nothing from NULL.
    unsafe { set_raw(socket, option, ptr::null(), 0) }
}

/// # Safety
/// `value` is NULL or points to `size` bytes.
unsafe fn set_raw(
    socket: &mut zmq::Socket,
    option: c_int,
    value: *const c_void,
    size: usize,
) -> zmq::Result<()> {
    // SAFETY: a `zmq::Socket` is open; the rest is guaranteed by the caller.
    let set = unsafe { sys::zmq_setsockopt(socket.as_mut_ptr(), option, value, size) };
    if set == -1 { Err(last_error()) } else { Ok(()) }
}

/// Returns the value of a numeric option.
pub(crate) fn get<T: Number>(socket: &mut zmq::Socket, option: c_int) -> zmq::Result<T> {
    let mut value = T::default();
    // SAFETY: there is room for the number, and every bit pattern is a valid one.
    unsafe { get_raw(socket, option, ptr::from_mut(&mut value).cast(), size_of::<T>()) }?;
    Ok(value)
}

/// Returns the value of an option that is text, which ends with a NUL, or binary data.
pub(crate) fn get_bytes(socket: &mut zmq::Socket, option: c_int) -> zmq::Result<Vec<u8>> {
    get_long(socket, option, LONGEST)
}

/// Does the same as [`get_bytes`] for a value of up to `room` bytes.
pub(crate) fn get_long(
    socket: &mut zmq::Socket,
    option: c_int,
    room: usize,
) -> zmq::Result<Vec<u8>> {
    let mut value = vec![0; room];
    // SAFETY: the buffer has that many bytes.
    let size = unsafe { get_raw(socket, option, value.as_mut_ptr().cast(), room) }?;
    value.truncate(size);
    Ok(value)
}

/// Returns the value of an option of exactly `SIZE` bytes.
pub(crate) fn get_array<const SIZE: usize>(
    socket: &mut zmq::Socket,
    option: c_int,
) -> zmq::Result<[u8; SIZE]> {
    let mut value = [0; SIZE];
    // SAFETY: the buffer has that many bytes.
    unsafe { get_raw(socket, option, value.as_mut_ptr().cast(), SIZE) }?;
    Ok(value)
}

/// # Safety
/// There is room for `size` bytes at `value`.
unsafe fn get_raw(
    socket: &mut zmq::Socket,
    option: c_int,
    value: *mut c_void,
    mut size: usize,
) -> zmq::Result<usize> {
    // SAFETY: a `zmq::Socket` is open; the rest is guaranteed by the caller.
    let got = unsafe { sys::zmq_getsockopt(socket.as_mut_ptr(), option, value, &mut size) };
    if got == -1 { Err(last_error()) } else { Ok(size) }
}

#[cfg(all(libzmq_repaired, target_pointer_width = "64"))]
mod draft {
    unsafe extern "C" {
        // Without its draft API, libzmq still contains this function, but with a C++
        // name. The libzmq of a system does not export it.
        #[link_name = "_Z25zmq_socket_get_peer_statePvPKvm"]
        pub fn zmq_socket_get_peer_state(
            socket: *mut libc::c_void,
            routing_id: *const libc::c_void,
            length: libc::size_t,
        ) -> libc::c_int;
    }
}

/// Returns true if a ROUTER socket has a peer with this routing id.
///
/// # Errors
/// ENOTSUP for other socket types, and on systems where libzmq cannot be asked.
pub(crate) fn has_peer(socket: &mut zmq::Socket, routing_id: &[u8]) -> zmq::Result<bool> {
    #[cfg(all(libzmq_repaired, target_pointer_width = "64"))]
    {
        let (id, length) = (routing_id.as_ptr().cast(), routing_id.len());
        // SAFETY: a `zmq::Socket` is open, and the id has that many bytes.
        let state = unsafe { draft::zmq_socket_get_peer_state(socket.as_mut_ptr(), id, length) };
        match state {
            -1 => match last_error() {
                zmq::Error::EHOSTUNREACH => Ok(false),
                error => Err(error),
            },
            _ => Ok(true),
        }
    }
    #[cfg(not(all(libzmq_repaired, target_pointer_width = "64")))]
    {
        let _ = (socket, routing_id);
        Err(zmq::Error::ENOTSUP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_set_and_read_by_their_numbers() {
        let context = zmq::Context::new();
        let mut socket = context.socket(zmq::DEALER).unwrap();
        let linger = sys::ZMQ_LINGER as c_int;
        set(&mut socket, linger, 7).unwrap();
        assert_eq!((get(&mut socket, linger), socket.get_linger()), (Ok(7), Ok(7)));
        assert_eq!(get::<i64>(&mut socket, linger), Err(zmq::Error::EINVAL));
        assert_eq!(set(&mut socket, linger, 7_i64), Err(zmq::Error::EINVAL));
        let id = sys::ZMQ_ROUTING_ID as c_int;
        set_bytes(&mut socket, id, b"me").unwrap();
        assert_eq!(get_bytes(&mut socket, id).unwrap(), b"me");
        let username = sys::ZMQ_PLAIN_USERNAME as c_int;
        set_bytes(&mut socket, username, b"a").unwrap();
        assert_eq!(get_bytes(&mut socket, username).unwrap(), b"a\0");
        unset(&mut socket, username).unwrap();
        assert_eq!(socket.get_mechanism(), Ok(zmq::Mechanism::ZMQ_NULL));
        assert_eq!(has_peer(&mut socket, b"x"), Err(zmq::Error::ENOTSUP));
    }

    #[test]
    #[cfg(all(libzmq_repaired, target_pointer_width = "64"))]
    fn a_router_knows_its_peers() {
        let context = zmq::Context::new();
        let mut router = context.socket(zmq::ROUTER).unwrap();
        router.bind("inproc://has-peer").unwrap();
        let dealer = context.socket(zmq::DEALER).unwrap();
        dealer.set_identity(b"me").unwrap();
        dealer.connect("inproc://has-peer").unwrap();
        router.get_events().unwrap();
        assert_eq!(has_peer(&mut router, b"me"), Ok(true));
        assert_eq!(has_peer(&mut router, b"you"), Ok(false));
    }
}
