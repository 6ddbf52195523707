//! Why a command did not do what it was asked for, and the exit codes.

use zeromq::core::Error;

/// The exit code after an error.
const ERROR: u8 = 1;
/// The exit code for a command line that is wrong; that of clap too.
const USAGE: u8 = 2;
/// The exit code after a timeout; that of `timeout(1)` too.
const TIMEOUT: u8 = 124;
/// Added to the number of the signal that has ended a command early, as shells do.
const SIGNAL: u8 = 128;

/// The result of a command.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Something went wrong.
    Error(String),
    /// The command line is wrong.
    Usage(String),
    /// A wait has taken as long as `--timeout` permits.
    Timeout(String),
    /// A signal has ended the command before it was done, or nobody reads its output
    /// anymore.
    Stopped,
}

impl Failure {
    /// Returns a usage error.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure::Usage(text.into())
    }

    /// Returns what to tell the user, if anything.
    pub fn text(&self) -> Option<&str> {
        match self {
            Failure::Error(text) | Failure::Usage(text) | Failure::Timeout(text) => Some(text),
            Failure::Stopped => None,
        }
    }

    /// Returns the exit code. Without a signal, a command stops because nobody reads its
    /// output anymore, which is a success.
    pub fn exit_code(&self, signal: Option<u8>) -> u8 {
        match (self, signal) {
            (Failure::Error(_), _) => ERROR,
            (Failure::Usage(_), _) => USAGE,
            (Failure::Timeout(_), _) => TIMEOUT,
            (Failure::Stopped, Some(signal)) => SIGNAL.saturating_add(signal),
            (Failure::Stopped, None) => 0,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Again => Failure::Timeout("timed out".to_owned()),
            Error::Interrupted => Failure::Stopped,
            error => Failure::Error(error.to_string()),
        }
    }
}
