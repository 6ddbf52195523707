//! Errors for C: the last error of a thread, and the names of codes.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::mem::size_of;
use std::ptr;

use crate::core::{Code, Report};
use crate::ffi;

/// Describes why a call failed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ErrorInfo {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The code that the call returned.
    pub code: Code,
    /// The name by which scripts catch this kind of error, such as "ZMQErr". It is
    /// never freed.
    pub tag: *const c_char,
    /// What happened and what to do about it, in UTF-8, at most 254 bytes.
    pub message: *const c_char,
}

/// The error that `zeromq_last_error` returned last on this thread, with the memory of
/// its message.
struct Told {
    info: ErrorInfo,
    _message: CString,
}

thread_local! {
    static TOLD: RefCell<Option<Box<Told>>> = const { RefCell::new(None) };
}

/// Returns the error of the last failed call on this thread, or NULL if none has
/// failed. The struct is valid until the next call of this function on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_last_error() -> *const ErrorInfo {
    ffi::guard_or(ptr::null(), last)
}

/// Returns the name of a code as it is spelled here, such as "ZEROMQ_CODE_AGAIN", or
/// "unknown" for any other number. The string is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_code_name(code: i32) -> *const c_char {
    Code::of(code).map_or(c"unknown", Code::name).as_ptr()
}

fn last() -> *const ErrorInfo {
    let Some(report) = Report::last() else {
        return ptr::null();
    };
    // Messages escape user input, so they contain no NUL.
    let message = CString::new(report.message).unwrap_or_default();
    let told = Box::new(Told {
        info: ErrorInfo {
            size: size_of::<ErrorInfo>() as u32,
            code: report.code,
            tag: report.tag.as_ptr(),
            message: message.as_ptr(),
        },
        _message: message,
    });
    TOLD.with_borrow_mut(|last| &raw const last.insert(told).info)
}
