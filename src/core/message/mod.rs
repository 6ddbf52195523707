//! Messages: one or more frames, which are sent all together or not at all.

mod frame;

use crate::core::error::Error;
use crate::libzmq::retried;
pub use frame::{Frame, is_text};

/// How many frames are kept for the next message.
const KEPT: usize = 16;

/// A message of any number of frames. It is empty, without a frame, at first, and
/// after it was sent. Its memory is used again, and its bytes are not copied.
#[derive(Debug, Default)]
pub struct Message {
    /// Those beyond `count` are only kept.
    frames: Vec<Frame>,
    count: usize,
}

/// What came of sending a message without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is on its way.
    Yes,
    /// No peer takes it now. Nothing of it was sent.
    Full,
    /// Its peer went away in the middle of it. Nothing of it arrives, and all of it
    /// can go to another peer.
    Lost,
}

impl Sent {
    /// The same as libzmq says it of a single frame.
    pub fn or_again(self) -> zmq::Result<()> {
        if self == Sent::Yes { Ok(()) } else { Err(zmq::Error::EAGAIN) }
    }
}

/// Sends the frames of a message without waiting: `send` does it for the one with
/// this index, with these flags.
pub(super) fn send_frames(
    count: usize,
    mut send: impl FnMut(usize, i32) -> zmq::Result<()>,
) -> zmq::Result<Sent> {
    let last = count.saturating_sub(1);
    let mut sent = Sent::Yes;
    for index in 0..count {
        let more = if index < last { zmq::SNDMORE } else { 0 };
        match retried(|| send(index, zmq::DONTWAIT | more)) {
            Ok(()) => {}
            Err(zmq::Error::EAGAIN) if index == 0 => return Ok(Sent::Full),
            // The peer went away in the middle. libzmq has taken the frames before
            // back, and drops what it gets of the message from now on: it has to get
            // the rest.
            Err(zmq::Error::EAGAIN) => sent = Sent::Lost,
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

impl Message {
    /// How many frames it has.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Its frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames[..self.count]
    }

    /// The bytes of a frame, the first one being 0.
    pub fn frame(&self, index: usize) -> Option<&[u8]> {
        self.frames().get(index).map(|frame| &**frame)
    }

    /// How many bytes its frames have.
    pub fn bytes(&self) -> usize {
        self.frames().iter().map(|frame| frame.len()).sum()
    }

    /// What is known about the peer that sent a frame, as
    /// [`Frame::property`].
    pub fn property(&self, index: usize, name: &str) -> Option<&str> {
        self.frames().get(index)?.property(name)
    }

    /// Adds a copy of these bytes as its last frame.
    ///
    /// # Errors
    /// [`Error::Zmq`] when there is no memory.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let frame = Frame::copied(bytes).map_err(|_| Error::no_memory())?;
        self.push_frame(frame);
        Ok(())
    }

    /// Adds a frame as its last.
    pub(crate) fn push_frame(&mut self, frame: Frame) {
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
        let copied = self.copy_frames(other);
        if copied.is_err() {
            self.clear();
        }
        copied.map_err(|error| Error::from_zmq("zmq_msg_copy", error))
    }

    pub(super) fn copy_frames(&mut self, other: &mut Message) -> zmq::Result<()> {
        self.frames.truncate(KEPT);
        while self.frames.len() < other.count {
            self.frames.push(Frame::new());
        }
        self.count = other.count;
        let mut pairs = self.frames.iter_mut().zip(&mut other.frames[..other.count]);
        pairs.try_for_each(|(copy, frame)| copy.copy(frame))
    }

    /// Receives a message in place of this one, without waiting.
    #[inline]
    pub(super) fn receive(&mut self, socket: &mut zmq::Socket) -> zmq::Result<()> {
        if self.frames.is_empty() {
            self.frames.push(Frame::new());
        }
        self.count = 0;
        let first = &mut self.frames[0];
        first.receive(socket, zmq::DONTWAIT)?;
        let more = first.more();
        self.count = 1;
        if more { self.receive_rest(socket) } else { Ok(()) }
    }

    #[cold]
    fn receive_rest(&mut self, socket: &mut zmq::Socket) -> zmq::Result<()> {
        self.frames.truncate(KEPT);
        while self.frames[self.count - 1].more() {
            if self.frames.len() == self.count {
                self.frames.push(Frame::new());
            }
            // All frames of a message arrive together, so only the first can be missing.
            retried(|| self.frames[self.count].receive(socket, zmq::DONTWAIT))?;
            self.count += 1;
        }
        Ok(())
    }

    /// Sends its frames without waiting. They are empty afterwards, unless none was
    /// sent.
    pub(super) fn send(&mut self, socket: &mut zmq::Socket) -> zmq::Result<Sent> {
        let frames = &mut self.frames[..self.count];
        send_frames(frames.len(), |index, flags| frames[index].send(socket, flags))
    }

    /// Sends its frames without waiting. If they are not sent, they are as they were.
    pub(super) fn send_or_keep(&mut self, socket: &mut zmq::Socket) -> zmq::Result<()> {
        if self.count <= 1 {
            return self.send(socket)?.or_again();
        }
        // A frame is gone once it is sent, and the next one may not go.
        let mut copy = Message::default();
        copy.copy_frames(self)?;
        copy.send(socket)?.or_again()
    }

    /// Cuts the message short: it loses its last frame, or the second half of its
    /// only one.
    pub(super) fn cut(&mut self) {
        if let [frame] = self.frames() {
            let half = Frame::from(&frame[..frame.len() / 2]);
            self.frames[0] = half;
        } else {
            self.count = self.count.saturating_sub(1);
        }
    }
}

impl From<Frame> for Message {
    /// A message of one frame.
    fn from(frame: Frame) -> Message {
        Message { frames: vec![frame], count: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_message_follows_a_peer_that_went_away() {
        let mut seen = Vec::new();
        let mut outcomes = [Ok(()), Err(zmq::Error::EAGAIN), Ok(()), Ok(())].into_iter();
        let sent = send_frames(4, |index, flags| {
            seen.push((index, flags & zmq::SNDMORE != 0));
            outcomes.next().unwrap()
        });
        assert_eq!(sent, Ok(Sent::Lost));
        assert_eq!(seen, [(0, true), (1, true), (2, true), (3, false)]);
        let mut tries = 0;
        let full = send_frames(2, |_, _| {
            tries += 1;
            Err(zmq::Error::EAGAIN)
        });
        assert_eq!((full, tries), (Ok(Sent::Full), 1));
        let failed = send_frames(2, |_, _| Err(zmq::Error::EFSM));
        assert_eq!(failed, Err(zmq::Error::EFSM));
    }
}
