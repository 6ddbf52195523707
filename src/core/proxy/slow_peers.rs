//! Sending, and how long a message waits for the one peer that it is addressed to.
//!
//! A ROUTER sends each message to one peer. If that peer accepts none, the messages for
//! others wait behind it. So the proxy waits for it only briefly and then drops its
//! messages until it accepts some again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::capture::send;
use super::route::{Kind, Route, Waits};
use crate::core::message::{Message, Sent};

/// The maximum time to wait for a peer.
const PEER_TIMEOUT: Duration = Duration::from_secs(1);

/// The retry interval; libzmq does not report when a single peer has room.
const PAUSE: Duration = Duration::from_millis(1);

/// The maximum number of slow peers that are remembered.
const REMEMBERED: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct SlowPeers {
    /// Since when the current message has waited for its peer.
    since: Option<Instant>,
    /// The peers that took too long.
    slow: HashSet<Vec<u8>>,
}

impl SlowPeers {
    /// Sends a message, or returns what has to happen before it can be sent.
    pub fn send(&mut self, message: &mut Message, route: &mut Route) -> zmq::Result<Option<Waits>> {
        let bytes = message.bytes() as u64;
        if route.kind != Kind::Addressed {
            match send(message, route.to)? {
                Sent::Yes => route.counters.sent(bytes),
                Sent::Lost => route.counters.lost(),
                Sent::Full => return Ok(Some(Waits::TARGET)),
            }
            return Ok(None);
        }
        let slow = self.forget_slow(message);
        match send(message, route.to)? {
            Sent::Yes => route.counters.sent(bytes),
            Sent::Lost => route.counters.lost(),
            Sent::Full => {
                let since = *self.since.get_or_insert_with(Instant::now);
                if !slow && since.elapsed() < PEER_TIMEOUT {
                    return Ok(Some(Waits::until(Instant::now() + PAUSE)));
                }
                self.remember_slow(message);
                route.counters.lost();
            }
        }
        self.since = None;
        Ok(None)
    }

    fn forget_slow(&mut self, message: &Message) -> bool {
        // Nearly always there is none, so nothing needs to be hashed.
        !self.slow.is_empty() && self.slow.remove(peer(message))
    }

    fn remember_slow(&mut self, message: &Message) {
        if self.slow.len() >= REMEMBERED {
            self.slow.clear();
        }
        self.slow.insert(peer(message).to_vec());
    }
}

/// Returns the routing id of the peer that a message is addressed to.
fn peer(message: &Message) -> &[u8] {
    message.frames().first().map_or(&[], |frame| &**frame)
}
