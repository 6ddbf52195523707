//! Errors and their messages. This is the only place that turns an errno into an error.

use std::borrow::Cow;
use std::fmt;
use std::io;

use thiserror::Error;

use super::code::Code;
use super::socket_type::SocketType;

/// Why a call failed. The message states what happened and then what to do about it. It
/// does not name the method, which the caller knows.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// An argument that the method does not accept.
    #[error("{place}: expected {expected}, got {got}")]
    Argument {
        /// The argument: "argument 1 (endpoints)".
        place: String,
        /// What was expected.
        expected: Cow<'static, str>,
        /// What was passed.
        got: String,
    },
    /// An endpoint that cannot be bound, connected, unbound or disconnected.
    #[error("{}: {problem}", Excerpt(if endpoint.is_empty() { "(empty)" } else { endpoint }))]
    Endpoint {
        /// The endpoint as written.
        endpoint: String,
        /// What is wrong with it.
        problem: EndpointProblem,
    },
    /// A send or receive out of order (EFSM).
    #[error("{operation} is out of order on a {} socket: {}", socket_type.name(), order(*socket_type, operation))]
    State {
        /// "send", "receive", "publish", "send to a peer" and the like.
        operation: &'static str,
        /// The type of the socket.
        socket_type: SocketType,
    },
    /// The timeout expired before a message could be sent or received (EAGAIN).
    #[error("timed out")]
    Again,
    /// The socket was closed, by `close` or by a shutdown.
    #[error("the socket is closed")]
    Closed,
    /// A proxy, a beacon or a monitor was stopped.
    #[error("the {what} was stopped; make a new one")]
    Stopped {
        /// The type of the object: "proxy".
        what: &'static str,
    },
    /// The policy for scripts does not permit it, or its rules could not be read.
    #[error("{what}")]
    Policy {
        /// What is not permitted, and the rule that would permit it.
        what: String,
    },
    /// A task of a queue failed.
    #[error("{what}")]
    Task {
        /// Its error.
        what: String,
    },
    /// The handle belongs to an object that was freed.
    #[error("the {what} was freed")]
    Freed {
        /// The type of the object: "socket".
        what: &'static str,
    },
    /// The socket belongs to the process that this one was forked from.
    #[error("the socket belongs to the process that this one was forked from; open a new one here")]
    Forked,
    /// The socket is in another call, on another thread or an outer one on this thread.
    #[error("the socket is in use by another thread or by an outer call")]
    Busy,
    /// ZeroMQ was shut down during the call (ETERM).
    #[error("ZeroMQ was shut down during the call")]
    Terminated,
    /// The host asked the call to stop.
    #[error("interrupted")]
    Interrupted,
    /// An operation that this socket type does not support.
    #[error("a {} socket cannot {operation}; use {needs}", socket_type.name())]
    Unsupported {
        /// "send", "receive" or "subscribe".
        operation: &'static str,
        /// The type of the socket.
        socket_type: SocketType,
        /// What can be used instead.
        needs: Needs,
    },
    /// No peer has the routing id (EHOSTUNREACH).
    #[error("no peer has this routing id")]
    Unroutable,
    /// An option that is unknown, or that cannot be read or set as requested.
    #[error("{option}: {problem}")]
    Option {
        /// The name as passed.
        option: String,
        /// What is wrong: the name, the kind of value, the range or the socket type.
        problem: Cow<'static, str>,
    },
    /// An invalid CURVE key.
    #[error("a {which} key is 40 characters of Z85, or 32 bytes, not {got}")]
    Key {
        /// "public" or "secret".
        which: &'static str,
        /// How many bytes were passed; the key itself is not shown.
        got: String,
    },
    /// A user name or password that is too short or too long.
    #[error("a {what} must have 1 to 255 bytes, this has {size}")]
    Login {
        /// "username" or "password".
        what: &'static str,
        /// Its length in bytes.
        size: usize,
    },
    /// A domain for a client; only servers have one.
    #[error("only servers have a domain, and this is a client")]
    Domain,
    /// An unusable key, certificate or authenticator.
    #[error("{what}")]
    Security {
        /// What is wrong with it.
        what: Cow<'static, str>,
    },
    /// A message that cannot be decoded: not JSON, not a signal.
    #[error("{what}")]
    Decode {
        /// What is wrong with it.
        what: Cow<'static, str>,
    },
    /// A callback failed; the program that passed it has the original error.
    #[error("a callback failed")]
    Callback,
    /// A property of the context was set after the context was made.
    #[error("ZeroMQ is already running; do this before the first socket is opened")]
    Started,
    /// Any other error of libzmq or the system.
    #[error("{call}: {errno}{}", errno.hint())]
    Zmq {
        /// The function of libzmq.
        call: &'static str,
        /// The errno.
        errno: Errno,
    },
    /// A virtual machine that has another ABI or violates its rules.
    #[error("{what}")]
    Host {
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// A bug in this library.
    #[error("internal error: {message}")]
    Panic {
        /// The message of the panic.
        message: String,
    },
}

/// What can be used instead of an unsupported operation.
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
pub enum EndpointProblem {
    /// Its syntax is invalid.
    #[error("{0}")]
    Syntax(Cow<'static, str>),
    /// It begins with @ or >, but the operation already determines what to do.
    #[error("{operation} does not accept @ or > before an endpoint; attach does")]
    Prefixed {
        /// "bind".
        operation: &'static str,
    },
    /// libzmq refuses it.
    #[error("{errno}{hint}")]
    Refused {
        /// The errno.
        errno: Errno,
        /// What a user can do about it, as the end of a sentence.
        hint: &'static str,
    },
}

impl Error {
    /// Returns the error that libzmq's function `call` has just reported on this
    /// thread.
    pub(super) fn from_zmq(call: &'static str, error: zmq::Error) -> Error {
        match error {
            zmq::Error::EAGAIN => Error::Again,
            zmq::Error::ETERM => Error::Terminated,
            zmq::Error::EHOSTUNREACH => Error::Unroutable,
            zmq::Error::ENOTSOCK => Error::Closed,
            error => Error::Zmq { call, errno: Errno::last(error) },
        }
    }

    /// Returns an error of the system, reported by one of its functions.
    pub(super) fn from_io(call: &'static str, error: &io::Error) -> Error {
        Error::Zmq { call, errno: Errno(error.raw_os_error().unwrap_or(libc::EINVAL)) }
    }

    /// Returns the error for memory that could not be allocated.
    pub(crate) fn no_memory() -> Error {
        Error::Zmq { call: "memory", errno: Errno(libc::ENOMEM) }
    }

    /// Returns the error for a thread that could not be started.
    pub(super) fn no_thread() -> Error {
        Error::Zmq { call: "thread", errno: Errno(libc::EAGAIN) }
    }

    /// Returns the error for an endpoint whose syntax is invalid.
    pub(super) fn syntax(endpoint: &str, problem: impl Into<Cow<'static, str>>) -> Error {
        Error::Endpoint {
            endpoint: endpoint.to_owned(),
            problem: EndpointProblem::Syntax(problem.into()),
        }
    }

    /// Returns the error for an endpoint that libzmq has just refused on this thread.
    pub(super) fn refused(endpoint: &str, error: zmq::Error) -> Error {
        let errno = Errno::last(error);
        let hint = match errno.name() {
            "EADDRINUSE" if endpoint.starts_with("ipc://") => {
                "; another socket has it: choose another file, or ipc://* for a new one"
            }
            "ENOENT" if endpoint.starts_with("ipc://") => {
                "; the folder does not exist: make it first, or use ipc://* for a new endpoint"
            }
            "EACCES" if endpoint.starts_with("ipc://") => {
                "; choose a folder that this user may write to"
            }
            "ENOTDIR" if endpoint.starts_with("ipc://") => {
                "; a part of the path is a file and no folder: choose another path"
            }
            "ENAMETOOLONG" => "; a system allows about 100 bytes: choose a shorter path",
            "ENOTSOCK" => "; a file that is no socket is there: choose another name or remove it",
            _ => errno.hint(),
        };
        Error::Endpoint {
            endpoint: endpoint.to_owned(),
            problem: EndpointProblem::Refused { errno, hint },
        }
    }

    /// Returns the code by which hosts identify this kind of error.
    pub fn code(&self) -> Code {
        match self {
            Error::Argument { .. } => Code::Argument,
            Error::Endpoint { .. } => Code::Endpoint,
            Error::State { .. } => Code::State,
            Error::Again => Code::Again,
            Error::Closed | Error::Stopped { .. } | Error::Freed { .. } | Error::Forked => {
                Code::Closed
            }
            Error::Policy { .. } => Code::Policy,
            Error::Task { .. } => Code::Task,
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

    /// Returns the errno, if libzmq or the system reported one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::Endpoint { problem: EndpointProblem::Refused { errno, .. }, .. }
            | Error::Zmq { errno, .. } => Some(*errno),
            _ => None,
        }
    }

    /// Returns the endpoint that the error is about, if any.
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Error::Endpoint { endpoint, .. } => Some(endpoint),
            _ => None,
        }
    }
}

impl SocketType {
    /// Checks that sockets of this type can send.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    #[inline]
    pub(super) fn check_sends(self) -> Result<(), Error> {
        self.check(self.sends(), "send", Needs::Types(&[SocketType::Pub, SocketType::Push]))
    }

    /// Checks that sockets of this type can receive.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    #[inline]
    pub(super) fn check_receives(self) -> Result<(), Error> {
        self.check(self.receives(), "receive", Needs::Types(&[SocketType::Sub, SocketType::Pull]))
    }

    #[inline]
    fn check(self, can: bool, operation: &'static str, needs: Needs) -> Result<(), Error> {
        let socket_type = self;
        if can { Ok(()) } else { Err(Error::Unsupported { operation, socket_type, needs }) }
    }
}

/// The operations that send or receive a whole message and are out of order in the middle
/// of another one. An interface may replace them by the names of its methods.
pub(crate) mod operation {
    pub const PUBLISH: &str = "publish";
    pub const SEND_TO: &str = "send to a peer";
    pub const REQUEST: &str = "request";
    pub const RECEIVE_FROM: &str = "receive from a peer";
    pub const RECEIVE_TOPIC: &str = "receive a topic";
}

/// Returns what has to be done first when the order of sends and receives is violated.
fn order(socket_type: SocketType, operation: &str) -> &'static str {
    match (socket_type, operation) {
        (_, operation::PUBLISH | operation::SEND_TO | operation::REQUEST) => {
            "another message has been started; finish or drop it first"
        }
        (_, operation::RECEIVE_FROM | operation::RECEIVE_TOPIC) => {
            "receive or drop the rest of the current message first"
        }
        (SocketType::Req, "send") => "receive the reply to the last request first",
        (SocketType::Req, _) => "send a request first",
        (SocketType::Rep, "send") => "receive a request first, with all of its frames",
        (SocketType::Rep, _) => "send the reply to the last request first",
        _ => "it is not allowed now",
    }
}

/// An error number of the system or of libzmq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(i32);

impl Errno {
    /// Returns the number that is still in errno. The zmq crate replaces numbers that
    /// it does not know by `error`.
    fn last(error: zmq::Error) -> Errno {
        let known = error.to_raw();
        match io::Error::last_os_error().raw_os_error() {
            Some(raw) if cfg!(unix) && raw != 0 => Errno(raw),
            _ => Errno(known),
        }
    }

    /// Too many sockets or files are open.
    pub(super) const TOO_MANY: Errno = Errno(libc::EMFILE);

    /// Returns the error with this number.
    pub(super) fn of(number: u32) -> Errno {
        Errno(number.cast_signed())
    }

    /// Returns the number.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Returns the symbol of the C headers, such as "EADDRINUSE", or an empty string
    /// for rare errors.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(number, _)| *number == self.0).map_or("", |(_, name)| name)
    }

    /// Returns what a user can do about it, as the end of a sentence.
    fn hint(self) -> &'static str {
        match self.name() {
            "EADDRINUSE" => {
                "; another socket is using it: choose another port, or * for any free \
                             one"
            }
            "EADDRNOTAVAIL" | "ENODEV" => {
                "; bind needs an address of this machine, an interface name or *"
            }
            "EPROTONOSUPPORT" => "; the transports are tcp, ipc, inproc and ws",
            "ENOCOMPATPROTO" => "; this socket type cannot use this transport",
            "EMFILE" => {
                "; too many sockets or files are open: close some, which takes effect a moment \
                 later, or raise ulimit -n or max_sockets"
            }
            "ENOBUFS" => {
                "; messages take more memory than the option memory_limit allows: receive or drop \
                 some"
            }
            "ENFILE" => "; too many files are open on this machine",
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
                // "Not a directory (os error 20)": the number does not help a user.
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

/// Errors whose messages only libzmq has.
const LIBZMQ: &[zmq::Error] =
    &[zmq::Error::EFSM, zmq::Error::ENOCOMPATPROTO, zmq::Error::ETERM, zmq::Error::EMTHREAD];

/// The base of libzmq's own error numbers (`ZMQ_HAUSNUMERO` in zmq.h).
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

/// The beginning of a text that may be long; hosts cut whole messages at 254 bytes.
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
