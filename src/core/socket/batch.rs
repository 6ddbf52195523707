//! Receiving and sending many messages at once. A visitor gets each frame where it was
//! received, so that a host can make its own strings of them without a list in between.

use smallvec::SmallVec;

use super::Socket;
use super::messages::{receive_message, send};
use super::open::Open;
use crate::core::error::Error;
use crate::core::message::{Batch, Frame};
use crate::core::socket_type::SocketType::{Router, Stream, Xsub};
use crate::core::wait::Wait;
use crate::libzmq::{Bytes, send_many};

/// How many messages are passed to libzmq at once.
const AT_ONCE: usize = 64;

/// The largest batch. Without a limit, messages that arrive in the meantime could make
/// it grow forever.
const LARGEST: usize = 1 << 16;

impl Socket {
    /// Waits for a message and also receives the messages that are already queued, up
    /// to `most` and at most 65,536 in total. Calls `visit` with each frame; the last
    /// frame of each message has no [`more`](Frame::more). Memory that `visit` leaves in
    /// a frame is reused for the next one. Returns the number of messages.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive). No frame was visited then.
    pub fn receive_batch(
        &self,
        most: usize,
        wait: &Wait,
        mut visit: impl FnMut(&mut Frame),
    ) -> Result<usize, Error> {
        self.socket_type().check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            receive_message(open, &mut visit)?;
            let mut count = 1;
            // Later errors are reported by the next call, because these messages were
            // received.
            while count < most.min(LARGEST) && receive_message(open, &mut visit).is_ok() {
                count += 1;
            }
            Ok(count)
        })
    }

    /// Waits for a message and also receives the messages that are already queued, up
    /// to `most` and at most 65,536 in total, in place of those of `batch`. After an
    /// error, `batch` is empty.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    pub fn receive_batch_into(
        &self,
        batch: &mut Batch,
        most: usize,
        wait: &Wait,
    ) -> Result<(), Error> {
        self.socket_type().check_receives()?;
        batch.clear();
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            batch.receive(&mut open.socket, most.min(LARGEST))?;
            if open.counters.received_many(batch.count(), batch.frame_count(), batch.bytes()) {
                open.update();
            }
            Ok(())
        })
    }

    /// Sends messages, each of which is a list of frames, one after the other. Returns
    /// how many of them were sent, and the error that the next one failed with.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send); [`Error::Again`] if not all were sent
    /// before the timeout.
    pub fn send_batch<F: AsRef<[u8]>, M: AsRef<[F]>>(
        &self,
        messages: &[M],
        wait: &Wait,
    ) -> (usize, Result<(), Error>) {
        let mut sent = 0;
        let result = match self.sends_plainly() {
            Ok(true) => self.transfer("send", zmq::POLLOUT, wait, |open| {
                while sent < messages.len() {
                    sent += send_some(open, &messages[sent..])?;
                }
                Ok(())
            }),
            Ok(false) => self.send_each(messages, wait, &mut sent),
            Err(error) => Err(error),
        };
        (sent, result)
    }

    /// Returns true if a message needs no check before it is sent.
    fn sends_plainly(&self) -> Result<bool, Error> {
        self.socket_type().check_sends()?;
        let checked = matches!(self.socket_type(), Router | Stream | Xsub) || self.begun.any();
        Ok(!checked && !self.with(|open| Ok(open.conflates))?)
    }

    fn send_each<F: AsRef<[u8]>, M: AsRef<[F]>>(
        &self,
        messages: &[M],
        wait: &Wait,
        sent: &mut usize,
    ) -> Result<(), Error> {
        let usual = self.with(|open| Ok(open.send_timeout))?;
        let clock = wait.or(usual).begin();
        messages.iter().try_for_each(|message| {
            self.send(message.as_ref(), &clock.rest())?;
            *sent += 1;
            Ok(())
        })
    }
}

/// Sends the first of these messages without waiting, and those of one frame that follow
/// it. Returns how many were sent, if it is at least one.
fn send_some<F: AsRef<[u8]>, M: AsRef<[F]>>(open: &mut Open, messages: &[M]) -> zmq::Result<usize> {
    let short = messages.iter().take(AT_ONCE).map_while(|message| match message.as_ref() {
        [frame] => Some(Bytes::from(frame.as_ref())),
        _ => None,
    });
    let short: SmallVec<[Bytes; AT_ONCE]> = short.collect();
    if short.is_empty() {
        let frames = messages[0].as_ref();
        send(&mut open.socket, frames)?;
        open.count_sent(frames);
        return Ok(1);
    }
    let (sent, result) = send_many(&mut open.socket, &short, false);
    let bytes = messages[..sent].iter().map(|message| message.as_ref()[0].as_ref().len());
    if open.counters.sent_many(sent, bytes.sum()) {
        open.update();
    }
    if sent == 0 { result.map(|()| 0) } else { Ok(sent) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};
    use std::mem;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

    fn batch(pull: &Socket, most: usize) -> (usize, Vec<(String, bool)>) {
        let mut frames = Vec::new();
        let count = pull.receive_batch(most, &SOON, |frame| {
            frames.push((frame.as_text().unwrap().to_owned(), frame.more()));
        });
        (count.unwrap(), frames)
    }

    #[test]
    fn a_batch_is_what_is_there() {
        let pull = Socket::attached(Pull, "inproc://batch").unwrap();
        let push = Socket::attached(Push, "inproc://batch").unwrap();
        for number in 0..10 {
            push.send(&[format!("{number}"), "x".to_owned()], &SOON).unwrap();
        }
        let (count, frames) = batch(&pull, 7);
        assert_eq!((count, frames.len()), (7, 14));
        assert_eq!(frames[12..], [("6".to_owned(), true), ("x".to_owned(), false)]);
        assert_eq!(batch(&pull, usize::MAX).0, 3);
        let mut visited = 0;
        let result = pull.receive_batch(1, &NOW, |_| visited += 1);
        assert!(matches!(result, Err(Error::Again)));
        assert_eq!(visited, 0);
    }

    #[test]
    fn a_visitor_may_take_the_frames() {
        let pull = Socket::attached(Pull, "inproc://batch-taken").unwrap();
        let push = Socket::attached(Push, "inproc://batch-taken").unwrap();
        let long = "x".repeat(100_000);
        push.send(&[&long, "", &long], &SOON).unwrap();
        push.send(&[""], &SOON).unwrap();
        let mut frames = Vec::new();
        let take = |frame: &mut Frame| frames.push(mem::take(frame));
        assert_eq!(pull.receive_batch(9, &SOON, take).unwrap(), 2);
        let sizes: Vec<usize> = frames.iter().map(|frame| frame.len()).collect();
        assert_eq!(sizes, [100_000, 0, 100_000, 0]);
    }
}
