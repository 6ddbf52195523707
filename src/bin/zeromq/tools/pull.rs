//! `zeromq pull`: shows the messages of a pipeline.

use std::ffi::OsString;

use zeromq::core::SocketType;

use super::arguments::{FormatArguments, LimitArguments, ShowArguments, nothing_more};
use super::ending::Ending;
use super::failure::Outcome;
use super::output::Output;
use super::receive;
use super::socket::SocketArguments;

/// Shows messages that pushers send. Each message goes to one puller only.
///
/// It binds unless > stands before an endpoint. It runs until Ctrl-C, SIGTERM, --count
/// messages or the end of whoever reads its output. Messages that have arrived until then are
/// shown.
#[derive(clap::Args)]
#[command(override_usage = "zeromq pull [OPTIONS] <ENDPOINTS>
       zeromq pull [OPTIONS] --connect <ENDPOINTS>")]
#[command(after_help = "Examples:
  zeromq pull tcp://*:5557
  zeromq pull '>tcp://localhost:5557' | while read -r line; do echo \"got $line\"; done
  zeromq pull tcp://*:5557 --count 1 --format raw > picture.png")]
pub struct Arguments {
    /// Where to receive.
    #[arg(value_name = "ENDPOINTS", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    show: ShowArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { format, show, limits, connection, .. } = arguments;
    let (endpoints, others) = connection.endpoints(&arguments.rest)?;
    nothing_more(others)?;
    let mut output = Output::new(format, show)?;
    let connection = connection.open(SocketType::Pull, endpoints, limits, |_| Ok(()))?;
    receive::all(&connection, limits, ending, |message| output.write(message.frames()))
}
