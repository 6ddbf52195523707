//! Reasons why an endpoint has no peer, or has lost it.

use std::time::Duration;

use super::facts::{Facts, Incompatible, Inproc, Loss, Place};
use super::reach::{Found, reach};
use super::reasons::*;
use super::{Findings, quoted, seconds};
use crate::core::counted::Counted;
use crate::core::socket::events::Refusal;
use crate::core::socket::handshake::{self, HandshakeFailure, Security};
use crate::core::socket_type::SocketType;
use crate::core::statistics::Attachment;

/// A peer that was refused tries again within this time, unless it has gone.
const RECENT: Duration = Duration::from_secs(10);

/// Within this time, the first attempt to connect has been made, and a further one follows
/// soon.
const SOON: Duration = Duration::from_secs(1);

/// Adds what is wrong with the endpoints of a socket.
pub(super) fn examine(facts: &Facts, findings: &mut Findings) {
    let alone = facts.peers == Some(0);
    let mut refused = Vec::new();
    for peer in &facts.incompatible {
        if alone || peer.ago < RECENT {
            incompatible(facts, peer, findings);
            refused.push(&*peer.endpoint);
        }
    }
    for place in &facts.places {
        let endpoint = &*place.attachment.endpoint;
        if facts.needs_authenticator && place.attachment.bound {
            findings.add(&NO_AUTHENTICATOR, &[("endpoint", endpoint)]);
            continue;
        }
        let failure = facts.failure(place);
        if refused.iter().any(|known| facts.is_at(place, known)) {
            // The failed handshake is about the same.
        } else if place.attachment.bound {
            bound(facts, place, failure, findings);
        } else if facts.is_reached(place) {
            lost(facts, place, findings);
        } else {
            connecting(facts, place, failure, findings);
        }
    }
}

fn incompatible(facts: &Facts, peer: &Incompatible, findings: &mut Findings) {
    let own = facts.socket_type;
    let mut partners = own.with_partners();
    if let Some(other) = SocketType::from_name(&peer.peer).filter(|other| *other != own) {
        partners = format!("{partners}, and {}", other.with_partners());
    }
    let values: [(&str, &str); 4] = [
        ("endpoint", &peer.endpoint),
        ("peer", &peer.peer),
        ("type", own.name()),
        ("partners", &partners),
    ];
    findings.add(&INCOMPATIBLE, &values);
}

impl SocketType {
    /// Returns the type and those of its peers: "REQ to REP or ROUTER".
    fn with_partners(self) -> String {
        let names: Vec<&str> = self.partners().iter().map(|known| known.name()).collect();
        let names = if names.is_empty() { "raw TCP".to_owned() } else { names.join(" or ") };
        format!("{} to {names}", self.name())
    }
}

fn bound(
    facts: &Facts,
    place: &Place,
    failure: Option<(Duration, HandshakeFailure)>,
    findings: &mut Findings,
) {
    let endpoint = &*place.attachment.endpoint;
    let age = seconds(place.attachment.age);
    let was_refused = refused(facts, place, findings);
    if let Some((ago, failed)) = failure {
        let why = handshake::sentence_for(failed, facts.security);
        let ago = seconds(ago);
        findings.add(&PEER_FAILED, &[("endpoint", endpoint), ("ago", &ago), ("why", why)]);
        return;
    }
    let was_lost = lost(facts, place, findings);
    if facts.peers != Some(0) || was_lost || was_refused {
    } else if place.inproc.map_or(facts.connections.complete > 0, |at| at == Inproc::Met) {
        findings.add(&PEERS_GONE, &[("endpoint", endpoint), ("age", &age)]);
    } else {
        findings.add(&NOBODY_CONNECTED, &[("endpoint", endpoint), ("age", &age)]);
    }
}

/// Adds why the last connection was not accepted. Returns true if it did.
fn refused(facts: &Facts, place: &Place, findings: &mut Findings) -> bool {
    let Some(refused) = &facts.refused else {
        return false;
    };
    if !facts.concerns(place, &refused.endpoint, refused.ago) {
        return false;
    }
    let [handshakes, of_address] = facts.handshakes;
    let (reason, name, value) = match refused.why {
        Refusal::Handshakes => (&TOO_MANY_HANDSHAKES, "limit", handshakes.to_string()),
        Refusal::HandshakesOfAddress => (&TOO_MANY_OF_ADDRESS, "limit", of_address.to_string()),
        Refusal::System(error) => (&NOT_ACCEPTED, "error", error.to_string()),
    };
    let endpoint = &*place.attachment.endpoint;
    let ago = seconds(refused.ago);
    findings.add(reason, &[("endpoint", endpoint), ("ago", &ago), (name, &value)]);
    true
}

/// Adds how the last peer of an endpoint was lost, if that tells more than that it has
/// gone. Returns true if it did.
fn lost(facts: &Facts, place: &Place, findings: &mut Findings) -> bool {
    let Some(lost) = &facts.lost else {
        return false;
    };
    let limit = match lost.how {
        Loss::TooManySubscriptions => facts.subscription_bytes,
        _ => facts.limit,
    };
    let values: [(&str, &str); 4] = [
        ("endpoint", &place.attachment.endpoint),
        ("ago", &seconds(lost.ago)),
        ("limit", &Counted(limit, "byte").to_string()),
        ("count", &facts.connections.ended.to_string()),
    ];
    if !facts.concerns(place, &lost.endpoint, lost.ago) {
        return false;
    }
    let reason = match lost.how {
        Loss::Heartbeat => &HEARTBEAT_LOST,
        Loss::TooLarge => &TOO_LARGE,
        Loss::TooManySubscriptions => &TOO_MANY_SUBSCRIPTIONS,
        Loss::Ended if place.attachment.bound => return false,
        // The number does not tell at which of several endpoints.
        Loss::Ended
            if facts.connections.ended > 1
                && facts.counters.messages_sent > 0
                && facts.places.len() == 1 =>
        {
            &CLOSED_AGAIN
        }
        Loss::Ended if facts.is_reached(place) => return false,
        Loss::Ended => &LOST,
    };
    findings.add(reason, &values);
    true
}

fn connecting(
    facts: &Facts,
    place: &Place,
    failure: Option<(Duration, HandshakeFailure)>,
    findings: &mut Findings,
) {
    let endpoint = &*place.attachment.endpoint;
    let age = seconds(place.attachment.age);
    let mut add = |reason: &Reason, more: &[(&str, &str)]| {
        let values = [&[("endpoint", endpoint), ("age", &*age)][..], more].concat();
        findings.add(reason, &values);
    };
    match place.inproc {
        Some(Inproc::Gone) => return add(&INPROC_GONE, &[]),
        Some(_) => return add(&NAME_NOT_BOUND, &[]),
        None => {}
    }
    let known = failure.is_some_and(|(_, failed)| !failed.is_vague());
    let found = if known { Found::Unknown } else { reach(endpoint, facts.ipv6) };
    let gave_up = facts.gave_up(place, failure.is_some(), &found);
    let ours = facts.security.mechanism();
    match (found, failure) {
        (Found::NoFile, _) => add(&NO_FILE, &[]),
        (Found::Refused, _) => add(&REFUSED, &[]),
        (Found::Ipv6Off, _) => add(&IPV6_OFF, &[]),
        (Found::NameUnknown(host), _) => add(&NAME_UNKNOWN, &[("host", &host)]),
        (Found::NoInterface(name), _) => add(&NO_INTERFACE, &[("interface", &name)]),
        (Found::NameSlow(host), _) => add(&NAME_SLOW, &[("host", &host)]),
        (Found::NoAnswer, _) => add(&NO_ANSWER, &[]),
        (Found::Failed(error), _) => add(&UNREACHABLE, &[("error", &error)]),
        (Found::Other(bytes), _) => add(&NOT_ZEROMQ, &[("bytes", &quoted(&bytes))]),
        (Found::Silent, _) => add(&SILENT, &[]),
        (Found::ZeroMq(Some(theirs)), _) if theirs != ours => {
            let (theirs, ours) = (security(&theirs), security(ours));
            add(&OTHER_SECURITY, &[("theirs", &theirs), ("ours", &ours)]);
        }
        (_, Some((ago, failed))) => {
            let why = handshake::sentence_for(failed, facts.security);
            let reason = if gave_up { &PEER_FAILED } else { &HANDSHAKE_FAILED };
            add(reason, &[("ago", &seconds(ago)), ("why", why)]);
        }
        _ if gave_up => {}
        (Found::ZeroMq(_), None) => {
            // The first attempt is made at once.
            let later = Some(facts.reconnects.within)
                .filter(|within| *within > SOON && place.attachment.age > SOON);
            match (facts.is_opening(place), later) {
                (true, _) if facts.security != Security::None => {
                    add(&HANDSHAKING_SECURED, &[("theirs", &security(ours))]);
                }
                (false, Some(later)) => {
                    add(&NEXT_ATTEMPT, &[("interval", &seconds(later))]);
                }
                _ => add(&HANDSHAKING, &[]),
            }
        }
        (Found::Unknown, None) => add(&PENDING, &[]),
    }
    if gave_up {
        add(&GAVE_UP, &[]);
    }
    lost(facts, place, findings);
}

/// Returns the name of a mechanism in a sentence.
fn security(mechanism: &str) -> String {
    match mechanism {
        "NULL" => "no security".to_owned(),
        "PLAIN" => "passwords (PLAIN)".to_owned(),
        other => other.escape_debug().to_string(),
    }
}

impl Facts {
    /// Returns true if libzmq means this endpoint, which it may spell in another way: a
    /// name or `*` as an address. If there is only one endpoint, it is the one.
    fn is_at(&self, place: &Place, endpoint: &str) -> bool {
        let own = &*place.attachment.endpoint;
        if own == endpoint {
            return true;
        }
        if own.starts_with("inproc://") || endpoint.starts_with("inproc://") {
            return false;
        }
        let port = |endpoint: &str| endpoint.rsplit(':').next().map(str::to_owned);
        let network = self.places.iter().filter(|place| !place.is_inproc()).count();
        let same_port = own.starts_with("tcp://") && port(own) == port(endpoint);
        network == 1 || place.attachment.bound && same_port
    }

    /// Returns true if a connection to this endpoint is in its handshake.
    fn is_opening(&self, place: &Place) -> bool {
        self.opening.iter().any(|endpoint| self.is_at(place, endpoint))
    }

    /// Returns true if the socket has stopped to try an endpoint.
    fn gave_up(&self, place: &Place, failed: bool, found: &Found) -> bool {
        if self.is_opening(place) {
            return false;
        }
        let Attachment { age, endpoint, retries, .. } = &place.attachment;
        let lost = self.lost.as_ref().is_some_and(|lost| self.is_at(place, &lost.endpoint));
        if !retries {
            let pending = matches!(found, Found::NoAnswer | Found::NameSlow(_));
            return failed || lost || *age > SOON && !pending;
        }
        // That nothing listens now says nothing about an attempt after a loss, and only TCP
        // heeds the option.
        let refused = *found == Found::Refused && !lost && endpoint.starts_with("tcp://");
        !self.reconnects.after_refusal && refused && *age > SOON
            || !self.reconnects.after_failure && failed
    }

    /// Returns the last failed handshake at an endpoint, and how long ago it was.
    fn failure(&self, place: &Place) -> Option<(Duration, HandshakeFailure)> {
        let (ago, event) = self.connections.last_failure.as_ref()?;
        let here = self.concerns(place, &event.endpoint, *ago);
        here.then(|| event.failure().map(|failed| (*ago, failed)))?
    }

    /// Returns true if what happened at an endpoint tells why this one has no peers, or too
    /// few.
    fn concerns(&self, place: &Place, endpoint: &str, ago: Duration) -> bool {
        self.is_at(place, endpoint) && (self.peers == Some(0) || ago <= RECENT)
    }
}
