//! Sending, and how long a message waits for the one peer that it is for.
//!
//! A ROUTER sends each message to one peer. When this peer takes none, the
//! messages for others wait behind it; so it is waited for a while only, and then
//! what is for it is dropped until it takes messages again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::capture::send;
use super::way::{Kind, Waits, Way};
use crate::core::message::{Message, Sent};

/// How long a peer is waited for.
const PEER_TIMEOUT: Duration = Duration::from_secs(1);

/// How often it is tried: libzmq does not tell when one peer has room.
const PAUSE: Duration = Duration::from_millis(1);

/// How many peers are remembered that took too long.
const REMEMBERED: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct SlowPeers {
    /// Since when a message waits for its peer.
    since: Option<Instant>,
    /// The peers that took too long.
    slow: HashSet<Vec<u8>>,
}

impl SlowPeers {
    /// Sends a message, or gives what has to happen before it can be sent.
    pub fn send(&mut self, message: &mut Message, way: &mut Way) -> zmq::Result<Option<Waits>> {
        let bytes = message.bytes() as u64;
        if way.kind != Kind::Addressed {
            match send(message, way.to)? {
                Sent::Yes => way.counters.sent(bytes),
                Sent::Lost => way.counters.lost(),
                Sent::Full => return Ok(Some(Waits::TARGET)),
            }
            return Ok(None);
        }
        let slow = self.forget_slow(message);
        match send(message, way.to)? {
            Sent::Yes => way.counters.sent(bytes),
            Sent::Lost => way.counters.lost(),
            Sent::Full => {
                let since = *self.since.get_or_insert_with(Instant::now);
                if !slow && since.elapsed() < PEER_TIMEOUT {
                    return Ok(Some(Waits::until(Instant::now() + PAUSE)));
                }
                self.remember_slow(message);
                way.counters.lost();
            }
        }
        self.since = None;
        Ok(None)
    }

    fn forget_slow(&mut self, message: &Message) -> bool {
        // Nearly always there is none, and nothing to hash.
        !self.slow.is_empty() && self.slow.remove(peer(message))
    }

    fn remember_slow(&mut self, message: &Message) {
        if self.slow.len() >= REMEMBERED {
            self.slow.clear();
        }
        self.slow.insert(peer(message).to_vec());
    }
}

/// The routing id of the peer that a message is for.
fn peer(message: &Message) -> &[u8] {
    message.frames().first().map_or(&[], |frame| &**frame)
}
