//! The kinds of errors: their numbers, their names in C, and the names that scripts
//! catch them by. All of them stand here, and nowhere else.

use std::ffi::CStr;

/// The fixed number of each kind of error, for C. The numbers never change.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No error.
    Ok = 0,
    /// A wrong argument: its type, its number, its form.
    Argument = 1,
    /// An endpoint that cannot be bound, connected, unbound or disconnected.
    Endpoint = 2,
    /// A send or receive out of order (EFSM).
    State = 3,
    /// The time ran out (EAGAIN).
    Again = 4,
    /// The object is closed, or belongs to the process that this one was forked from.
    Closed = 5,
    /// The object is in the middle of another call.
    Busy = 6,
    /// ZeroMQ was shut down during the call (ETERM).
    Terminated = 7,
    /// The host asked to stop during the call.
    Interrupted = 8,
    /// Something that this type of socket does not do (ENOTSUP).
    Unsupported = 9,
    /// No peer has the routing id (EHOSTUNREACH).
    Unroutable = 10,
    /// Whatever else libzmq refuses.
    Zmq = 11,
    /// The host does not speak this ABI, or breaks its rules.
    Host = 12,
    /// A fault of the library.
    Panic = 13,
    /// An option that cannot be read or set so.
    Option = 14,
    /// A key, a certificate or an authenticator that cannot be used.
    Security = 15,
    /// A message that is not what it should be: not JSON, not a signal.
    Decode = 16,
    /// A function of the script failed: the host knows why.
    Callback = 17,
}

/// A kind of error.
struct Row {
    code: Code,
    /// In C.
    name: &'static CStr,
    /// In scripts. These are few and fixed: a script compares them letter by letter.
    tag: &'static CStr,
}

const fn row(code: Code, name: &'static CStr, tag: &'static CStr) -> Row {
    Row { code, name, tag }
}

/// The rows in the order of their numbers.
static ROWS: [Row; 18] = [
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
];

/// What scripts catch a wrong argument of a constructor by.
pub const CONSTRUCTOR_TAG: &CStr = c"ZMQConsArgs";

impl Code {
    /// The code of this number.
    pub fn of(number: i32) -> Option<Code> {
        ROWS.iter().map(|row| row.code).find(|code| *code as i32 == number)
    }

    /// Its name in C: "ZEROMQ_CODE_AGAIN".
    pub fn name(self) -> &'static CStr {
        ROWS[self as usize].name
    }

    /// The name that scripts catch it by: "ZMQTimeout".
    pub fn tag(self) -> &'static CStr {
        ROWS[self as usize].tag
    }
}

/// Every name that scripts catch an error by, in order.
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
        assert_eq!(tags().len(), 12);
        assert!(tags().is_sorted());
    }
}
