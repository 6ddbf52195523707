//! Checks whether a socket can send or receive without waiting.

use super::Socket;
use crate::core::error::Error;
use crate::core::wait::Wait;
use crate::libzmq::retried;

impl Socket {
    /// Returns true if a receive would succeed without waiting.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`], [`Error::Terminated`].
    pub fn can_receive(&self) -> Result<bool, Error> {
        self.can(zmq::POLLIN)
    }

    /// Returns true if a send to some peer would succeed without waiting.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`], [`Error::Terminated`].
    pub fn can_send(&self) -> Result<bool, Error> {
        self.can(zmq::POLLOUT)
    }

    fn can(&self, events: zmq::PollEvents) -> Result<bool, Error> {
        self.with(|open| {
            let ready = retried(|| open.socket.get_events());
            Ok(ready.map_err(|error| Error::from_zmq("events", error))?.contains(events))
        })
    }

    /// Waits until a message can be received.
    ///
    /// # Errors
    /// [`Error::Again`] on timeout, [`Error::Unsupported`] on PUB and PUSH,
    /// [`Error::Interrupted`].
    pub fn poll(&self, wait: &Wait) -> Result<(), Error> {
        self.socket_type().check_receives()?;
        self.transfer("poll", zmq::POLLIN, wait, |open| {
            match open.socket.get_events()?.contains(zmq::POLLIN) {
                true => Ok(()),
                false => Err(zmq::Error::EAGAIN),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pub, Sub};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn a_socket_tells_whether_it_is_ready() {
        let publisher = Socket::attached(Pub, "inproc://ready").unwrap();
        let subscriber = Socket::attached(Sub, "inproc://ready").unwrap();
        assert!(publisher.can_send().unwrap() && !publisher.can_receive().unwrap());
        assert!(!subscriber.can_send().unwrap() && !subscriber.can_receive().unwrap());
        assert!(matches!(publisher.poll(&NOW), Err(Error::Unsupported { .. })));
        let brief = Wait::new(Some(Duration::from_millis(5)));
        assert!(matches!(subscriber.poll(&brief), Err(Error::Again)));
        let stop = || true;
        let stopped = Wait::new(None).until(Some(&stop));
        assert!(matches!(subscriber.poll(&stopped), Err(Error::Interrupted)));
        subscriber.subscribe(b"").unwrap();
        publisher.send(&["x", "y"], &SOON).unwrap();
        subscriber.poll(&SOON).unwrap();
        subscriber.receive(&SOON).unwrap();
        // The remaining frames of a message count.
        subscriber.poll(&NOW).unwrap();
    }
}
