//! The boundary to C, for all interfaces: it stops panics, converts pointers to slices
//! and strings, and watches for forks.

use std::any::Any;
use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Once, OnceLock};

use crate::core::error::{Excerpt, Fault, Needs};
use crate::core::{Code, Error, Failure, context};

/// Words an error for a C program.
fn words(error: &Error) -> Option<String> {
    match error {
        Error::Unsupported { operation, socket_type, needs: Needs::Types(types) } => Some(format!(
            "a {} socket cannot {operation}; use a {} socket",
            socket_type.name(),
            Needs::Types(types)
        )),
        Error::Endpoint { endpoint, fault: Fault::Prefixed { operation } } => Some(format!(
            "{}: {operation} does not accept @ or > before an endpoint; zeromq_socket_attach does",
            Excerpt(endpoint)
        )),
        _ => None,
    }
}

/// Runs the body of the exported function `name`. An error or a panic becomes a code
/// and the last failure of this thread.
#[inline]
pub(crate) fn guard(name: &str, body: impl FnOnce() -> Result<(), Failed>) -> Code {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Code::Ok,
        Ok(Err(failed)) => told(name, failed),
        Err(payload) => told(name, panicked(&*payload)),
    }
}

/// Returns the code of an error, which becomes the last failure of this thread.
#[cold]
fn told(name: &str, failed: Failed) -> Code {
    match failed {
        // The binding has already recorded it.
        Failed::Call(failure) => failure.code,
        Failed::Here(error) => {
            Failure::new(name.to_owned(), false, &error, words).keep();
            error.code()
        }
    }
}

/// Runs the body of a function that is called `name`. An error or a panic becomes the
/// last failure of this thread.
#[inline]
pub(crate) fn caught<T>(
    name: impl FnOnce() -> String,
    body: impl FnOnce() -> Result<T, Failed>,
) -> Result<T, Box<Failure>> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failed)) => Err(failure(name, failed)),
        Err(payload) => {
            let message = panic_text(&*payload);
            Err(failure(name, Failed::Here(Error::Panic { message })))
        }
    }
}

#[cold]
fn failure(name: impl FnOnce() -> String, failed: Failed) -> Box<Failure> {
    match failed {
        // The binding has already recorded it.
        Failed::Call(failure) => failure,
        Failed::Here(error) => {
            let failure = Box::new(Failure::new(name(), false, &error, words));
            failure.remember();
            failure
        }
    }
}

/// Turns a panic into an error.
#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Failed {
    Failed::Here(Error::Panic { message: panic_text(payload) })
}

/// Runs a body that has no error to report. Returns `otherwise` if it panics.
pub(crate) fn guard_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Why an exported function failed.
pub(crate) enum Failed {
    /// A method failed; the failure has its message and is already recorded.
    Call(Box<Failure>),
    /// The interface itself failed.
    Here(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Here(error)
    }
}

impl From<Box<Error>> for Failed {
    fn from(error: Box<Error>) -> Failed {
        Failed::Here(*error)
    }
}

impl From<Box<Failure>> for Failed {
    fn from(failure: Box<Failure>) -> Failed {
        Failed::Call(failure)
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

/// Returns the error for a host that violates a rule of the header.
pub(crate) fn host_error(what: &'static str) -> Error {
    Error::Host { what: what.into() }
}

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
                "a struct of {size} bytes is too small, expected at least {smallest}: set its \
                 size to sizeof"
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

/// What an interface does around a fork, while the core holds its own locks.
#[cfg(unix)]
static AROUND_FORKS: OnceLock<[fn(); 2]> = OnceLock::new();

/// Does the same as `watch_forks`, and calls `before` and `after` around each fork, the
/// latter in the child too. Only one interface may use it.
pub(crate) fn watch_forks_with(before: fn(), after: fn()) {
    #[cfg(unix)]
    AROUND_FORKS.get_or_init(|| [before, after]);
    #[cfg(not(unix))]
    let _ = (before, after);
    watch_forks();
}

/// Starts watching for forks, so that a child leaves the sockets of its parent alone.
pub(crate) fn watch_forks() {
    #[cfg(unix)]
    {
        extern "C" fn before() {
            guard_or((), context::forking);
            guard_or((), || AROUND_FORKS.get().into_iter().for_each(|[before, _]| before()));
        }
        fn after() {
            guard_or((), || AROUND_FORKS.get().into_iter().for_each(|[_, after]| after()));
        }
        extern "C" fn in_parent() {
            after();
            guard_or((), context::parted);
        }
        extern "C" fn in_child() {
            after();
            guard_or((), context::forked);
        }
        static ONCE: Once = Once::new();
        // SAFETY: `in_child` only increments an atomic number and releases locks of its
        // own thread, which is allowed in the child of a fork. The three functions
        // remain valid, because the library is never unmapped.
        ONCE.call_once(|| unsafe {
            libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
        });
    }
}

/// Registers the shutdown of ZeroMQ to run when the process ends, once however often it
/// is called.
pub(crate) fn shut_down_at_exit() -> Result<(), Error> {
    #[cfg(unix)]
    {
        extern "C" fn end() {
            guard_or(false, context::shutdown);
        }
        static DONE: OnceLock<bool> = OnceLock::new();
        let done = DONE.get_or_init(|| {
            stay();
            // SAFETY: the function remains valid and does not panic.
            unsafe { libc::atexit(end) == 0 }
        });
        if *done {
            return Ok(());
        }
    }
    Err(host_error("the system cannot register a function to run when the process ends"))
}

/// Keeps the library in memory even if it is unloaded. On Linux it is linked that way.
#[cfg(unix)]
fn stay() {
    #[cfg(not(target_os = "linux"))]
    {
        let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: `info` has room for the answer, whose name is never freed. The
        // library is already loaded, so nothing else happens.
        unsafe {
            if libc::dladdr(ptr::from_ref(&BORDER).cast(), info.as_mut_ptr()) != 0 {
                libc::dlopen(info.assume_init().dli_fname, libc::RTLD_NOW | libc::RTLD_NODELETE);
            }
        }
    }
}

/// An address inside the library.
#[cfg(all(unix, not(target_os = "linux")))]
static BORDER: u8 = 0;
