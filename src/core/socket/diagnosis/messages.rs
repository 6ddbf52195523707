//! Reasons why no message arrives although there are peers: subscriptions, turns, queues.

use super::facts::{Facts, Inproc};
use super::reasons::*;
use super::{Findings, quoted};
use crate::core::counted::Counted;
use crate::core::socket_type::SocketType::{
    Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub,
};

/// How many prefixes a sentence names.
const NAMED: usize = 3;

/// How many messages a ROUTER has dropped.
pub(super) struct Dropped {
    /// Their peer had no room.
    pub full: u64,
    /// They had no peer.
    pub unknown: u64,
}

/// Adds what keeps messages from arriving. `own` are the prefixes that the socket has
/// subscribed to.
pub(super) fn examine(facts: &Facts, own: &[Vec<u8>], dropped: Dropped, findings: &mut Findings) {
    let everywhere = &*facts.everywhere();
    let here = [("endpoint", everywhere)];
    if facts.can_receive {
        findings.add(&UNREAD, &here);
    }
    match facts.socket_type {
        Sub | Xsub => subscriber(facts, own, everywhere, findings),
        Pub | Xpub => publisher(facts, everywhere, findings),
        Req => request(facts, everywhere, findings),
        Rep if facts.can_send => findings.add(&REPLY_FIRST, &here),
        Rep if !facts.can_receive && facts.has_peers() => findings.add(&REQUEST_MISSING, &here),
        Pull if facts.has_heard_nothing() => findings.add(&NOTHING_SENT, &here),
        _ => {}
    }
    if facts.waiting > 0 {
        findings.add(&TURN, &[("endpoint", everywhere), ("count", &facts.waiting.to_string())]);
    }
    queues(facts, findings);
    memory(facts, everywhere, findings);
    let unroutable = dropped.unknown.max(facts.counters.unroutable);
    for (count, reason) in [(unroutable, &UNROUTABLE), (dropped.full, &DROPPED_FULL)] {
        if count > 0 {
            findings.add(reason, &[("endpoint", everywhere), ("count", &count.to_string())]);
        }
    }
    if facts.conflates && facts.has_peers() {
        findings.add(&CONFLATED, &here);
    }
}

fn subscriber(facts: &Facts, own: &[Vec<u8>], everywhere: &str, findings: &mut Findings) {
    let here = [("endpoint", everywhere)];
    if facts.subscriptions == 0 {
        findings.add(&UNSUBSCRIBED, &here);
    } else if !facts.has_heard_nothing() {
    } else if own.is_empty() || own.iter().any(Vec::is_empty) {
        findings.add(&NOTHING_SENT, &here);
    } else {
        findings.add(&NO_MATCH, &[("endpoint", everywhere), ("prefixes", &list(own))]);
    }
}

fn publisher(facts: &Facts, everywhere: &str, findings: &mut Findings) {
    let published = &facts.published;
    if !facts.has_peers() {
    } else if facts.subscriptions == 0 {
        let bound = facts.places.iter().all(|place| place.attachment.bound);
        let reason = if bound { &NOBODY_SUBSCRIBED } else { &NOT_YET_SUBSCRIBED };
        findings.add(reason, &[("endpoint", everywhere)]);
    } else if published.unwanted == 0 || published.unwanted < facts.counters.messages_sent {
        // Some message was wanted.
    } else if published.wanted_now {
        findings.add(&TOO_EARLY, &[("endpoint", everywhere)]);
    } else {
        let values: [(&str, &str); 3] = [
            ("endpoint", everywhere),
            ("prefixes", &list(&published.prefixes)),
            ("topic", &quoted(&published.topic)),
        ];
        findings.add(&UNWANTED, &values);
    }
}

fn request(facts: &Facts, everywhere: &str, findings: &mut Findings) {
    let counters = &facts.counters;
    let here = [("endpoint", everywhere)];
    // A socket that may send before it has received the reply does not tell whether it
    // waits for one.
    let unanswered = counters.messages_sent > 0 && counters.messages_received == 0;
    let sent_more = counters.messages_sent > counters.messages_received;
    if facts.can_receive {
    } else if unanswered || sent_more && !facts.can_send {
        findings.add(&REPLY_MISSING, &here);
    } else if facts.can_send && facts.has_peers() && !sent_more {
        findings.add(&REQUEST_FIRST, &here);
    }
}

fn memory(facts: &Facts, everywhere: &str, findings: &mut Findings) {
    if let Some(limit) = facts.exceeded_memory {
        findings.add(
            &MEMORY,
            &[("limit", &Counted(limit, "byte").to_string()), ("endpoint", everywhere)],
        );
    }
}

fn queues(facts: &Facts, findings: &mut Findings) {
    if !matches!(facts.socket_type, Push | Dealer | Req | Pair | Router | Pub | Xpub | Stream) {
        return;
    }
    for queue in facts.queues.iter().filter(|queue| queue.full) {
        let messages = Counted(queue.unread, "message").to_string();
        // libzmq does not tell the names of inproc queues.
        let mut inproc = facts.places.iter().filter(|place| place.is_inproc());
        let (endpoint, taken) = match (&*queue.endpoint, inproc.next()) {
            ("", Some(place)) => (&*place.attachment.endpoint, place.inproc != Some(Inproc::Waits)),
            (endpoint, _) => (endpoint, queue.ready),
        };
        let reason = if taken { &SLOW_PEER } else { &QUEUE_FULL };
        findings.add(reason, &[("endpoint", endpoint), ("messages", &messages)]);
    }
}

/// Returns a list of prefixes as text.
fn list(prefixes: &[Vec<u8>]) -> String {
    let mut prefixes: Vec<&[u8]> = prefixes.iter().map(Vec::as_slice).collect();
    prefixes.dedup();
    let named: Vec<String> = prefixes.iter().take(NAMED).map(|prefix| quoted(prefix)).collect();
    match prefixes.len().saturating_sub(NAMED) {
        0 => named.join(" or "),
        more => {
            format!("{} or {}", named.join(", "), Counted(more, "other prefix"))
        }
    }
}

impl Facts {
    fn has_peers(&self) -> bool {
        self.peers != Some(0)
    }

    /// Returns true if peers could have sent something but have not.
    fn has_heard_nothing(&self) -> bool {
        self.has_peers()
            && self.incompatible.is_empty()
            && !self.can_receive
            && self.counters.frames_received == 0
    }
}
