//! Reasons why an endpoint has no peer, or has lost it.

use std::time::Duration;

use super::facts::{Facts, Incompatible, Loss, Place};
use super::reach::{Found, reach};
use super::reasons::*;
use super::{Findings, quoted, seconds};
use crate::core::socket::events::Refusal;
use crate::core::socket::handshake::{self, HandshakeFailure};
use crate::core::socket_type::SocketType;

/// A peer that was refused tries again within this time, unless it has gone.
const RECENT: Duration = Duration::from_secs(10);

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
        } else if !facts.is_reached(place) {
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
    } else if facts.connections.complete > 0 && !endpoint.starts_with("inproc://") {
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
        ("limit", &format!("{limit} bytes")),
        ("count", &facts.connections.ended.to_string()),
    ];
    if !facts.concerns(place, &lost.endpoint, lost.ago) {
        return false;
    }
    let reason = match lost.how {
        Loss::Heartbeat => &HEARTBEAT_LOST,
        Loss::TooLarge => &TOO_LARGE,
        Loss::TooManySubscriptions => &TOO_MANY_SUBSCRIPTIONS,
        Loss::Ended if place.attachment.bound || facts.is_reached(place) => return false,
        Loss::Ended if facts.connections.ended > 1 && facts.counters.messages_sent > 0 => {
            &CLOSED_AGAIN
        }
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
    let ours = facts.security.mechanism();
    let (reason, more) = match (place.waits, failure) {
        (true, _) => (&NAME_NOT_BOUND, vec![]),
        (_, Some((ago, failed))) if !failed.is_vague() => failure_of(facts, ago, failed),
        _ => match (reach(endpoint, facts.ipv6), failure) {
            (Found::NoFile, _) => (&NO_FILE, vec![]),
            (Found::Refused, _) => (&REFUSED, vec![]),
            (Found::Ipv6Off, _) => (&IPV6_OFF, vec![]),
            (Found::NameUnknown(host), _) => (&NAME_UNKNOWN, vec![("host", host)]),
            (Found::NameSlow(host), _) => (&NAME_SLOW, vec![("host", host)]),
            (Found::NoAnswer, _) => (&NO_ANSWER, vec![]),
            (Found::Failed(error), _) => (&UNREACHABLE, vec![("error", error)]),
            (Found::Other(bytes), _) => (&NOT_ZEROMQ, vec![("bytes", quoted(&bytes))]),
            (Found::Silent, _) => (&SILENT, vec![]),
            (Found::ZeroMq(Some(theirs)), _) if theirs != ours => {
                (&OTHER_SECURITY, vec![("theirs", security(&theirs)), ("ours", security(ours))])
            }
            (Found::ZeroMq(_) | Found::Unknown, Some((ago, failed))) => {
                failure_of(facts, ago, failed)
            }
            (Found::ZeroMq(_), None) => (&HANDSHAKING, vec![]),
            (Found::Unknown, None) => (&PENDING, vec![]),
        },
    };
    let age = seconds(place.attachment.age);
    let mut values = vec![("endpoint", endpoint), ("age", &*age)];
    values.extend(more.iter().map(|(name, value)| (*name, &**value)));
    findings.add(reason, &values);
    lost(facts, place, findings);
}

/// Returns the reason that a handshake has failed, with its values.
fn failure_of(
    facts: &Facts,
    ago: Duration,
    failed: HandshakeFailure,
) -> (&'static Reason, Vec<(&'static str, String)>) {
    let why = handshake::sentence_for(failed, facts.security);
    (&HANDSHAKE_FAILED, vec![("ago", seconds(ago)), ("why", why.to_owned())])
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
