//! The last error of a thread, in the form of the header.

use std::cell::RefCell;
use std::ffi::CString;
use std::mem::size_of;
use std::ptr;

use super::abi::ErrorInfo;
use crate::binding::Failure;

/// The error that was told last on a thread, with the memory of its text.
struct Told {
    info: ErrorInfo,
    _message: CString,
}

thread_local! {
    static TOLD: RefCell<Option<Box<Told>>> = const { RefCell::new(None) };
}

/// The last failure of this thread, valid until the next call on it.
pub(super) fn last() -> *const ErrorInfo {
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
