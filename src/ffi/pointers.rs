//! Pointers of hosts and C programs as what they point to.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::mem::{self, MaybeUninit};
use std::ptr;

use super::host_error;
use crate::core::Error;

/// A struct that begins with its size and the version of the ABI, as a host
/// filled it in; a copy of it, if the host knows less of it. Members beyond the
/// host's size are zero then.
///
/// # Safety
/// `T` is a struct of the header that begins with two `u32`, and all zeros are a
/// valid `T`. `source` is NULL or points to as many bytes as its first `u32`
/// says, the rest of the `T` up to there filled in; they stay as they are for `'a`.
pub(crate) unsafe fn versioned<'a, T: Copy>(
    source: *const T,
    abi: u32,
    smallest: usize,
) -> Result<Cow<'a, T>, Error> {
    if source.is_null() {
        return Err(host_error("a struct is NULL"));
    }
    // SAFETY: not NULL, and the caller says that it begins with two u32.
    let [size, version] = unsafe { source.cast::<[u32; 2]>().read_unaligned() };
    if version != abi {
        return Err(Error::Host {
            what: format!(
                "this library speaks version {abi} of its host interface, the host version \
                 {version}: they have to be built from the same major version of zeromq.h"
            )
            .into(),
        });
    }
    let size = size as usize;
    if size < smallest {
        return Err(Error::Host {
            what: format!(
                "a struct of {size} bytes is too small, it needs {smallest}: set its size to sizeof"
            )
            .into(),
        });
    }
    if size >= mem::size_of::<T>() && source.is_aligned() {
        // SAFETY: not NULL, aligned, as large as a T, and in place for 'a, says the caller.
        return Ok(Cow::Borrowed(unsafe { &*source }));
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    let known = size.min(mem::size_of::<T>());
    // SAFETY: the caller guarantees `size` bytes at source; copy has room for a T.
    unsafe { ptr::copy_nonoverlapping(source.cast::<u8>(), copy.as_mut_ptr().cast(), known) };
    // SAFETY: all zeros are a valid T, and what was copied is one, says the caller.
    Ok(Cow::Owned(unsafe { copy.assume_init() }))
}

/// The `count` items at `data`; `(NULL, 0)` is empty.
///
/// # Safety
/// `data` is NULL or points to `count` items that stay in place for `'a`.
pub(crate) unsafe fn slice<'a, T>(data: *const T, count: usize) -> Result<&'a [T], Error> {
    match (data.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(host_error("a pointer is NULL but its count is not 0")),
        (false, _) if count > isize::MAX as usize / mem::size_of::<T>().max(1) => {
            Err(host_error("a count is larger than memory"))
        }
        // SAFETY: not NULL, of a possible size, and in place for 'a, says the caller.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(data, count) }),
    }
}

/// The text at `data`, up to its terminating zero byte.
///
/// # Safety
/// `data` is NULL or points to a string with a terminating zero byte that stays
/// in place for `'a`.
pub(crate) unsafe fn text<'a>(data: *const c_char) -> Result<&'a str, Error> {
    if data.is_null() {
        return Err(host_error("a name is NULL"));
    }
    // SAFETY: not NULL, terminated and in place for 'a, says the caller.
    let text = unsafe { CStr::from_ptr(data) };
    text.to_str().map_err(|_| host_error("a name is not UTF-8"))
}
