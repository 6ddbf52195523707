//! Messages: one or more frames, which are sent and received together.

mod frame;

use std::ops::Range;

use crate::core::error::Error;
pub use crate::libzmq::Batch;
use crate::libzmq::retried;
pub use frame::{Frame, is_text};

/// The maximum number of frames that are kept for the next message.
const KEPT: usize = 16;

/// A message of any number of frames; it has none at first and after it was sent. It is
/// received and sent without copying its bytes, and reuses its memory.
///
/// ```
/// use std::time::Duration;
/// use zeromq::core::{Message, Socket, SocketType, Wait};
///
/// # fn main() -> Result<(), zeromq::core::Error> {
/// let timeout = Wait::new(Some(Duration::from_secs(5)));
/// let pull = Socket::attached(SocketType::Pull, "inproc://message-doc")?;
/// let push = Socket::attached(SocketType::Push, "inproc://message-doc")?;
///
/// let mut message = Message::default();
/// message.push(b"topic")?;
/// message.push(b"body")?;
/// push.send_message(&mut message, &timeout)?;
/// assert_eq!(message.count(), 0);
///
/// pull.receive_into(&mut message, &timeout)?;
/// assert_eq!(message.frame(1), Some(&b"body"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Message {
    /// Frames beyond `count` are kept for reuse.
    frames: Vec<Frame>,
    count: usize,
}

/// The result of sending a message without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The message was sent.
    Yes,
    /// No peer can accept it now. None of its frames were sent.
    Full,
    /// Its peer disconnected in the middle of it. None of its frames arrive, and the
    /// whole message can be sent to another peer.
    Lost,
}

/// Sends a message without waiting, or none of its frames. If its peer disconnects in the
/// middle of it, `send` sends it to another peer at once: libzmq has processed the end of
/// that peer, so nothing may be left that a wait would end with.
#[inline(always)]
pub(super) fn send_or_again(mut send: impl FnMut() -> zmq::Result<Sent>) -> zmq::Result<()> {
    loop {
        match send()? {
            Sent::Yes => return Ok(()),
            Sent::Full => return Err(zmq::Error::EAGAIN),
            Sent::Lost => {}
        }
    }
}

/// Sends the frames of a message without waiting: `send` sends the frames of this range
/// of indexes, and returns how many it sent and why the next one was not.
pub(super) fn send_frames(
    count: usize,
    mut send: impl FnMut(Range<usize>) -> (usize, zmq::Result<()>),
) -> zmq::Result<Sent> {
    let mut next = 0;
    let mut sent = Sent::Yes;
    while next < count {
        let (done, result) = send(next..count);
        next += done;
        match result {
            Ok(()) | Err(zmq::Error::EINTR) => {}
            Err(zmq::Error::EAGAIN) if next == 0 => return Ok(Sent::Full),
            // The peer disconnected in the middle of the message. libzmq has removed
            // the earlier frames and drops the ones that follow, so it must be given
            // the rest.
            Err(zmq::Error::EAGAIN) => {
                sent = Sent::Lost;
                next += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// Sends frames one by one: `send` sends the frame with this index, with these flags.
fn one_by_one(
    frames: Range<usize>,
    mut send: impl FnMut(usize, i32) -> zmq::Result<()>,
) -> (usize, zmq::Result<()>) {
    let (first, end) = (frames.start, frames.end);
    for index in frames {
        let more = if index + 1 < end { zmq::SNDMORE } else { 0 };
        if let Err(error) = send(index, zmq::DONTWAIT | more) {
            return (index - first, Err(error));
        }
    }
    (end - first, Ok(()))
}

impl Message {
    /// Returns the number of frames.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames[..self.count]
    }

    /// Returns the frames, to take them.
    pub(super) fn frames_mut(&mut self) -> &mut [Frame] {
        &mut self.frames[..self.count]
    }

    /// Returns the bytes of a frame; the first frame is number 0.
    pub fn frame(&self, index: usize) -> Option<&[u8]> {
        self.frames().get(index).map(|frame| &**frame)
    }

    /// Returns the total size of the frames in bytes.
    pub fn bytes(&self) -> usize {
        self.frames().iter().map(|frame| frame.len()).sum()
    }

    /// Returns a metadata property of a frame, like [`Frame::property`].
    pub fn property(&self, index: usize, name: &str) -> Option<&str> {
        self.frames().get(index)?.property(name)
    }

    /// Appends a frame with a copy of these bytes.
    ///
    /// # Errors
    /// [`Error::Zmq`] if memory runs out.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reserve()?;
        let frame = Frame::copied(bytes).map_err(|_| Error::no_memory())?;
        self.push_frame(frame);
        Ok(())
    }

    /// Appends a frame with the bytes of another one. Long frames share their bytes if
    /// possible.
    ///
    /// # Errors
    /// [`Error::Zmq`] if memory runs out.
    pub fn share(&mut self, frame: &Frame) -> Result<(), Error> {
        self.reserve()?;
        let frame = frame.share().map_err(|_| Error::no_memory())?;
        self.push_frame(frame);
        Ok(())
    }

    /// Makes room for one more frame.
    ///
    /// # Errors
    /// [`Error::Zmq`] if memory runs out.
    pub(crate) fn reserve(&mut self) -> Result<(), Error> {
        self.frames.try_reserve(1).map_err(|_| Error::no_memory())
    }

    /// Appends a frame, for which there is [room](Message::reserve).
    pub(crate) fn push_frame(&mut self, frame: Frame) {
        self.frames.truncate(self.count);
        self.frames.push(frame);
        self.count += 1;
    }

    /// Inserts a frame with a copy of these bytes before all others.
    ///
    /// # Errors
    /// [`Error::Zmq`] if memory runs out.
    pub fn prepend(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reserve()?;
        let frame = Frame::copied(bytes).map_err(|_| Error::no_memory())?;
        self.frames.insert(0, frame);
        self.count += 1;
        Ok(())
    }

    /// Removes a frame and returns it; the first frame is number 0. Returns `None` if
    /// there is no such frame.
    pub fn take(&mut self, index: usize) -> Option<Frame> {
        if index >= self.count {
            return None;
        }
        self.count -= 1;
        Some(self.frames.remove(index))
    }

    /// Removes all frames.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.count = 0;
    }

    /// Replaces the frames with a copy of those of another message. Long frames share
    /// their bytes.
    ///
    /// # Errors
    /// [`Error::Zmq`] if memory runs out.
    pub fn copy(&mut self, other: &mut Message) -> Result<(), Error> {
        let copied = self.copy_frames(other);
        if copied.is_err() {
            self.clear();
        }
        copied.map_err(|error| match error {
            zmq::Error::ENOMEM => Error::no_memory(),
            error => Error::from_zmq("zmq_msg_copy", error),
        })
    }

    pub(super) fn copy_frames(&mut self, other: &mut Message) -> zmq::Result<()> {
        self.frames.truncate(KEPT);
        let more = other.count.saturating_sub(self.frames.len());
        self.count = 0;
        self.frames.try_reserve(more).map_err(|_| zmq::Error::ENOMEM)?;
        self.frames.resize_with(self.frames.len() + more, Frame::new);
        self.count = other.count;
        let mut pairs = self.frames.iter_mut().zip(&mut other.frames[..other.count]);
        pairs.try_for_each(|(copy, frame)| copy.copy(frame))
    }

    /// Receives a message in place of this one, without waiting. `count` counts each
    /// frame.
    #[inline]
    pub(super) fn receive(
        &mut self,
        socket: &mut zmq::Socket,
        mut count: impl FnMut(usize, bool),
    ) -> zmq::Result<()> {
        if self.frames.is_empty() {
            self.frames.try_reserve(1).map_err(|_| zmq::Error::ENOMEM)?;
            self.frames.push(Frame::new());
        }
        self.count = 0;
        let first = self.frames[0].receive(socket, zmq::DONTWAIT)?;
        count(first.view.size, first.more);
        self.count = 1;
        if first.more { self.receive_rest(socket, &mut count) } else { Ok(()) }
    }

    #[cold]
    fn receive_rest(
        &mut self,
        socket: &mut zmq::Socket,
        count: &mut dyn FnMut(usize, bool),
    ) -> zmq::Result<()> {
        self.frames.truncate(KEPT);
        let mut more = true;
        while more {
            if self.frames.len() == self.count {
                self.frames.push(Frame::new());
            }
            // All frames of a message arrive together, so only the first one can be
            // missing.
            let received = retried(|| self.frames[self.count].receive(socket, zmq::DONTWAIT))?;
            count(received.view.size, received.more);
            more = received.more;
            self.count += 1;
        }
        Ok(())
    }

    /// Sends the frames without waiting. They are empty afterwards, unless none was
    /// sent.
    pub(super) fn send(&mut self, socket: &mut zmq::Socket) -> zmq::Result<Sent> {
        let frames = &mut self.frames[..self.count];
        send_frames(frames.len(), |range| {
            one_by_one(range, |index, flags| frames[index].send(socket, flags))
        })
    }

    /// Sends the frames without waiting. If they are not sent, they are unchanged.
    pub(super) fn send_or_keep(&mut self, socket: &mut zmq::Socket) -> zmq::Result<()> {
        if self.count <= 1 {
            return send_or_again(|| self.send(socket));
        }
        // A frame is gone once it is sent, and the next one may fail.
        let mut copy = Message::default();
        send_or_again(|| {
            copy.copy_frames(self)?;
            copy.send(socket)
        })
    }

    /// Cuts the message short: removes its last frame, or the second half of its only
    /// one.
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
    /// Makes a message of one frame.
    fn from(frame: Frame) -> Message {
        Message { frames: vec![frame], count: 1 }
    }
}

impl From<Vec<Frame>> for Message {
    fn from(frames: Vec<Frame>) -> Message {
        let count = frames.len();
        Message { frames, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libzmq::wait_for_commands;

    #[test]
    fn the_rest_of_a_message_follows_a_peer_that_went_away() {
        let mut seen = Vec::new();
        let mut outcomes = [Ok(()), Err(zmq::Error::EAGAIN), Ok(()), Ok(())].into_iter();
        let sent = send_frames(4, |range| {
            one_by_one(range, |index, flags| {
                seen.push((index, flags & zmq::SNDMORE != 0));
                outcomes.next().unwrap()
            })
        });
        assert_eq!(sent, Ok(Sent::Lost));
        assert_eq!(seen, [(0, true), (1, true), (2, true), (3, false)]);
        let mut tries = 0;
        let full = send_frames(2, |_| {
            tries += 1;
            (0, Err(zmq::Error::EAGAIN))
        });
        assert_eq!((full, tries), (Ok(Sent::Full), 1));
        let failed = send_frames(2, |_| (0, Err(zmq::Error::EFSM)));
        assert_eq!(failed, Err(zmq::Error::EFSM));
    }

    /// Sends a message whose first peer leaves in the middle of it. Returns what the second
    /// peer has received: nothing if the end of the first one was seen too late.
    fn sent_while_a_peer_leaves(context: &zmq::Context, attempt: usize) -> Option<Vec<Vec<u8>>> {
        let push = context.socket(zmq::PUSH).unwrap();
        let peer = |name| {
            let endpoint = format!("inproc://message-{attempt}-{name}");
            let pull = context.socket(zmq::PULL).unwrap();
            pull.bind(&endpoint).unwrap();
            push.connect(&endpoint).unwrap();
            pull
        };
        let mut first = Some(peer("first"));
        let second = peer("second");
        let mut send = |index, flags| {
            if index == 1 && first.take().is_some() {
                // libzmq closes the peer on a thread of its own, which then tells the socket.
                wait_for_commands(&push, 20_000).unwrap();
            }
            push.send("frame", flags)
        };
        let sent = send_or_again(|| send_frames(3, |range| one_by_one(range, &mut send)));
        assert_eq!(sent, Ok(()));
        second.recv_multipart(zmq::DONTWAIT).ok()
    }

    #[test]
    fn a_message_whose_peer_goes_away_is_sent_to_another_one() {
        let context = zmq::Context::new();
        let mut attempts = (0..100).map(|attempt| sent_while_a_peer_leaves(&context, attempt));
        let received = attempts.find_map(|received| received).unwrap();
        assert_eq!(received, [b"frame"; 3]);
    }
}
