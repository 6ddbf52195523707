//! The names that scripts catch errors by, in the form of the header.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::OnceLock;

use crate::core::code;

/// The tags in the form of the header.
struct Tags(Vec<*const c_char>);

// SAFETY: the pointers lead to static strings, which are never written.
unsafe impl Send for Tags {}
// SAFETY: as above.
unsafe impl Sync for Tags {}

/// Returns every tag, followed by NULL.
pub(super) fn tags() -> *const *const c_char {
    static LIST: OnceLock<Tags> = OnceLock::new();
    let tags = LIST.get_or_init(|| {
        let tags = code::tags().into_iter().map(CStr::as_ptr);
        Tags(tags.chain([ptr::null()]).collect())
    });
    tags.0.as_ptr()
}
