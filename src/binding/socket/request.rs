//! Methods of request sockets only.

use super::list;
use crate::binding::arguments::{FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Sends, named};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;

/// The value of endpoints=.
const SERVERS: &str = "a String of endpoints separated by commas, or a List of Strings";

pub(super) static GROUP: Group = Group {
    name: "requests",
    doc: "Send requests with retries.",
    see: "requestreply",
    methods: &[Method {
        name: "request",
        parameters: &[
            FRAMES,
            named("retries", Kinds::INT, "the number of further attempts, a non-negative Int"),
            named("endpoints", Kinds::STRING.or(Kinds::LIST), SERVERS).of(Kinds::STRING),
            TIMEOUT,
        ],
        result: "List or nil",
        doc: "Sends a request and returns the List of frames of its reply. If no reply arrives \
              within `timeout=`, sends the request again over a new connection, up to `retries=` \
              more times (default 0); then tries each of `endpoints=` as often, connected to that \
              endpoint alone, and stays with the one that answers. Returns nil if none answers. \
              The timeout applies to each attempt. A server may process a request more than once. \
              The late reply to an earlier request is never mistaken for the current one: from \
              the first call on, the socket numbers its requests in an extra frame, which the \
              server must return with the rest of the envelope, and the socket may send again \
              without receiving first.",
        errors: "`ZMQErr` if an endpoint cannot be connected; `ZMQState` in strict mode if \
                 `sendmore` has started another message",
        example: r#"
            var req = ZMQRequest("inproc://nobody")
            print req.request("Hello", timeout=20, retries=2)   // nil
        "#,
        sends: Sends::Whole,
        otherwise: Some(|| Value::Nil),
        run: request,
    }],
};

fn request(call: &Call) -> Result<Value, Error> {
    let frames = call.frames()?;
    let retries = call.count("retries")?.unwrap_or(0);
    let tries = u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1);
    let servers = servers(call)?;
    Ok(list(call.socket()?.request(&frames, tries, &servers, &call.wait()?)?))
}

/// Returns the additional endpoints to try.
fn servers<'a>(call: &Call<'a>) -> Result<Vec<&'a str>, Error> {
    let text = |value: &ValueRef<'a>| match value {
        ValueRef::String(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    };
    let wrong = |value: &ValueRef| Error::Argument {
        place: "named argument endpoints=".to_owned(),
        expected: SERVERS.into(),
        got: value.to_string(),
    };
    match call.argument("endpoints") {
        None => Ok(Vec::new()),
        Some(ValueRef::List(items)) => {
            items.iter().map(|item| text(item).ok_or_else(|| wrong(item))).collect()
        }
        Some(value) => {
            let endpoints = text(value).ok_or_else(|| wrong(value))?.split(',');
            Ok(endpoints.map(str::trim).filter(|endpoint| !endpoint.is_empty()).collect())
        }
    }
}
