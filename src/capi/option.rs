//! Socket options, for C: by name, with numbers, bytes or strings as values.

use std::ffi::{c_char, c_void};

use super::argument::{bytes, place, text, wrong};
use super::message::Slice;
use super::socket::{Socket, enter};
use crate::core::options::{self, Kind};
use crate::core::{Code, Error, OptionValue};
use crate::ffi;

/// Sets an option to a number, or to 1 or 0 for true or false. Its name is that of
/// `zmq_setsockopt(3)` in lower case without ZMQ_: "sndhwm", "linger", "rcvtimeo".
/// Times are in milliseconds; -1 is forever. Some options affect only endpoints that
/// are attached later.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` if the option is unknown, is not
/// supported by this socket type, can only be set before the socket is attached, or if
/// the value is out of range; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
/// `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_set_int(
    socket: *mut Socket,
    name: *const c_char,
    value: i64,
) -> Code {
    ffi::guard("zeromq_socket_set_int", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        enter(socket)?.socket.set_option(name, &OptionValue::Int(value))?;
        Ok(())
    })
}

/// Stores the value of a numeric or boolean option (1 or 0) in `*value`.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` if the option is unknown, is not
/// supported by this socket type, cannot be read, or is not a number;
/// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_get_int(
    socket: *mut Socket,
    name: *const c_char,
    value: *mut i64,
) -> Code {
    ffi::guard("zeromq_socket_get_int", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        let value = match enter(socket)?.socket.option(name)? {
            OptionValue::Int(value) => value,
            OptionValue::Bool(value) => value.into(),
            OptionValue::Bytes(_) | OptionValue::Text(_) => {
                return Err(
                    kind(name, "it is not a number; zeromq_socket_get_bytes reads it").into()
                );
            }
        };
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(value) };
        Ok(())
    })
}

/// Sets an option whose value is bytes or a string, such as "routing_id" or
/// "zap_domain".
///
/// Returns the codes of `zeromq_socket_set_int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_set_bytes(
    socket: *mut Socket,
    name: *const c_char,
    data: *const c_void,
    size: usize,
) -> Code {
    ffi::guard("zeromq_socket_set_bytes", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        // SAFETY: the caller guarantees `size` readable bytes.
        let bytes = unsafe { bytes(data, size) }?;
        enter(socket)?.socket.set_option(name, &OptionValue::Bytes(bytes.to_owned()))?;
        Ok(())
    })
}

/// Stores the value of a bytes or string option in `*value`. The bytes are valid until
/// the next call with the socket and are followed by a NUL that the size does not
/// count.
///
/// Returns the codes of `zeromq_socket_get_int`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_get_bytes(
    socket: *mut Socket,
    name: *const c_char,
    value: *mut Slice,
) -> Code {
    ffi::guard("zeromq_socket_get_bytes", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
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
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(Slice { data, size: bytes.len() }) };
        Ok(())
    })
}

/// Sets an option from a string, as found in a file or on a command line: a decimal
/// number, "yes" or "no" (also "true", "false", "1", "0"), or the string itself.
///
/// Returns the codes of `zeromq_socket_set_int`; `ZEROMQ_CODE_ARGUMENT` also if the
/// string does not parse.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_set_option(
    socket: *mut Socket,
    name: *const c_char,
    value: *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_set_option", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let value = unsafe { text("the value", value) }?;
        let entry = enter(socket)?;
        entry.socket.set_option(name, &parsed(name, value)?)?;
        Ok(())
    })
}

/// Stores the value of an option in `*value`, as a string that
/// `zeromq_socket_set_option` accepts: a decimal number, "1" or "0" for true or false,
/// or the string itself. The string is valid until the next call with the socket.
///
/// Returns the codes of `zeromq_socket_get_int`; `ZEROMQ_CODE_OPTION` also if the value
/// contains a NUL byte, in which case `zeromq_socket_get_bytes` reads it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_socket_get_option(
    socket: *mut Socket,
    name: *const c_char,
    value: *mut *const c_char,
) -> Code {
    ffi::guard("zeromq_socket_get_option", || {
        let place = place(value)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        let mut entry = enter(socket)?;
        let text = match entry.socket.option(name)? {
            OptionValue::Int(value) => value.to_string().into_bytes(),
            OptionValue::Bool(value) => i32::from(value).to_string().into_bytes(),
            OptionValue::Text(text) => text.into_bytes(),
            OptionValue::Bytes(bytes) => bytes,
        };
        if text.contains(&0) {
            return Err(kind(name, "it is not text; zeromq_socket_get_bytes reads it").into());
        }
        let lent = entry.lent.lend(&text);
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { place.put(lent) };
        Ok(())
    })
}

/// Parses a string as the value of an option.
fn parsed(name: &str, value: &str) -> Result<OptionValue, Error> {
    match options::find(name)?.kind {
        Kind::Bool => match value {
            "1" | "yes" | "true" => Ok(OptionValue::Bool(true)),
            "0" | "no" | "false" => Ok(OptionValue::Bool(false)),
            _ => Err(wrong("the value", "yes or no", format!("{value:?}"))),
        },
        Kind::Int | Kind::Int64 | Kind::Uint64 => match value.trim().parse() {
            Ok(number) => Ok(OptionValue::Int(number)),
            Err(_) => Err(wrong("the value", "a decimal number", format!("{value:?}"))),
        },
        Kind::Bytes | Kind::Text | Kind::Key => Ok(OptionValue::Text(value.to_owned())),
    }
}

fn kind(name: &str, problem: &'static str) -> Error {
    Error::Option { option: name.to_owned(), problem: problem.into() }
}
