//! One direction of a proxy.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::time::Instant;

use super::faults::{Chances, Faults};
use super::route::{Kind, Route, Waits};
use super::slow_peers::SlowPeers;
use crate::core::message::{Frame, Message};
use crate::core::socket::subscriptions;

/// The number of messages and bytes that pass before the other direction gets its turn.
const MESSAGES: usize = 1000;
const BYTES: u64 = 8 << 20;

/// The maximum number of messages that are held back. When there are more, no new ones are
/// received.
const QUEUED: usize = 1000;

/// One direction: messages received by one socket are sent by the other.
pub(super) struct Direction {
    /// Messages that were received and cannot be sent yet.
    queued: VecDeque<Queued>,
    /// The message to receive into, whose frames are reused.
    next: Message,
    chances: Option<Chances>,
    /// The condition that this direction waits for.
    pub waits: Waits,
    slow_peers: SlowPeers,
    /// The current subscriptions of the subscribers behind an XPUB, in case the XSUB is
    /// replaced.
    subscriptions: HashSet<Vec<u8>>,
}

struct Queued {
    message: Message,
    /// The time to send it, if it is delayed.
    due: Option<Instant>,
}

/// The result of sending the queued messages.
enum Progress {
    /// No messages are queued anymore.
    Empty,
    /// The next message is delayed, and there is room for more.
    Until(Instant),
    /// Nothing can be done before this.
    Wait(Waits),
}

impl Direction {
    pub fn new() -> Direction {
        Direction {
            queued: VecDeque::new(),
            next: Message::default(),
            chances: None,
            waits: Waits::TURN,
            slow_peers: SlowPeers::default(),
            subscriptions: HashSet::new(),
        }
    }

    pub fn set_faults(&mut self, faults: &Faults, number: u64) {
        self.chances = Chances::new(faults, number);
    }

    /// Resets its state after one of its sockets was replaced. Queued messages are
    /// kept.
    pub fn restart(&mut self) {
        self.waits = Waits::TURN;
        self.slow_peers = SlowPeers::default();
    }

    /// Sends the current subscriptions to a new XSUB.
    pub fn resubscribe(&mut self) {
        self.queued.clear();
        let all = self.subscriptions.iter().map(|prefix| Queued::subscription(1, prefix));
        self.queued.extend(all);
    }

    /// Removes all subscriptions, because their subscribers left with their XPUB.
    pub fn unsubscribe(&mut self) {
        self.queued.clear();
        let all = self.subscriptions.drain();
        self.queued.extend(all.map(|prefix| Queued::subscription(0, &prefix)));
    }

    /// Forwards messages until there are none, none can be sent, or the other direction
    /// gets its turn.
    pub fn turn(&mut self, route: &mut Route) -> zmq::Result<()> {
        let mut bytes = 0;
        for _ in 0..MESSAGES {
            let due = match self.send_queued(route)? {
                Progress::Wait(waits) => {
                    self.waits = waits;
                    return Ok(());
                }
                Progress::Empty => None,
                Progress::Until(due) => Some(due),
            };
            match self.next.receive(route.from, |_, _| ()) {
                Ok(()) => {}
                // A REQ or REP socket has to send first.
                Err(zmq::Error::EAGAIN | zmq::Error::EFSM) => {
                    self.waits = Waits { until: due, ..Waits::SOURCE };
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            bytes += self.next.bytes() as u64;
            self.pass(route)?;
            if bytes > BYTES {
                break;
            }
        }
        self.waits = Waits::TURN;
        Ok(())
    }

    /// Sends the queued messages, even before they are due, as far as possible.
    pub fn flush(&mut self, mut route: Route) -> zmq::Result<()> {
        self.queued.iter_mut().for_each(|queued| queued.due = None);
        self.send_queued(&mut route).map(drop)
    }

    fn send_queued(&mut self, route: &mut Route) -> zmq::Result<Progress> {
        while let Some(first) = self.queued.front_mut() {
            if let Some(due) = first.due
                && due > Instant::now()
            {
                let full = self.queued.len() >= QUEUED;
                return Ok(match full {
                    true => Progress::Wait(Waits::until(due)),
                    false => Progress::Until(due),
                });
            }
            if let Some(waits) = self.slow_peers.send(&mut first.message, route)? {
                return Ok(Progress::Wait(waits));
            }
            self.queued.pop_front();
        }
        Ok(Progress::Empty)
    }

    /// Sends the message that was just received, or holds it.
    fn pass(&mut self, route: &mut Route) -> zmq::Result<()> {
        if route.kind == Kind::Nothing {
            return Ok(());
        }
        if let Some(capture) = &mut route.capture
            && !capture.send_copy(&mut self.next)?
        {
            route.uncaptured.lost();
        }
        if route.kind == Kind::Subscriptions {
            // Any peer may send such a frame.
            if self.next.frames().iter().any(|frame| subscriptions::is_too_long(frame)) {
                route.counters.lost();
                return Ok(());
            }
            self.record_subscription();
        } else if let Some(chances) = &mut self.chances {
            let fate = chances.decide(&mut self.next);
            if fate.dropped {
                route.counters.lost();
                return Ok(());
            }
            if fate.twice {
                let mut message = Message::default();
                message.copy_frames(&mut self.next)?;
                self.queued.push_back(Queued { message, due: Some(fate.due) });
            }
            self.hold(Some(fate.due));
            return Ok(());
        }
        if !self.queued.is_empty() {
            self.hold(None);
        } else if let Some(waits) = self.slow_peers.send(&mut self.next, route)? {
            self.hold(None);
            self.waits = waits;
        }
        Ok(())
    }

    fn hold(&mut self, due: Option<Instant>) {
        self.queued.push_back(Queued { message: mem::take(&mut self.next), due });
    }

    fn record_subscription(&mut self) {
        match self.next.frames().first().and_then(|frame| frame.split_first()) {
            Some((1, prefix)) => drop(self.subscriptions.insert(prefix.to_vec())),
            Some((0, prefix)) => drop(self.subscriptions.remove(prefix)),
            _ => {}
        }
    }
}

impl Queued {
    /// Makes the control frame of zmq_socket(3): 1 or 0, then the prefix.
    fn subscription(first: u8, prefix: &[u8]) -> Queued {
        Queued { message: Message::from(Frame::from([&[first], prefix].concat())), due: None }
    }
}
