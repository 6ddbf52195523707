//! The texts of errors for scripts, which name classes, methods and arguments where the
//! core names ZeroMQ's socket types and operations.

use super::socket::class_of;
use crate::core::Error;
use crate::core::error::{EndpointProblem, Excerpt, Needs, operation};

/// Rewords an error for scripts.
pub(super) fn reword(error: &Error) -> Option<String> {
    match error {
        Error::Unsupported { operation, socket_type, needs: Needs::Types(types) } => {
            let classes: Vec<&str> = types.iter().map(|known| class_of(*known).name).collect();
            let (name, classes) = (socket_type.name(), classes.join(" or "));
            Some(format!("a {name} socket cannot {operation}; use {classes}"))
        }
        Error::State { operation, socket_type } => {
            const BEGUN: &str =
                "sendmore has started a message; finish it with send, or drop it with flush";
            const PARTLY_RECEIVED: &str =
                "receive the rest of the current message first, or drop it with flush";
            let (method, advice) = match *operation {
                operation::PUBLISH => ("publish", BEGUN),
                operation::SEND_TO => ("sendto", BEGUN),
                operation::REQUEST => ("request", BEGUN),
                operation::RECEIVE_FROM => ("receivefrom", PARTLY_RECEIVED),
                operation::RECEIVE_TOPIC => ("receivetopic", PARTLY_RECEIVED),
                _ => return None,
            };
            let name = socket_type.name();
            Some(format!("{method} is out of order on a {name} socket: {advice}"))
        }
        Error::Endpoint { endpoint, problem: EndpointProblem::Prefixed { operation } } => {
            Some(format!(
                "{}: {operation} does not accept @ or > before an endpoint; constructors do",
                Excerpt(endpoint)
            ))
        }
        Error::Key { which, got } => Some(format!(
            "a {which} key is 40 characters of Z85, or 32 bytes in a ZMQFrame, not {got}"
        )),
        Error::Login { what, size } => {
            Some(format!("{what}= must have 1 to 255 bytes, this has {size}"))
        }
        Error::Domain => Some("only servers have a domain; omit domain= for a client".to_owned()),
        _ => None,
    }
}
