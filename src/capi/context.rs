//! Settings of the context and default options of sockets, for C.

use std::ffi::c_char;

use super::argument::{place, text, wrong};
use crate::core::context::settings::{self, Setting};
use crate::core::{Code, Error, context};
use crate::ffi;

/// Sets a property of the context before it is made: "io_threads", "max_sockets",
/// "thread_name_prefix" or "zero_copy_recv", as in `zmq_ctx_set(3)`. Call it before the
/// first socket is opened.
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the name is unknown or the value
/// is out of range; `ZEROMQ_CODE_ZMQ` if a socket has already been opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_context_set(name: *const c_char, value: i64) -> Code {
    ffi::guard("zeromq_context_set", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let setting = unsafe { find(&settings::CONTEXT, name) }?;
        Ok(context::set(&[(fit(setting, value)?, value)])?)
    })
}

/// Stores a property of the context in `*value`. Its name is that of `zmq_ctx_get(3)`
/// in lower case without ZMQ_: the names of `zeromq_context_set`, and "socket_limit",
/// "thread_sched_policy", "max_msgsz", "msg_t_size", "ipv6" and "blocky".
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the name is unknown or a pointer
/// is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_context_get(name: *const c_char, value: *mut i64) -> Code {
    ffi::guard("zeromq_context_get", || {
        let value = place(value)?;
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let name = unsafe { text("the name", name) }?;
        let options = context::options()?;
        let found = options.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, number) = found.ok_or_else(|| unknown(name))?;
        // SAFETY: the caller passes a pointer that is valid for writing.
        unsafe { value.put(*number) };
        Ok(())
    })
}

/// Sets the default of an option for sockets that are opened later: "linger" in
/// milliseconds (-1 is forever; initially 1000), "sndhwm" and "rcvhwm" in messages (0
/// is no limit), or "ipv6" (0 or 1).
///
/// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the name is unknown or the value
/// is out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zeromq_default_set(name: *const c_char, value: i64) -> Code {
    ffi::guard("zeromq_default_set", || {
        // SAFETY: the caller passes NULL or a NUL-terminated string.
        let setting = unsafe { find(&settings::SOCKETS, name) }?;
        settings::set_defaults(&[(fit(setting, value)?, value)]);
        Ok(())
    })
}

/// # Safety
/// `name` is NULL or a NUL-terminated string.
unsafe fn find(
    settings: &'static [Setting],
    name: *const c_char,
) -> Result<&'static Setting, Error> {
    // SAFETY: guaranteed by the caller.
    let name = unsafe { text("the name", name) }?;
    let found = settings.iter().find(|setting| setting.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| unknown(name))
}

fn fit(setting: &'static Setting, value: i64) -> Result<&'static Setting, Error> {
    if setting.accepts(value) {
        return Ok(setting);
    }
    let (least, most) = setting.range;
    Err(Error::Argument {
        place: setting.name.to_owned(),
        expected: format!("a number from {least} to {most}").into(),
        got: value.to_string(),
    })
}

fn unknown(name: &str) -> Error {
    wrong("the name", "a known setting", format!("{name:?}"))
}
