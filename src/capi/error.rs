//! What went wrong, for C: the last error of a thread, and the names of codes.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::mem::size_of;
use std::ptr;

use crate::core::{Code, Failure};
use crate::ffi;

/// Why a call failed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ErrorInfo {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The code that the call returned.
    pub code: Code,
    /// The name that scripts catch it by: "ZMQErr". It stays for ever.
    pub tag: *const c_char,
    /// What happened and what to do about it, UTF-8, at most 254 bytes.
    pub message: *const c_char,
}

/// The error that was told last on a thread, with the memory of its text.
struct Told {
    info: ErrorInfo,
    _message: CString,
}

thread_local! {
    static TOLD: RefCell<Option<Box<Told>>> = const { RefCell::new(None) };
}

/// Why the last call that failed on this thread did so, or NULL if none did. It
/// is lent until the next call of this function on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_last_error() -> *const ErrorInfo {
    ffi::guard_or(ptr::null(), last)
}

/// The name of a code as it is written here: "ZEROMQ_CODE_AGAIN". A number that is
/// none gives "unknown". It stays for ever.
#[unsafe(no_mangle)]
pub extern "C" fn zeromq_code_name(code: i32) -> *const c_char {
    Code::of(code).map_or(c"unknown", Code::name).as_ptr()
}

fn last() -> *const ErrorInfo {
    let Some(failure) = Failure::last() else {
        return ptr::null();
    };
    // Texts of users are escaped in messages, so there is no zero byte.
    let message = CString::new(failure.message).unwrap_or_default();
    let told = Box::new(Told {
        info: ErrorInfo {
            size: size_of::<ErrorInfo>() as u32,
            code: failure.code,
            tag: failure.tag.as_ptr(),
            message: message.as_ptr(),
        },
        _message: message,
    });
    TOLD.with_borrow_mut(|last| &raw const last.insert(told).info)
}
