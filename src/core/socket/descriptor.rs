//! A descriptor that an event loop of a program can watch beside its own.

#[cfg(unix)]
use std::sync::atomic::Ordering::Relaxed;

use super::Socket;
#[cfg(unix)]
use super::{State, open::Open};
use crate::core::error::Error;
use crate::core::poller::{Descriptor, Ready};
#[cfg(unix)]
use crate::libzmq::{readiness::Readiness, retried};

/// The descriptor of a socket, and what it tells.
#[cfg(unix)]
#[derive(Debug)]
pub(in crate::core) struct Watched {
    readiness: Readiness,
    events: Ready,
}

impl Socket {
    /// Returns a descriptor that is readable, as told by `poll(2)` and its like, while the
    /// socket is ready for these events. It may also be readable when it is not: then a call
    /// that finds nothing to do, such as a receive without waiting, silences it. A further call
    /// changes the events and returns the same number.
    ///
    /// The descriptor belongs to the socket: only watch it, and stop watching it before the
    /// socket is closed or ZeroMQ is shut down, because its number may then be reused. While a
    /// socket has one, each call on it ends by asking whether it is ready.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the socket cannot receive or send as requested;
    /// [`Error::Zmq`] if no descriptor is left (EMFILE) or the system has neither epoll nor
    /// kqueue; [`Error::Closed`], [`Error::Busy`].
    pub fn descriptor(&self, events: Ready) -> Result<Descriptor, Error> {
        if events.input {
            self.socket_type.check_receives()?;
        }
        if events.output {
            self.socket_type.check_sends()?;
        }
        self.signaled_by(events)
    }

    #[cfg(unix)]
    fn signaled_by(&self, events: Ready) -> Result<Descriptor, Error> {
        self.with(|open| {
            let readiness = match open.watched.take() {
                Some(known) => known.readiness,
                None => Readiness::new(&open.socket)
                    .map_err(|error| Error::from_io("descriptor", &error))?,
            };
            let descriptor = readiness.descriptor();
            open.watched = Some(Box::new(Watched { readiness, events }));
            // From the end of this call on.
            self.is_watched.store(true, Relaxed);
            Ok(descriptor)
        })
    }

    #[cfg(not(unix))]
    fn signaled_by(&self, _: Ready) -> Result<Descriptor, Error> {
        Err(Error::from_io("descriptor", &std::io::ErrorKind::Unsupported.into()))
    }

    /// Tells at the end of a call whether the socket is ready.
    #[cfg(unix)]
    #[cold]
    pub(super) fn tell_readiness(&self, state: &mut State) {
        if let State::Open(open) = state {
            // It processes commands, so pollers have to ask again.
            self.note_use();
            open.tell_readiness();
        }
    }
}

#[cfg(unix)]
impl Open {
    fn tell_readiness(&mut self) {
        let Some(Watched { readiness, events }) = self.watched.as_deref_mut() else {
            return;
        };
        // The next call returns the error.
        let ready = retried(|| self.socket.get_events());
        let ready = ready.map_or(true, |ready| ready.intersects(events.events()));
        // It fails only if the descriptor was closed by others.
        let _ = readiness.set(ready);
    }
}

#[cfg(all(test, any(target_os = "linux", target_vendor = "apple")))]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Pair, Pub, Pull, Push, Router};
    use crate::core::options::OptionValue;
    use crate::core::{Poller, Source, Wait};
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    /// What an event loop sees of a descriptor.
    fn readable(descriptor: Descriptor, ms: i64) -> bool {
        let mut items = [zmq::PollItem::from_fd(descriptor, zmq::POLLIN)];
        zmq::poll(&mut items, ms).unwrap() == 1
    }

    /// Looks in, as an event loop does, until the descriptor is silent.
    fn silent(socket: &Socket, descriptor: Descriptor) -> bool {
        (0..100).any(|_| {
            assert!(!socket.can_receive().unwrap());
            !readable(descriptor, 0)
        })
    }

    fn pair(name: &str) -> [Arc<Socket>; 2] {
        ["@", ">"].map(|how| Socket::attached(Pair, &format!("{how}inproc://{name}")).unwrap())
    }

    #[test]
    fn a_descriptor_is_readable_as_long_as_messages_are_there() {
        let [socket, peer] = pair("descriptor-level");
        let descriptor = socket.descriptor(Ready::IN).unwrap();
        assert!(silent(&socket, descriptor));
        for text in ["1", "2", "3"] {
            peer.send(&[text, "end"], &SOON).unwrap();
        }
        for text in ["1", "2", "3"] {
            assert!(readable(descriptor, 20_000) && readable(descriptor, 0));
            // A call that takes the signal of libzmq along, but no message.
            assert!(socket.can_receive().unwrap() && readable(descriptor, 0));
            socket.send(&["reply"], &SOON).unwrap();
            assert!(readable(descriptor, 0));
            assert_eq!(socket.receive(&SOON).unwrap().as_text(), Some(text));
            assert!(readable(descriptor, 0), "a frame is left");
            assert_eq!(socket.receive(&SOON).unwrap().as_text(), Some("end"));
        }
        assert!(silent(&socket, descriptor));
    }

    #[test]
    fn a_descriptor_wakes_a_loop_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("ipc://{}/socket", folder.path().display());
        for endpoint in [&*endpoint, "inproc://descriptor-wakes", "tcp://127.0.0.1:*"] {
            let pull = Socket::attached(Pull, &format!("@{endpoint}")).unwrap();
            let descriptor = pull.descriptor(Ready::IN).unwrap();
            let bound = pull.endpoint().unwrap().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let push = Socket::attached(Push, &bound).unwrap();
                    for _ in 0..1000 {
                        push.send(&["x"], &SOON).unwrap();
                    }
                });
                let mut received = 0;
                while received < 1000 {
                    assert!(readable(descriptor, 20_000), "{received} of {endpoint}");
                    // Only some, as a fair loop does.
                    received += (0..7).filter(|_| pull.receive(&NOW).is_ok()).count();
                }
            });
            assert!(silent(&pull, descriptor));
        }
    }

    #[test]
    fn a_descriptor_tells_that_there_is_room() {
        let push = Socket::new(Push).unwrap();
        let pull = Socket::new(Pull).unwrap();
        for (socket, mark) in [(&pull, "rcvhwm"), (&push, "sndhwm")] {
            socket.set_option(mark, &OptionValue::Int(1)).unwrap();
        }
        let descriptor = push.descriptor(Ready::OUT).unwrap();
        assert!(!push.can_send().unwrap() && !readable(descriptor, 0));
        pull.bind("inproc://descriptor-room").unwrap();
        push.connect("inproc://descriptor-room").unwrap();
        assert!(readable(descriptor, 20_000));
        while push.send(&["x"], &NOW).is_ok() {}
        assert!((0..100).any(|_| !push.can_send().unwrap() && !readable(descriptor, 0)));
        pull.receive(&SOON).unwrap();
        assert!((0..100).any(|_| pull.receive(&NOW).is_err()));
        assert!(readable(descriptor, 20_000));
    }

    #[test]
    fn the_events_can_be_changed() {
        let [socket, _peer] = pair("descriptor-events");
        let descriptor = socket.descriptor(Ready::OUT).unwrap();
        assert!(readable(descriptor, 20_000));
        assert_eq!(socket.descriptor(Ready::IN).unwrap(), descriptor);
        assert!(silent(&socket, descriptor));
        assert_eq!(socket.descriptor(Ready::BOTH).unwrap(), descriptor);
        assert!(readable(descriptor, 20_000));
    }

    #[test]
    fn some_sockets_have_no_such_descriptor() {
        let publisher = Socket::new(Pub).unwrap();
        assert!(matches!(publisher.descriptor(Ready::IN), Err(Error::Unsupported { .. })));
        assert!(publisher.descriptor(Ready::OUT).is_ok());
        let pull = Socket::new(Pull).unwrap();
        assert!(matches!(pull.descriptor(Ready::BOTH), Err(Error::Unsupported { .. })));
        pull.close(None).unwrap();
        assert!(matches!(pull.descriptor(Ready::IN), Err(Error::Closed)));
    }

    #[test]
    fn pollers_see_what_a_descriptor_has_seen() {
        let router = Socket::attached(Router, "@inproc://descriptor-poller").unwrap();
        let dealer = Socket::attached(Dealer, ">inproc://descriptor-poller").unwrap();
        let descriptor = router.descriptor(Ready::IN).unwrap();
        let poller = Poller::default();
        poller.add(Source::Socket(router.clone()), Ready::IN, 0).unwrap();
        // So many that the facility of the system is used.
        for index in 1..12 {
            let more = Socket::attached(Pull, &format!("@inproc://descriptor-{index}")).unwrap();
            poller.add(Source::Socket(more), Ready::IN, index).unwrap();
        }
        assert!(matches!(poller.wait(&NOW), Err(Error::Again)));
        for _ in 0..100 {
            dealer.send(&["x"], &SOON).unwrap();
            assert!(readable(descriptor, 20_000));
            router.routing_ids().unwrap();
            assert_eq!(poller.wait(&SOON).unwrap(), (0, Ready::IN));
            router.receive_all(&SOON).unwrap();
            assert!(matches!(poller.wait(&NOW), Err(Error::Again)));
        }
    }
}
