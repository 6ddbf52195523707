//! `zeromq sub`: shows the messages of publishers.

use std::ffi::OsString;

use zeromq::core::{Gaps, SocketType};

use super::arguments::{FormatArguments, LimitArguments, ShowArguments, frames_of};
use super::ending::Ending;
use super::failure::Outcome;
use super::output::Output;
use super::receive;
use super::socket::SocketArguments;

/// Shows messages that publishers send, from topics that begin with a prefix.
///
/// It connects unless @ stands before an endpoint. Without PREFIX it shows all messages. It
/// runs until Ctrl-C, SIGTERM, --count messages or the end of whoever reads its output.
#[derive(clap::Args)]
#[command(override_usage = "zeromq sub [OPTIONS] <ENDPOINTS> [PREFIX]...
       zeromq sub [OPTIONS] --bind <ENDPOINTS> [PREFIX]...")]
#[command(after_help = "Examples:
  zeromq sub tcp://localhost:5556
  zeromq sub tcp://localhost:5556 prices. --format json | jq '.frames[1]'
  zeromq sub tcp://localhost:5556 --count 10 --timeout 5000 --stamp")]
pub struct Arguments {
    /// Where the publishers are, and the prefixes of the topics to subscribe to.
    #[arg(value_name = "ENDPOINTS [PREFIX]...", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    show: ShowArguments,
    /// Removes the numbers that `zeromq pub --sequence` and setsequence add to messages, and
    /// reports on the standard error how many messages were missed.
    #[arg(long)]
    sequence: bool,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { format, show, limits, connection, .. } = arguments;
    let (endpoints, prefixes) = connection.endpoints(&arguments.rest)?;
    let mut prefixes = frames_of(super::format::Format::Text, prefixes)?;
    if prefixes.is_empty() {
        prefixes.push(Vec::new());
    }
    let mut output = Output::new(format, show)?;
    let connection = connection.open(SocketType::Sub, endpoints, limits, |socket| {
        prefixes.iter().try_for_each(|prefix| Ok(socket.subscribe(prefix)?))
    })?;
    let mut gaps = Gaps::default();
    receive::all(&connection, limits, ending, |message| {
        let mut frames = message.frames();
        if let ([topic, .., number], true) = (frames, arguments.sequence) {
            let before = gaps.missed();
            if gaps.record(topic, number) {
                frames = &frames[..frames.len() - 1];
            }
            let missed = gaps.missed() - before;
            if missed > 0 {
                limits.note(&format!(
                    "missed {missed} messages of a topic, {} in all",
                    gaps.missed()
                ));
            }
        }
        output.write(frames)
    })
}
