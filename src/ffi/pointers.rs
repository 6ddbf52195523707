//! Conversion of pointers from hosts and C programs to what they point to.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::mem::{self, MaybeUninit};
use std::ptr;

use super::host_error;
use crate::core::Error;
use crate::core::counted::Counted;

/// Views a struct that a host has filled in and that begins with its size and the
/// version of the ABI. If the host's struct is smaller, returns a copy whose other
/// members are zero.
///
/// # Safety
/// `T` is a struct of the header that begins with two `u32`, and all zeros are a valid
/// `T`. `source` is NULL or points to as many bytes as its first `u32` says, which are
/// filled in as a `T` and remain unchanged for `'a`.
pub(crate) unsafe fn versioned<'a, T: Copy>(
    source: *const T,
    abi: u32,
    smallest: usize,
) -> Result<Cow<'a, T>, Error> {
    if source.is_null() {
        return Err(host_error("a struct is NULL"));
    }
    // SAFETY: not NULL; the caller guarantees that it begins with two u32.
    let [size, version] = unsafe { source.cast::<[u32; 2]>().read_unaligned() };
    if version != abi {
        return Err(Error::Host {
            what: format!(
                "this library has version {abi} of the host interface, the host has version \
                 {version}: build both with the same major version of zeromq.h"
            )
            .into(),
        });
    }
    let size = size as usize;
    if size < smallest {
        return Err(Error::Host {
            what: format!(
                "a struct of {} is too small, expected at least {smallest}: set its size to sizeof",
                Counted(size, "byte")
            )
            .into(),
        });
    }
    if size >= mem::size_of::<T>() && source.is_aligned() {
        // SAFETY: not NULL, aligned and as large as a `T`; the caller guarantees that
        // it remains valid for 'a.
        return Ok(Cow::Borrowed(unsafe { &*source }));
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    let known = size.min(mem::size_of::<T>());
    // SAFETY: the caller guarantees `size` bytes at `source`; `copy` has room for a
    // `T`.
    unsafe { ptr::copy_nonoverlapping(source.cast::<u8>(), copy.as_mut_ptr().cast(), known) };
    // SAFETY: all zeros are a valid `T`; the caller guarantees the same for the bytes
    // that were copied.
    Ok(Cow::Owned(unsafe { copy.assume_init() }))
}

/// Returns the `count` items at `data`; `(NULL, 0)` is an empty slice.
///
/// # Safety
/// `data` is NULL or points to `count` items that remain valid for `'a`.
pub(crate) unsafe fn slice<'a, T>(data: *const T, count: usize) -> Result<&'a [T], Error> {
    match (data.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(host_error("a pointer is NULL but its count is not 0")),
        (false, _) if count > isize::MAX as usize / mem::size_of::<T>().max(1) => {
            Err(host_error("a count is larger than memory"))
        }
        // SAFETY: not NULL and of a possible size; the caller guarantees that it
        // remains valid for 'a.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(data, count) }),
    }
}

/// Returns the NUL-terminated string at `data`.
///
/// # Safety
/// `data` is NULL or points to a NUL-terminated string that remains valid for `'a`.
pub(crate) unsafe fn text<'a>(data: *const c_char) -> Result<&'a str, Error> {
    if data.is_null() {
        return Err(host_error("a name is NULL"));
    }
    // SAFETY: not NULL; the caller guarantees that it is terminated and remains valid
    // for 'a.
    let text = unsafe { CStr::from_ptr(data) };
    text.to_str().map_err(|_| host_error("a name is not UTF-8"))
}
