//! The messages between the thread that receives and the one that writes. One block is
//! filled while the other one is written, so memory has a limit, and both threads work on
//! many messages at a time.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeromq::core::Frame;

use super::block::Block;

/// What waits to be written.
pub struct Buffer {
    state: Mutex<State>,
    changed: Condvar,
    /// The largest size of a block, unless it has only one message.
    limit: usize,
    /// Messages that exceed it are dropped.
    drops: bool,
    failed: AtomicBool,
}

#[derive(Default)]
struct State {
    block: Block,
    since: Option<Instant>,
    lost: Lost,
    ended: bool,
}

/// Messages that are missing behind those of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Those that were received while the buffer was full.
    pub dropped: u64,
    /// Those that a publisher numbered and that did not arrive.
    pub missed: u64,
}

/// What was taken out of a buffer, apart from the messages.
#[derive(Debug, Default)]
pub struct Taken {
    /// When the first of the messages was received.
    pub since: Option<Instant>,
    /// What follows the messages.
    pub lost: Lost,
    /// Nothing will come anymore.
    pub ended: bool,
}

impl Buffer {
    /// Makes a buffer that takes up to so many bytes of memory. Beyond that, it drops
    /// messages, or takes those that come before [`wait_for_room`](Buffer::wait_for_room) is
    /// called.
    pub fn new(bytes: usize, drops: bool) -> Buffer {
        Buffer {
            state: Mutex::default(),
            changed: Condvar::new(),
            // So that an empty block has room.
            limit: (bytes / 2).max(1),
            drops,
            failed: AtomicBool::new(false),
        }
    }

    /// Appends messages. Returns the number of those for which there is no room; the event
    /// that tells of them follows the ones before.
    pub fn push<'a>(
        &self,
        time: i64,
        missed: u64,
        messages: impl Iterator<Item = &'a [Frame]>,
    ) -> u64 {
        let mut state = self.lock();
        let was_empty = state.block.is_empty();
        let mut dropped = 0;
        for message in messages {
            // What comes after a dropped message is dropped too, so that the gap is where the
            // event says.
            let full = self.drops
                && (state.lost.dropped > 0
                    || (!state.block.is_empty()
                        && state.block.len() + Block::cost(message) > self.limit));
            if full {
                state.lost.dropped += 1;
                dropped += 1;
            } else {
                state.block.push(0, time, message);
            }
        }
        state.lost.missed += missed;
        if state.since.is_none() {
            state.since = Some(Instant::now());
        }
        if was_empty {
            self.changed.notify_all();
        }
        dropped
    }

    /// Waits until there is room for more messages, as long as `goes_on` returns true.
    pub fn wait_for_room(&self, goes_on: impl Fn() -> bool) {
        let mut state = self.lock();
        while state.block.len() >= self.limit && goes_on() {
            state = self.wait(state, Duration::from_millis(100));
        }
    }

    /// Waits for messages until a moment, and swaps them with `block`, which must be empty.
    pub fn take(&self, block: &mut Block, until: Option<Instant>) -> Taken {
        let mut state = self.lock();
        while state.since.is_none() && !state.ended {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state = self.wait(state, left.unwrap_or(Duration::from_secs(3600)));
        }
        block.shrink(self.limit);
        mem::swap(&mut state.block, block);
        self.changed.notify_all();
        Taken { since: state.since.take(), lost: mem::take(&mut state.lost), ended: state.ended }
    }

    /// Returns the number of messages that wait to be written, their bytes, and when the first
    /// of them was received.
    pub fn waiting(&self) -> (usize, usize, Option<Instant>) {
        let state = self.lock();
        (state.block.count(), state.block.len(), state.since)
    }

    /// Says that no more messages will come.
    pub fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Says that no more messages can be written.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Returns true if no more messages can be written.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, timeout: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, timeout);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(count: usize) -> Vec<[Frame; 1]> {
        (0..count).map(|number| [Frame::from(number.to_string().as_bytes())]).collect()
    }

    fn push(buffer: &Buffer, missed: u64, messages: &[[Frame; 1]]) -> u64 {
        buffer.push(1, missed, messages.iter().map(|message| &message[..]))
    }

    #[test]
    fn what_does_not_fit_is_counted_until_there_is_room_again() {
        let messages = frames(9);
        let buffer = Buffer::new(2 * 3 * Block::cost(&messages[0]), true);
        assert_eq!(push(&buffer, 0, &messages[..4]), 1);
        assert_eq!(push(&buffer, 2, &messages[4..5]), 1);
        assert_eq!(buffer.waiting().0, 3);
        let mut block = Block::default();
        let taken = buffer.take(&mut block, None);
        assert_eq!((block.count(), taken.lost), (3, Lost { dropped: 2, missed: 2 }));
        assert!(taken.since.is_some() && !taken.ended);
        block.clear();
        assert_eq!(push(&buffer, 0, &messages[..2]), 0);
        buffer.end();
        let taken = buffer.take(&mut block, None);
        assert_eq!((block.count(), taken.lost, taken.ended), (2, Lost::default(), true));
    }

    #[test]
    fn one_message_always_fits() {
        let buffer = Buffer::new(2, true);
        let large = [[Frame::from(&[1; 10_000][..])]];
        assert_eq!((push(&buffer, 0, &large), push(&buffer, 0, &large)), (0, 1));
        let begin = Instant::now();
        buffer.wait_for_room(|| begin.elapsed() < Duration::from_millis(1));
        let mut block = Block::default();
        buffer.take(&mut block, None);
        buffer.wait_for_room(|| panic!("there is room"));
    }

    #[test]
    fn the_smallest_buffer_has_room_for_a_message() {
        let buffer = Buffer::new(1, false);
        buffer.wait_for_room(|| panic!("there is room"));
    }

    #[test]
    fn what_can_wait_is_not_dropped() {
        let buffer = Buffer::new(2, false);
        assert_eq!(push(&buffer, 0, &frames(9)), 0);
        assert_eq!(buffer.waiting().0, 9);
    }

    #[test]
    fn nothing_is_taken_when_nothing_comes() {
        let buffer = Buffer::new(100, true);
        let mut block = Block::default();
        let taken = buffer.take(&mut block, Some(Instant::now()));
        assert!(block.is_empty() && taken.since.is_none() && !taken.ended);
    }
}
