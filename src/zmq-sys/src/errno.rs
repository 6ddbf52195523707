//! The error numbers that the `zmq` crate knows, and how errno is read.

use crate::ffi;
use libc::c_int;

macro_rules! from_libc {
    ($($name:ident)*) => { $( pub const $name: i32 = libc::$name; )* };
}

macro_rules! from_libzmq {
    ($($name:ident)*) => { $( pub const $name: i32 = ffi::$name as i32; )* };
}

/// libzmq's own numbers for errors that a platform does not define, counted from
/// `ZMQ_HAUSNUMERO`.
macro_rules! alternative {
    ($($name:ident = $offset:literal)*) => {
        $( pub const $name: i32 = ffi::ZMQ_HAUSNUMERO as i32 + $offset; )*
    };
}

from_libc! {
    EACCES EADDRINUSE EADDRNOTAVAIL EAGAIN EBUSY ECONNREFUSED EFAULT EHOSTUNREACH EINPROGRESS
    EINTR EINVAL EMFILE EMSGSIZE ENAMETOOLONG ENETDOWN ENOBUFS ENODEV ENOENT ENOMEM ENOTCONN
    ENOTSOCK ENOTSUP EPROTO EPROTONOSUPPORT
}

from_libzmq! { EFSM ENOCOMPATPROTO ETERM EMTHREAD }

alternative! {
    ENOTSUP_ALT = 1 EPROTONOSUPPORT_ALT = 2 ENOBUFS_ALT = 3 ENETDOWN_ALT = 4 EADDRINUSE_ALT = 5
    EADDRNOTAVAIL_ALT = 6 ECONNREFUSED_ALT = 7 EINPROGRESS_ALT = 8 ENOTSOCK_ALT = 9
    EMSGSIZE_ALT = 10 EAFNOSUPPORT_ALT = 11 ENETUNREACH_ALT = 12 ECONNABORTED_ALT = 13
    ECONNRESET_ALT = 14 ENOTCONN_ALT = 15 ETIMEDOUT_ALT = 16 EHOSTUNREACH_ALT = 17
    ENETRESET_ALT = 18
}

mod libzmq {
    unsafe extern "C" {
        pub fn zmq_errno() -> libc::c_int;
    }
}

/// Returns the last error number of this thread if the `zmq` crate knows it, and
/// `EFAULT` otherwise, because that crate panics on any other number. errno itself is
/// unchanged: `std::io::Error::last_os_error()` returns the true number.
///
/// # Safety
///
/// There is nothing to uphold; the `zmq` crate expects an unsafe function.
pub unsafe fn zmq_errno() -> c_int {
    // SAFETY: zmq_errno only reads errno.
    let errno = unsafe { libzmq::zmq_errno() };
    match errno {
        EACCES | EADDRINUSE | EADDRNOTAVAIL | EAGAIN | EBUSY | ECONNREFUSED | EFAULT
        | EHOSTUNREACH | EINPROGRESS | EINTR | EINVAL | EMFILE | EMSGSIZE | ENAMETOOLONG
        | ENETDOWN | ENOBUFS | ENODEV | ENOENT | ENOMEM | ENOTCONN | ENOTSOCK | ENOTSUP
        | EPROTO | EPROTONOSUPPORT => errno,
        EFSM | ENOCOMPATPROTO | ETERM | EMTHREAD => errno,
        ENOTSUP_ALT..=EINPROGRESS_ALT | ENOTSOCK_ALT | EMSGSIZE_ALT => errno,
        _ => EFAULT,
    }
}
