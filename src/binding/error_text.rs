//! The words in errors for scripts: their classes and methods, where the core names
//! ZeroMQ's socket types.

use super::socket::class_of;
use crate::core::Error;
use crate::core::error::{Excerpt, Fault, Needs};

pub(super) fn words(error: &Error) -> Option<String> {
    match error {
        Error::Unsupported { operation, socket_type, needs: Needs::Types(types) } => {
            let classes: Vec<&str> = types.iter().map(|known| class_of(*known).name).collect();
            let (name, classes) = (socket_type.name(), classes.join(" or "));
            Some(format!("a {name} socket cannot {operation}; use {classes}"))
        }
        Error::State { operation, socket_type } => {
            let advice = match *operation {
                "publish" | "sendto" | "request" => {
                    "sendmore has started a message; finish it with send, or drop it with flush"
                }
                "receivefrom" | "receivetopic" => {
                    "receive the rest of the current message first, or drop it with flush"
                }
                _ => return None,
            };
            let name = socket_type.name();
            Some(format!("{operation} is out of order on a {name} socket: {advice}"))
        }
        Error::Endpoint { endpoint, fault: Fault::Prefixed { operation } } => Some(format!(
            "{}: {operation} does not accept @ or > before an endpoint; constructors do",
            Excerpt(endpoint)
        )),
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
