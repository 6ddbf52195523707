//! A failed call, in the words that a script sees, and the last one of each
//! thread for scripts whose `catch` gives no text.

use std::cell::RefCell;
use std::ffi::CStr;

use super::value::Value;
use crate::core::{Code, Error, error::Errno};

/// Hosts cut messages at this number of bytes.
const LONGEST: usize = 254;

/// Why a call failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The number of the error, for C.
    pub code: Code,
    /// The name that scripts catch it by.
    pub tag: &'static CStr,
    /// What happened and what to do about it; at most 254 bytes.
    pub message: String,
    /// The method: "ZMQReply.bind".
    pub operation: String,
    /// libzmq's reason, where it gave one.
    pub errno: Option<Errno>,
    /// The endpoint that it is about.
    pub endpoint: Option<String>,
}

thread_local! {
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

impl Failure {
    /// The failure of `operation` because of `error`. A wrong argument of a
    /// constructor has a tag of its own.
    pub fn new(operation: String, constructor: bool, error: &Error) -> Failure {
        let tag = match error.code() {
            Code::Argument if constructor => c"ZMQConsArgs",
            code => tag(code),
        };
        // Old scripts' users know these by their beginning.
        let beginning = if tag == c"ZMQErr" { "ZeroMQ error: " } else { "" };
        let mut message = format!("{beginning}{operation}: {error}");
        message.truncate(message.floor_char_boundary(LONGEST));
        Failure {
            code: error.code(),
            tag,
            message,
            operation,
            errno: error.errno(),
            endpoint: error.endpoint().map(str::to_owned),
        }
    }

    /// Keeps it as the last failure of this thread.
    pub fn remember(&self) {
        LAST.with_borrow_mut(|last| *last = Some(self.clone()));
    }

    /// As [`remember`](Failure::remember), for one that is needed for nothing else.
    pub(crate) fn keep(self) {
        LAST.with_borrow_mut(|last| *last = Some(self));
    }

    /// The name that scripts catch it by, as text.
    pub fn tag(&self) -> &'static str {
        self.tag.to_str().unwrap_or_default()
    }

    /// The last failure of this thread.
    pub fn last() -> Option<Failure> {
        LAST.with_borrow(Clone::clone)
    }
}

/// Every name that scripts catch an error by.
pub const TAGS: &[&CStr] = &[
    c"ZMQArgs",
    c"ZMQClosed",
    c"ZMQConsArgs",
    c"ZMQDecode",
    c"ZMQErr",
    c"ZMQInterrupted",
    c"ZMQOption",
    c"ZMQSecurity",
    c"ZMQState",
    c"ZMQTimeout",
    c"ZMQUnroutable",
    c"ZMQUnsupported",
];

/// The name that scripts catch an error by. Few and fixed: a script compares
/// them letter by letter.
fn tag(code: Code) -> &'static CStr {
    match code {
        Code::Argument => c"ZMQArgs",
        Code::State => c"ZMQState",
        Code::Again => c"ZMQTimeout",
        Code::Closed | Code::Busy | Code::Terminated => c"ZMQClosed",
        Code::Interrupted => c"ZMQInterrupted",
        Code::Unsupported => c"ZMQUnsupported",
        Code::Unroutable => c"ZMQUnroutable",
        Code::Option => c"ZMQOption",
        Code::Security => c"ZMQSecurity",
        Code::Decode => c"ZMQDecode",
        Code::Ok | Code::Endpoint | Code::Zmq | Code::Host | Code::Panic | Code::Callback => {
            c"ZMQErr"
        }
    }
}

impl From<Failure> for Value {
    fn from(failure: Failure) -> Value {
        let mut entries: Vec<(Value, Value)> = vec![
            ("tag".into(), failure.tag().into()),
            ("message".into(), failure.message.into()),
            ("operation".into(), failure.operation.into()),
        ];
        if let Some(endpoint) = failure.endpoint {
            entries.push(("endpoint".into(), endpoint.into()));
        }
        if let Some(errno) = failure.errno {
            entries.push(("name".into(), errno.name().into()));
            entries.push(("number".into(), Value::Int(errno.number().into())));
        }
        Value::Dictionary(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_is_listed() {
        let (code, _) = include_str!("failure.rs").split_once("cfg(test)").unwrap();
        let used: Vec<&str> = code.split("c\"ZMQ").skip(1).collect();
        assert!(used.len() > TAGS.len());
        for tag in used {
            let tag = tag.split('"').next().unwrap();
            let listed = TAGS.iter().any(|known| known.to_str().unwrap()[3..] == *tag);
            assert!(listed, "ZMQ{tag}");
        }
        assert!(TAGS.is_sorted());
    }
}
