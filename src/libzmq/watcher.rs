//! Watches the descriptors of many sockets (`ZMQ_FD`) with epoll or kqueue. A wait costs
//! as much as the sockets that signal, no matter how many others there are.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use rustix::event::Timespec;

use queue::{Event, Queue};

/// A set of sockets, each with a key that is returned when the socket signals.
///
/// It reports a socket as long as its descriptor is readable (level-triggered), which it
/// is until the socket processes its commands.
#[derive(Debug)]
pub(crate) struct Watcher {
    queue: Queue,
    count: usize,
    events: Events,
}

/// Room for the events of a wait.
#[derive(Default)]
struct Events(Vec<Event>);

// SAFETY: the data of the events are keys, not pointers.
unsafe impl Send for Events {}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(queue::key)).finish()
    }
}

impl Watcher {
    /// Makes an empty set, which costs one descriptor.
    ///
    /// # Errors
    /// Those of the system, and `Unsupported` if it has no such facility.
    pub fn new() -> io::Result<Watcher> {
        Ok(Watcher { queue: Queue::new()?, count: 0, events: Events::default() })
    }

    /// Adds a socket, or replaces its key.
    ///
    /// A closed socket leaves the set when libzmq closes its descriptor, which may be
    /// later, and may signal until then. Copies of the descriptor in forked children
    /// also keep it in the set.
    pub fn add(&mut self, socket: &zmq::Socket, key: usize) -> io::Result<()> {
        self.count += 1;
        self.queue.add(descriptor(socket)?, key)
    }

    /// Removes a socket.
    pub fn remove(&mut self, socket: &zmq::Socket) -> io::Result<()> {
        self.queue.remove(descriptor(socket)?)?;
        self.count -= 1;
        Ok(())
    }

    /// Waits up to `timeout` milliseconds (-1 is forever) until a socket signals, and
    /// writes the keys of all that do to `signaled`. It may return earlier without any.
    pub fn wait(&mut self, timeout: i64, signaled: &mut Vec<usize>) -> io::Result<()> {
        signaled.clear();
        let events = &mut self.events.0;
        events.clear();
        // All of them are returned at once, because the first in the order of the caller
        // may be the last here.
        events.reserve(self.count.max(1));
        let timeout = (timeout >= 0).then(|| {
            // epoll_wait accepts no longer one.
            let ms = timeout.min(i32::MAX.into());
            Timespec { tv_sec: ms / 1000, tv_nsec: (ms % 1000 * 1_000_000) as _ }
        });
        match self.queue.wait(events, timeout.as_ref()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            result => {
                signaled.extend(events.iter().map(queue::key));
                result
            }
        }
    }

    /// Returns an upper bound of the number of registered sockets.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns a descriptor that is readable while a socket signals.
    pub fn descriptor(&self) -> RawFd {
        self.queue.as_raw_fd()
    }
}

pub(super) fn descriptor(socket: &zmq::Socket) -> io::Result<BorrowedFd<'_>> {
    let number = socket.get_fd().map_err(|error| io::Error::from_raw_os_error(error.to_raw()))?;
    // SAFETY: a `zmq::Socket` is open, and so is its descriptor.
    Ok(unsafe { BorrowedFd::borrow_raw(number) })
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) mod queue {
    use std::io;
    use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

    use rustix::buffer::spare_capacity;
    use rustix::event::{Timespec, epoll};
    use rustix::io::Errno;

    pub(super) use epoll::Event;

    #[derive(Debug)]
    pub(in crate::libzmq) struct Queue(OwnedFd);

    impl Queue {
        pub fn new() -> io::Result<Queue> {
            Ok(Queue(epoll::create(epoll::CreateFlags::CLOEXEC)?))
        }

        pub fn add(&self, descriptor: BorrowedFd, key: usize) -> io::Result<()> {
            let (data, events) = (epoll::EventData::new_u64(key as u64), epoll::EventFlags::IN);
            match epoll::add(&self.0, descriptor, data, events) {
                Err(Errno::EXIST) => Ok(epoll::modify(&self.0, descriptor, data, events)?),
                result => Ok(result?),
            }
        }

        pub fn remove(&self, descriptor: BorrowedFd) -> io::Result<()> {
            Ok(epoll::delete(&self.0, descriptor)?)
        }

        /// Watches or ignores a descriptor that was added.
        pub fn watch(&self, descriptor: BorrowedFd, key: usize, watch: bool) -> io::Result<()> {
            let events = if watch { epoll::EventFlags::IN } else { epoll::EventFlags::empty() };
            let data = epoll::EventData::new_u64(key as u64);
            Ok(epoll::modify(&self.0, descriptor, data, events)?)
        }

        pub fn wait(&self, events: &mut Vec<Event>, timeout: Option<&Timespec>) -> io::Result<()> {
            epoll::wait(&self.0, spare_capacity(events), timeout)?;
            Ok(())
        }
    }

    impl AsRawFd for Queue {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_raw_fd()
        }
    }

    pub(super) fn key(event: &Event) -> usize {
        let data = event.data;
        data.u64() as usize
    }
}

#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
))]
pub(super) mod queue {
    use std::io;
    use std::mem::ManuallyDrop;
    use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
    use std::process;
    use std::ptr;

    use rustix::buffer::spare_capacity;
    use rustix::event::Timespec;
    use rustix::event::kqueue::{self, EventFilter, EventFlags};

    pub(super) use kqueue::Event;

    #[derive(Debug)]
    pub(in crate::libzmq) struct Queue {
        queue: ManuallyDrop<OwnedFd>,
        process: u32,
    }

    impl Queue {
        pub fn new() -> io::Result<Queue> {
            let queue = ManuallyDrop::new(kqueue::kqueue()?);
            rustix::io::fcntl_setfd(&*queue, rustix::io::FdFlags::CLOEXEC)?;
            Ok(Queue { queue, process: process::id() })
        }

        pub fn add(&self, descriptor: BorrowedFd, key: usize) -> io::Result<()> {
            self.change(descriptor, EventFlags::ADD, key)
        }

        pub fn remove(&self, descriptor: BorrowedFd) -> io::Result<()> {
            self.change(descriptor, EventFlags::DELETE, 0)
        }

        /// Watches or ignores a descriptor that was added.
        pub fn watch(&self, descriptor: BorrowedFd, key: usize, watch: bool) -> io::Result<()> {
            self.change(
                descriptor,
                if watch { EventFlags::ENABLE } else { EventFlags::DISABLE },
                key,
            )
        }

        fn change(&self, descriptor: BorrowedFd, flags: EventFlags, key: usize) -> io::Result<()> {
            let filter = EventFilter::Read(descriptor.as_raw_fd());
            let change = Event::new(filter, flags, ptr::without_provenance_mut(key));
            let none: &mut [Event] = &mut [];
            // SAFETY: the descriptor is open. When it is closed, the system removes it.
            unsafe { kqueue::kevent_timespec(&*self.queue, &[change], none, None) }?;
            Ok(())
        }

        pub fn wait(&self, events: &mut Vec<Event>, timeout: Option<&Timespec>) -> io::Result<()> {
            let events = spare_capacity(events);
            // SAFETY: it adds no descriptor.
            unsafe { kqueue::kevent_timespec(&*self.queue, &[], events, timeout) }?;
            Ok(())
        }
    }

    impl Drop for Queue {
        fn drop(&mut self) {
            // A child does not inherit the kqueues of its parent (kqueue(2)), so the
            // number may belong to another file there.
            if self.process == process::id() {
                // SAFETY: it is not used again.
                unsafe { ManuallyDrop::drop(&mut self.queue) };
            }
        }
    }

    impl AsRawFd for Queue {
        fn as_raw_fd(&self) -> RawFd {
            self.queue.as_raw_fd()
        }
    }

    pub(super) fn key(event: &Event) -> usize {
        event.udata().addr()
    }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
)))]
pub(super) mod queue {
    use std::io;
    use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

    use rustix::event::Timespec;

    /// There is none on this system.
    #[derive(Debug)]
    pub(super) enum Queue {}

    #[derive(Debug)]
    pub(super) enum Event {}

    impl Queue {
        pub fn new() -> io::Result<Queue> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub fn add(&self, _: BorrowedFd, _: usize) -> io::Result<()> {
            match *self {}
        }

        pub fn remove(&self, _: BorrowedFd) -> io::Result<()> {
            match *self {}
        }

        pub fn wait(&self, _: &mut Vec<Event>, _: Option<&Timespec>) -> io::Result<()> {
            match *self {}
        }
    }

    impl AsRawFd for Queue {
        fn as_raw_fd(&self) -> RawFd {
            match *self {}
        }
    }

    pub(super) fn key(event: &Event) -> usize {
        match *event {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_signal_until_they_process_their_commands() {
        let context = zmq::Context::new();
        let pairs: Vec<_> = (0..3)
            .map(|number| {
                let endpoint = format!("inproc://watcher-{number}");
                let pull = context.socket(zmq::PULL).unwrap();
                pull.bind(&endpoint).unwrap();
                let push = context.socket(zmq::PUSH).unwrap();
                push.connect(&endpoint).unwrap();
                pull.get_events().unwrap();
                (pull, push)
            })
            .collect();
        let mut watcher = match Watcher::new() {
            // The system has no such facility.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return,
            watcher => watcher.unwrap(),
        };
        let mut signaled = vec![7];
        watcher.wait(0, &mut signaled).unwrap();
        assert!(signaled.is_empty());
        for (key, (pull, _)) in pairs.iter().enumerate() {
            watcher.add(pull, key).unwrap();
        }
        watcher.add(&pairs[2].0, usize::MAX).unwrap();
        watcher.wait(1, &mut signaled).unwrap();
        assert!(signaled.is_empty());
        for (_, push) in &pairs {
            push.send("x", 0).unwrap();
        }
        for _ in 0..2 {
            watcher.wait(-1, &mut signaled).unwrap();
            signaled.sort_unstable();
            assert_eq!(signaled, [0, 1, usize::MAX]);
        }
        pairs[0].0.get_events().unwrap();
        watcher.remove(&pairs[1].0).unwrap();
        assert!(watcher.remove(&pairs[1].0).is_err());
        watcher.wait(-1, &mut signaled).unwrap();
        assert_eq!(signaled, [usize::MAX]);
    }
}
