//! A message on its way through a proxy. Its bytes are never copied.

use crate::libzmq::Frame;
use crate::libzmq::retried;

/// How many frames are kept for the next message.
const KEPT: usize = 16;

/// A whole message, all of its frames. The frames are used again for the next.
#[derive(Debug, Default)]
pub(super) struct Message {
    frames: Vec<Frame>,
    count: usize,
    bytes: u64,
}

/// What came of sending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is on its way.
    Yes,
    /// No peer takes it now. The message is as it was.
    Full,
    /// Its peer is not there, or went away in the middle of it.
    Lost,
}

impl Message {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn frames(&self) -> &[Frame] {
        &self.frames[..self.count]
    }

    /// Receives a message in place of this one, without waiting.
    pub fn receive(&mut self, socket: &mut zmq::Socket) -> zmq::Result<()> {
        self.frames.truncate(KEPT);
        self.count = 0;
        self.bytes = 0;
        loop {
            if self.frames.len() == self.count {
                self.frames.push(Frame::new());
            }
            let frame = &mut self.frames[self.count];
            // All frames of a message arrive together, so only the first can be missing.
            retried(|| frame.receive(socket, zmq::DONTWAIT))?;
            self.count += 1;
            self.bytes += frame.len() as u64;
            if !frame.more() {
                return Ok(());
            }
        }
    }

    /// Sends the message without waiting.
    pub fn send(&mut self, socket: &mut zmq::Socket) -> zmq::Result<Sent> {
        let last = self.count.saturating_sub(1);
        let mut sent = Sent::Yes;
        for (index, frame) in self.frames[..self.count].iter_mut().enumerate() {
            let more = if index < last { zmq::SNDMORE } else { 0 };
            match retried(|| frame.send(socket, zmq::DONTWAIT | more)) {
                Ok(()) => {}
                // REQ and REP: it is not their turn.
                Err(zmq::Error::EAGAIN | zmq::Error::EFSM) if index == 0 => return Ok(Sent::Full),
                Err(zmq::Error::EHOSTUNREACH) if index == 0 => return Ok(Sent::Lost),
                // The peer went away. libzmq drops what it gets of the message from
                // now on, so it has to get the rest.
                Err(zmq::Error::EAGAIN) => sent = Sent::Lost,
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    /// Another message of the same frames, whose long ones share their bytes.
    pub fn copy(&mut self) -> zmq::Result<Message> {
        let mut copy = Message::default();
        copy.copy_from(self)?;
        Ok(copy)
    }

    /// Makes this message a copy of another one.
    pub fn copy_from(&mut self, other: &mut Message) -> zmq::Result<()> {
        self.frames.truncate(KEPT);
        while self.frames.len() < other.count {
            self.frames.push(Frame::new());
        }
        (self.count, self.bytes) = (other.count, other.bytes);
        let pairs = self.frames.iter_mut().zip(&mut other.frames[..other.count]);
        pairs.into_iter().try_for_each(|(copy, frame)| copy.copy(frame))
    }

    /// Cuts the message short: it loses its last frame, or the second half of its
    /// only one.
    pub fn cut(&mut self) {
        if let [frame] = &self.frames[..self.count] {
            let half = Frame::from(&frame[..frame.len() / 2]);
            self.frames[0] = half;
        } else {
            self.count = self.count.saturating_sub(1);
        }
        self.bytes = self.frames().iter().map(|frame| frame.len() as u64).sum();
    }
}

impl From<&[u8]> for Message {
    /// A message of one frame.
    fn from(bytes: &[u8]) -> Message {
        Message { frames: vec![Frame::from(bytes)], count: 1, bytes: bytes.len() as u64 }
    }
}
