//! What C programs pass: pointers that may be NULL, texts, times; and what they get.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::time::Duration;

use crate::core::{Error, Wait};
use crate::ffi::{self, Failed};

/// An argument that will not do.
#[cold]
pub(super) fn wrong(place: &str, expected: &'static str, got: impl Into<String>) -> Error {
    Error::Argument { place: place.to_owned(), expected: expected.into(), got: got.into() }
}

/// The `size` bytes at `data`; `(NULL, 0)` is empty.
///
/// # Safety
/// `data` is NULL or points to as many bytes, which stay in place for `'a`.
#[inline]
pub(super) unsafe fn bytes<'a, T>(data: *const T, size: usize) -> Result<&'a [u8], Error> {
    // SAFETY: the caller's promise.
    unsafe { items(data.cast(), size) }
}

/// The `count` items at `data`; `(NULL, 0)` is empty.
///
/// # Safety
/// `data` is NULL or points to as many items, which stay in place for `'a`.
#[inline]
pub(super) unsafe fn items<'a, T>(data: *const T, count: usize) -> Result<&'a [T], Error> {
    // SAFETY: the caller's promise.
    unsafe { ffi::slice(data, count) }
        .map_err(|_| wrong("the data", "a pointer to as many", "NULL or too many"))
}

/// The text at `data`.
///
/// # Safety
/// `data` is NULL or points to a text with a zero byte at its end, which stays in
/// place for `'a`.
pub(super) unsafe fn text<'a>(place: &str, data: *const c_char) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise.
    unsafe { some_text(place, data) }?.ok_or_else(|| wrong(place, "a text", "NULL"))
}

/// The text at `data`, or nothing if that is NULL.
///
/// # Safety
/// As `text`.
pub(super) unsafe fn some_text<'a>(
    place: &str,
    data: *const c_char,
) -> Result<Option<&'a str>, Error> {
    if data.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, terminated and in place for 'a, says the caller.
    let text = unsafe { CStr::from_ptr(data) };
    let text = text.to_str().map_err(|_| wrong(place, "a text in UTF-8", "other bytes"))?;
    Ok(Some(text))
}

/// A place for a result.
pub(super) fn place<T>(place: *mut T) -> Result<Place<T>, Error> {
    if place.is_null() {
        Err(wrong("the place of the result", "a pointer", "NULL"))
    } else {
        Ok(Place(place))
    }
}

/// A place for a result that is not NULL.
pub(super) struct Place<T>(*mut T);

impl<T> Place<T> {
    /// # Safety
    /// Where it points to is room for a `T`.
    pub unsafe fn put(self, value: T) {
        // SAFETY: not NULL, and with room, says the caller.
        unsafe { self.0.write_unaligned(value) };
    }
}

/// Room for `count` results.
///
/// # Safety
/// `data` is NULL or points to room for as many items, until the places are dropped.
pub(super) unsafe fn items_to_fill<T>(data: *mut T, count: usize) -> Result<Places<T>, Error> {
    if data.is_null() || count == 0 {
        return Err(wrong("the room for results", "at least one", "none"));
    }
    Ok(Places(data))
}

/// Room for results, one after the other.
pub(super) struct Places<T>(*mut T);

impl<T> Places<T> {
    /// # Safety
    /// There is room left for one more.
    pub unsafe fn put(&mut self, value: T) {
        // SAFETY: there is room, says the caller.
        unsafe {
            self.0.write_unaligned(value);
            self.0 = self.0.add(1);
        }
    }
}

/// A timeout: wait for ever. Any other is in milliseconds; 0 does not wait.
pub const ZEROMQ_FOREVER: i32 = -1;
/// A timeout: wait as long as the options rcvtimeo and sndtimeo of the socket say,
/// which is for ever if they were not set.
pub const ZEROMQ_USUAL: i32 = -2;

/// How long a call waits.
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

/// Bytes that are lent until the next call, with a zero byte behind them.
#[derive(Default)]
pub(super) struct Lent(Vec<u8>);

impl Lent {
    /// Keeps these, and gives where they are.
    pub fn lend(&mut self, bytes: &[u8]) -> *const c_char {
        self.0.clear();
        self.0.extend_from_slice(bytes);
        self.0.push(0);
        self.0.as_ptr().cast()
    }
}

/// Runs the body of a function that makes something: NULL if that fails.
pub(super) fn new<T>(name: &str, body: impl FnOnce() -> Result<*mut T, Failed>) -> *mut T {
    ffi::caught(|| name.to_owned(), body).unwrap_or(ptr::null_mut())
}
