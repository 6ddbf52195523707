//! A descriptor that is readable as long as its owner says so, or as long as a socket has
//! commands that it has not processed.
//!
//! The descriptor of a socket (`ZMQ_FD`) tells of new commands only. Once a call has processed
//! them, it is silent, although messages may be left. An epoll or kqueue over it and a second
//! descriptor, which is always readable and watched only when the owner wants it, tells both.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::OnceLock;

use super::watcher::descriptor;
use super::watcher::queue::Queue;

/// The keys of the descriptors, which nobody reads.
const SOCKET: usize = 0;
const ALWAYS: usize = 1;

/// See above.
#[derive(Debug)]
pub(crate) struct Readiness {
    queue: Queue,
    ready: bool,
}

impl Readiness {
    /// Makes the descriptor of a socket. It costs one descriptor, and two for all sockets.
    ///
    /// # Errors
    /// Those of the system, and `Unsupported` if it has no such facility.
    pub fn new(socket: &zmq::Socket) -> io::Result<Readiness> {
        let queue = Queue::new()?;
        queue.add(descriptor(socket)?, SOCKET)?;
        let always = always()?;
        queue.add(always, ALWAYS)?;
        queue.watch(always, ALWAYS, false)?;
        Ok(Readiness { queue, ready: false })
    }

    /// Makes the descriptor readable, or as readable as that of the socket.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set(&mut self, ready: bool) -> io::Result<()> {
        if self.ready != ready {
            self.queue.watch(always()?, ALWAYS, ready)?;
            self.ready = ready;
        }
        Ok(())
    }

    /// Returns its number.
    pub fn descriptor(&self) -> RawFd {
        self.queue.as_raw_fd()
    }
}

/// A descriptor that can always be read: a pipe with a byte in it.
fn always() -> io::Result<BorrowedFd<'static>> {
    static PIPE: OnceLock<(PipeReader, PipeWriter)> = OnceLock::new();
    if PIPE.get().is_none() {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&[1])?;
        // If another thread was faster, its pipe stays.
        let _ = PIPE.set((reader, writer));
    }
    let (reader, _) = PIPE.get().ok_or(io::ErrorKind::Other)?;
    Ok(reader.as_fd())
}
