//! The border to C, for every edge: panics stop here, pointers become slices and
//! texts, and forks are noticed.

use std::any::Any;
use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::mem::{self, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Once, OnceLock};

use crate::core::error::{Excerpt, Fault, Needs};
use crate::core::{Code, Error, Failure, context};

/// What a C program reads about an error.
fn words(error: &Error) -> Option<String> {
    match error {
        Error::Unsupported { operation, socket_type, needs: Needs::Types(types) } => Some(format!(
            "a {} socket cannot {operation}; use a {} socket",
            socket_type.name(),
            Needs::Types(types)
        )),
        Error::Endpoint { endpoint, fault: Fault::Prefixed { operation } } => Some(format!(
            "{}: {operation} takes no @ or > before an endpoint; zeromq_socket_attach does",
            Excerpt(endpoint)
        )),
        _ => None,
    }
}

/// Runs the body of the exported function `name`: what goes wrong in it, a panic
/// included, becomes a code, and the last failure of this thread.
#[inline]
pub(crate) fn guard(name: &str, body: impl FnOnce() -> Result<(), Failed>) -> Code {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Code::Ok,
        Ok(Err(failed)) => told(name, failed),
        Err(payload) => told(name, panicked(&*payload)),
    }
}

/// The code of what went wrong, which becomes the last failure of this thread.
#[cold]
fn told(name: &str, failed: Failed) -> Code {
    match failed {
        // The binding has remembered it.
        Failed::Call(failure) => failure.code,
        Failed::Here(error) => {
            Failure::new(name.to_owned(), false, &error, words).keep();
            error.code()
        }
    }
}

/// Runs the body of a function that is called `name`: what goes wrong in it, a
/// panic included, becomes the last failure of this thread.
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
        // The binding has remembered it.
        Failed::Call(failure) => failure,
        Failed::Here(error) => {
            let failure = Box::new(Failure::new(name(), false, &error, words));
            failure.remember();
            failure
        }
    }
}

/// A panic as the error that it is.
#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Failed {
    Failed::Here(Error::Panic { message: panic_text(payload) })
}

/// Runs a body that has nothing to report: a panic in it gives `otherwise`.
pub(crate) fn guard_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Why an exported function fails.
pub(crate) enum Failed {
    /// A failure of a method, which is in words and remembered already.
    Call(Box<Failure>),
    /// An error of the edge itself.
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
    text.unwrap_or("a panic without words").to_owned()
}

/// An error of the host: it breaks a rule of the header.
pub(crate) fn fault(what: &'static str) -> Error {
    Error::Host { what: what.into() }
}

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
        return Err(fault("a struct is NULL"));
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
        (true, _) => Err(fault("a pointer is NULL but its count is not 0")),
        (false, _) if count > isize::MAX as usize / mem::size_of::<T>().max(1) => {
            Err(fault("a count is larger than memory"))
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
        return Err(fault("a name is NULL"));
    }
    // SAFETY: not NULL, terminated and in place for 'a, says the caller.
    let text = unsafe { CStr::from_ptr(data) };
    text.to_str().map_err(|_| fault("a name is not UTF-8"))
}

/// What an edge does around a fork, while the core holds its own locks.
#[cfg(unix)]
static AROUND_FORKS: OnceLock<[fn(); 2]> = OnceLock::new();

/// As `watch_forks`; `before` and `after` are called around a fork, the second in the
/// child too. One edge has that to do.
pub(crate) fn watch_forks_with(before: fn(), after: fn()) {
    #[cfg(unix)]
    AROUND_FORKS.get_or_init(|| [before, after]);
    #[cfg(not(unix))]
    let _ = (before, after);
    watch_forks();
}

/// From now on a fork of the process is noticed, so that it leaves the sockets
/// of its parent alone.
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
        // SAFETY: in_child only adds to an atomic number and unlocks what its own
        // thread has locked, which is allowed in the child of a fork. The three
        // stay in place as the library is never unmapped.
        ONCE.call_once(|| unsafe {
            libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
        });
    }
}

/// Has ZeroMQ ended when the process does, once however often this is asked for.
pub(crate) fn shut_down_at_exit() -> Result<(), Error> {
    #[cfg(unix)]
    {
        extern "C" fn end() {
            guard_or(false, context::shutdown);
        }
        static DONE: OnceLock<bool> = OnceLock::new();
        let done = DONE.get_or_init(|| {
            stay();
            // SAFETY: the function stays in place, and lets no panic out.
            unsafe { libc::atexit(end) == 0 }
        });
        if *done {
            return Ok(());
        }
    }
    Err(fault("the system has no place for what is to be done at the end of the process"))
}

/// The library stays in memory, whoever unloads it. On Linux it was linked so.
#[cfg(unix)]
fn stay() {
    #[cfg(not(target_os = "linux"))]
    {
        let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: there is room for the answer, whose name is a text that stays, and
        // the library is loaded already, so that nothing else happens.
        unsafe {
            if libc::dladdr(ptr::from_ref(&BORDER).cast(), info.as_mut_ptr()) != 0 {
                libc::dlopen(info.assume_init().dli_fname, libc::RTLD_NOW | libc::RTLD_NODELETE);
            }
        }
    }
}

/// Something that lies in the library.
#[cfg(all(unix, not(target_os = "linux")))]
static BORDER: u8 = 0;
