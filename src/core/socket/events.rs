//! Events on connections, as libzmq reports them (`zmq_socket_monitor(3)`).

use super::handshake::{HandshakeFailure, sentence};
use crate::core::error::Errno;
use crate::libzmq::retried;

/// The events, with their names in czmq and their bits in libzmq.
const EVENTS: &[(&str, u16)] = &[
    ("CONNECTED", 1 << 0),
    ("CONNECT_DELAYED", 1 << 1),
    ("CONNECT_RETRIED", 1 << 2),
    ("LISTENING", 1 << 3),
    ("BIND_FAILED", 1 << 4),
    ("ACCEPTED", 1 << 5),
    ("ACCEPT_FAILED", 1 << 6),
    ("CLOSED", 1 << 7),
    ("CLOSE_FAILED", 1 << 8),
    ("DISCONNECTED", 1 << 9),
    ("MONITOR_STOPPED", 1 << 10),
    ("HANDSHAKE_FAILED_NO_DETAIL", 1 << 11),
    ("HANDSHAKE_SUCCEEDED", 1 << 12),
    ("HANDSHAKE_FAILED_PROTOCOL", 1 << 13),
    ("HANDSHAKE_FAILED_AUTH", 1 << 14),
];

/// All ways in which a handshake fails.
const FAILED: u16 = 1 << 11 | 1 << 13 | 1 << 14;

/// All events.
pub(super) const ALL: u16 = 0x7fff;

/// Names for groups of events, and old names of czmq.
const GROUPS: &[(&str, u16)] =
    &[("ALL", ALL), ("HANDSHAKE_FAILED", FAILED), ("HANDSHAKE_SUCCEED", 1 << 12)];

/// An event on a connection.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) bit: u16,
    /// A descriptor, an errno, a number of milliseconds or a status code, depending on
    /// the event.
    pub value: u32,
    /// The endpoint of the connection.
    pub endpoint: String,
}

/// Why a listener closes a connection at once (session_base.hpp): too many others are in the
/// handshake, or too many others from its address.
#[cfg(unix)]
mod refusals {
    pub const TOO_MANY: i32 = libc::EUSERS;
    pub const TOO_MANY_OF_ADDRESS: i32 = libc::EDQUOT;
}
#[cfg(not(unix))]
mod refusals {
    pub const TOO_MANY: i32 = 10055;
    pub const TOO_MANY_OF_ADDRESS: i32 = 10069;
}

/// Why a connection was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many others are in the handshake.
    Handshakes,
    /// Too many others from its address are in the handshake.
    HandshakesOfAddress,
    /// The system had no descriptor or memory.
    System(Errno),
}

impl Refusal {
    /// Returns what the value of an ACCEPT_FAILED event means.
    pub fn of(value: u32) -> Refusal {
        match value.cast_signed() {
            refusals::TOO_MANY => Refusal::Handshakes,
            refusals::TOO_MANY_OF_ADDRESS => Refusal::HandshakesOfAddress,
            _ => Refusal::System(Errno::of(value)),
        }
    }

    fn sentence(self) -> String {
        match self {
            Refusal::Handshakes => "a connection was closed at once: too many others are in the \
                                    handshake (max_handshakes)"
                .to_owned(),
            Refusal::HandshakesOfAddress => "a connection was closed at once: too many others \
                                             from its address are in the handshake \
                                             (max_handshakes_of_address)"
                .to_owned(),
            Refusal::System(why) => format!("a connection cannot be accepted: {why}"),
        }
    }
}

impl Event {
    pub(super) fn receive(reader: &zmq::Socket) -> zmq::Result<Event> {
        let head = retried(|| reader.recv_msg(zmq::DONTWAIT))?;
        let endpoint = retried(|| reader.recv_msg(zmq::DONTWAIT))?;
        let (bit, value) = match *head {
            [a, b, c, d, e, f] => (u16::from_ne_bytes([a, b]), u32::from_ne_bytes([c, d, e, f])),
            _ => return Err(zmq::Error::EPROTO),
        };
        Ok(Event { bit, value, endpoint: String::from_utf8_lossy(&endpoint).into_owned() })
    }

    /// Returns its name in czmq, such as "HANDSHAKE_FAILED_AUTH".
    pub fn name(&self) -> &'static str {
        EVENTS.iter().find(|(_, bit)| *bit == self.bit).map_or("UNKNOWN", |(name, _)| name)
    }

    /// Returns what the event means, as a sentence.
    pub fn reason(&self) -> String {
        let system = || Errno::of(self.value);
        match self.name() {
            "CONNECTED" => "connected; the handshake begins".to_owned(),
            "CONNECT_DELAYED" => "the peer has not answered yet".to_owned(),
            "CONNECT_RETRIED" => format!("not reached; retrying in {} ms", self.value),
            "LISTENING" => "the endpoint is bound".to_owned(),
            "BIND_FAILED" => format!("the endpoint cannot be bound: {}", system()),
            "ACCEPTED" => "a peer connected; the handshake begins".to_owned(),
            "ACCEPT_FAILED" => Refusal::of(self.value).sentence(),
            "CLOSED" => "the connection or the endpoint was closed".to_owned(),
            "CLOSE_FAILED" => format!("the connection cannot be closed: {}", system()),
            "DISCONNECTED" => "the connection has ended".to_owned(),
            "MONITOR_STOPPED" => "the socket was closed or its monitor stopped".to_owned(),
            "HANDSHAKE_SUCCEEDED" => "the handshake succeeded".to_owned(),
            _ => self.failure().map(sentence).unwrap_or_default().to_owned(),
        }
    }

    /// Returns how the handshake failed, if the event says so.
    pub(super) fn failure(&self) -> Option<HandshakeFailure> {
        match self.name() {
            "HANDSHAKE_FAILED_NO_DETAIL" => Some(HandshakeFailure::Other(self.value)),
            "HANDSHAKE_FAILED_PROTOCOL" => Some(HandshakeFailure::Protocol(self.value)),
            "HANDSHAKE_FAILED_AUTH" => Some(HandshakeFailure::Auth(self.value)),
            _ => None,
        }
    }
}

/// Returns the bits of the events with these names, or of all events if there are no
/// names.
///
/// # Errors
/// The first unknown name.
pub fn events<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<u16, &'a str> {
    let mut bits = 0;
    for name in names {
        let known = EVENTS.iter().chain(GROUPS).find(|(known, _)| *known == name);
        bits |= known.ok_or(name)?.1;
    }
    Ok(if bits == 0 { ALL } else { bits })
}
