//! The boundary to C, for all interfaces: it stops panics, converts pointers to slices
//! and strings, and watches for forks.

pub mod array;
mod exit;
mod fork;
mod pointers;
pub mod value;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::core::error::{EndpointProblem, Excerpt, Needs};
use crate::core::{Code, Error, Report};
pub(crate) use exit::shut_down_at_exit;
pub(crate) use fork::{watch_forks, watch_forks_with};
pub(crate) use pointers::{slice, text, versioned};

/// Words an error for a C program.
fn reword(error: &Error) -> Option<String> {
    match error {
        Error::Unsupported { operation, socket_type, needs: Needs::Types(types) } => Some(format!(
            "a {} socket cannot {operation}; use a {} socket",
            socket_type.name(),
            Needs::Types(types)
        )),
        Error::Endpoint { endpoint, problem: EndpointProblem::Prefixed { operation } } => {
            Some(format!(
                "{}: {operation} does not accept @ or > before an endpoint; zeromq_socket_attach does",
                Excerpt(endpoint)
            ))
        }
        _ => None,
    }
}

/// Runs the body of the exported function `name`. An error or a panic becomes a code
/// and the last error of this thread.
#[inline]
pub(crate) fn guard(name: &str, body: impl FnOnce() -> Result<(), Failed>) -> Code {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => Code::Ok,
        Ok(Err(failed)) => told(name, failed),
        Err(payload) => told(name, panicked(&*payload)),
    }
}

/// Returns the code of an error, which becomes the last error of this thread.
#[cold]
fn told(name: &str, failed: Failed) -> Code {
    match failed {
        // The binding has already recorded it.
        Failed::Call(report) => report.code,
        Failed::Here(error) => {
            Report::new(name.to_owned(), false, &error, reword).keep();
            error.code()
        }
    }
}

/// Runs the body of a function that is called `name`. An error or a panic becomes the
/// last error of this thread.
#[inline]
pub(crate) fn caught<T>(
    name: impl FnOnce() -> String,
    body: impl FnOnce() -> Result<T, Failed>,
) -> Result<T, Box<Report>> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failed)) => Err(report(name, failed)),
        Err(payload) => {
            let message = panic_text(&*payload);
            Err(report(name, Error::Panic { message }.into()))
        }
    }
}

#[cold]
fn report(name: impl FnOnce() -> String, failed: Failed) -> Box<Report> {
    match failed {
        // The binding has already recorded it.
        Failed::Call(report) => report,
        Failed::Here(error) => {
            let report = Box::new(Report::new(name(), false, &error, reword));
            report.remember();
            report
        }
    }
}

/// Turns a panic into an error.
#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Failed {
    Error::Panic { message: panic_text(payload) }.into()
}

/// Runs a body that has no error to report. Returns `otherwise` if it panics.
pub(crate) fn guard_or<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Why an exported function failed.
pub(crate) enum Failed {
    /// A method failed; the report has its message and is already recorded.
    Call(Box<Report>),
    /// The interface itself failed. Boxed, because a call that succeeds would pay for
    /// the room of a large result.
    Here(Box<Error>),
}

impl From<Error> for Failed {
    #[cold]
    fn from(error: Error) -> Failed {
        Failed::Here(Box::new(error))
    }
}

impl From<Box<Error>> for Failed {
    fn from(error: Box<Error>) -> Failed {
        Failed::Here(error)
    }
}

impl From<Box<Report>> for Failed {
    fn from(report: Box<Report>) -> Failed {
        Failed::Call(report)
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
