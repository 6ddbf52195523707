//! A failed call, in the words that its caller sees, and the last one of each thread.

use std::cell::RefCell;
use std::ffi::CStr;

use super::code::{CONSTRUCTOR_TAG, Code};
use super::error::{Errno, Error};

/// Hosts cut messages at this number of bytes.
const LONGEST: usize = 254;

/// What an edge says about an error in the words of its own world; `None`, if those of
/// ZeroMQ will do.
pub type Words = fn(&Error) -> Option<String>;

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
    pub fn new(operation: String, constructor: bool, error: &Error, words: Words) -> Failure {
        let tag = match error.code() {
            Code::Argument if constructor => CONSTRUCTOR_TAG,
            code => code.tag(),
        };
        // Old scripts' users know these by their beginning.
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
