//! Listening system sockets that were opened outside of libzmq.

use std::io;
use std::mem;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use libc::{c_int, c_void, socklen_t};

/// Who can connect to a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Peers over IPv4 and IPv6.
    Internet,
    /// Processes on this machine, by a path.
    Local,
}

/// Copies the descriptor of a listening stream socket. Neither the copy nor the
/// original blocks from then on.
///
/// # Errors
///
/// The system's, or `InvalidInput` if the descriptor is anything else.
pub(crate) fn copy(descriptor: RawFd) -> io::Result<(OwnedFd, Family)> {
    let other = || io::Error::from(io::ErrorKind::InvalidInput);
    if option(descriptor, libc::SO_ACCEPTCONN)? != 1
        || option(descriptor, libc::SO_TYPE)? != libc::SOCK_STREAM
    {
        return Err(other());
    }
    let family = match family(descriptor)? {
        libc::AF_INET | libc::AF_INET6 => Family::Internet,
        libc::AF_UNIX => Family::Local,
        _ => return Err(other()),
    };
    // SAFETY: fcntl with F_DUPFD_CLOEXEC accesses no memory, whatever the number is.
    let copy = check(unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: the system has just made it, so it has no other owner.
    let copy_owned = unsafe { OwnedFd::from_raw_fd(copy) };
    // SAFETY: as above.
    let flags = check(unsafe { libc::fcntl(copy, libc::F_GETFL) })?;
    // SAFETY: as above.
    check(unsafe { libc::fcntl(copy, libc::F_SETFL, flags | libc::O_NONBLOCK) })?;
    Ok((copy_owned, family))
}

fn option(descriptor: RawFd, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut length = mem::size_of::<c_int>() as socklen_t;
    // SAFETY: `value` has room for an int, as `length` says.
    let result = unsafe {
        libc::getsockopt(
            descriptor,
            libc::SOL_SOCKET,
            name,
            (&raw mut value).cast::<c_void>(),
            &raw mut length,
        )
    };
    check(result)?;
    Ok(value)
}

fn family(descriptor: RawFd) -> io::Result<c_int> {
    // SAFETY: all zeros are a valid address.
    let mut address: libc::sockaddr_storage = unsafe { mem::zeroed() };
    let mut length = mem::size_of::<libc::sockaddr_storage>() as socklen_t;
    // SAFETY: `address` has as much room as `length` says.
    let result = unsafe {
        let address = (&raw mut address).cast::<libc::sockaddr>();
        libc::getsockname(descriptor, address, &raw mut length)
    };
    check(result)?;
    Ok(address.ss_family.into())
}

fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
