//! The bell of a thread of the library: a pair of sockets that wakes it, because it already
//! waits for sockets.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::Error;
use super::socket::Socket;
use super::socket::open::Open;
use super::socket_type::SocketType;

/// Makes both ends of a bell: one to ring it, and the other for the thread.
pub(super) fn bell() -> Result<(Open, Open), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let endpoint = format!("inproc://zeromq-bell-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let one = Socket::attached(SocketType::Pair, &format!("@{endpoint}"))?;
    let other = Socket::attached(SocketType::Pair, &format!(">{endpoint}"))?;
    Ok((one.move_out()?, other.move_out()?))
}

/// Rings a bell.
pub(super) fn ring(bell: &Open) {
    // If it cannot ring, it has rung often enough, or ZeroMQ was shut down.
    let _ = bell.socket.send("", zmq::DONTWAIT);
}

/// Silences a bell that may have rung, so that it rings again for what comes later.
///
/// # Errors
/// The context has ended.
pub(super) fn silence(bell: &Open) -> zmq::Result<()> {
    loop {
        match bell.socket.recv_bytes(zmq::DONTWAIT) {
            Ok(_) | Err(zmq::Error::EINTR) => {}
            Err(zmq::Error::EAGAIN) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
