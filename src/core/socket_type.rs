//! Socket types: their names, and which of them send and receive.

/// The socket types of `zmq_socket(3)`.
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
    /// All types, in the order of their numbers.
    pub const ALL: &[SocketType] =
        &[Pair, Pub, Sub, Req, Rep, Dealer, Router, Pull, Push, Xpub, Xsub, Stream];

    /// Returns the name in the ZeroMQ documentation, such as "REQ".
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

    /// Returns the type with this name, in upper or lower case.
    pub fn from_name(name: &str) -> Option<SocketType> {
        let mut all = SocketType::ALL.iter().copied();
        all.find(|socket_type| socket_type.name().eq_ignore_ascii_case(name))
    }

    /// Returns the types of peers that it can talk to (RFC 28 and following).
    pub fn partners(self) -> &'static [SocketType] {
        match self {
            Pair => &[Pair],
            Pub | Xpub => &[Sub, Xsub],
            Sub | Xsub => &[Pub, Xpub],
            Req => &[Rep, Router],
            Rep => &[Req, Dealer],
            Dealer => &[Rep, Dealer, Router],
            Router => &[Req, Dealer, Router],
            Pull => &[Push],
            Push => &[Pull],
            Stream => &[],
        }
    }

    /// Returns true if it can send.
    pub fn sends(self) -> bool {
        !matches!(self, Sub | Pull)
    }

    /// Returns true if it can receive.
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
