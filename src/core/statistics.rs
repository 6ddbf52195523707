//! The counters of a socket, and its knowledge of its peers.

use std::time::Duration;

/// The messages and bytes that a socket has sent and received. These are plain numbers,
/// which only change while the socket is locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages sent.
    pub messages_sent: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Messages received completely.
    pub messages_received: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Sends that timed out.
    pub expired: u64,
    /// Messages to routing ids that no peer had.
    pub unroutable: u64,
}

impl Counters {
    /// After how many messages a socket that never waits processes pending events.
    const ROUND: u64 = 1024;

    /// Counts a message that was sent. Returns true once per round.
    pub(super) fn sent<F: AsRef<[u8]>>(&mut self, frames: &[F]) -> bool {
        self.sent_whole(frames.len(), frames.iter().map(|frame| frame.as_ref().len()).sum())
    }

    /// Does the same as [`sent`](Counters::sent), given the number of frames and bytes.
    pub(super) fn sent_whole(&mut self, frames: usize, bytes: usize) -> bool {
        self.messages_sent += 1;
        self.frames_sent += frames as u64;
        self.bytes_sent += bytes as u64;
        self.messages_sent.is_multiple_of(Counters::ROUND)
    }

    /// Counts a frame that was received. Returns true once per round.
    pub(super) fn received(&mut self, bytes: usize, more: bool) -> bool {
        self.messages_received += u64::from(!more);
        self.frames_received += 1;
        self.bytes_received += bytes as u64;
        self.frames_received.is_multiple_of(Counters::ROUND)
    }

    /// Counts messages of one frame each that were sent. Returns true once per round.
    pub(super) fn sent_many(&mut self, messages: usize, bytes: usize) -> bool {
        let round = self.messages_sent / Counters::ROUND;
        self.messages_sent += messages as u64;
        self.frames_sent += messages as u64;
        self.bytes_sent += bytes as u64;
        self.messages_sent / Counters::ROUND != round
    }

    /// Counts messages that were received. Returns true once per round.
    pub(super) fn received_many(&mut self, messages: usize, frames: usize, bytes: usize) -> bool {
        let round = self.frames_received / Counters::ROUND;
        self.messages_received += messages as u64;
        self.frames_received += frames as u64;
        self.bytes_received += bytes as u64;
        self.frames_received / Counters::ROUND != round
    }

    /// Adds the counters of another socket.
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

/// The statistics of a socket.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// The messages and bytes that it has sent and received.
    pub counters: Counters,
    /// The number of current peers; `None` if that is unknown.
    pub peers: Option<usize>,
    /// The number of connections to peers so far, not counting inproc.
    pub connections: u64,
    /// The number of these connections that have ended.
    pub disconnections: u64,
    /// The number of connections that failed during the handshake: because of a wrong key,
    /// or a peer that does not speak ZeroMQ.
    pub failures: u64,
    /// The number of incoming connections that were not accepted: there was no descriptor
    /// left, or too many others were in the handshake.
    pub refusals: u64,
    /// The number of connections that ended because the peer exceeded a limit of sizes.
    pub oversized: u64,
    /// The number of different prefixes that its peers subscribe to, if it is a PUB socket.
    pub subscriptions: Option<usize>,
    /// The number of messages that it dropped because no peer could accept them, if it is a
    /// ROUTER or STREAM.
    pub dropped: Option<u64>,
}

/// An endpoint that a socket is attached to.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// True if it is bound, false if it is connected.
    pub bound: bool,
    /// The endpoint, with its port filled in.
    pub endpoint: String,
    /// The time since it was attached.
    pub age: Duration,
    /// False if it is connected only once: the option reconnect_ivl was -1 then.
    pub retries: bool,
}
