//! Options of sockets, for C: by name with values as text, as numbers, as bytes.

use std::ffi::{c_char, c_void};

use super::argument::{bytes, place, text, wrong};
use super::message::Slice;
use super::socket::{Socket, enter};
use crate::core::options::{self, Kind};
use crate::core::{Code, Error, OptionValue};
use crate::ffi;

/// Sets an option to a number, or to 1 or 0 for yes or no, by its name in
/// `zmq_setsockopt(3)` in lower case without ZMQ_: "sndhwm", "linger", "rcvtimeo".
/// Times are in milliseconds, and -1 is for ever. Some options hold only for
/// endpoints that are bound or connected from then on.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` when there is none of this name,
/// when it is not for this type of socket, when the number is out of range and when
/// it is too late; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_set_int(
    socket: *mut Socket,
    name: *const c_char,
    value: i64,
) -> Code {
    ffi::guard("zeromq_socket_set_int", || {
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        enter(socket)?.socket.set_option(name, &OptionValue::Int(value))?;
        Ok(())
    })
}

/// The number, or 1 or 0, that an option has.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` when there is none of this name, when
/// it is not for this type of socket, cannot be read or is no number;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_get_int(
    socket: *mut Socket,
    name: *const c_char,
    value: *mut i64,
) -> Code {
    ffi::guard("zeromq_socket_get_int", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        let value = match enter(socket)?.socket.option(name)? {
            OptionValue::Int(value) => value,
            OptionValue::Bool(value) => value.into(),
            OptionValue::Bytes(_) | OptionValue::Text(_) => {
                return Err(kind(name, "it is no number; zeromq_socket_get_bytes reads it").into());
            }
        };
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(value) };
        Ok(())
    })
}

/// Sets an option to some bytes, or to a text: "routing_id", "zap_domain".
///
/// Returns as `zeromq_socket_set_int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_set_bytes(
    socket: *mut Socket,
    name: *const c_char,
    data: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_set_bytes", || {
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        // SAFETY: the caller passes as many bytes.
        let bytes = unsafe { bytes(data, size) }?;
        enter(socket)?.socket.set_option(name, &OptionValue::Bytes(bytes.to_owned()))?;
        Ok(())
    })
}

/// The bytes that an option has. They are lent until the next call with the socket,
/// and a zero byte that does not count stands behind them.
///
/// Returns as `zeromq_socket_get_int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_get_bytes(
    socket: *mut Socket,
    name: *const c_char,
    value: *mut Slice,
) -> Code {
    ffi::guard("zeromq_socket_get_bytes", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(socket)?;
        let bytes = match entry.socket.option(name)? {
            OptionValue::Bytes(bytes) => bytes,
            OptionValue::Text(text) => text.into_bytes(),
            OptionValue::Int(_) | OptionValue::Bool(_) => {
                return Err(kind(name, "it is a number; zeromq_socket_get_int reads it").into());
            }
        };
        let data = entry.lent.lend(&bytes).cast();
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(Slice { data, size: bytes.len() }) };
        Ok(())
    })
}

/// Sets an option to what a text says, as it may stand in a file or on a command
/// line: a number in digits, "yes" or "no" (or 1, 0, "true", "false"), or the text
/// itself.
///
/// Returns as `zeromq_socket_set_int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_set_option(
    socket: *mut Socket,
    name: *const c_char,
    value: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_set_option", || {
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        // SAFETY: the caller passes NULL or a text.
        let value = unsafe { text("the value", value) }?;
        let entry = enter(socket)?;
        entry.socket.set_option(name, &parsed(name, value)?)?;
        Ok(())
    })
}

/// What an option has, as a text that `zeromq_socket_set_option` takes; numbers in
/// digits, yes and no as 1 and 0. `*value` is lent until the next call with the
/// socket.
///
/// Returns as `zeromq_socket_get_int`; `ZEROMQ_CODE_OPTION` also for bytes that are no
/// text, which `zeromq_socket_get_bytes` gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_get_option(
    socket: *mut Socket,
    name: *const c_char,
    value: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_get_option", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a text.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(socket)?;
        let text = match entry.socket.option(name)? {
            OptionValue::Int(value) => value.to_string().into_bytes(),
            OptionValue::Bool(value) => i32::from(value).to_string().into_bytes(),
            OptionValue::Text(text) => text.into_bytes(),
            OptionValue::Bytes(bytes) => bytes,
        };
        if text.contains(&0) {
            return Err(kind(name, "it is no text; zeromq_socket_get_bytes reads it").into());
        }
        let lent = entry.lent.lend(&text);
        // SAFETY: the caller passes a place for it.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// The value that a text means for an option.
fn parsed(name: &str, value: &str) -> Result<OptionValue, Error> {
    match options::find(name)?.kind {
        Kind::Bool => match value {
            "1" | "yes" | "true" => Ok(OptionValue::Bool(true)),
            "0" | "no" | "false" => Ok(OptionValue::Bool(false)),
            _ => Err(wrong("the value", "yes or no", format!("{value:?}"))),
        },
        Kind::Int | Kind::Int64 | Kind::Uint64 => match value.trim().parse() {
            Ok(number) => Ok(OptionValue::Int(number)),
            Err(_) => Err(wrong("the value", "a number in digits", format!("{value:?}"))),
        },
        Kind::Bytes | Kind::Text | Kind::Key => Ok(OptionValue::Text(value.to_owned())),
    }
}

fn kind(name: &str, fault: &'static str) -> Error {
    Error::Option { option: name.to_owned(), fault: fault.into() }
}
