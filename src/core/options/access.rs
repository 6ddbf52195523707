//! Reading and setting socket options. Their rows are checked first, because libzmq
//! reports the same error for an unknown option, a wrong type and a wrong value.

use std::time::Duration;

use super::row::{Access, Kind, Needs, Row, Via, When};
use super::value::OptionValue;
use super::{errors, find, rows};
use crate::core::context;
use crate::core::error::Error;
use crate::core::socket::Socket;
use crate::core::socket::listener::Listener;
use crate::core::socket::open::Open;
use crate::core::socket_type::SocketType;
use crate::libzmq::{options, retried};

impl Socket {
    /// Returns the value of an option, by its name in libzmq without `ZMQ_`.
    ///
    /// # Errors
    /// [`Error::Option`] if the option is unknown, can only be set, or is not supported
    /// by this socket type or this libzmq.
    pub fn option(&self, name: &str) -> Result<OptionValue, Error> {
        let row = find(name)?;
        check(row, self.socket_type())?;
        if !row.reads() {
            return Err(errors::not_readable(row));
        }
        self.with(|open| read(row, open))
    }

    /// Sets an option and returns when it takes effect: [`When::Later`] if the socket
    /// already has endpoints, which it does not affect.
    ///
    /// # Errors
    /// [`Error::Option`] as in [`option`](Socket::option), and if the value has the
    /// wrong kind or is out of range, or if it is too late to set the option.
    pub fn set_option(&self, name: &str, value: &OptionValue) -> Result<When, Error> {
        let row = find(name)?;
        check(row, self.socket_type())?;
        if row.access == Access::Read {
            return Err(errors::not_settable(row));
        }
        let checked = checked(row, value)?;
        self.with(|open| open.policy.check_option(row.name, number_of(value)))?;
        let xpub = self.socket_type() == SocketType::Xpub;
        match (row.via, &checked) {
            (Via::Subscribe, Checked::Bytes(prefix)) if xpub => self.accept(prefix)?,
            (Via::Subscribe, Checked::Bytes(prefix)) => self.subscribe(prefix)?,
            (Via::Unsubscribe, Checked::Bytes(prefix)) if xpub => self.reject(prefix)?,
            (Via::Unsubscribe, Checked::Bytes(prefix)) => self.unsubscribe(prefix)?,
            (Via::Mandatory, Checked::Int(on)) => self.set_mandatory(*on != 0)?,
            _ => {
                return self.with(|open| {
                    if row.when == When::First && open.is_attached() {
                        return Err(errors::late(row));
                    }
                    set(row, open, &checked, value)?;
                    let later = row.when == When::Later && open.is_attached();
                    Ok(if later { When::Later } else { When::Now })
                });
            }
        }
        Ok(When::Now)
    }

    /// Returns every option of the socket that can be read and is not secret.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn options(&self) -> Result<Vec<(&'static str, OptionValue)>, Error> {
        let known = rows()
            .filter(|row| row.reads() && !row.secret && check(row, self.socket_type()).is_ok());
        self.with(|open| {
            // Options that this libzmq does not know are left out.
            Ok(known.filter_map(|row| Some((row.name, read(row, open).ok()?))).collect())
        })
    }
}

fn number_of(value: &OptionValue) -> Option<i64> {
    match value {
        OptionValue::Int(number) => Some(*number),
        _ => None,
    }
}

/// Checks that the option is supported by this libzmq and this socket type.
fn check(row: &Row, socket_type: SocketType) -> Result<(), Error> {
    if !row.is_for(socket_type) {
        return Err(errors::socket_type(row, socket_type));
    }
    match row.needs {
        Needs::Capability(capability) if !context::has(capability) => {
            Err(errors::not_built(row, Some(capability)))
        }
        _ => Ok(()),
    }
}

/// A value in the form of libzmq.
enum Checked {
    Int(i32),
    Int64(i64),
    Uint64(u64),
    Bytes(Vec<u8>),
    /// Passed to libzmq as NULL.
    Nothing,
}

fn checked(row: &Row, value: &OptionValue) -> Result<Checked, Error> {
    let range = || errors::range(row, value);
    let bytes = match value {
        OptionValue::Bytes(bytes) => Some(bytes.as_slice()),
        OptionValue::Text(text) => Some(text.as_bytes()),
        OptionValue::Bool(_) | OptionValue::Int(_) => None,
    };
    match (row.kind, value, bytes) {
        (Kind::Bool, OptionValue::Bool(value), _) => Ok(Checked::Int(i32::from(*value))),
        (Kind::Bool, OptionValue::Int(value @ (0 | 1)), _) => Ok(Checked::Int(*value as i32)),
        (Kind::Bool, OptionValue::Int(_), _) => Err(range()),
        (Kind::Int | Kind::Int64 | Kind::Uint64, OptionValue::Int(value), _) => {
            if row.accepts(*value) { number(row, *value).ok_or_else(range) } else { Err(range()) }
        }
        (Kind::Key, _, Some(key)) if matches!(key.len(), 32 | 40) => {
            Ok(Checked::Bytes(key.to_owned()))
        }
        (Kind::Key, _, Some(_)) => Err(range()),
        (Kind::Bytes | Kind::Text, _, Some(bytes)) => text(row, value, bytes),
        _ => Err(errors::kind(row, value)),
    }
}

fn number(row: &Row, value: i64) -> Option<Checked> {
    match row.kind {
        Kind::Int64 => Some(Checked::Int64(value)),
        Kind::Uint64 => u64::try_from(value).ok().map(Checked::Uint64),
        _ if row.via == Via::Filter && value == -1 => Some(Checked::Nothing),
        // User ids may use all 32 bits.
        _ if row.via == Via::Filter => u32::try_from(value).ok().map(|v| Checked::Int(v as i32)),
        _ => i32::try_from(value).ok().map(Checked::Int),
    }
}

fn text(row: &Row, value: &OptionValue, bytes: &[u8]) -> Result<Checked, Error> {
    if row.kind == Kind::Text {
        if std::str::from_utf8(bytes).is_err() {
            return Err(errors::kind(row, value));
        }
        // libzmq would accept it, and the system would read only the part before the
        // NUL.
        if bytes.contains(&0) {
            return Err(errors::range(row, value));
        }
    }
    let fits = match row.via {
        Via::Metadata => is_property(bytes),
        // Routing ids that begin with 0 are reserved by libzmq.
        _ if matches!(row.name, "routing_id" | "connect_routing_id") => bytes.first() != Some(&0),
        _ => true,
    };
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    if !fits || !row.accepts(length) {
        return Err(errors::range(row, value));
    }
    if row.kind == Kind::Text && bytes.is_empty() {
        return Ok(Checked::Nothing);
    }
    Ok(Checked::Bytes(bytes.to_owned()))
}

/// Returns true for "X-name:value" with a name and a value.
fn is_property(bytes: &[u8]) -> bool {
    match bytes.iter().position(|byte| *byte == b':') {
        Some(colon) => {
            bytes.starts_with(b"X-") && bytes.len() >= 5 && colon <= 255 && colon + 1 < bytes.len()
        }
        None => false,
    }
}

fn read(row: &Row, open: &mut Open) -> Result<OptionValue, Error> {
    let milliseconds = |time: Option<Duration>| {
        OptionValue::Int(time.map_or(-1, |time| i64::try_from(time.as_millis()).unwrap_or(-1)))
    };
    match row.via {
        Via::ReceiveTimeout => Ok(milliseconds(open.receive_timeout)),
        Via::SendTimeout => Ok(milliseconds(open.send_timeout)),
        Via::Descriptor => {
            Ok(OptionValue::Int(open.listener.as_ref().map_or(-1, Listener::number)))
        }
        _ => retried(|| get(row, &mut open.socket)).map_err(|error| match error {
            zmq::Error::EINVAL => errors::not_built(row, None),
            error => Error::from_zmq("zmq_getsockopt", error),
        }),
    }
}

fn get(row: &Row, socket: &mut zmq::Socket) -> zmq::Result<OptionValue> {
    let number = row.number;
    Ok(match row.kind {
        Kind::Bool => OptionValue::Bool(options::get::<i32>(socket, number)? != 0),
        Kind::Int => OptionValue::Int(options::get::<i32>(socket, number)?.into()),
        Kind::Int64 => OptionValue::Int(options::get(socket, number)?),
        Kind::Uint64 => {
            let value: u64 = options::get(socket, number)?;
            OptionValue::Int(i64::try_from(value).unwrap_or(i64::MAX))
        }
        Kind::Bytes => OptionValue::Bytes(options::get_bytes(socket, number)?),
        Kind::Text => {
            let mut text = options::get_bytes(socket, number)?;
            // The trailing NUL.
            text.pop();
            String::from_utf8(text)
                .map_or_else(|error| OptionValue::Bytes(error.into_bytes()), OptionValue::Text)
        }
        Kind::Key => {
            let key: [u8; 32] = options::get_array(socket, number)?;
            OptionValue::Text(match zmq::z85_encode(&key) {
                Ok(text) if key.iter().any(|byte| *byte != 0) => text,
                _ => String::new(),
            })
        }
    })
}

fn set(row: &Row, open: &mut Open, checked: &Checked, value: &OptionValue) -> Result<(), Error> {
    match (row.via, checked) {
        (Via::ReceiveTimeout, Checked::Int(ms)) => open.receive_timeout = timeout(*ms),
        (Via::SendTimeout, Checked::Int(ms)) => open.send_timeout = timeout(*ms),
        (Via::ConnectId, Checked::Bytes(id)) => {
            if !open.is_free(id)? {
                return Err(errors::id_in_use(row));
            }
            open.choose_id(id);
        }
        (Via::Descriptor, Checked::Int(-1)) => open.listener = None,
        (Via::Descriptor, Checked::Int(descriptor)) => {
            let listener = Listener::new(*descriptor).ok_or_else(|| errors::no_listener(row))?;
            open.listener = Some(listener);
        }
        (Via::Proxy, Checked::Bytes(_)) => return Err(errors::no_proxy(row)),
        (Via::Raw, Checked::Int(1)) => return Err(errors::no_raw(row)),
        (Via::Enforce, Checked::Int(1)) if !has_domain(open) => return Err(errors::no_domain(row)),
        (Via::Manual, Checked::Int(0)) if open.manual && open.is_attached() => {
            // libzmq would fail to release a peer that disconnects in the meantime.
            return Err(errors::stays_manual(row));
        }
        _ => {
            retried(|| put(row, &mut open.socket, checked)).map_err(|error| match error {
                zmq::Error::EINVAL if row.needs == Needs::Probe && row.form.is_empty() => {
                    errors::not_built(row, None)
                }
                zmq::Error::EINVAL => errors::range(row, value),
                error => Error::from_zmq("zmq_setsockopt", error),
            })?;
            match (row.via, checked) {
                (Via::Conflate, Checked::Int(on)) => open.conflates = *on != 0,
                (Via::Manual, Checked::Int(on)) => open.manual = *on != 0,
                (Via::Enforce, _) => open.chose_enforcement = true,
                (Via::Domain, _) if !open.chose_enforcement => open
                    .enforce_domain()
                    .map_err(|error| Error::from_zmq("zap_enforce_domain", error))?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Returns true if zap_domain was set; it cannot be cleared again.
fn has_domain(open: &Open) -> bool {
    open.socket.get_zap_domain().is_ok_and(|domain| domain.is_ok_and(|domain| !domain.is_empty()))
}

fn put(row: &Row, socket: &mut zmq::Socket, value: &Checked) -> zmq::Result<()> {
    let number = row.number;
    match value {
        Checked::Int(value) => options::set(socket, number, *value),
        Checked::Int64(value) => options::set(socket, number, *value),
        Checked::Uint64(value) => options::set(socket, number, *value),
        Checked::Bytes(bytes) => options::set_bytes(socket, number, bytes),
        Checked::Nothing => options::unset(socket, number),
    }
}

fn timeout(ms: i32) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}
