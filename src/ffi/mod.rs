//! The boundary to C, for all interfaces: it stops panics, converts pointers to slices
//! and strings, and watches for forks.

mod exit;
mod fork;
mod pointers;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::core::error::{Excerpt, Fault, Needs};
use crate::core::{Code, Error, Failure};
pub(crate) use exit::shut_down_at_exit;
pub(crate) use fork::{watch_forks, watch_forks_with};
pub(crate) use pointers::{slice, text, versioned};

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
