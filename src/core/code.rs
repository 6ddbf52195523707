//! The kinds of errors: their numbers, their names in C, and the tags by which scripts
//! catch them. They are defined only here.

use std::ffi::CStr;

/// The code of each kind of error, for C. The numbers never change.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No error.
    Ok = 0,
    /// An invalid argument: its type, its value, or how many there are.
    Argument = 1,
    /// An endpoint that cannot be bound, connected, unbound or disconnected.
    Endpoint = 2,
    /// A send or receive out of order (EFSM).
    State = 3,
    /// The timeout expired (EAGAIN).
    Again = 4,
    /// The object is closed or freed, or belongs to the process that this one was
    /// forked from.
    Closed = 5,
    /// The object is in another call.
    Busy = 6,
    /// ZeroMQ was shut down during the call (ETERM).
    Terminated = 7,
    /// The host asked the call to stop.
    Interrupted = 8,
    /// An operation that this socket type does not support (ENOTSUP).
    Unsupported = 9,
    /// No peer has the routing id (EHOSTUNREACH).
    Unroutable = 10,
    /// Any other error of libzmq or the system.
    Zmq = 11,
    /// The host has another ABI or violates its rules, or there are too many objects.
    Host = 12,
    /// A bug in the library.
    Panic = 13,
    /// An option that is unknown, or that cannot be read or set as requested.
    Option = 14,
    /// An unusable key, certificate or authenticator.
    Security = 15,
    /// A message that cannot be decoded: not JSON, not a signal.
    Decode = 16,
    /// A script function failed; the host has the original error.
    Callback = 17,
    /// A script that the policy of its host does not permit.
    Policy = 18,
    /// A task that failed.
    Task = 19,
}

/// A kind of error.
struct Row {
    code: Code,
    /// The name in C.
    name: &'static CStr,
    /// The tag in scripts. There are only a few, and they never change, because scripts
    /// compare them exactly.
    tag: &'static CStr,
}

const fn row(code: Code, name: &'static CStr, tag: &'static CStr) -> Row {
    Row { code, name, tag }
}

/// The rows in the order of their numbers.
static ROWS: [Row; 20] = [
    row(Code::Ok, c"ZEROMQ_CODE_OK", c"ZMQErr"),
    row(Code::Argument, c"ZEROMQ_CODE_ARGUMENT", c"ZMQArgs"),
    row(Code::Endpoint, c"ZEROMQ_CODE_ENDPOINT", c"ZMQErr"),
    row(Code::State, c"ZEROMQ_CODE_STATE", c"ZMQState"),
    row(Code::Again, c"ZEROMQ_CODE_AGAIN", c"ZMQTimeout"),
    row(Code::Closed, c"ZEROMQ_CODE_CLOSED", c"ZMQClosed"),
    row(Code::Busy, c"ZEROMQ_CODE_BUSY", c"ZMQClosed"),
    row(Code::Terminated, c"ZEROMQ_CODE_TERMINATED", c"ZMQClosed"),
    row(Code::Interrupted, c"ZEROMQ_CODE_INTERRUPTED", c"ZMQInterrupted"),
    row(Code::Unsupported, c"ZEROMQ_CODE_UNSUPPORTED", c"ZMQUnsupported"),
    row(Code::Unroutable, c"ZEROMQ_CODE_UNROUTABLE", c"ZMQUnroutable"),
    row(Code::Zmq, c"ZEROMQ_CODE_ZMQ", c"ZMQErr"),
    row(Code::Host, c"ZEROMQ_CODE_HOST", c"ZMQErr"),
    row(Code::Panic, c"ZEROMQ_CODE_PANIC", c"ZMQErr"),
    row(Code::Option, c"ZEROMQ_CODE_OPTION", c"ZMQOption"),
    row(Code::Security, c"ZEROMQ_CODE_SECURITY", c"ZMQSecurity"),
    row(Code::Decode, c"ZEROMQ_CODE_DECODE", c"ZMQDecode"),
    row(Code::Callback, c"ZEROMQ_CODE_CALLBACK", c"ZMQErr"),
    row(Code::Policy, c"ZEROMQ_CODE_POLICY", c"ZMQPolicy"),
    row(Code::Task, c"ZEROMQ_CODE_TASK", c"ZMQTask"),
];

/// The tag of an invalid argument of a constructor.
pub const CONSTRUCTOR_TAG: &CStr = c"ZMQConsArgs";

impl Code {
    /// Returns the code with this number.
    pub fn of(number: i32) -> Option<Code> {
        ROWS.iter().map(|row| row.code).find(|code| *code as i32 == number)
    }

    /// Returns its name in C, such as "ZEROMQ_CODE_AGAIN".
    pub fn name(self) -> &'static CStr {
        ROWS[self as usize].name
    }

    /// Returns the tag by which scripts catch it, such as "ZMQTimeout".
    pub fn tag(self) -> &'static CStr {
        ROWS[self as usize].tag
    }
}

/// Returns all tags, sorted.
pub fn tags() -> Vec<&'static CStr> {
    let mut tags: Vec<&CStr> = ROWS.iter().map(|row| row.tag).chain([CONSTRUCTOR_TAG]).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_stand_in_the_order_of_their_numbers() {
        for (number, row) in ROWS.iter().enumerate() {
            assert_eq!(row.code as usize, number);
            assert_eq!(Code::of(number as i32), Some(row.code));
            let name = row.name.to_str().unwrap();
            let debug = format!("{:?}", row.code).to_uppercase();
            assert_eq!(name.strip_prefix("ZEROMQ_CODE_"), Some(debug.as_str()));
        }
        assert_eq!(Code::of(ROWS.len() as i32), None);
        assert_eq!(tags().len(), 14);
        assert!(tags().is_sorted());
    }
}
