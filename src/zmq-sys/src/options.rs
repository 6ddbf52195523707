//! Options by their numbers, and peers by their routing ids. The `zmq` crate has a method for each of a part of
//! the options only, and a method calls one of the functions here; [`numbered`]
//! lets it do the same with any other option.

use std::cell::Cell;
use std::ptr::NonNull;

use libc::{c_int, c_void, size_t};

use crate::ffi;

/// Options of sockets that the repairs add to libzmq, with values of type int. This one
/// limits the bytes of a frame until the handshake is done: from 1024, or -1 for any.
pub const MAX_HANDSHAKE_SIZE: c_int = 5010;
/// How many frames a message from a peer may have: from 1, or -1 for as many as come with
/// maxmsgsize.
pub const MAX_MESSAGE_FRAMES: c_int = 5011;
/// Whether a client tries again after a server has rejected it: 0 or 1.
pub const RETRY_REJECTED: c_int = 5012;

thread_local! {
    /// What the next call on this thread is about, in place of what it asks for.
    static NUMBER: Cell<Option<c_int>> = const { Cell::new(None) };
}

/// Runs `method`, one that reads or sets an option of a socket or of a context,
/// on the option of this number. libzmq checks the length of every value, so an
/// option of another type is refused.
pub fn numbered<T>(number: c_int, method: impl FnOnce() -> T) -> T {
    NUMBER.set(Some(number));
    let result = method();
    NUMBER.set(None);
    result
}

thread_local! {
    /// The peer that the next reading of an option on this thread is about.
    static PEER: Cell<Option<NonNull<[u8]>>> = const { Cell::new(None) };
}

/// Whether [`of_peer`] works on this system.
pub const KNOWS_PEERS: bool = cfg!(all(unix, target_pointer_width = "64"));

#[cfg(all(unix, target_pointer_width = "64"))]
mod libzmq {
    unsafe extern "C" {
        // Without its drafts libzmq has it all the same, yet as a function of C++.
        #[link_name = "_Z25zmq_socket_get_peer_statePvPKvm"]
        pub fn zmq_socket_get_peer_state(
            socket: *mut libc::c_void,
            routing_id: *const libc::c_void,
            length: libc::size_t,
        ) -> libc::c_int;
    }
}

/// Runs `method`, one that reads an option of type int of a ROUTER socket. Instead
/// it finds out whether a peer with this routing id is there: if not, it fails with
/// EHOSTUNREACH. Other types of sockets do not know (ENOTSUP). Without
/// [`KNOWS_PEERS`] it reads the option.
pub fn of_peer<T>(routing_id: &[u8], method: impl FnOnce() -> T) -> T {
    PEER.set(Some(NonNull::from(routing_id)));
    let result = method();
    PEER.set(None);
    result
}

fn number(asked: c_int) -> c_int {
    NUMBER.take().unwrap_or(asked)
}

/// As in libzmq.
///
/// # Safety
///
/// The socket is an open one, and the value has as many bytes, or is NULL.
pub unsafe fn zmq_setsockopt(
    socket: *mut c_void,
    option: c_int,
    value: *const c_void,
    length: size_t,
) -> c_int {
    // SAFETY: the caller's promise does not depend on the option.
    unsafe { ffi::zmq_setsockopt(socket, number(option), value, length) }
}

/// As in libzmq.
///
/// # Safety
///
/// The socket is an open one, and the value has room for `*length` bytes.
pub unsafe fn zmq_getsockopt(
    socket: *mut c_void,
    option: c_int,
    value: *mut c_void,
    length: *mut size_t,
) -> c_int {
    #[cfg(all(unix, target_pointer_width = "64"))]
    if let Some(peer) = PEER.take() {
        // SAFETY: of_peer was lent the routing id and has not returned.
        let peer = unsafe { peer.as_ref() };
        // SAFETY: the socket is an open one, and the length is that of the slice.
        let state =
            unsafe { libzmq::zmq_socket_get_peer_state(socket, peer.as_ptr().cast(), peer.len()) };
        return if state < 0 { state } else { 0 };
    }
    // SAFETY: the caller's promise does not depend on the option.
    unsafe { ffi::zmq_getsockopt(socket, number(option), value, length) }
}

/// As in libzmq.
///
/// # Safety
///
/// The context has not ended.
pub unsafe fn zmq_ctx_set(context: *mut c_void, option: c_int, value: c_int) -> c_int {
    // SAFETY: the caller's promise does not depend on the option.
    unsafe { ffi::zmq_ctx_set(context, number(option), value) }
}

/// As in libzmq.
///
/// # Safety
///
/// The context has not ended.
pub unsafe fn zmq_ctx_get(context: *mut c_void, option: c_int) -> c_int {
    // SAFETY: the caller's promise does not depend on the option.
    unsafe { ffi::zmq_ctx_get(context, number(option)) }
}
