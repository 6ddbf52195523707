//! Waits for the commands that other sockets and I/O threads send to a socket.

/// Waits up to `timeout` milliseconds (-1 is forever) until a socket has a command to
/// process. It must have processed all earlier ones: a call that sends or receives has
/// done so if it fails with `EAGAIN`.
///
/// It takes one system call where `zmq_poll(3)` takes four, and may return earlier.
#[cfg(unix)]
pub(crate) fn wait_for_commands(socket: &zmq::Socket, timeout: i64) -> zmq::Result<()> {
    use std::os::fd::BorrowedFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    // SAFETY: a `zmq::Socket` is open, and so is its descriptor.
    let descriptor = unsafe { BorrowedFd::borrow_raw(socket.get_fd()?) };
    let mut watched = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    // Systems without ppoll, such as macOS, refuse a timeout of more milliseconds.
    let timeout = timeout.min(i32::MAX.into());
    let timeout = (timeout >= 0)
        .then(|| Timespec { tv_sec: timeout / 1000, tv_nsec: (timeout % 1000 * 1_000_000) as _ });
    match poll(&mut watched, timeout.as_ref()) {
        Ok(_) => Ok(()),
        Err(error) => Err(zmq::Error::from_raw(error.raw_os_error())),
    }
}

#[cfg(not(unix))]
pub(crate) fn wait_for_commands(socket: &zmq::Socket, timeout: i64) -> zmq::Result<()> {
    let mut watched = [zmq::PollItem::from_fd(socket.get_fd()?, zmq::POLLIN)];
    zmq::poll(&mut watched, timeout).map(drop)
}
