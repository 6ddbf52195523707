//! An error as its caller sees it: with a message that names the operation. Also the last
//! one of each thread.

use std::cell::RefCell;
use std::ffi::CStr;

use super::code::{CONSTRUCTOR_TAG, Code};
use super::error::{Errno, Error};

/// Hosts cut messages at this number of bytes.
const LONGEST: usize = 254;

/// Rewords an error for an interface; `None` keeps the words of ZeroMQ.
type Reword = fn(&Error) -> Option<String>;

/// The error of a call, as scripts and C programs see it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The code of the error, for C.
    pub code: Code,
    /// The tag by which scripts catch it.
    pub tag: &'static CStr,
    /// What happened and what to do about it; at most 254 bytes.
    pub message: String,
    /// The method: "ZMQReply.bind".
    pub operation: String,
    /// The errno, if libzmq or the system reported one.
    pub errno: Option<Errno>,
    /// The endpoint that the error is about, if any.
    pub endpoint: Option<String>,
}

thread_local! {
    static LAST: RefCell<Option<Report>> = const { RefCell::new(None) };
}

impl Report {
    /// Reports the error of `operation`. An invalid argument of a constructor has its
    /// own tag.
    pub(crate) fn new(
        operation: String,
        constructor: bool,
        error: &Error,
        reword: Reword,
    ) -> Report {
        let tag = match error.code() {
            Code::Argument if constructor => CONSTRUCTOR_TAG,
            code => code.tag(),
        };
        // Users of old scripts recognize these errors by how they begin.
        let beginning = if tag == c"ZMQErr" { "ZeroMQ error: " } else { "" };
        let text = reword(error).unwrap_or_else(|| error.to_string());
        let mut message = format!("{beginning}{operation}: {text}");
        message.truncate(message.floor_char_boundary(LONGEST));
        Report {
            code: error.code(),
            tag,
            message,
            operation,
            errno: error.errno(),
            endpoint: error.endpoint().map(str::to_owned),
        }
    }

    /// Stores it as the last error of this thread.
    pub(crate) fn remember(&self) {
        LAST.with_borrow_mut(|last| *last = Some(self.clone()));
    }

    /// Does the same as [`remember`](Report::remember), for a report that is not needed
    /// otherwise.
    pub(crate) fn keep(self) {
        LAST.with_borrow_mut(|last| *last = Some(self));
    }

    /// Returns the tag by which scripts catch it, as text.
    pub fn tag(&self) -> &'static str {
        self.tag.to_str().unwrap_or_default()
    }

    /// Returns the last error of this thread.
    pub fn last() -> Option<Report> {
        LAST.with_borrow(Clone::clone)
    }
}
