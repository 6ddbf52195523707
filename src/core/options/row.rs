//! The rows that describe options.

use std::ffi::c_int;

use super::value::Sample;
use crate::core::socket_type::SocketType;

/// The largest value of an option of type int.
pub(super) const MOST: i64 = i32::MAX as i64;

/// An option of sockets.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name in `zmq_setsockopt(3)` without `ZMQ_`, in lower case.
    pub name: &'static str,
    /// Older names of the same option.
    pub aliases: &'static [&'static str],
    /// The kind of its value.
    pub kind: Kind,
    /// Whether it can be read, set or both.
    pub access: Access,
    /// The unit of a number, such as "ms"; empty if there is none.
    pub unit: &'static str,
    /// The value of a new socket, if it is always the same.
    pub default: Option<Sample>,
    /// The socket types that support it.
    pub sockets: &'static [SocketType],
    /// When a new value takes effect.
    pub when: When,
    /// What libzmq must be built with.
    pub needs: Needs,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// A value to set in tests.
    pub test: Sample,
    /// True if its value must not be shown.
    pub secret: bool,
    pub(super) number: c_int,
    /// What it accepts, if a range of numbers or lengths cannot express it.
    pub(super) form: &'static str,
    pub(super) least: i64,
    pub(super) most: i64,
    /// One number that is allowed in addition to those from `least` to `most`.
    pub(super) also: Option<i64>,
    pub(super) via: Via,
}

/// The kind of an option's value, following the types of `zmq_setsockopt(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An int that is 0 or 1.
    Bool,
    /// An int.
    Int,
    /// A signed 64-bit integer.
    Int64,
    /// An unsigned 64-bit integer.
    Uint64,
    /// Binary data.
    Bytes,
    /// A string without NUL.
    Text,
    /// A CURVE key: 32 bytes, or 40 characters of Z85. It is read as Z85, and as an
    /// empty string if it was not set.
    Key,
}

/// Whether an option can be read, set or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Write only: libzmq does not return the value.
    Write,
    /// Both.
    ReadWrite,
}

/// When a new value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// For endpoints that are attached later.
    Later,
    /// For the next connect only.
    Next,
    /// It must be set before the first bind or connect.
    First,
}

/// What libzmq must be built with for an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing special.
    Nothing,
    /// A capability of `zmq_has(3)`.
    Capability(&'static str),
    /// Unknown until it is tried.
    Probe,
}

/// The ways to set and read an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// By libzmq.
    Libzmq,
    /// The timeouts of calls; libzmq itself never waits.
    ReceiveTimeout,
    SendTimeout,
    /// By the methods of the same names.
    Subscribe,
    Unsubscribe,
    /// By libzmq; then only messages of one frame can be sent.
    Conflate,
    /// By libzmq, but it cannot be turned off again.
    Manual,
    /// The routing id for the next peer, which no other peer may have.
    ConnectId,
    /// A listening descriptor, of which libzmq is given a copy.
    Descriptor,
    /// A set of numbers; each call adds one.
    Filter,
    /// Properties such as "X-name:value".
    Metadata,
    /// By [`Socket::set_mandatory`](crate::core::Socket::set_mandatory).
    Mandatory,
    /// Enforced at once, unless zap_enforce_domain was set before.
    Domain,
    /// Only with zap_domain: otherwise libzmq aborts the process when a peer connects
    /// to a server.
    Enforce,
    /// Never turned on: libzmq aborts the process if it has nothing to send to a new
    /// peer (probe_router).
    Raw,
    /// Never changed: libzmq aborts the process if the proxy cannot be reached
    /// (socks_connecter_t::error leaves a handle behind that was already released).
    Proxy,
}

impl Row {
    /// Returns true if this socket type supports it.
    pub fn is_for(&self, socket_type: SocketType) -> bool {
        self.sockets.contains(&socket_type)
    }

    /// Returns true if it can be read.
    pub fn reads(&self) -> bool {
        self.access != Access::Write
    }

    /// Returns true if it can be set.
    pub fn writes(&self) -> bool {
        self.access != Access::Read
    }

    /// Returns true if it accepts -1, which means "forever" or "no limit".
    pub fn has_minus_one(&self) -> bool {
        self.is_number() && (self.least == -1 || self.also == Some(-1))
    }

    /// Describes what it accepts: "a whole number from 0 to 255".
    pub fn expected(&self) -> String {
        if !self.form.is_empty() {
            return self.form.to_owned();
        }
        let Row { least, most, unit, .. } = self;
        match self.kind {
            Kind::Bool => "true or false".to_owned(),
            Kind::Key => "32 bytes, or 40 characters of Z85".to_owned(),
            Kind::Bytes | Kind::Text => {
                let what =
                    if self.kind == Kind::Text { "a string without NUL" } else { "a string" };
                match *most {
                    MOST => format!("{what} of {least} bytes or more"),
                    most => format!("{what} of {least} to {most} bytes"),
                }
            }
            Kind::Int | Kind::Int64 | Kind::Uint64 => {
                let also = self.also.map_or(String::new(), |also| format!("{also}, or "));
                let unit = if unit.is_empty() { "" } else { &format!(" of {unit}") };
                match *most {
                    MOST | i64::MAX => format!("{also}a whole number{unit}, {least} or more"),
                    most => format!("{also}a whole number{unit} from {least} to {most}"),
                }
            }
        }
    }

    /// Returns what it accepts, if a range cannot express it: "a network such as ...".
    pub fn format(&self) -> Option<&'static str> {
        Some(self.form).filter(|form| !form.is_empty())
    }

    /// Returns the numbers, or the number of bytes, that it accepts: "-1 or 1 to 127".
    pub fn range(&self) -> String {
        let Row { least, most, .. } = self;
        let bytes = if self.is_number() { "" } else { " bytes" };
        let also = self.also.map_or(String::new(), |also| format!("{also} or "));
        match (*most, *least) {
            (MOST | i64::MAX, 0) if !self.is_number() => "of any length".to_owned(),
            (MOST | i64::MAX, _) => format!("{also}{least} or more{bytes}"),
            (most, _) => format!("{also}{least} to {most}{bytes}"),
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Int | Kind::Int64 | Kind::Uint64)
    }

    /// Returns true if it accepts this number, or a text of this length.
    pub(super) fn accepts(&self, number: i64) -> bool {
        (self.least..=self.most).contains(&number) || self.also == Some(number)
    }
}

// Constructors for rows: a kind, then what differs from the defaults.
impl Row {
    const fn new(name: &'static str, number: c_int, kind: Kind) -> Row {
        Row {
            name,
            aliases: &[],
            kind,
            access: Access::ReadWrite,
            unit: "",
            default: None,
            sockets: SocketType::ALL,
            when: When::Later,
            needs: Needs::Nothing,
            doc: "",
            test: Sample::Int(0),
            secret: false,
            number,
            form: "",
            least: 0,
            most: MOST,
            also: None,
            via: Via::Libzmq,
        }
    }

    pub(super) const fn bool(name: &'static str, number: c_int, default: bool) -> Row {
        Row {
            default: Some(Sample::Bool(default)),
            test: Sample::Bool(!default),
            ..Row::new(name, number, Kind::Bool)
        }
    }

    /// Makes the row of a number from `least` to `most`.
    pub(super) const fn int(name: &'static str, number: c_int, least: i64, most: i64) -> Row {
        Row { least, most, ..Row::new(name, number, Kind::Int) }
    }

    pub(super) const fn bytes(name: &'static str, number: c_int, least: i64, most: i64) -> Row {
        Row { least, most, ..Row::new(name, number, Kind::Bytes) }
    }

    /// Makes the row of a string, empty by default.
    pub(super) const fn text(name: &'static str, number: c_int, least: i64, most: i64) -> Row {
        let row = Row::new(name, number, Kind::Text);
        Row { least, most, default: Some(Sample::Text("")), ..row }
    }

    /// Makes the row of a key, not set by default.
    pub(super) const fn key(name: &'static str, number: c_int) -> Row {
        Row { default: Some(Sample::Text("")), ..Row::new(name, number, Kind::Key) }
    }

    /// Gives it 64 bits.
    pub(super) const fn long(self, kind: Kind) -> Row {
        Row { kind, ..self }
    }

    pub(super) const fn or(self, also: i64) -> Row {
        Row { also: Some(also), ..self }
    }

    pub(super) const fn alias(self, aliases: &'static [&'static str]) -> Row {
        Row { aliases, ..self }
    }

    pub(super) const fn of(self, unit: &'static str) -> Row {
        Row { unit, ..self }
    }

    pub(super) const fn default(self, number: i64) -> Row {
        Row { default: Some(Sample::Int(number)), ..self }
    }

    pub(super) const fn default_bytes(self, bytes: &'static [u8]) -> Row {
        Row { default: Some(Sample::Bytes(bytes)), ..self }
    }

    pub(super) const fn test(self, test: Sample) -> Row {
        Row { test, ..self }
    }

    pub(super) const fn read_only(self) -> Row {
        Row { access: Access::Read, default: None, ..self }
    }

    pub(super) const fn write_only(self) -> Row {
        let default = match self.kind {
            Kind::Bool => self.default,
            _ => None,
        };
        Row { access: Access::Write, default, ..self }
    }

    pub(super) const fn on(self, sockets: &'static [SocketType]) -> Row {
        Row { sockets, ..self }
    }

    pub(super) const fn when(self, when: When) -> Row {
        Row { when, ..self }
    }

    pub(super) const fn needs(self, capability: &'static str) -> Row {
        Row { needs: Needs::Capability(capability), ..self }
    }

    pub(super) const fn probed(self) -> Row {
        Row { needs: Needs::Probe, ..self }
    }

    pub(super) const fn via(self, via: Via) -> Row {
        Row { via, ..self }
    }

    pub(super) const fn form(self, form: &'static str) -> Row {
        Row { form, ..self }
    }

    pub(super) const fn secret(self) -> Row {
        Row { secret: true, ..self }
    }

    pub(super) const fn doc(self, doc: &'static str) -> Row {
        Row { doc, ..self }
    }
}
