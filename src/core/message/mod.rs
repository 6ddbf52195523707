//! Whole messages, all of their frames, in memory that is used again: received in
//! place, and sent without a copy of their bytes.

pub mod frame;

use std::sync::atomic::Ordering;

use super::error::Error;
use super::socket::Socket;
use super::socket::open::Open;
use super::socket_type::SocketType::Router;
use super::wait::Wait;
use crate::libzmq::{self, retried};

pub use frame::Frame;

/// How many frames are kept for the next message.
const KEPT: usize = 16;

/// A message of any number of frames. It is empty, without a frame, at first, and
/// after it was sent.
#[derive(Debug, Default)]
pub struct Message {
    /// Those beyond `count` are only kept.
    frames: Vec<libzmq::Frame>,
    count: usize,
}

impl Message {
    /// How many frames it has.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bytes of a frame, the first one being 0.
    pub fn frame(&self, index: usize) -> Option<&[u8]> {
        self.frames[..self.count].get(index).map(|frame| &**frame)
    }

    /// What is known about the peer that sent a frame, as
    /// [`Frame::property`](super::Frame::property).
    pub fn property(&self, index: usize, name: &str) -> Option<&str> {
        self.frames[..self.count].get(index)?.property(name)
    }

    /// Adds a copy of these bytes as its last frame.
    ///
    /// # Errors
    /// [`Error::Zmq`] when there is no memory.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let frame = libzmq::Frame::copied(bytes).map_err(|_| Error::no_memory())?;
        self.push_frame(frame);
        Ok(())
    }

    /// Adds a frame as its last.
    pub(crate) fn push_frame(&mut self, frame: libzmq::Frame) {
        self.frames.truncate(self.count);
        self.frames.push(frame);
        self.count += 1;
    }

    /// Drops its frames.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.count = 0;
    }

    /// Makes it a copy of another message. Long frames share their bytes.
    ///
    /// # Errors
    /// [`Error::Zmq`] when there is no memory.
    pub fn copy(&mut self, other: &mut Message) -> Result<(), Error> {
        let copy = other.copied().map_err(|error| Error::from_zmq("zmq_msg_copy", error))?;
        (self.count, self.frames) = (copy.len(), copy);
        Ok(())
    }

    fn copied(&mut self) -> zmq::Result<Vec<libzmq::Frame>> {
        let copied = self.frames[..self.count].iter_mut().map(|frame| {
            let mut copy = libzmq::Frame::new();
            copy.copy(frame).map(|()| copy)
        });
        copied.collect()
    }

    #[inline]
    fn receive(&mut self, open: &mut Open) -> zmq::Result<()> {
        if self.frames.is_empty() {
            self.frames.push(libzmq::Frame::new());
        }
        self.count = 0;
        let first = &mut self.frames[0];
        let size = first.receive(&mut open.socket, zmq::DONTWAIT)?;
        let more = first.more();
        self.count = 1;
        open.count_received(size, more);
        if more { self.receive_rest(open) } else { Ok(()) }
    }

    #[cold]
    fn receive_rest(&mut self, open: &mut Open) -> zmq::Result<()> {
        self.frames.truncate(KEPT.max(self.count));
        while self.frames[self.count - 1].more() {
            if self.frames.len() == self.count {
                self.frames.push(libzmq::Frame::new());
            }
            // All frames of a message arrive together, so only the first can be missing.
            let frame = &mut self.frames[self.count];
            let size = retried(|| frame.receive(&mut open.socket, zmq::DONTWAIT))?;
            open.count_received(size, frame.more());
            self.count += 1;
        }
        Ok(())
    }

    /// Sends all frames without waiting, or none.
    fn send(&mut self, socket: &mut zmq::Socket) -> zmq::Result<()> {
        if let [frame] = &mut self.frames[..self.count] {
            return retried(|| frame.send(socket, zmq::DONTWAIT));
        }
        // A frame is gone once it is sent, and the next one may not go.
        let mut frames = self.copied()?;
        let last = frames.len().saturating_sub(1);
        let mut result = Ok(());
        for (index, frame) in frames.iter_mut().enumerate() {
            let more = if index < last { zmq::SNDMORE } else { 0 };
            match retried(|| frame.send(socket, zmq::DONTWAIT | more)) {
                Ok(()) => {}
                // The peer went away in the middle: libzmq drops what it gets of the
                // message from now on, so it has to get the rest.
                Err(zmq::Error::EAGAIN) if index > 0 => result = Err(zmq::Error::EAGAIN),
                Err(error) => return Err(error),
            }
        }
        result
    }
}

impl Socket {
    /// Receives all frames of the next message in place of those of `message`, which
    /// is empty after an error.
    ///
    /// # Errors
    /// As [`receive`](Socket::receive).
    #[inline]
    pub fn receive_into(&self, message: &mut Message, wait: &Wait) -> Result<(), Error> {
        let result = self.socket_type().check_receives().and_then(|()| {
            self.transfer("receive", zmq::POLLIN, wait, |open| message.receive(open))
        });
        if result.is_err() {
            message.clear();
        }
        result
    }

    /// Sends a message without a copy of its bytes. It is empty afterwards; after an
    /// error it is as it was.
    ///
    /// # Errors
    /// As [`send`](Socket::send); [`Error::State`] also when
    /// [`send_more`](Socket::send_more) has begun another message, and
    /// [`Error::Argument`] when the message has no frame.
    pub fn send_whole(&self, message: &mut Message, wait: &Wait) -> Result<(), Error> {
        self.ready_for("send")?;
        match message.count {
            0 => {
                return Err(Error::Argument {
                    place: "the message".to_owned(),
                    expected: "at least one frame".into(),
                    got: "none".to_owned(),
                });
            }
            1 => {}
            _ => self.check_conflates()?,
        }
        let count = message.count;
        let bytes = message.frames[..count].iter().map(|frame| frame.len()).sum();
        let drops = self.socket_type() == Router && !self.notes.mandatory.load(Ordering::Relaxed);
        let sent = self.transfer("send", zmq::POLLOUT, wait, |open| {
            match message.send(&mut open.socket) {
                Ok(()) => {
                    open.count_sent_whole(count, bytes);
                    Ok(true)
                }
                Err(zmq::Error::EHOSTUNREACH | zmq::Error::EAGAIN) if drops => Ok(false),
                Err(error) => Err(error),
            }
        })?;
        // As a ROUTER drops what nobody can take, and a routing id alone.
        if !sent || drops && count == 1 {
            self.notes.dropped.fetch_add(1, Ordering::Relaxed);
        }
        message.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Dealer, Pull, Push};
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn message(frames: &[&str]) -> Message {
        let mut message = Message::default();
        frames.iter().for_each(|frame| message.push(frame.as_bytes()).unwrap());
        message
    }

    fn texts(message: &Message) -> Vec<&str> {
        let frames = (0..message.count()).map(|index| message.frame(index).unwrap());
        frames.map(|frame| std::str::from_utf8(frame).unwrap()).collect()
    }

    #[test]
    fn a_message_goes_from_hand_to_hand() {
        let pull = Socket::attached(Pull, "inproc://whole").unwrap();
        let push = Socket::attached(Push, "inproc://whole").unwrap();
        let long = "long ".repeat(1000);
        let mut given = message(&["a", "", &long]);
        let mut taken = message(&["old", "old", "old", "old"]);
        for _ in 0..2 {
            push.send_whole(&mut given, &SOON).unwrap();
            assert_eq!((given.count(), given.frame(0)), (0, None));
            pull.receive_into(&mut taken, &SOON).unwrap();
            assert_eq!(texts(&taken), ["a", "", &long]);
            assert_eq!(taken.frame(3), None);
            given.copy(&mut taken).unwrap();
        }
        push.send(&["one"], &SOON).unwrap();
        pull.receive_into(&mut taken, &SOON).unwrap();
        assert_eq!(texts(&taken), ["one"]);
        let counted = pull.with(|open| Ok(open.counters)).unwrap();
        assert_eq!((counted.messages_received, counted.frames_received), (3, 7));
        let sent = push.with(|open| Ok(open.counters)).unwrap();
        assert_eq!((sent.messages_sent, sent.frames_sent), (3, 7));
        assert_eq!(sent.bytes_sent, counted.bytes_received);
        taken.push(b"two").unwrap();
        assert_eq!(texts(&taken), ["one", "two"]);
        assert!(matches!(pull.receive_into(&mut taken, &NOW), Err(Error::Again)));
        assert_eq!(taken.count(), 0);
        assert!(matches!(push.send_whole(&mut taken, &NOW), Err(Error::Argument { .. })));
    }

    #[test]
    fn a_message_that_does_not_go_stays_whole() {
        let push = Socket::attached(Push, "@inproc://whole-alone").unwrap();
        let mut given = message(&["a", "b"]);
        assert!(matches!(push.send_whole(&mut given, &NOW), Err(Error::Again)));
        assert_eq!(texts(&given), ["a", "b"]);
        let pull = Socket::new(Pull).unwrap();
        assert!(matches!(pull.send_whole(&mut given, &NOW), Err(Error::Unsupported { .. })));
        let router = Socket::attached(Router, "inproc://whole-router").unwrap();
        router.send_whole(&mut given, &NOW).unwrap();
        assert_eq!(router.dropped(), 1);
        router.set_mandatory(true).unwrap();
        given = message(&["nobody", "b"]);
        assert!(matches!(router.send_whole(&mut given, &NOW), Err(Error::Unroutable)));
        assert_eq!(texts(&given), ["nobody", "b"]);
        let dealer = Socket::attached(Dealer, "inproc://whole-router").unwrap();
        dealer.send(&["hello"], &SOON).unwrap();
        let mut taken = Message::default();
        router.receive_into(&mut taken, &SOON).unwrap();
        assert_eq!(taken.count(), 2);
        router.send_whole(&mut taken, &SOON).unwrap();
        dealer.receive_into(&mut taken, &SOON).unwrap();
        assert_eq!(texts(&taken), ["hello"]);
    }
}
