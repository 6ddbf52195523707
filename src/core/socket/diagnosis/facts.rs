//! What is known about a socket while nobody waits: collected within one call, from
//! libzmq and from this library.

use std::time::Duration;

use zmq_sys::additions::{
    ZMQ_INCOMPATIBLE_PEER, ZMQ_MAX_HANDSHAKES, ZMQ_MAX_HANDSHAKES_OF_ADDRESS,
    ZMQ_MAX_SUBSCRIPTION_BYTES, ZMQ_MEMORY_LIMIT, ZMQ_PEERS, ZMQ_PUBLISHED,
};

use crate::core::context;
use crate::core::counted::Counted;
use crate::core::endpoint;
use crate::core::error::Error;
use crate::core::socket::connections::Connections;
use crate::core::socket::events::Refusal;
use crate::core::socket::handshake::Security;
use crate::core::socket::open::Open;
use crate::core::socket_type::SocketType;
use crate::core::statistics::{Attachment, Counters};
use crate::libzmq::{options, retried};

/// `ZMQ_RECONNECT_STOP`, which the zmq crate does not have: 1 if nothing listens, 2 if a
/// handshake fails.
const RECONNECT_STOP: i32 = 109;

/// How much of the descriptions is read, in bytes.
const ROOM: usize = 1 << 14;

/// What is known about a socket.
pub(super) struct Facts {
    pub socket_type: SocketType,
    pub peers: Option<usize>,
    pub places: Vec<Place>,
    pub connections: Connections,
    pub lost: Option<Lost>,
    pub refused: Option<Refused>,
    pub queues: Vec<Queue>,
    pub incompatible: Vec<Incompatible>,
    pub counters: Counters,
    pub can_receive: bool,
    pub can_send: bool,
    /// The number of its subscriptions, or of those of its peers.
    pub subscriptions: usize,
    pub published: Published,
    /// The endpoints of connections that are in their handshake.
    pub opening: Vec<String>,
    pub reconnects: Reconnects,
    pub security: Security,
    pub needs_authenticator: bool,
    pub ipv6: bool,
    pub conflates: bool,
    pub limit: i64,
    /// The option memory_limit, if messages take more.
    pub exceeded_memory: Option<i64>,
    /// The option max_subscription_bytes.
    pub subscription_bytes: i64,
    /// The options max_handshakes and max_handshakes_of_address.
    pub handshakes: [i64; 2],
    /// How many peers wait because the socket talks to only one.
    pub waiting: usize,
}

/// When a socket tries to connect again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reconnects {
    /// The longest interval between attempts.
    pub within: Duration,
    /// False if it stops when nothing listens.
    pub after_refusal: bool,
    /// False if it stops when a handshake fails.
    pub after_failure: bool,
}

/// An endpoint of the socket.
pub(super) struct Place {
    pub attachment: Attachment,
    pub inproc: Option<Inproc>,
}

/// How an inproc endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inproc {
    /// It waits for the name to be bound.
    Waits,
    /// It has a peer, or had none yet.
    There,
    /// It is bound, and has had a peer.
    Met,
    /// The peer that it has connected to is gone. Inproc does not connect again.
    Gone,
}

impl Inproc {
    fn of(at: &Attachment, open: &Open) -> Option<Inproc> {
        at.endpoint.starts_with("inproc://").then(|| match at.bound {
            true if context::has_met(&at.endpoint) => Inproc::Met,
            true => Inproc::There,
            false if context::waits(&at.endpoint, open.id) => Inproc::Waits,
            false if context::reaches(&at.endpoint, open.id) => Inproc::There,
            false => Inproc::Gone,
        })
    }
}

impl Place {
    pub fn is_inproc(&self) -> bool {
        self.inproc.is_some()
    }
}

/// How the last peer was lost.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub ago: Duration,
    pub how: Loss,
    pub endpoint: String,
}

/// The ways to lose a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It does not answer heartbeats.
    Heartbeat,
    /// Its message was too large.
    TooLarge,
    /// It subscribed to more than it may.
    TooManySubscriptions,
    /// The connection ended.
    Ended,
}

/// The last connection that was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub ago: Duration,
    pub why: Refusal,
    pub endpoint: String,
}

/// A queue of messages to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Queue {
    /// True if a peer over the network takes its messages.
    pub ready: bool,
    pub full: bool,
    pub unread: u64,
    /// The endpoint; empty for inproc.
    pub endpoint: String,
}

/// A peer whose socket type does not go with that of the socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Incompatible {
    pub ago: Duration,
    pub peer: String,
    pub endpoint: String,
}

/// What a publisher has sent, and what its peers have subscribed to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Published {
    /// The number of messages that nobody had subscribed to.
    pub unwanted: u64,
    /// How the last of them began.
    pub topic: Vec<u8>,
    pub prefixes: Vec<Vec<u8>>,
    /// True if a message that begins with the topic would now be wanted.
    pub wanted_now: bool,
}

impl Facts {
    pub fn of(open: &mut Open) -> Result<Facts, Error> {
        let events = open.refresh_events()?;
        let connections = open.connections()?;
        let peers = connections.as_ref().map(|known| open.with_inproc(known.peers));
        let inproc = context::inproc_peers(open.id, SocketType::Push);
        let connected = connections.as_ref().map_or(0, |known| known.peers) + inproc;
        let place = |at| Place { inproc: Inproc::of(&at, open), attachment: at };
        let places: Vec<Place> = open.attachments().into_iter().map(place).collect();
        let Described { lost, refused, queues, opening } =
            Described::parse(&known_bytes(open, ZMQ_PEERS)?);
        let (published, subscriptions) = subscriptions(open)?;
        Ok(Facts {
            socket_type: open.socket_type,
            peers,
            places,
            connections: connections.unwrap_or_default(),
            lost,
            refused,
            queues,
            incompatible: incompatible(open)?,
            counters: open.counters,
            can_receive: events.contains(zmq::POLLIN),
            can_send: events.contains(zmq::POLLOUT),
            subscriptions,
            published,
            opening,
            reconnects: reconnects(open),
            security: security(open),
            needs_authenticator: needs_authenticator(open),
            ipv6: open.socket.is_ipv6().unwrap_or(false),
            conflates: open.conflates,
            limit: open.socket.get_maxmsgsize().unwrap_or(-1),
            exceeded_memory: exceeded_memory(open)?,
            subscription_bytes: limit(open, ZMQ_MAX_SUBSCRIPTION_BYTES),
            handshakes: [ZMQ_MAX_HANDSHAKES, ZMQ_MAX_HANDSHAKES_OF_ADDRESS]
                .map(|option| limit(open, option)),
            waiting: if open.socket_type == SocketType::Pair {
                connected.saturating_sub(1)
            } else {
                0
            },
        })
    }

    /// Returns true if an endpoint has a peer, as far as that is known.
    pub fn is_reached(&self, place: &Place) -> bool {
        if place.attachment.bound {
            return self.peers != Some(0);
        }
        if place.is_inproc() {
            return place.inproc == Some(Inproc::There);
        }
        let known = |queue: &&Queue| queue.ready && !queue.endpoint.is_empty();
        let here = |at: &Place, queue: &Queue| at.attachment.endpoint == queue.endpoint;
        let mut ready = self.queues.iter().filter(known);
        // A queue whose endpoint libzmq spells in another way may be that of this one.
        let is_other = |queue: &Queue| !self.places.iter().any(|other| here(other, queue));
        self.peers != Some(0) && ready.any(|queue| here(place, queue) || is_other(queue))
    }

    /// Returns the endpoints, for sentences about all peers.
    pub fn everywhere(&self) -> String {
        let endpoints = self.places.iter().map(|place| &*place.attachment.endpoint);
        let endpoints: Vec<&str> = endpoints.collect();
        match &*endpoints {
            [] => "its peers".to_owned(),
            [one] => (*one).to_owned(),
            [one, other] => format!("{one} or {other}"),
            [one, rest @ ..] => format!("{one} or {}", Counted(rest.len(), "other endpoint")),
        }
    }
}

/// Reads an option that the repairs add; nothing if libzmq does not have it.
fn known_bytes(open: &mut Open, option: i32) -> Result<Vec<u8>, Error> {
    match retried(|| options::get_long(&mut open.socket, option, ROOM)) {
        Err(zmq::Error::EINVAL) => Ok(Vec::new()),
        value => value.map_err(|error| Error::from_zmq("zmq_getsockopt", error)),
    }
}

/// Returns the limit of memory if messages take more.
fn exceeded_memory(open: &mut Open) -> Result<Option<i64>, Error> {
    let read = || options::get_array::<16>(&mut open.socket, ZMQ_MEMORY_LIMIT);
    let [limit, taken] = match retried(read) {
        Err(zmq::Error::EINVAL) => return Ok(None),
        bytes => {
            let bytes = bytes.map_err(|error| Error::from_zmq("zmq_getsockopt", error))?;
            let (numbers, _) = bytes.as_chunks();
            [0, 1].map(|index| i64::from_ne_bytes(numbers[index]))
        }
    };
    Ok((limit > 0 && taken > limit).then_some(limit))
}

/// Returns the value of an option that the repairs add, -1 if libzmq does not have it.
fn limit(open: &mut Open, option: i32) -> i64 {
    retried(|| options::get::<i32>(&mut open.socket, option)).map_or(-1, i64::from)
}

/// Returns whether and when the socket connects again.
fn reconnects(open: &mut Open) -> Reconnects {
    let interval = open.socket.get_reconnect_ivl().unwrap_or(0);
    let stops = retried(|| options::get::<i32>(&mut open.socket, RECONNECT_STOP)).unwrap_or(0);
    let longest = open.socket.get_reconnect_ivl_max().unwrap_or(0).max(interval);
    Reconnects {
        within: Duration::from_millis(u64::try_from(longest).unwrap_or(0)),
        after_refusal: stops & 1 == 0,
        after_failure: stops & 2 == 0,
    }
}

/// What the option ZMQ_PEERS describes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Described {
    lost: Option<Lost>,
    refused: Option<Refused>,
    queues: Vec<Queue>,
    opening: Vec<String>,
}

impl Described {
    fn parse(text: &[u8]) -> Described {
        let text = String::from_utf8_lossy(text);
        let mut described = Described::default();
        // A line that is cut off has no line feed.
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let mut words = line.splitn(5, ' ');
            let mut word = || words.next().unwrap_or_default();
            let (kind, one, two, three, endpoint) = (word(), word(), word(), word(), word());
            let endpoint = endpoint.to_owned();
            let ago = || Duration::from_micros(one.parse().unwrap_or(0));
            match kind {
                "lost" => {
                    let how = match (two, three.parse()) {
                        ("2", _) => Loss::Heartbeat,
                        (_, Ok(libc::EMSGSIZE)) => Loss::TooLarge,
                        (_, Ok(libc::E2BIG)) => Loss::TooManySubscriptions,
                        _ => Loss::Ended,
                    };
                    described.lost = Some(Lost { ago: ago(), how, endpoint });
                }
                "refused" => {
                    let why = Refusal::of(two.parse().unwrap_or(0));
                    described.refused = Some(Refused { ago: ago(), why, endpoint });
                }
                "opening" => described.opening.push(endpoint),
                "queue" => described.queues.push(Queue {
                    ready: one == "1",
                    full: two == "1",
                    unread: three.parse().unwrap_or(0),
                    endpoint,
                }),
                _ => {}
            }
        }
        described
    }
}

/// Returns the peers that do not go with the socket: the last one over the network, and
/// those over inproc, where libzmq does not look at types.
fn incompatible(open: &mut Open) -> Result<Vec<Incompatible>, Error> {
    let mut all: Vec<Incompatible> = context::inproc_peer_types(open.id)
        .into_iter()
        .filter(|(_, peer)| !open.socket_type.partners().contains(peer))
        .map(|(endpoint, peer)| Incompatible {
            ago: Duration::ZERO,
            peer: peer.name().to_owned(),
            endpoint,
        })
        .collect();
    all.dedup();
    let text = known_bytes(open, ZMQ_INCOMPATIBLE_PEER)?;
    let text = String::from_utf8_lossy(&text);
    let parts: Vec<&str> = text.split('\n').collect();
    if let [ago, peer, endpoint] = &*parts {
        all.push(Incompatible {
            ago: Duration::from_micros(ago.parse().unwrap_or(0)),
            peer: peer.escape_debug().to_string(),
            endpoint: (*endpoint).to_owned(),
        });
    }
    Ok(all)
}

/// Returns what a publisher knows, and the number of subscriptions of the socket or its
/// peers.
fn subscriptions(open: &mut Open) -> Result<(Published, usize), Error> {
    match open.socket_type {
        SocketType::Sub | SocketType::Xsub => {
            Ok((Published::default(), open.count_own_prefixes()?))
        }
        SocketType::Pub | SocketType::Xpub => {
            let value = known_bytes(open, ZMQ_PUBLISHED)?;
            if value.is_empty() {
                // Not known: as if somebody had subscribed.
                return Ok((Published::default(), 1));
            }
            let mut published = Published::parse(&value);
            let count = open.count_subscriptions(None)?;
            let topic = published.topic.clone();
            published.wanted_now = open.count_subscriptions(Some(&topic))? > 0;
            Ok((published, count))
        }
        _ => Ok((Published::default(), 0)),
    }
}

impl Published {
    fn parse(value: &[u8]) -> Published {
        let Some((unwanted, mut rest)) = value.split_first_chunk() else {
            return Published::default();
        };
        let mut texts = Vec::new();
        while let [size, tail @ ..] = rest
            && let Some((text, tail)) = tail.split_at_checked(usize::from(*size))
        {
            texts.push(text.to_owned());
            rest = tail;
        }
        let topic = if texts.is_empty() { Vec::new() } else { texts.remove(0) };
        let unwanted = u64::from_ne_bytes(*unwanted);
        Published { unwanted, topic, prefixes: texts, wanted_now: false }
    }
}

fn security(open: &Open) -> Security {
    let socket = &open.socket;
    match socket.get_mechanism() {
        Ok(zmq::Mechanism::ZMQ_CURVE) if socket.is_curve_server().unwrap_or(false) => {
            Security::CurveServer
        }
        Ok(zmq::Mechanism::ZMQ_CURVE) => Security::CurveClient,
        Ok(zmq::Mechanism::ZMQ_PLAIN) if socket.is_plain_server().unwrap_or(false) => {
            Security::PlainServer
        }
        Ok(zmq::Mechanism::ZMQ_PLAIN) => Security::PlainClient,
        _ => Security::None,
    }
}

/// Returns true if the socket asks an authenticator about its clients, which is not
/// there.
fn needs_authenticator(open: &Open) -> bool {
    let domain = open.socket.get_zap_domain();
    let asks = open.socket.is_plain_server().unwrap_or(false)
        || domain.is_ok_and(|domain| domain.is_ok_and(|domain| !domain.is_empty()));
    asks && !context::is_bound(endpoint::AUTHENTICATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_of_the_queues_is_parsed() {
        let text = b"lost 1500 2 0 tcp://a:1\nrefused 1500 24 0 tcp://a:1\n\
                     opening 0 0 0 tcp://b:2\nqueue 1 0 7 tcp://a:1\nqueue 0 1 1000 \n\
                     queue 0 1 10";
        let Described { lost, refused, queues, opening } = Described::parse(text);
        assert_eq!(opening, ["tcp://b:2"]);
        let ago = Duration::from_micros(1500);
        let endpoint = "tcp://a:1".to_owned();
        assert_eq!(lost, Some(Lost { ago, how: Loss::Heartbeat, endpoint: endpoint.clone() }));
        let why = Refusal::of(24);
        assert_eq!(refused, Some(Refused { ago, why, endpoint: endpoint.clone() }));
        assert_eq!(
            queues,
            [
                Queue { ready: true, full: false, unread: 7, endpoint },
                Queue { ready: false, full: true, unread: 1000, endpoint: String::new() },
            ]
        );
    }

    #[test]
    fn what_a_publisher_knows_is_parsed() {
        let mut value = 3_u64.to_ne_bytes().to_vec();
        value.extend(b"\x02ab\x00\x01c\x05cut");
        let published = Published::parse(&value);
        assert_eq!((published.unwanted, &*published.topic), (3, &b"ab"[..]));
        assert_eq!(published.prefixes, [b"".to_vec(), b"c".to_vec()]);
        assert_eq!(Published::parse(b"short"), Published::default());
    }
}
