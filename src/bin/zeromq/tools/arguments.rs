//! Arguments that many commands have.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::failure::{Failure, Outcome};
use super::format::{Format, frame_of};

/// How the messages that a command reads or writes are written.
#[derive(clap::Args)]
pub struct FormatArguments {
    /// How messages are written: text, json, hex or raw. See `zeromq help formats`.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// How a command shows messages.
#[derive(clap::Args)]
pub struct ShowArguments {
    /// Shows each frame in a line of its own, with its number and size.
    #[arg(long)]
    pub frames: bool,
    /// Shows when each message was received, in UTC.
    #[arg(long)]
    pub stamp: bool,
}

/// When a command ends, and what it says meanwhile.
#[derive(clap::Args)]
pub struct LimitArguments {
    /// Ends after N messages.
    #[arg(short = 'n', long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// The longest wait for a message, a peer or room in a queue, in milliseconds. Then the
    /// exit code is 124.
    #[arg(short, long, value_name = "MS")]
    pub timeout: Option<u64>,
    /// Reports nothing but errors.
    #[arg(short, long)]
    pub quiet: bool,
}

impl LimitArguments {
    /// Returns the timeout of each wait.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_millis)
    }

    /// Tells the user something that is not an error.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            tracing::info!("{text}");
        }
    }

    /// Tells the user where a socket is bound.
    pub fn bound(&self, endpoint: &str) {
        if !self.quiet {
            tracing::info!(endpoint, "bound to {endpoint}");
        }
    }

    /// Tells the user that something is not as it should be.
    pub fn warn(&self, text: &str) {
        if !self.quiet {
            tracing::warn!("{text}");
        }
    }
}

/// Parses arguments, each of which is a frame or a prefix in this format.
pub fn frames_of(format: Format, arguments: &[OsString]) -> Outcome<Vec<Vec<u8>>> {
    let frame = |argument: &OsString| {
        frame_of(format, argument.as_encoded_bytes())
            .map_err(|problem| Failure::usage(format!("{}: {problem}", argument.to_string_lossy())))
    };
    arguments.iter().map(frame).collect()
}

/// Returns an argument as text.
pub fn text_of(argument: &OsStr) -> Outcome<&str> {
    argument
        .to_str()
        .ok_or_else(|| Failure::usage(format!("{} is not UTF-8", argument.to_string_lossy())))
}

/// Checks that no argument is left.
pub fn nothing_more(arguments: &[OsString]) -> Outcome {
    match arguments {
        [] => Ok(()),
        [first, ..] => {
            Err(Failure::usage(format!("unexpected argument {}", first.to_string_lossy())))
        }
    }
}

/// How a command writes what it has measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Report {
    /// For people.
    Text,
    /// As one line of JSON.
    Json,
}
