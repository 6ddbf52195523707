//! A failed call with the message that its caller sees, and the last failed call of
//! each thread.

use std::cell::RefCell;
use std::ffi::CStr;

use super::code::{CONSTRUCTOR_TAG, Code};
use super::error::{Errno, Error};

/// Hosts cut messages at this number of bytes.
const LONGEST: usize = 254;

/// Rewords an error for an interface; `None` keeps the words of ZeroMQ.
pub type Words = fn(&Error) -> Option<String>;

/// Describes why a call failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The code of the error, for C.
    pub code: Code,
    /// The tag by which scripts catch it.
    pub tag: &'static CStr,
    /// What happened and what to do about it; at most 254 bytes.
    pub message: String,
    /// The method: "ZMQReply.bind".
    pub operation: String,
    /// Returns the errno, if libzmq or the system reported one.
    pub errno: Option<Errno>,
    /// Returns the endpoint that the error is about, if any.
    pub endpoint: Option<String>,
}

thread_local! {
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

impl Failure {
    /// Makes the failure of `operation` with `error`. An invalid argument of a
    /// constructor has its own tag.
    pub fn new(operation: String, constructor: bool, error: &Error, words: Words) -> Failure {
        let tag = match error.code() {
            Code::Argument if constructor => CONSTRUCTOR_TAG,
            code => code.tag(),
        };
        // Users of old scripts recognize these errors by how they begin.
        let beginning = if tag == c"ZMQErr" { "ZeroMQ error: " } else { "" };
        let text = words(error).unwrap_or_else(|| error.to_string());
        let mut message = format!("{beginning}{operation}: {text}");
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

    /// Stores it as the last failure of this thread.
    pub fn remember(&self) {
        LAST.with_borrow_mut(|last| *last = Some(self.clone()));
    }

    /// Does the same as [`remember`](Failure::remember), for a failure that is not
    /// needed otherwise.
    pub(crate) fn keep(self) {
        LAST.with_borrow_mut(|last| *last = Some(self));
    }

    /// Returns the tag by which scripts catch it, as text.
    pub fn tag(&self) -> &'static str {
        self.tag.to_str().unwrap_or_default()
    }

    /// Returns the last failure of this thread.
    pub fn last() -> Option<Failure> {
        LAST.with_borrow(Clone::clone)
    }
}
