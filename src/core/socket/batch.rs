//! Messages put together frame by frame, taken apart, and received many at once;
//! and whether there is one.

use std::time::Duration;

use smallvec::SmallVec;

use super::open::Open;
use crate::core::endpoint::Action;
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::socket::{Socket, receive_all};
use crate::core::wait::{Clock, Wait};
use crate::libzmq::retried;

/// What was made of the frames of a received message. Most have one, which then
/// needs no memory of its own.
pub type Message<T> = SmallVec<[T; 1]>;

/// No batch is larger: what comes meanwhile would make it grow without an end.
const LARGEST: usize = 1 << 16;

impl Socket {
    /// Begins a message, or goes on with one: the frame waits here until
    /// [`send`](Socket::send) sends all of them as one message. Until then nothing
    /// leaves, whatever else the socket does; closing it drops them.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on SUB and PULL, [`Error::Closed`].
    pub fn send_more(&self, frame: &[u8]) -> Result<(), Error> {
        self.socket_type().check_sends()?;
        self.check_prefixes(&[frame])?;
        self.with(|_| Ok(()))?;
        self.notes.begun()?.push(frame.to_owned());
        self.notes.begins(true);
        Ok(())
    }

    /// Whether frames follow of a message of which one was received.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn more(&self) -> Result<bool, Error> {
        self.with(|open| {
            let more = open.socket.get_rcvmore();
            more.map_err(|error| Error::from_zmq("rcvmore", error))
        })
    }

    /// Drops the rest of a message of which a frame was received, and what
    /// [`send_more`](Socket::send_more) has put together.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn flush(&self) -> Result<(), Error> {
        self.with(|open| {
            let mut frame = Frame::default();
            // All frames of a message are there once the first one is.
            while open.socket.get_rcvmore() == Ok(true) {
                let received = retried(|| frame.receive(&mut open.socket));
                received.map_err(|error| Error::from_zmq("receive", error))?;
            }
            Ok(())
        })?;
        self.notes.begun()?.clear();
        self.notes.begins(false);
        Ok(())
    }

    /// Waits for a message, and receives with it those that are there already, no
    /// more than `most` in all, and no more than 65,536. Gives what `take` makes of
    /// each frame; what it leaves of a frame is used for the next one.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive).
    pub fn receive_batch<T>(
        &self,
        most: usize,
        wait: &Wait,
        mut take: impl FnMut(&mut Frame) -> T,
    ) -> Result<Vec<Message<T>>, Error> {
        self.socket_type().check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            let mut messages = vec![message(open, &mut take)?];
            // What goes wrong later is told by the next call: these are received.
            while messages.len() < most.min(LARGEST)
                && let Ok(message) = message(open, &mut take)
            {
                messages.push(message);
            }
            Ok(messages)
        })
    }

    /// Receives all frames of the next message, of which none was received yet.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive), and [`Error::State`] in the middle of a
    /// message.
    pub(super) fn receive_whole(
        &self,
        operation: &'static str,
        wait: &Wait,
    ) -> Result<Vec<Frame>, Error> {
        self.socket_type().check_receives()?;
        self.transfer(operation, zmq::POLLIN, wait, |open| match open.socket.get_rcvmore()? {
            true => Err(zmq::Error::EFSM),
            false => receive_all(open),
        })
    }

    /// Whether a frame could be received now, without waiting.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`], [`Error::Terminated`].
    pub fn can_receive(&self) -> Result<bool, Error> {
        self.can(zmq::POLLIN)
    }

    /// Whether a message could be sent now, without waiting, to some peer.
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
    /// [`Error::Again`] when the time is over, [`Error::Unsupported`] on PUB and
    /// PUSH, [`Error::Interrupted`].
    pub fn poll(&self, wait: &Wait) -> Result<(), Error> {
        self.socket_type().check_receives()?;
        self.transfer("poll", zmq::POLLIN, wait, |open| {
            match open.socket.get_events()?.contains(zmq::POLLIN) {
                true => Ok(()),
                false => Err(zmq::Error::EAGAIN),
            }
        })
    }

    /// What the socket is attached to: first what it is bound to, with the ports
    /// filled in, then what it is connected to.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn endpoints(&self) -> Result<Vec<(Action, String)>, Error> {
        self.with(|open| Ok(open.endpoints().map(|(a, endpoint)| (a, endpoint.into())).collect()))
    }

    /// The endpoint that was attached last, as libzmq calls it.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn last_endpoint(&self) -> Result<Option<String>, Error> {
        self.with(|open| Ok(open.last_endpoint()))
    }

    /// Starts the clock of a call that sends or receives more than once; without a
    /// time of its own it has the usual one for receiving.
    pub(super) fn clock<'a>(&self, wait: &Wait<'a>) -> Result<Clock<'a>, Error> {
        let usual: Option<Duration> = self.with(|open| Ok(open.receive_timeout))?;
        Ok(wait.or(usual).begin())
    }
}

/// Receives a message without waiting. All its frames arrive together, so only the
/// first can be missing.
pub(super) fn message<T>(
    open: &mut Open,
    take: &mut impl FnMut(&mut Frame) -> T,
) -> zmq::Result<Message<T>> {
    let mut frames = Message::new();
    loop {
        retried(|| open.frame.receive(&mut open.socket))?;
        let more = open.frame.more();
        open.count_received(open.frame.len(), more);
        frames.push(take(&mut open.frame));
        if !more {
            return Ok(frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Pub, Pull, Push, Rep, Req, Sub};
    use std::mem;
    use std::sync::Arc;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn texts(frames: &[Frame]) -> Vec<&str> {
        frames.iter().map(|frame| frame.as_text().unwrap()).collect()
    }

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
    fn a_batch_is_what_is_there() {
        let pull = Socket::attached(Pull, "inproc://batch").unwrap();
        let push = Socket::attached(Push, "inproc://batch").unwrap();
        for number in 0..10 {
            push.send(&[format!("{number}"), "x".to_owned()], &SOON).unwrap();
        }
        let batch = pull.receive_batch(7, &SOON, mem::take).unwrap();
        assert_eq!(batch.len(), 7);
        assert!(batch.iter().all(|message| message.len() == 2));
        assert_eq!(texts(&batch[6]), ["6", "x"]);
        assert_eq!(pull.receive_batch(usize::MAX, &SOON, mem::take).unwrap().len(), 3);
        assert!(matches!(pull.receive_batch(1, &NOW, mem::take), Err(Error::Again)));
    }

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
        // The rest of a message counts.
        subscriber.poll(&NOW).unwrap();
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
}
