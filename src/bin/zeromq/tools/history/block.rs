//! Messages packed into one piece of memory, which is used again: what a thread hands to
//! the next one.

use zeromq::core::Frame;

/// Any number of messages, in order.
#[derive(Debug, Default)]
pub struct Block {
    /// For each message: its sequence, its time, the number of frames, the size of each
    /// frame, and the frames. Numbers have the byte order of the machine.
    bytes: Vec<u8>,
    count: usize,
}

/// A message in a block.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    /// Its number in the history; 0 if it has none yet.
    pub sequence: i64,
    /// Nanoseconds since 1970.
    pub time: i64,
    sizes: &'a [u8],
    data: &'a [u8],
}

impl Block {
    /// Appends a message.
    pub fn push<F: AsRef<[u8]>>(&mut self, sequence: i64, time: i64, frames: &[F]) {
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&time.to_ne_bytes());
        self.bytes.extend_from_slice(&size(frames.len()));
        for frame in frames {
            self.bytes.extend_from_slice(&size(frame.as_ref().len()));
        }
        for frame in frames {
            self.bytes.extend_from_slice(frame.as_ref());
        }
        self.count += 1;
    }

    /// Returns how many bytes a message takes in a block.
    pub fn cost(frames: &[Frame]) -> usize {
        20 + frames.iter().map(|frame| 4 + frame.len()).sum::<usize>()
    }

    /// Returns the number of messages.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the number of bytes that the messages take.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns true if there are no messages.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Removes all messages, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    /// Releases memory that a block of this size does not need. The block must be empty.
    pub fn shrink(&mut self, size: usize) {
        if self.bytes.capacity() > 2 * size {
            self.bytes.shrink_to(size);
        }
    }

    /// Returns the messages.
    pub fn messages(&self) -> impl Iterator<Item = Packed<'_>> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let sequence = i64::from_ne_bytes(take(&mut rest));
            let time = i64::from_ne_bytes(take(&mut rest));
            let frames = u32::from_ne_bytes(take(&mut rest)) as usize;
            let (sizes, after) = rest.split_at(4 * frames);
            let (data, after) = after.split_at(sizes_of(sizes).sum());
            rest = after;
            Some(Packed { sequence, time, sizes, data })
        })
    }
}

impl<'a> Packed<'a> {
    /// Returns the frames.
    pub fn frames(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut data = self.data;
        sizes_of(self.sizes).map(move |size| {
            let (frame, rest) = data.split_at(size);
            data = rest;
            frame
        })
    }
}

/// A frame of 4 GiB and more does not fit into any store, and no socket of the commands
/// receives one.
fn size(size: usize) -> [u8; 4] {
    u32::try_from(size).expect("a frame below 4 GiB").to_ne_bytes()
}

fn sizes_of(sizes: &[u8]) -> impl Iterator<Item = usize> {
    let (sizes, _) = sizes.as_chunks();
    sizes.iter().map(|size| u32::from_ne_bytes(*size) as usize)
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (taken, after) = rest.split_first_chunk().expect("a whole message");
    *rest = after;
    *taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_unpacked_as_they_were_packed() {
        let mut block = Block::default();
        let messages: [&[&[u8]]; 4] = [&[b""], &[b"a", b"", b"\0\xFF"], &[], &[&[7; 70_000]]];
        for _ in 0..2 {
            for (number, message) in messages.iter().enumerate() {
                block.push(number as i64, -1, message);
            }
            let unpacked: Vec<Vec<&[u8]>> =
                block.messages().map(|message| message.frames().collect()).collect();
            assert_eq!(unpacked, messages);
            assert!(
                block.messages().enumerate().all(|(at, m)| (m.sequence, m.time) == (at as i64, -1))
            );
            assert_eq!((block.count(), block.is_empty()), (4, false));
            block.clear();
        }
        assert!(block.is_empty() && block.messages().next().is_none());
    }

    #[test]
    fn the_cost_of_a_message_is_its_share_of_a_block() {
        let frames = [Frame::from(&b"topic"[..]), Frame::default(), Frame::from(&[1; 300][..])];
        let mut block = Block::default();
        block.push(1, 2, &frames);
        assert_eq!(block.len(), Block::cost(&frames));
    }
}
