//! The combinations of socket types that a proxy supports.

use crate::core::error::Error;
use crate::core::socket_type::SocketType::{
    self, Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Stream, Sub, Xpub, Xsub,
};

/// The types that a proxy supports.
const TYPES: [SocketType; 11] = [Router, Dealer, Req, Rep, Pull, Push, Sub, Pub, Xsub, Xpub, Pair];

/// The role of a type in a proxy.
#[derive(PartialEq)]
enum Role {
    /// It receives messages.
    Source,
    /// It sends messages.
    Sink,
    /// It does both.
    Both,
}

fn role(socket_type: SocketType) -> Role {
    match socket_type {
        Pull | Sub | Xsub => Role::Source,
        Push | Pub | Xpub => Role::Sink,
        _ => Role::Both,
    }
}

/// Returns why two types cannot be combined.
fn mismatch(one: SocketType, other: SocketType) -> Option<&'static str> {
    let replies = |socket_type| matches!(socket_type, Req | Rep);
    match (one, other) {
        (Stream, _) | (_, Stream) => Some("STREAM peers do not speak ZeroMQ"),
        (Router, Router) => Some("neither side knows the routing ids of the other"),
        (Req, Req) | (Rep, Rep) => Some("both would wait for each other"),
        _ => match (role(one), role(other)) {
            (Role::Source, Role::Source) => Some("both only receive messages"),
            (Role::Sink, Role::Sink) => Some("both only send messages"),
            (Role::Both, Role::Both) => None,
            _ if replies(one) || replies(other) => Some("each request needs a reply"),
            _ => None,
        },
    }
}

/// Checks that a type can be one side of a proxy.
///
/// # Errors
/// [`Error::Argument`] if it cannot be combined with the type of the other side.
pub(super) fn check(socket_type: SocketType, other: Option<SocketType>) -> Result<(), Error> {
    let other = other.unwrap_or(if role(socket_type) == Role::Both { Dealer } else { Pair });
    let Some(mismatch) = mismatch(socket_type, other) else {
        return Ok(());
    };
    let fitting = TYPES.iter().filter(|fitting| self::mismatch(**fitting, other).is_none());
    let fitting: Vec<&str> = fitting.map(|fitting| fitting.name()).collect();
    Err(Error::Argument {
        place: "type".to_owned(),
        expected: format!(
            "one that can be combined with {} ({})",
            other.name(),
            fitting.join(", ")
        )
        .into(),
        got: format!("{}: {mismatch}", socket_type.name()),
    })
}

/// Returns true if messages received by one type are sent by the other.
pub(super) fn forwards(from: SocketType, to: SocketType) -> bool {
    from.receives() && to.sends()
        // Otherwise they are messages from XSUB to its publishers or from XPUB to its
        // subscribers.
        && !(to == Xsub && from != Xpub)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_together() {
        for (one, other) in [
            (Router, Dealer),
            (Xsub, Xpub),
            (Sub, Pub),
            (Pull, Push),
            (Pair, Pair),
            (Pair, Pull),
            (Rep, Req),
            (Dealer, Dealer),
            (Pull, Pub),
            (Router, Push),
        ] {
            assert!(check(one, Some(other)).is_ok(), "{one:?} {other:?}");
            assert!(check(other, Some(one)).is_ok(), "{other:?} {one:?}");
            assert!(check(one, None).is_ok());
        }
    }

    #[test]
    fn what_does_not() {
        for (one, other) in [
            (Pull, Pull),
            (Sub, Xsub),
            (Pub, Push),
            (Router, Router),
            (Req, Req),
            (Rep, Push),
            (Pull, Req),
            (Stream, Dealer),
        ] {
            assert!(check(one, Some(other)).is_err(), "{one:?} {other:?}");
            assert!(check(other, Some(one)).is_err(), "{other:?} {one:?}");
        }
        assert!(check(Stream, None).is_err());
        let error = check(Pull, Some(Sub)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "type: expected one that can be combined with SUB (ROUTER, DEALER, PUSH, PUB, XPUB, PAIR), \
             got PULL: both only receive messages"
        );
    }
}
