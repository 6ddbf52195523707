//! Many frames with one call of libzmq: sending them, and receiving messages into memory
//! that is used again.

use std::ptr;

#[cfg(libzmq_repaired)]
use zmq_sys as sys;

use super::frame::Frame;
use super::last_error;
use super::view::{Bytes, View};

/// The maximum number of frames whose memory is kept for the next batch.
const KEPT: usize = 1024;

/// The maximum number of bytes that they keep. Otherwise a batch of large messages would
/// hold them for as long as later batches are smaller.
const KEPT_BYTES: usize = 1 << 24;

/// The number of frames that a batch has room for at first.
const FIRST: usize = 16;

/// What a frame takes besides its bytes.
const FRAME: usize = size_of::<Frame>();

/// The messages of a batch. It uses its memory again for the next one.
#[derive(Debug, Default)]
pub struct Batch {
    /// Frames beyond `used` are kept for reuse.
    frames: Vec<Frame>,
    /// Where the bytes of each frame are.
    views: Vec<View>,
    /// For each message, the number of frames up to its end.
    ends: Vec<usize>,
    used: usize,
    count: usize,
    /// Beyond this memory it takes no more messages, if there is a limit.
    limit: Option<usize>,
}

// SAFETY: the pointers point into the frames of the same batch, which may be sent.
unsafe impl Send for Batch {}

impl Batch {
    /// Returns a batch that ends after the message with which it takes this many bytes, where
    /// the memory of frames counts. Without this, it has as many messages as are asked for.
    pub fn within(bytes: usize) -> Batch {
        Batch { limit: Some(bytes), ..Batch::default() }
    }

    /// Returns the number of messages.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the number of frames of all messages.
    pub fn frame_count(&self) -> usize {
        self.used
    }

    /// Returns the number of bytes of all messages.
    pub fn bytes(&self) -> usize {
        self.views().iter().map(|view| view.size).sum()
    }

    /// Returns the frames of each message.
    pub fn messages(&self) -> impl Iterator<Item = &[Frame]> {
        let mut start = 0;
        let ends = self.ends[..self.count].iter();
        ends.map(move |end| &self.frames[std::mem::replace(&mut start, *end)..*end])
    }

    /// Returns where the bytes of each frame are, until the batch changes.
    pub(crate) fn views(&self) -> &[View] {
        &self.views[..self.used]
    }

    /// Returns for each message the number of frames up to its end.
    pub(crate) fn ends(&self) -> &[usize] {
        &self.ends[..self.count]
    }

    /// Removes all messages.
    pub fn clear(&mut self) {
        if self.bytes() > KEPT_BYTES {
            self.frames[..self.used].fill_with(Frame::new);
        }
        (self.used, self.count) = (0, 0);
        if self.frames.len() > KEPT {
            self.frames.truncate(KEPT);
            self.frames.shrink_to_fit();
        }
    }

    /// Receives up to `most` messages that are there, in place of the old ones.
    ///
    /// # Errors
    /// As for `zmq_msg_recv(3)`, if there is none.
    pub(crate) fn receive(&mut self, socket: &mut zmq::Socket, most: usize) -> zmq::Result<()> {
        self.clear();
        let mut moved = false;
        let mut result = Ok(());
        let mut bytes = 0;
        while self.count < most {
            if self.used == self.frames.len() {
                moved |= self.used > 0;
                self.grow();
            }
            let room = self.frames.len() - self.used;
            let more = if self.limit.is_some() { 1 } else { most - self.count };
            let (frames, messages) = self.receive_some(socket, room, more);
            for end in &mut self.ends[self.count..self.count + messages] {
                *end += self.used;
            }
            if self.limit.is_some() {
                let views = &self.views[self.used..self.used + frames];
                bytes += views.iter().map(|view| FRAME + view.size).sum::<usize>();
            }
            self.used += frames;
            self.count += messages;
            if frames < room && messages < more {
                result = match last_error() {
                    zmq::Error::EINTR => continue,
                    error => Err(error),
                };
                break;
            }
            if messages > 0 && self.limit.is_some_and(|limit| bytes >= limit) {
                break;
            }
        }
        // All frames of a message arrive together, so this only drops frames if the
        // context ends in the middle of one.
        self.used = self.ends().last().copied().unwrap_or(0);
        if moved {
            for (view, frame) in self.views.iter_mut().zip(&self.frames[..self.used]) {
                *view = View { data: frame.as_ptr(), size: frame.len() };
            }
        }
        if self.count > 0 { Ok(()) } else { result }
    }

    #[cold]
    fn grow(&mut self) {
        let room = (2 * self.used).max(FIRST);
        self.frames.resize_with(room, Frame::new);
        self.views.resize(room, View { data: ptr::null(), size: 0 });
        self.ends.resize(room, 0);
    }

    /// Receives at most this many frames and messages. Returns how many of each.
    #[cfg(libzmq_repaired)]
    fn receive_some(
        &mut self,
        socket: &mut zmq::Socket,
        room: usize,
        most: usize,
    ) -> (usize, usize) {
        let mut frames = room;
        // SAFETY: from `used` on there is room for as many frames, views and ends; a
        // frame is a message of libzmq and a view has the layout that it expects. The
        // socket is open as long as it can be borrowed.
        let messages = unsafe {
            sys::additions::zmq_recv_many(
                socket.as_mut_ptr(),
                self.frames.as_mut_ptr().add(self.used).cast(),
                self.views.as_mut_ptr().add(self.used).cast(),
                &mut frames,
                self.ends.as_mut_ptr().add(self.count),
                most,
                zmq::DONTWAIT,
            )
        };
        (frames, messages)
    }

    /// Does the same with the functions of any libzmq.
    #[cfg(not(libzmq_repaired))]
    fn receive_some(
        &mut self,
        socket: &mut zmq::Socket,
        room: usize,
        most: usize,
    ) -> (usize, usize) {
        let (mut frames, mut messages) = (0, 0);
        while frames < room && messages < most {
            let index = self.used + frames;
            let Ok(received) = self.frames[index].receive(socket, zmq::DONTWAIT) else {
                break;
            };
            self.views[index] = received.view;
            frames += 1;
            if !received.more {
                self.ends[self.count + messages] = frames;
                messages += 1;
            }
        }
        (frames, messages)
    }
}

/// Sends the frames of a message, or each as a message of its own. Returns how many were
/// sent, and why the next one was not.
#[cfg(libzmq_repaired)]
pub(crate) fn send_many(
    socket: &mut zmq::Socket,
    frames: &[Bytes],
    one_message: bool,
) -> (usize, zmq::Result<()>) {
    // SAFETY: there are as many frames, of the layout that the function expects, and
    // their bytes are borrowed. The socket is open as long as it can be borrowed.
    let sent = unsafe {
        sys::additions::zmq_send_many(
            socket.as_mut_ptr(),
            frames.as_ptr().cast(),
            frames.len(),
            zmq::DONTWAIT,
            one_message.into(),
        )
    };
    (sent, if sent == frames.len() { Ok(()) } else { Err(last_error()) })
}

/// Does the same with the functions of any libzmq.
#[cfg(not(libzmq_repaired))]
pub(crate) fn send_many(
    socket: &mut zmq::Socket,
    frames: &[Bytes],
    one_message: bool,
) -> (usize, zmq::Result<()>) {
    for (index, frame) in frames.iter().enumerate() {
        let view = frame.0;
        let more = one_message && index + 1 < frames.len();
        // SAFETY: the bytes are borrowed.
        let bytes = unsafe { std::slice::from_raw_parts(view.data, view.size) };
        let flags = zmq::DONTWAIT | if more { zmq::SNDMORE } else { 0 };
        if let Err(error) = super::send(socket, bytes, flags) {
            return (index, Err(error));
        }
    }
    (frames.len(), Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_messages_are_not_kept() {
        let context = zmq::Context::new();
        let mut pull = context.socket(zmq::PULL).unwrap();
        let push = context.socket(zmq::PUSH).unwrap();
        pull.bind("inproc://large").unwrap();
        push.connect("inproc://large").unwrap();
        let mut batch = Batch::default();
        for (size, kept) in [(1000, 1000), (KEPT_BYTES, 0)] {
            push.send("first", 0).unwrap();
            push.send(vec![0; size], 0).unwrap();
            batch.receive(&mut pull, 2).unwrap();
            assert_eq!((batch.count(), batch.bytes()), (2, size + 5));
            push.send("next", 0).unwrap();
            batch.receive(&mut pull, 1).unwrap();
            assert_eq!((batch.count(), batch.frames[1].len()), (1, kept));
        }
    }

    #[test]
    fn a_limit_ends_a_batch_behind_a_message() {
        let context = zmq::Context::new();
        let mut pull = context.socket(zmq::PULL).unwrap();
        let push = context.socket(zmq::PUSH).unwrap();
        pull.bind("inproc://limit").unwrap();
        push.connect("inproc://limit").unwrap();
        for frames in [1, 1000, 1, 1, 1] {
            push.send_multipart((0..frames).map(|_| ""), 0).unwrap();
        }
        push.send(vec![0; 5000], 0).unwrap();
        push.send("last", 0).unwrap();
        let mut batch = Batch::within(4000);
        for expected in [&[1, 1000][..], &[1, 1, 1, 1], &[1]] {
            batch.receive(&mut pull, 64).unwrap();
            let counts: Vec<usize> = batch.messages().map(<[Frame]>::len).collect();
            assert_eq!(counts, expected);
        }
        assert_eq!(batch.receive(&mut pull, 64), Err(zmq::Error::EAGAIN));
    }
}
