//! What a direction of a proxy leads through, and what it waits for.

use std::time::{Duration, Instant};

use super::capture::Capture;
use super::stats::Counters;

/// What has to happen before a flow goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    /// A message to receive.
    pub source: bool,
    /// Room to send.
    pub target: bool,
    /// A time.
    pub until: Option<Instant>,
}

impl Waits {
    /// For a message.
    pub const SOURCE: Waits = Waits { source: true, target: false, until: None };
    /// For room.
    pub const TARGET: Waits = Waits { source: false, target: true, until: None };
    /// For nothing: only the other direction has to have its turn.
    pub const TURN: Waits = Waits { source: false, target: false, until: None };

    pub fn until(time: Instant) -> Waits {
        Waits { until: Some(time), ..Waits::TURN }
    }

    /// Whether the flow can go on, given what its sockets can do now.
    pub fn over(&self, readable: bool, writable: bool) -> bool {
        *self == Waits::TURN
            || (self.source && readable)
            || (self.target && writable)
            || self.until.is_some_and(|time| time <= Instant::now())
    }

    /// How long at most to wait.
    pub fn time(&self) -> Option<Duration> {
        match self.until {
            Some(time) => Some(time.saturating_duration_since(Instant::now())),
            None => (*self == Waits::TURN).then_some(Duration::ZERO),
        }
    }
}

/// What a flow goes through and is counted by.
pub(super) struct Way<'a> {
    pub from: &'a mut zmq::Socket,
    pub to: &'a mut zmq::Socket,
    pub kind: Kind,
    pub counters: &'a Counters,
    pub capture: Option<&'a mut Capture>,
    pub uncaptured: &'a Counters,
}

/// What a flow carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Messages for whichever peers there are.
    Messages,
    /// Messages for one peer each, which their first frame names: to a ROUTER.
    Addressed,
    /// Subscriptions, from XPUB to XSUB.
    Subscriptions,
    /// Subscriptions that go nowhere, from XPUB to a type that cannot have them.
    Nothing,
}
