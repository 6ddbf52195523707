//! What can go wrong, with the words for it. The only place that turns an errno
//! into an error.

use std::borrow::Cow;
use std::fmt;
use std::io;

use thiserror::Error;

use super::code::Code;
use super::socket_type::SocketType;

/// Why something failed. The text tells the fact first and then what to do; it
/// does not name the method, which the caller knows.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// A value that the method cannot take.
    #[error("{place}: expected {expected}, got {got}")]
    Argument {
        /// Which argument: "argument 1 (endpoints)".
        place: String,
        /// What would do, in words.
        expected: Cow<'static, str>,
        /// What came, in words.
        got: String,
    },
    /// An endpoint that cannot be bound, connected, unbound or disconnected.
    #[error("{}: {fault}", Excerpt(if endpoint.is_empty() { "(empty)" } else { endpoint }))]
    Endpoint {
        /// The endpoint as written.
        endpoint: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A send or receive out of order (EFSM).
    #[error("{operation} is out of order on a {} socket: {}", socket_type.name(), order(*socket_type, operation))]
    State {
        /// "send" or "receive".
        operation: &'static str,
        /// The type of the socket.
        socket_type: SocketType,
    },
    /// The time ran out before a message could be sent or received (EAGAIN).
    #[error("the time ran out")]
    Again,
    /// The socket was closed, by `close`, or because everything was shut down.
    #[error("the socket is closed")]
    Closed,
    /// Something with a thread of its own, a proxy or a beacon, was stopped.
    #[error("the {what} was stopped; make a new one")]
    Stopped {
        /// What it is: "proxy".
        what: &'static str,
    },
    /// A handle of something that was freed.
    #[error("the {what} was freed")]
    Freed {
        /// What it was: "socket".
        what: &'static str,
    },
    /// The socket belongs to the process that this one was forked from.
    #[error("the socket belongs to the process that this one was forked from; open a new one here")]
    Forked,
    /// The socket is in the middle of another call, in another thread or further
    /// out on this one.
    #[error("the socket is in use by another thread or by an outer call")]
    Busy,
    /// ZeroMQ was shut down during the call (ETERM).
    #[error("ZeroMQ was shut down during the call")]
    Terminated,
    /// The host asked to stop during the call.
    #[error("interrupted")]
    Interrupted,
    /// Something that this type of socket does not do.
    #[error("a {} socket cannot {operation}; use {needs}", socket_type.name())]
    Unsupported {
        /// "send", "receive", "subscribe".
        operation: &'static str,
        /// The type of the socket.
        socket_type: SocketType,
        /// What can be used instead.
        needs: Needs,
    },
    /// No peer has the routing id (EHOSTUNREACH).
    #[error("no peer has this routing id")]
    Unroutable,
    /// An option that cannot be read or set so.
    #[error("{option}: {fault}")]
    Option {
        /// The name as given.
        option: String,
        /// What is wrong: the name, the type, the range, the type of socket.
        fault: Cow<'static, str>,
    },
    /// A key of CURVE that is none.
    #[error("a {which} key is 40 characters of Z85, or 32 bytes, not {got}")]
    Key {
        /// "public" or "secret".
        which: &'static str,
        /// How many bytes came. It does not show the key.
        got: String,
    },
    /// A user name or password that is too short or too long.
    #[error("a {what} has 1 to 255 bytes, this has {size}")]
    Login {
        /// "username" or "password".
        what: &'static str,
        /// How many bytes it has.
        size: usize,
    },
    /// A domain for a client; servers have one.
    #[error("only servers have a domain, and this is a client")]
    Domain,
    /// A key, a certificate or an authenticator that cannot be used.
    #[error("{what}")]
    Security {
        /// What is wrong with it.
        what: Cow<'static, str>,
    },
    /// A message that is not what it should be: not JSON, not a signal.
    #[error("{what}")]
    Decode {
        /// What is wrong with it.
        what: Cow<'static, str>,
    },
    /// A function that was called back failed: whoever gave it knows why.
    #[error("a function that was called back failed")]
    Callback,
    /// A setting of the context that exists already.
    #[error("ZeroMQ runs already; do this before the first socket is opened")]
    Started,
    /// Whatever else libzmq refuses.
    #[error("{call}: {errno}{}", errno.hint())]
    Zmq {
        /// The function of libzmq.
        call: &'static str,
        /// Its reason.
        errno: Errno,
    },
    /// A virtual machine that does not speak this ABI, or breaks its rules.
    #[error("{what}")]
    Host {
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// A fault of this library.
    #[error("internal fault: {message}")]
    Panic {
        /// What the panic said.
        message: String,
    },
}

/// What can be used instead of what does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A socket of one of these types.
    Types(&'static [SocketType]),
    /// A message of one frame.
    OneFrame,
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Needs::Types(types) => {
                let names: Vec<&str> = types.iter().map(|known| known.name()).collect();
                f.write_str(&names.join(" or "))
            }
            Needs::OneFrame => f.write_str("one frame"),
        }
    }
}

/// What is wrong with an endpoint.
#[derive(Clone, Debug, Error)]
pub enum Fault {
    /// It is not written as an endpoint is.
    #[error("{0}")]
    Syntax(Cow<'static, str>),
    /// It begins with @ or > where the call itself says what is done.
    #[error("{operation} takes no @ or > before an endpoint; attach does")]
    Prefixed {
        /// "bind".
        operation: &'static str,
    },
    /// libzmq refuses it.
    #[error("{errno}{}", errno.hint())]
    Refused {
        /// Its reason.
        errno: Errno,
    },
}

impl Error {
    /// The error that libzmq's function `call` left behind, just now, on this thread.
    pub(super) fn from_zmq(call: &'static str, error: zmq::Error) -> Error {
        match error {
            zmq::Error::EAGAIN => Error::Again,
            zmq::Error::ETERM => Error::Terminated,
            zmq::Error::EHOSTUNREACH => Error::Unroutable,
            zmq::Error::ENOTSOCK => Error::Closed,
            error => Error::Zmq { call, errno: Errno::last(error) },
        }
    }

    /// An error of the system, from one of its functions.
    pub(super) fn from_io(call: &'static str, error: &io::Error) -> Error {
        Error::Zmq { call, errno: Errno(error.raw_os_error().unwrap_or(libc::EINVAL)) }
    }

    /// Memory that the system did not give.
    pub(crate) fn no_memory() -> Error {
        Error::Zmq { call: "memory", errno: Errno(libc::ENOMEM) }
    }

    /// A thread that the system did not give.
    pub(super) fn no_thread() -> Error {
        Error::Zmq { call: "thread", errno: Errno(libc::EAGAIN) }
    }

    /// An endpoint that is not written as an endpoint is.
    pub(super) fn syntax(endpoint: &str, fault: impl Into<Cow<'static, str>>) -> Error {
        Error::Endpoint { endpoint: endpoint.to_owned(), fault: Fault::Syntax(fault.into()) }
    }

    /// An endpoint that libzmq refused, just now, on this thread.
    pub(super) fn refused(endpoint: &str, error: zmq::Error) -> Error {
        Error::Endpoint {
            endpoint: endpoint.to_owned(),
            fault: Fault::Refused { errno: Errno::last(error) },
        }
    }

    /// The number and the name under which hosts know this kind of error.
    pub fn code(&self) -> Code {
        match self {
            Error::Argument { .. } => Code::Argument,
            Error::Endpoint { .. } => Code::Endpoint,
            Error::State { .. } => Code::State,
            Error::Again => Code::Again,
            Error::Closed | Error::Stopped { .. } | Error::Freed { .. } | Error::Forked => {
                Code::Closed
            }
            Error::Busy => Code::Busy,
            Error::Terminated => Code::Terminated,
            Error::Interrupted => Code::Interrupted,
            Error::Unsupported { .. } => Code::Unsupported,
            Error::Unroutable => Code::Unroutable,
            Error::Zmq { .. } | Error::Started => Code::Zmq,
            Error::Host { .. } => Code::Host,
            Error::Panic { .. } => Code::Panic,
            Error::Option { .. } => Code::Option,
            Error::Key { .. } | Error::Login { .. } | Error::Domain | Error::Security { .. } => {
                Code::Security
            }
            Error::Decode { .. } => Code::Decode,
            Error::Callback => Code::Callback,
        }
    }

    /// libzmq's reason, where it gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::Endpoint { fault: Fault::Refused { errno }, .. } | Error::Zmq { errno, .. } => {
                Some(*errno)
            }
            _ => None,
        }
    }

    /// The endpoint that it is about.
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Error::Endpoint { endpoint, .. } => Some(endpoint),
            _ => None,
        }
    }
}

impl SocketType {
    /// # Errors
    /// [`Error::Unsupported`] when it cannot send.
    pub(super) fn check_sends(self) -> Result<(), Error> {
        self.check(self.sends(), "send", Needs::Types(&[SocketType::Pub, SocketType::Push]))
    }

    /// # Errors
    /// [`Error::Unsupported`] when it cannot receive.
    pub(super) fn check_receives(self) -> Result<(), Error> {
        self.check(self.receives(), "receive", Needs::Types(&[SocketType::Sub, SocketType::Pull]))
    }

    fn check(self, can: bool, operation: &'static str, needs: Needs) -> Result<(), Error> {
        let socket_type = self;
        if can { Ok(()) } else { Err(Error::Unsupported { operation, socket_type, needs }) }
    }
}

/// What has to come first when a strict request/reply order is broken.
fn order(socket_type: SocketType, operation: &str) -> &'static str {
    match (socket_type, operation) {
        (_, "publish" | "sendto" | "request") => "end or drop the message that was begun first",
        (_, "receivefrom" | "receivetopic") => {
            "receive or drop the rest of the message that was begun first"
        }
        (SocketType::Req, "send") => "receive the reply to the last request first",
        (SocketType::Req, _) => "send a request first",
        (SocketType::Rep, "send") => "receive a request first, with all of its frames",
        (SocketType::Rep, _) => "send the reply to the last request first",
        _ => "not now",
    }
}

/// An error number of the system or of libzmq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(i32);

impl Errno {
    /// The number that is still in errno: `error` itself stands for any number
    /// that the zmq crate does not know.
    fn last(error: zmq::Error) -> Errno {
        let known = error.to_raw();
        match io::Error::last_os_error().raw_os_error() {
            Some(raw) if cfg!(unix) && raw != 0 => Errno(raw),
            _ => Errno(known),
        }
    }

    /// Too many sockets or files are open.
    pub(super) const TOO_MANY: Errno = Errno(libc::EMFILE);

    /// The error of this number.
    pub(super) fn of(number: u32) -> Errno {
        Errno(number.cast_signed())
    }

    /// The number.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The symbol of the C headers: "EADDRINUSE". Empty for a rare one.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(number, _)| *number == self.0).map_or("", |(_, name)| name)
    }

    /// What a user can do about it, as the end of a sentence.
    fn hint(self) -> &'static str {
        match self.name() {
            "EADDRINUSE" => "; another socket has it: choose another port, or * for any free one",
            "EADDRNOTAVAIL" | "ENODEV" => {
                "; bind takes an address of this machine, an interface name or *"
            }
            "EPROTONOSUPPORT" => "; the transports are tcp, ipc, inproc and ws",
            "ENOCOMPATPROTO" => "; this socket type cannot use this transport",
            "EMFILE" => "; too many sockets or files are open: close some",
            "ECONNREFUSED" => "; nothing is bound to it",
            _ => "",
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match LIBZMQ.iter().find(|error| error.to_raw() == self.0) {
            Some(error) => write!(f, "{error}")?,
            None => {
                // "Not a directory (os error 20)": the number says nothing to a user.
                let text = io::Error::from_raw_os_error(self.0).to_string();
                f.write_str(text.split(" (os error").next().unwrap_or_default())?;
            }
        }
        match name {
            "" => write!(f, " ({})", self.0),
            name => write!(f, " ({name})"),
        }
    }
}

/// The errors that only libzmq has words for.
const LIBZMQ: &[zmq::Error] =
    &[zmq::Error::EFSM, zmq::Error::ENOCOMPATPROTO, zmq::Error::ETERM, zmq::Error::EMTHREAD];

/// libzmq's own numbers count from this one (`ZMQ_HAUSNUMERO` in zmq.h).
const HAUSNUMERO: i32 = 156_384_712;

const NAMES: &[(i32, &str)] = &[
    (libc::EACCES, "EACCES"),
    (libc::EADDRINUSE, "EADDRINUSE"),
    (libc::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
    (libc::EAGAIN, "EAGAIN"),
    (libc::ECONNREFUSED, "ECONNREFUSED"),
    (libc::EFAULT, "EFAULT"),
    (libc::EHOSTUNREACH, "EHOSTUNREACH"),
    (libc::EINTR, "EINTR"),
    (libc::EINVAL, "EINVAL"),
    (libc::EISDIR, "EISDIR"),
    (libc::EMFILE, "EMFILE"),
    (libc::EMSGSIZE, "EMSGSIZE"),
    (libc::ENAMETOOLONG, "ENAMETOOLONG"),
    (libc::ENETDOWN, "ENETDOWN"),
    (libc::ENETUNREACH, "ENETUNREACH"),
    (libc::ENFILE, "ENFILE"),
    (libc::ENOBUFS, "ENOBUFS"),
    (libc::ENODEV, "ENODEV"),
    (libc::ENOENT, "ENOENT"),
    (libc::ENOMEM, "ENOMEM"),
    (libc::ENOTDIR, "ENOTDIR"),
    (libc::ENOTSOCK, "ENOTSOCK"),
    (libc::ENOTSUP, "ENOTSUP"),
    (libc::EPERM, "EPERM"),
    (libc::EPROTO, "EPROTO"),
    (libc::EPROTONOSUPPORT, "EPROTONOSUPPORT"),
    (libc::EROFS, "EROFS"),
    (HAUSNUMERO + 51, "EFSM"),
    (HAUSNUMERO + 52, "ENOCOMPATPROTO"),
    (HAUSNUMERO + 53, "ETERM"),
    (HAUSNUMERO + 54, "EMTHREAD"),
];

/// The beginning of a text that may be long: hosts cut whole messages at 254 bytes.
pub(crate) struct Excerpt<'a>(pub &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        match self.0.char_indices().nth(LONGEST) {
            None => write!(f, "{}", self.0.escape_debug()),
            Some((end, _)) => write!(f, "{}...", self.0[..end].escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errno_is_told_by_name_and_words() {
        let errno = Errno(libc::EADDRINUSE);
        assert_eq!(errno.name(), "EADDRINUSE");
        assert_eq!(errno.to_string(), "Address already in use (EADDRINUSE)");
        assert_eq!(Errno(zmq::Error::EFSM.to_raw()).name(), "EFSM");
        assert_eq!(Errno(zmq::Error::EMTHREAD.to_raw()).name(), "EMTHREAD");
        assert_eq!(Errno(libc::ENOTDIR).to_string(), "Not a directory (ENOTDIR)");
    }

    #[test]
    fn long_endpoints_are_cut_and_escaped() {
        let error = Error::syntax(&format!("tcp://{}\n", "x".repeat(300)), "too long");
        let text = error.to_string();
        assert!(text.ends_with("...: too long"), "{text}");
        assert!(text.len() < 100, "{text}");
        assert_eq!(Error::syntax("a\nb", "no").to_string(), r"a\nb: no");
    }
}
