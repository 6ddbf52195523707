//! Error messages for options.

use std::borrow::Cow;

use super::row::{Kind, Row};
use super::value::OptionValue;
use crate::core::error::{Error, Excerpt};
use crate::core::socket_type::SocketType;

/// Only the length of longer texts is reported.
const LONG: usize = 30;

fn error(row: &Row, problem: impl Into<Cow<'static, str>>) -> Error {
    Error::Option { option: row.name.to_owned(), problem: problem.into() }
}

pub(super) fn unknown(name: &str, near: &[&str]) -> Error {
    let problem = match near {
        [] => "there is no such option".into(),
        near => format!("there is no such option; did you mean {}?", listed(near, "or")).into(),
    };
    Error::Option { option: Excerpt(name).to_string(), problem }
}

/// Returns the error for a value of the wrong kind.
pub(super) fn kind(row: &Row, value: &OptionValue) -> Error {
    let got = match value {
        OptionValue::Bool(_) => format!("the boolean {value}"),
        OptionValue::Int(_) => format!("the number {value}"),
        OptionValue::Bytes(_) if row.kind == Kind::Text => "bytes that are not UTF-8".to_owned(),
        OptionValue::Bytes(_) | OptionValue::Text(_) => format!("the string {value}"),
    };
    refuse(row, &got)
}

impl Row {
    /// Returns the error for a value of the wrong kind; `got` describes the value.
    pub fn refuse(&self, got: &str) -> Error {
        refuse(self, got)
    }
}

fn refuse(row: &Row, got: &str) -> Error {
    let got = if row.secret { "something else" } else { got };
    error(row, format!("expected {}, got {got}", row.expected()))
}

/// Returns the error for a value of the right kind that is not allowed.
pub(super) fn range(row: &Row, value: &OptionValue) -> Error {
    let value = match value {
        _ if row.secret => "the value is".to_owned(),
        OptionValue::Bytes(bytes) if bytes.len() > LONG => format!("{} bytes are", bytes.len()),
        OptionValue::Text(text) if text.len() > LONG => format!("{} bytes are", text.len()),
        value => format!("{value} is"),
    };
    error(row, format!("{value} out of range: expected {}", row.expected()))
}

pub(super) fn socket_type(row: &Row, socket_type: SocketType) -> Error {
    let names: Vec<&str> = row.sockets.iter().map(|known| known.name()).collect();
    let names = listed(&names, "and");
    error(row, format!("not for a {} socket; it is for {names}", socket_type.name()))
}

pub(super) fn not_readable(row: &Row) -> Error {
    error(row, "it can only be set; libzmq does not return its value")
}

pub(super) fn not_settable(row: &Row) -> Error {
    error(row, "it can only be read")
}

pub(super) fn not_built(row: &Row, capability: Option<&str>) -> Error {
    error(
        row,
        match capability {
            Some(capability) => format!("not in this libzmq, which was built without {capability}"),
            None => "not in this libzmq, or not on this system".to_owned(),
        },
    )
}

pub(super) fn late(row: &Row) -> Error {
    error(
        row,
        "it has to be set before the first bind or connect; open the socket without an endpoint \
         and attach it afterwards",
    )
}

pub(super) fn stays_manual(row: &Row) -> Error {
    error(row, "manual mode cannot be left once the socket is attached; open a new one")
}

pub(super) fn id_in_use(row: &Row) -> Error {
    error(row, "a peer of this socket already has this routing id; choose another")
}

pub(super) fn no_proxy(row: &Row) -> Error {
    error(
        row,
        "refused, because this libzmq aborts the process if the proxy cannot be reached; connect \
         to a program that forwards instead",
    )
}

pub(super) fn no_raw(row: &Row) -> Error {
    error(row, "refused, because libzmq is not safe with it; use a STREAM socket instead")
}

pub(super) fn no_domain(row: &Row) -> Error {
    error(row, "there is no domain to enforce; set zap_domain first")
}

pub(super) fn no_listener(row: &Row) -> Error {
    error(row, "it is not the descriptor of a stream socket that listens")
}

/// Joins names: "one, two or three".
fn listed(names: &[&str], word: &str) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        names => names.concat(),
    }
}
