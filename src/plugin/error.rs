//! The last error of a thread, in the form of the header.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::mem::size_of;
use std::ptr;
use std::sync::OnceLock;

use super::abi::ErrorInfo;
use crate::binding::{Failure, failure};

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

/// The tags in the form of the header.
struct Tags(Vec<*const c_char>);

// SAFETY: the pointers lead to texts of the library, which nobody writes.
unsafe impl Send for Tags {}
// SAFETY: as above.
unsafe impl Sync for Tags {}

/// Every tag, and NULL after them.
pub(super) fn tags() -> *const *const c_char {
    static LIST: OnceLock<Tags> = OnceLock::new();
    let tags = LIST.get_or_init(|| {
        let tags = failure::TAGS.iter().map(|tag| tag.as_ptr());
        Tags(tags.chain([ptr::null()]).collect())
    });
    tags.0.as_ptr()
}
