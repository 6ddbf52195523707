//! Publishing messages with topics, and numbering them, so that subscribers can detect
//! missed messages.
//!
//! If a publisher numbers its messages, each of them ends with an additional frame of
//! 20 bytes: "SEQ1", eight bytes that identify the publisher, and the number of the
//! message among those with the same topic, starting at 1. Integers are big-endian.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard};

use super::Socket;
use crate::core::error::operation::{PUBLISH, RECEIVE_TOPIC};
use crate::core::error::{Error, Needs};
use crate::core::locked::locked;
use crate::core::message::Frame;
use crate::core::socket_type::SocketType::{self, Pub, Sub, Xpub, Xsub};
use crate::core::wait::Wait;

const MARK: &[u8] = b"SEQ1";

/// The maximum number of topics that are remembered. Numbering restarts if there are more.
const TOPICS: usize = 1 << 16;

/// The state of a publisher.
#[derive(Debug)]
struct Numbers {
    publisher: u64,
    keys: RandomState,
    /// The last number of each topic.
    topics: HashMap<u64, u64>,
}

/// What a subscriber has received of numbered messages, and how many it has missed. A SUB
/// socket keeps it if [`set_sequence`](Socket::set_sequence) is on; who receives messages in
/// other ways passes them to one of their own.
#[derive(Debug, Default)]
pub struct Gaps {
    keys: RandomState,
    /// The last number of each topic of each publisher, keyed by a hash, so that peers
    /// cannot fill the memory with long topics.
    last: HashMap<u64, u64>,
    missed: u64,
}

/// The state of a socket that numbers messages. Most sockets have none, so it is boxed.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    numbers: Mutex<Option<Box<Numbers>>>,
    gaps: Mutex<Option<Box<Gaps>>>,
}

impl Numbering {
    fn numbers(&self) -> MutexGuard<'_, Option<Box<Numbers>>> {
        locked(&self.numbers)
    }

    fn gaps(&self) -> MutexGuard<'_, Option<Box<Gaps>>> {
        locked(&self.gaps)
    }
}

impl Numbers {
    fn new() -> Numbers {
        // Each `RandomState` has different keys.
        let keys = RandomState::new();
        Numbers { publisher: keys.hash_one(0), keys, topics: HashMap::new() }
    }

    /// Returns the frame for the next message of a topic.
    fn next(&mut self, topic: &[u8]) -> [u8; 20] {
        if self.topics.len() >= TOPICS && !self.topics.contains_key(&self.keys.hash_one(topic)) {
            *self = Numbers::new();
        }
        let last = self.topics.entry(self.keys.hash_one(topic)).or_default();
        let number = *last + 1;
        let mut frame = [0; 20];
        frame[..4].copy_from_slice(MARK);
        frame[4..12].copy_from_slice(&self.publisher.to_be_bytes());
        frame[12..].copy_from_slice(&number.to_be_bytes());
        frame
    }

    /// Records that the message was sent.
    fn advance(&mut self, topic: &[u8]) {
        if let Some(number) = self.topics.get_mut(&self.keys.hash_one(topic)) {
            *number += 1;
        }
    }
}

impl Gaps {
    /// Records the number of a message, which is its last frame. Returns false if the frame
    /// is no number.
    pub fn record(&mut self, topic: &[u8], frame: &[u8]) -> bool {
        let Some((publisher, number)) = read(frame) else {
            return false;
        };
        let key = self.keys.hash_one((publisher, topic));
        match self.last.get_mut(&key) {
            Some(last) => {
                let lost = number.saturating_sub(*last).saturating_sub(1);
                self.missed = self.missed.saturating_add(lost);
                *last = number.max(*last);
            }
            None => {
                if self.last.len() >= TOPICS {
                    self.last.clear();
                }
                self.last.insert(key, number);
            }
        }
        true
    }

    /// Returns how many messages are missing between those that were recorded.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

fn read(frame: &[u8]) -> Option<(u64, u64)> {
    let rest = frame.strip_prefix(MARK)?;
    let (publisher, number) = rest.split_first_chunk()?;
    Some((u64::from_be_bytes(*publisher), u64::from_be_bytes(number.try_into().ok()?)))
}

impl Socket {
    /// Sends a message whose first frame is its topic, with a number if
    /// [`set_sequence`](Socket::set_sequence) is on.
    ///
    /// # Errors
    /// The errors of [`send`](Socket::send); [`Error::State`] if
    /// [`send_more`](Socket::send_more) has started another message.
    pub fn publish<F: AsRef<[u8]>>(&self, frames: &[F], wait: &Wait) -> Result<(), Error> {
        self.ready_for(PUBLISH)?;
        let topic = frames.first().map_or(&[][..], AsRef::as_ref);
        let number = self.numbering.numbers().as_mut().map(|numbers| numbers.next(topic));
        let Some(number) = number else {
            return self.send(frames, wait);
        };
        let mut all: Vec<&[u8]> = frames.iter().map(AsRef::as_ref).collect();
        all.push(&number);
        self.send(&all, wait)?;
        if let Some(numbers) = self.numbering.numbers().as_mut() {
            numbers.advance(topic);
        }
        Ok(())
    }

    /// Receives a message and returns its first frame, the topic, and the remaining
    /// frames. If [`set_sequence`](Socket::set_sequence) is on, the number is removed
    /// and recorded.
    ///
    /// # Errors
    /// The errors of [`receive`](Socket::receive); [`Error::State`] if a message was
    /// received in part.
    pub fn receive_topic(&self, wait: &Wait) -> Result<(Frame, Vec<Frame>), Error> {
        let mut frames = self.receive_whole(RECEIVE_TOPIC, wait)?.into_iter();
        let topic = frames.next().unwrap_or_default();
        let mut rest: Vec<Frame> = frames.collect();
        if let Some(gaps) = self.numbering.gaps().as_mut()
            && rest.last().is_some_and(|last| gaps.record(&topic, last))
        {
            rest.pop();
        }
        Ok((topic, rest))
    }

    /// Turns numbering on or off: a PUB or XPUB then numbers the messages that it
    /// [publishes](Socket::publish), and a SUB or XSUB looks for these numbers. Turning
    /// it on again restarts it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on other socket types.
    pub fn set_sequence(&self, on: bool) -> Result<(), Error> {
        self.with(|_| Ok(()))?;
        match self.socket_type() {
            Pub | Xpub => *self.numbering.numbers() = on.then(|| Box::new(Numbers::new())),
            Sub | Xsub => *self.numbering.gaps() = on.then(Box::default),
            socket_type => return Err(unsupported(socket_type)),
        }
        Ok(())
    }

    /// Returns how many messages a SUB or XSUB missed, judging by the numbers of the
    /// messages that it received.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn missed(&self) -> Result<u64, Error> {
        self.check_process()?;
        Ok(self.numbering.gaps().as_ref().map_or(0, |gaps| gaps.missed))
    }
}

fn unsupported(socket_type: SocketType) -> Error {
    Error::Unsupported {
        operation: "number messages",
        socket_type,
        needs: Needs::Types(&[Pub, Sub]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(numbers: &mut Numbers, topic: &[u8]) -> [u8; 20] {
        let frame = numbers.next(topic);
        numbers.advance(topic);
        frame
    }

    #[test]
    fn what_is_lost_between_two_messages_of_a_topic_is_missed() {
        let (mut numbers, mut gaps) = (Numbers::new(), Gaps::default());
        for _ in 0..5 {
            sent(&mut numbers, b"early");
        }
        // Messages before the first one received were not subscribed to.
        assert!(gaps.record(b"early", &sent(&mut numbers, b"early")));
        assert!(gaps.record(b"other", &sent(&mut numbers, b"other")));
        assert_eq!(gaps.missed, 0);
        sent(&mut numbers, b"early");
        sent(&mut numbers, b"early");
        let late = sent(&mut numbers, b"early");
        gaps.record(b"early", &late);
        gaps.record(b"early", &late);
        assert_eq!(gaps.missed, 2);
        // A restarted publisher counts as another one.
        assert!(gaps.record(b"early", &sent(&mut Numbers::new(), b"early")));
        assert_eq!(gaps.missed, 2);
    }

    #[test]
    fn other_frames_have_no_number() {
        let mut gaps = Gaps::default();
        for frame in [&b""[..], b"SEQ1", b"SEQ1aaaaaaaabbbbbbbbc", b"SEQ2aaaaaaaabbbbbbbb"] {
            assert!(!gaps.record(b"", frame));
        }
    }

    #[test]
    fn numbers_that_make_no_sense_do_no_harm() {
        let mut gaps = Gaps::default();
        let frame = |number: u64| {
            let mut frame = b"SEQ1publishe".to_vec();
            frame.extend_from_slice(&number.to_be_bytes());
            frame
        };
        for number in [0, u64::MAX, 0, 1, u64::MAX] {
            assert!(gaps.record(b"", &frame(number)));
        }
        assert_eq!(gaps.missed, u64::MAX - 1);
        gaps.record(b"other", &frame(0));
        gaps.record(b"other", &frame(u64::MAX));
        assert_eq!(gaps.missed, u64::MAX);
    }

    #[test]
    fn only_so_many_topics_are_remembered() {
        let (mut numbers, mut gaps) = (Numbers::new(), Gaps::default());
        let publisher = numbers.publisher;
        for topic in 0..TOPICS {
            let topic = topic.to_be_bytes();
            assert!(gaps.record(&topic, &sent(&mut numbers, &topic)));
        }
        assert!(gaps.record(&[0; 8], &sent(&mut numbers, &[0; 8])));
        assert_eq!(numbers.publisher, publisher);
        assert!(gaps.record(b"one more", &sent(&mut numbers, b"one more")));
        assert_ne!(numbers.publisher, publisher);
        assert_eq!((numbers.topics.len(), gaps.last.len(), gaps.missed), (1, 1, 0));
    }
}
