//! Arguments from C, pointers that may be NULL, strings and timeouts, and results for
//! C.

use std::ffi::{CStr, c_char};
use std::mem::size_of;
use std::ptr;
use std::time::Duration;

use crate::core::{Error, Wait};
use crate::ffi::{self, Failed};

/// Returns the error for an invalid argument.
#[cold]
pub(super) fn wrong(place: &str, expected: &'static str, got: impl Into<String>) -> Error {
    Error::Argument { place: place.to_owned(), expected: expected.into(), got: got.into() }
}

/// Returns the `size` bytes at `data`; `(NULL, 0)` is an empty slice.
///
/// # Safety
/// `data` is NULL or points to `size` bytes that remain valid for `'a`.
#[inline]
pub(super) unsafe fn bytes<'a, T>(data: *const T, size: usize) -> Result<&'a [u8], Error> {
    // SAFETY: guaranteed by the caller.
    unsafe { items(data.cast(), size) }
}

/// Returns the `count` items at `data`; `(NULL, 0)` is an empty slice.
///
/// # Safety
/// `data` is NULL or points to `count` items that remain valid for `'a`.
#[inline]
pub(super) unsafe fn items<'a, T>(data: *const T, count: usize) -> Result<&'a [T], Error> {
    // SAFETY: guaranteed by the caller.
    unsafe { ffi::slice(data, count) }.map_err(|_| {
        wrong("the data", "a pointer to that many items", "NULL, or more than fit into memory")
    })
}

/// Returns the string at `data`, which must not be NULL.
///
/// # Safety
/// `data` is NULL or points to a NUL-terminated string that remains valid for `'a`.
pub(super) unsafe fn text<'a>(place: &str, data: *const c_char) -> Result<&'a str, Error> {
    // SAFETY: guaranteed by the caller.
    unsafe { some_text(place, data) }?.ok_or_else(|| wrong(place, "a string", "NULL"))
}

/// Returns the string at `data`, or `None` if `data` is NULL.
///
/// # Safety
/// As for `text`.
pub(super) unsafe fn some_text<'a>(
    place: &str,
    data: *const c_char,
) -> Result<Option<&'a str>, Error> {
    if data.is_null() {
        return Ok(None);
    }
    // SAFETY: `data` is not NULL; the caller guarantees that it is terminated and valid
    // for 'a.
    let text = unsafe { CStr::from_ptr(data) };
    let text = text.to_str().map_err(|_| wrong(place, "a string in UTF-8", "other bytes"))?;
    Ok(Some(text))
}

/// Reads the size that a struct of the caller begins with, and checks that a `T` fits.
///
/// # Safety
/// `data` is NULL or points to a struct whose size is set.
pub(super) unsafe fn check_size<T>(data: *const T, expected: &'static str) -> Result<u32, Error> {
    if data.is_null() {
        return Err(wrong("the struct", "one that is not NULL", "NULL"));
    }
    // SAFETY: not NULL; the caller has set its size, which comes first.
    let size = unsafe { data.cast::<u32>().read_unaligned() };
    if (size as usize) < size_of::<T>() {
        return Err(wrong("the size", expected, size.to_string()));
    }
    Ok(size)
}

/// Checks the pointer that a result is written through.
pub(super) fn place<T>(place: *mut T) -> Result<Place<T>, Error> {
    if place.is_null() {
        Err(wrong("the pointer for the result", "one that is not NULL", "NULL"))
    } else {
        Ok(Place(place))
    }
}

/// A pointer to write a result through; never NULL.
pub(super) struct Place<T>(*mut T);

impl<T> Place<T> {
    /// # Safety
    /// The pointer is valid for writing a `T`.
    pub unsafe fn put(self, value: T) {
        // SAFETY: not NULL; the caller guarantees that it is valid for writing.
        unsafe { self.0.write_unaligned(value) };
    }
}

/// Checks the array that up to `count` results are written to.
///
/// # Safety
/// `data` is NULL or points to room for `count` items until the value returned here is
/// dropped.
pub(super) unsafe fn items_to_fill<T>(data: *mut T, count: usize) -> Result<Places<T>, Error> {
    if data.is_null() || count == 0 {
        return Err(wrong("the array of events", "room for at least one", "none"));
    }
    Ok(Places(data))
}

/// An array that results are written to, one after the other.
pub(super) struct Places<T>(*mut T);

impl<T> Places<T> {
    /// # Safety
    /// There is room for one more item.
    pub unsafe fn put(&mut self, value: T) {
        // SAFETY: the caller guarantees the room.
        unsafe {
            self.0.write_unaligned(value);
            self.0 = self.0.add(1);
        }
    }
}

/// A timeout: wait forever. Any other timeout is in milliseconds; 0 does not wait.
pub const ZEROMQ_FOREVER: i32 = -1;
/// A timeout: wait as long as the options "rcvtimeo" and "sndtimeo" of the socket say,
/// which is forever if they were not set. For pollers and monitors it is forever.
pub const ZEROMQ_USUAL: i32 = -2;

/// Converts a timeout in milliseconds, `ZEROMQ_FOREVER` or `ZEROMQ_USUAL`.
#[inline]
pub(super) fn wait(timeout: i32) -> Result<Wait<'static>, Box<Error>> {
    match timeout {
        ZEROMQ_FOREVER => Ok(Wait::new(None)),
        ZEROMQ_USUAL => Ok(Wait::usual()),
        _ => match u64::try_from(timeout) {
            Ok(ms) => Ok(Wait::new(Some(Duration::from_millis(ms)))),
            Err(_) => Err(no_timeout(timeout)),
        },
    }
}

#[cold]
fn no_timeout(number: i32) -> Box<Error> {
    let expected = "milliseconds, ZEROMQ_FOREVER or ZEROMQ_USUAL";
    Box::new(wrong("the timeout", expected, number.to_string()))
}

/// Bytes that are returned until the next call, followed by a NUL.
#[derive(Default)]
pub(super) struct Lent(Vec<u8>);

impl Lent {
    /// Stores a copy of `bytes` and returns where it is.
    pub fn lend(&mut self, bytes: &[u8]) -> *const c_char {
        self.0.clear();
        self.0.extend_from_slice(bytes);
        self.0.push(0);
        self.0.as_ptr().cast()
    }
}

/// Runs the body of a function that makes an object. Returns NULL if it fails.
pub(super) fn new<T>(name: &str, body: impl FnOnce() -> Result<*mut T, Failed>) -> *mut T {
    ffi::caught(|| name.to_owned(), body).unwrap_or(ptr::null_mut())
}
