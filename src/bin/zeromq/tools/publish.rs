//! `zeromq pub`: publishes messages.

use std::ffi::OsString;

use zeromq::core::{Error, OptionValue, SocketType};

use super::arguments::{FormatArguments, LimitArguments};
use super::ending::Ending;
use super::failure::Outcome;
use super::send::{self, SourceArguments};
use super::socket::SocketArguments;

/// Publishes a message, or each line of the standard input as one.
///
/// It binds unless > stands before an endpoint. It waits until there is a subscriber, waits
/// for slow ones unless --drop is given, and ends when everything was passed to the network.
#[derive(clap::Args)]
#[command(override_usage = "zeromq pub [OPTIONS] <ENDPOINTS> [FRAME]...
       zeromq pub [OPTIONS] --connect <ENDPOINTS> [FRAME]...")]
#[command(after_help = "Examples:
  zeromq pub tcp://*:5556 prices.gold 2650.10
  zeromq pub '>tcp://localhost:5555' tick --count 100 --every 1000
  tail -f log | zeromq pub tcp://*:5556
  zeromq sub tcp://one:5556 --format json | zeromq pub tcp://*:5556 --format json")]
pub struct Arguments {
    /// Where to publish, and the frames of the message, the topic first.
    #[arg(value_name = "ENDPOINTS [FRAME]...", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    source: SourceArguments,
    /// Waits until there are N subscriptions before the first message; 0 does not wait.
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    wait: usize,
    /// Drops messages for subscribers whose queue is full (sndhwm), as publishers in scripts do,
    /// instead of waiting for them. One that has stopped to read holds up nobody then.
    #[arg(long)]
    drop: bool,
    /// Numbers the messages of each topic, so that subscribers can tell which they have missed:
    /// `zeromq sub --sequence`, `zeromq top`, or scripts with setsequence. The number is one
    /// more frame.
    #[arg(long)]
    sequence: bool,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { format, source, limits, connection, .. } = arguments;
    let (endpoints, frames) = connection.endpoints(&arguments.rest)?;
    let mut messages = source.messages(format, frames, limits)?;
    let connection = connection.open(SocketType::Pub, endpoints, limits, |socket| {
        if !arguments.drop {
            socket.set_option("xpub_nodrop", &OptionValue::Bool(true))?;
        }
        if arguments.sequence {
            socket.set_sequence(true)?;
        }
        Ok(())
    })?;
    let wait = ending.wait(limits.timeout());
    match connection.socket.wait_for_subscribers(arguments.wait, messages.topic(), &wait) {
        Ok(()) => {}
        Err(Error::Again) => {
            let text = "nobody has subscribed within the timeout; --wait 0 does not wait";
            return Err(connection.timed_out(text));
        }
        Err(error) => return Err(error.into()),
    }
    send::all(connection, &mut messages, limits, ending)
}
