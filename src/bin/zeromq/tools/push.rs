//! `zeromq push`: gives messages to the workers of a pipeline.

use std::ffi::OsString;

use zeromq::core::SocketType;

use super::arguments::{FormatArguments, LimitArguments};
use super::ending::Ending;
use super::failure::Outcome;
use super::send::{self, SourceArguments};
use super::socket::SocketArguments;

/// Sends a message to one of several pullers, or each line of the standard input.
///
/// It connects unless @ stands before an endpoint. It waits while no puller has room for a
/// message, and ends when everything was passed to the network.
#[derive(clap::Args)]
#[command(override_usage = "zeromq push [OPTIONS] <ENDPOINTS> [FRAME]...
       zeromq push [OPTIONS] --bind <ENDPOINTS> [FRAME]...")]
#[command(after_help = "Examples:
  zeromq push tcp://localhost:5557 'resize cat.png'
  find . -name '*.png' | zeromq push @tcp://*:5557
  zeromq push tcp://localhost:5557 --format raw < picture.png")]
pub struct Arguments {
    /// Where to send, and the frames of the message.
    #[arg(value_name = "ENDPOINTS [FRAME]...", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    source: SourceArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { format, source, limits, connection, .. } = arguments;
    let (endpoints, frames) = connection.endpoints(&arguments.rest)?;
    let mut messages = source.messages(format, frames, limits)?;
    let connection = connection.open(SocketType::Push, endpoints, limits, |_| Ok(()))?;
    send::all(connection, &mut messages, limits, ending)
}
