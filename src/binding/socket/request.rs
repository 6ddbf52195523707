//! What only a request socket does.

use super::list;
use crate::binding::arguments::{FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, named};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;

/// What endpoints= takes.
const SERVERS: &str = "a String of endpoints separated by commas, or a List of Strings";

pub(super) static GROUP: Group = Group {
    name: "requests",
    doc: "Requests that are repeated until they are answered.",
    methods: &[Method {
        name: "request",
        parameters: &[
            FRAMES,
            named("retries", Kinds::INT, "how many further tries, an Int from 0 on"),
            named("endpoints", Kinds::STRING.or(Kinds::LIST), SERVERS),
            TIMEOUT,
        ],
        result: "List or nil",
        doc: "Sends a request and gives the frames of its reply. When none comes within timeout, \
              it sends the request again over a new connection, as often as retries says (0), and \
              then as often to each of the further endpoints, connected to that one alone; it \
              stays with the one that answers. Gives nil when nobody does. The timeout is that of \
              each try. A server may work on a request more than once; the late reply to an \
              earlier request is never taken for the reply. From the first call on the socket \
              numbers its requests, in a frame that a server has to give back as it does the \
              rest of the envelope, and may send again without having received.",
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

/// The endpoints to try besides.
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
