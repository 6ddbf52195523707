//! The types of sockets: their names, what they do with an endpoint by default,
//! and which of them send and receive.

/// The types of sockets, as in `zmq_socket(3)`.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketType {
    Pair,
    Pub,
    Sub,
    Req,
    Rep,
    Dealer,
    Router,
    Pull,
    Push,
    Xpub,
    Xsub,
    Stream,
}

use SocketType::{Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub};

impl SocketType {
    /// Every type, in the order of their numbers.
    pub const ALL: &[SocketType] =
        &[Pair, Pub, Sub, Req, Rep, Dealer, Router, Pull, Push, Xpub, Xsub, Stream];

    /// Its name in the documents of ZeroMQ: "REQ".
    pub fn name(self) -> &'static str {
        match self {
            Pair => "PAIR",
            Pub => "PUB",
            Sub => "SUB",
            Req => "REQ",
            Rep => "REP",
            Dealer => "DEALER",
            Router => "ROUTER",
            Pull => "PULL",
            Push => "PUSH",
            Xpub => "XPUB",
            Xsub => "XSUB",
            Stream => "STREAM",
        }
    }

    /// The type of a name, in capital or small letters: "REQ".
    pub fn from_name(name: &str) -> Option<SocketType> {
        let mut all = SocketType::ALL.iter().copied();
        all.find(|socket_type| socket_type.name().eq_ignore_ascii_case(name))
    }

    /// Whether it can send.
    pub fn sends(self) -> bool {
        !matches!(self, Sub | Pull)
    }

    /// Whether it can receive.
    pub fn receives(self) -> bool {
        !matches!(self, Pub | Push)
    }

    pub(super) fn raw(self) -> zmq::SocketType {
        match self {
            Pair => zmq::PAIR,
            Pub => zmq::PUB,
            Sub => zmq::SUB,
            Req => zmq::REQ,
            Rep => zmq::REP,
            Dealer => zmq::DEALER,
            Router => zmq::ROUTER,
            Pull => zmq::PULL,
            Push => zmq::PUSH,
            Xpub => zmq::XPUB,
            Xsub => zmq::XSUB,
            Stream => zmq::STREAM,
        }
    }
}
