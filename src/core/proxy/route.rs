//! The path of one direction of a proxy, and what the direction waits for.

use std::time::{Duration, Instant};

use super::capture::Capture;
use super::stats::Counters;

/// The condition for a direction to continue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// A message can be received.
    pub source: bool,
    /// A message can be sent.
    pub target: bool,
    /// A point in time.
    pub until: Option<Instant>,
}

impl Waits {
    /// Waits for a message.
    pub const SOURCE: Waits = Waits { source: true, target: false, until: None };
    /// Waits until a message can be sent.
    pub const TARGET: Waits = Waits { source: false, target: true, until: None };
    /// Waits for nothing; only the other direction gets its turn first.
    pub const TURN: Waits = Waits { source: false, target: false, until: None };

    pub fn until(time: Instant) -> Waits {
        Waits { until: Some(time), ..Waits::TURN }
    }

    /// Returns true if the direction can continue, given what its sockets can do now.
    pub fn over(&self, readable: bool, writable: bool) -> bool {
        *self == Waits::TURN
            || (self.source && readable)
            || (self.target && writable)
            || self.until.is_some_and(|time| time <= Instant::now())
    }

    /// Returns how long to wait at most.
    pub fn time(&self) -> Option<Duration> {
        match self.until {
            Some(time) => Some(time.saturating_duration_since(Instant::now())),
            None => (*self == Waits::TURN).then_some(Duration::ZERO),
        }
    }
}

/// The sockets and counters of a direction.
pub(super) struct Route<'a> {
    pub from: &'a mut zmq::Socket,
    pub to: &'a mut zmq::Socket,
    pub kind: Kind,
    pub counters: &'a Counters,
    pub capture: Option<&'a mut Capture>,
    pub uncaptured: &'a Counters,
}

/// The content of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Messages for any peer.
    Messages,
    /// Messages for the peer that their first frame names: to a ROUTER.
    Addressed,
    /// Subscriptions, from XPUB to XSUB.
    Subscriptions,
    /// Subscriptions that are dropped, from XPUB to a type that does not support them.
    Nothing,
}
