//! Building messages frame by frame, and receiving them in parts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::Socket;
use super::messages::send;
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::wait::Wait;
use crate::libzmq::retried;

/// The frames of a message that is being built.
#[derive(Debug, Default)]
pub(super) struct Begun {
    frames: Mutex<Vec<Vec<u8>>>,
    /// True if there are frames, so that checking needs no lock.
    any: AtomicBool,
}

impl Begun {
    /// Returns true if a message is being built.
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Locks the frames of the message that is being built.
    ///
    /// # Errors
    /// [`Error::Busy`] if another call holds them.
    fn lock(&self) -> Result<MutexGuard<'_, Vec<Vec<u8>>>, Error> {
        match self.frames.try_lock() {
            Ok(begun) => Ok(begun),
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Poisoned(begun)) => Ok(begun.into_inner()),
        }
    }
}

impl Socket {
    /// Starts or continues a message: the frame is kept until [`send`](Socket::send)
    /// sends all frames as one message. Nothing is sent before that, and closing the
    /// socket drops the frames.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on SUB and PULL, [`Error::Closed`].
    pub fn send_more(&self, frame: &[u8]) -> Result<(), Error> {
        self.socket_type().check_sends()?;
        self.check_prefixes(&[frame])?;
        self.with(|_| Ok(()))?;
        self.begun.lock()?.push(frame.to_owned());
        self.begun.any.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Returns true if the message that was received in part has more frames.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn more(&self) -> Result<bool, Error> {
        self.with(|open| {
            let more = open.socket.get_rcvmore();
            more.map_err(|error| Error::from_zmq("rcvmore", error))
        })
    }

    /// Drops the remaining frames of a message that was received in part, and the
    /// frames that [`send_more`](Socket::send_more) has collected.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn flush(&self) -> Result<(), Error> {
        self.with(|open| {
            let mut frame = Frame::default();
            // Once the first frame of a message has arrived, the others are there too.
            while open.socket.get_rcvmore() == Ok(true) {
                let received = retried(|| frame.receive(&mut open.socket, zmq::DONTWAIT));
                received.map_err(|error| Error::from_zmq("receive", error))?;
            }
            Ok(())
        })?;
        self.begun.lock()?.clear();
        self.begun.any.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Drops the frames that [`send_more`](Socket::send_more) has collected. If another
    /// call is about to send them, they stay.
    pub fn drop_begun(&self) {
        if self.check_process().is_ok()
            && self.begun.any()
            && let Ok(mut begun) = self.begun.lock()
        {
            begun.clear();
            self.begun.any.store(false, Ordering::Relaxed);
        }
    }

    /// Sends the frames that [`send_more`](Socket::send_more) has collected, followed
    /// by `frames`, as one message. On timeout, on an interrupt, or if the socket has
    /// to receive first, the collected frames are kept; other errors drop them.
    pub(super) fn send_carefully<F: AsRef<[u8]>>(
        &self,
        frames: &[F],
        wait: &Wait,
    ) -> Result<(), Error> {
        self.check_process()?;
        let mut begun = self.begun.lock()?;
        if begun.is_empty() {
            drop(begun);
            return self.send_all(frames, wait);
        }
        let all = begun.iter().map(Vec::as_slice).chain(frames.iter().map(AsRef::as_ref));
        let all: Vec<&[u8]> = all.collect();
        let result = self.check_conflates().and_then(|()| self.send_all(&all, wait));
        if !matches!(
            result,
            Err(Error::Again | Error::State { .. } | Error::Interrupted | Error::Busy)
        ) {
            begun.clear();
            self.begun.any.store(false, Ordering::Relaxed);
        }
        result
    }

    fn send_all<F: AsRef<[u8]>>(&self, frames: &[F], wait: &Wait) -> Result<(), Error> {
        self.check_routed(frames.len())?;
        self.send_routed(frames.len(), wait, |open| {
            send(&mut open.socket, frames)?;
            open.count_sent(frames);
            Ok(())
        })
    }

    /// Checks that a whole message can be sent.
    ///
    /// # Errors
    /// [`Error::State`] if [`send_more`](Socket::send_more) has started a message.
    pub(in crate::core) fn ready_for(&self, operation: &'static str) -> Result<(), Error> {
        self.socket_type().check_sends()?;
        self.check_process()?;
        if !self.begun.any() || self.begun.lock()?.is_empty() {
            Ok(())
        } else {
            Err(Error::State { operation, socket_type: self.socket_type() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Pull, Push, Rep, Req, Router};
    use crate::core::socket::testing::texts;
    use std::sync::Arc;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    #[test]
    fn a_begun_message_leaves_whole_or_not_at_all() {
        let push = Socket::attached(Push, "@inproc://begun").unwrap();
        push.send_more(b"a").unwrap();
        push.send_more(b"").unwrap();
        assert!(matches!(push.send(&["c"], &NOW), Err(Error::Again)));
        let pull = Socket::attached(Pull, ">inproc://begun").unwrap();
        assert!(!pull.can_receive().unwrap());
        push.send(&["c"], &SOON).unwrap();
        push.send(&["next"], &SOON).unwrap();
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["a", "", "c"]);
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["next"]);
        push.send_more(b"never").unwrap();
        push.close(None).unwrap();
        assert!(matches!(push.send_more(b"x"), Err(Error::Closed)));
        assert!(matches!(pull.receive(&NOW), Err(Error::Again)));
    }

    #[test]
    fn a_message_out_of_turn_waits_for_its_turn() {
        let rep = Socket::attached(Rep, "inproc://begun-turn").unwrap();
        let req = Socket::attached(Req, "inproc://begun-turn").unwrap();
        req.send_more(b"1").unwrap();
        req.send(&["2"], &SOON).unwrap();
        req.send_more(b"3").unwrap();
        assert!(matches!(req.send(&["4"], &NOW), Err(Error::State { .. })));
        assert_eq!(texts(&rep.receive_all(&SOON).unwrap()), ["1", "2"]);
        rep.send(&["x"], &SOON).unwrap();
        assert_eq!(req.receive(&SOON).unwrap().as_text(), Some("x"));
        req.send(&["4"], &SOON).unwrap();
        assert_eq!(texts(&rep.receive_all(&SOON).unwrap()), ["3", "4"]);
    }

    #[test]
    fn flush_drops_both_halves() {
        let one = Socket::attached(Dealer, "@inproc://flush").unwrap();
        let other = Socket::attached(Dealer, ">inproc://flush").unwrap();
        one.send(&["1", "2", "3"], &SOON).unwrap();
        one.send(&["4"], &SOON).unwrap();
        assert!(!other.more().unwrap());
        other.receive(&SOON).unwrap();
        assert!(other.more().unwrap());
        other.send_more(b"begun").unwrap();
        other.flush().unwrap();
        assert!(!other.more().unwrap());
        other.send(&["whole"], &SOON).unwrap();
        assert_eq!(texts(&other.receive_all(&SOON).unwrap()), ["4"]);
        assert_eq!(texts(&one.receive_all(&SOON).unwrap()), ["whole"]);
    }

    #[test]
    fn a_call_that_waits_keeps_the_begun_message_to_itself() {
        let push = Socket::attached(Push, "@inproc://begun-busy").unwrap();
        push.send_more(b"a").unwrap();
        let other: Arc<Socket> = push.clone();
        let busy = move || {
            assert!(matches!(other.send_more(b"b"), Err(Error::Busy)));
            assert!(matches!(other.flush(), Err(Error::Busy)));
            true
        };
        let wait = Wait::new(None).until(Some(&busy));
        assert!(matches!(push.send(&["x"], &wait), Err(Error::Interrupted)));
        push.flush().unwrap();
    }

    #[test]
    fn a_begun_message_is_not_mixed_with_another() {
        let router = Socket::attached(Router, "inproc://routing-begun").unwrap();
        let dealer = Socket::attached(Dealer, "inproc://routing-begun").unwrap();
        dealer.send(&["hello"], &SOON).unwrap();
        let (id, _) = router.receive_from(&SOON).unwrap();
        router.send_more(&id).unwrap();
        assert!(matches!(router.send_to(&id, &["x"], &NOW), Err(Error::State { .. })));
        router.send(&["body"], &SOON).unwrap();
        assert_eq!(dealer.receive_all(&SOON).unwrap().len(), 1);
        // After an error nothing of the message is left.
        router.set_mandatory(true).unwrap();
        router.send_more(b"nobody").unwrap();
        assert!(matches!(router.send(&["x"], &NOW), Err(Error::Unroutable)));
        assert!(router.send_to(&id, &["x"], &SOON).unwrap());
        assert_eq!(dealer.receive_all(&SOON).unwrap().len(), 1);
    }
}
