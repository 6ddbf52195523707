//! What a socket counts, and what it can tell about its peers.

use std::time::Duration;

/// What a socket has sent and received. Plain numbers that only change while the
/// socket is locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages sent.
    pub messages_sent: u64,
    /// Frames of them.
    pub frames_sent: u64,
    /// Bytes in these frames.
    pub bytes_sent: u64,
    /// Messages received to the last frame.
    pub messages_received: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Bytes in these frames.
    pub bytes_received: u64,
    /// Messages that could not be sent in time.
    pub expired: u64,
    /// Messages that had no peer of their routing id.
    pub unroutable: u64,
}

impl Counters {
    /// After how many messages a socket that never waits looks at what has
    /// happened meanwhile.
    const ROUND: u64 = 1024;

    /// Counts a message that was sent, and tells whether a round of them is over.
    pub(super) fn sent<F: AsRef<[u8]>>(&mut self, frames: &[F]) -> bool {
        self.sent_whole(frames.len(), frames.iter().map(|frame| frame.as_ref().len()).sum())
    }

    /// As [`sent`](Counters::sent), by the number of frames and their bytes.
    pub(super) fn sent_whole(&mut self, frames: usize, bytes: usize) -> bool {
        self.messages_sent += 1;
        self.frames_sent += frames as u64;
        self.bytes_sent += bytes as u64;
        self.messages_sent.is_multiple_of(Counters::ROUND)
    }

    /// Counts a frame that was received, and tells whether a round of them is over.
    pub(super) fn received(&mut self, bytes: usize, more: bool) -> bool {
        self.messages_received += u64::from(!more);
        self.frames_received += 1;
        self.bytes_received += bytes as u64;
        self.frames_received.is_multiple_of(Counters::ROUND)
    }

    /// Adds what another socket counted.
    pub fn add(&mut self, other: &Counters) {
        self.messages_sent += other.messages_sent;
        self.frames_sent += other.frames_sent;
        self.bytes_sent += other.bytes_sent;
        self.messages_received += other.messages_received;
        self.frames_received += other.frames_received;
        self.bytes_received += other.bytes_received;
        self.expired += other.expired;
        self.unroutable += other.unroutable;
    }
}

/// What a socket knows of itself.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// What it has sent and received.
    pub counters: Counters,
    /// How many peers it has now; `None` if that cannot be known.
    pub peers: Option<usize>,
    /// How many connections to peers it has had, those by inproc left out.
    pub connections: u64,
    /// How many of them have ended.
    pub disconnections: u64,
    /// How many ended before they were complete: a wrong key, a peer that does not
    /// speak ZeroMQ.
    pub failures: u64,
    /// How many prefixes its peers have subscribed to, if it is a publisher.
    pub subscriptions: Option<usize>,
    /// How many messages it dropped since no peer could take them, if it sends to
    /// the peer that a routing id names.
    pub dropped: Option<u64>,
}

/// An endpoint that a socket is attached to.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Whether it is bound; else it is connected.
    pub bound: bool,
    /// The endpoint, with its port filled in.
    pub endpoint: String,
    /// For how long it has been so.
    pub age: Duration,
}
