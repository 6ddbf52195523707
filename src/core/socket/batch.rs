//! Receiving many messages at once.

use super::Socket;
use super::messages::{Frames, receive_frames};
use crate::core::error::Error;
use crate::core::message::Frame;
use crate::core::wait::Wait;

/// The largest batch. Without a limit, messages that arrive in the meantime could make
/// it grow forever.
const LARGEST: usize = 1 << 16;

impl Socket {
    /// Waits for a message and also receives the messages that are already queued, up
    /// to `most` and at most 65,536 in total. Returns what `take` makes of each frame.
    /// Memory that `take` leaves in a frame is reused for the next one.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive).
    pub fn receive_batch<T>(
        &self,
        most: usize,
        wait: &Wait,
        mut take: impl FnMut(&mut Frame) -> T,
    ) -> Result<Vec<Frames<T>>, Error> {
        self.socket_type().check_receives()?;
        self.transfer("receive", zmq::POLLIN, wait, |open| {
            let mut messages = vec![receive_frames(open, &mut take)?];
            // Later errors are reported by the next call, because these messages were
            // received.
            while messages.len() < most.min(LARGEST)
                && let Ok(message) = receive_frames(open, &mut take)
            {
                messages.push(message);
            }
            Ok(messages)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};
    use crate::core::socket::testing::texts;
    use std::mem;
    use std::time::Duration;

    const NOW: Wait = Wait::new(Some(Duration::ZERO));
    const SOON: Wait = Wait::new(Some(Duration::from_secs(20)));

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
}
