//! `zeromq req`: sends requests and shows the replies.

use std::ffi::OsString;

use zeromq::core::{Error, SocketType};

use super::arguments::{FormatArguments, LimitArguments, ShowArguments};
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::send::SourceArguments;
use super::socket::SocketArguments;

/// Sends a request and shows the reply, or does so for each line of the standard input.
///
/// It connects unless @ stands before an endpoint. With --tries, a request without a reply is
/// sent again over a new connection, so that a server that was restarted answers it; the
/// server may then process it twice.
#[derive(clap::Args)]
#[command(override_usage = "zeromq req [OPTIONS] <ENDPOINTS> [FRAME]...
       zeromq req [OPTIONS] --bind <ENDPOINTS> [FRAME]...")]
#[command(after_help = "Examples:
  zeromq req tcp://localhost:5555 hello
  zeromq req tcp://localhost:5555 hello --timeout 1000 --tries 3
  printf '%s\\n' one two | zeromq req tcp://localhost:5555 --stamp")]
pub struct Arguments {
    /// Where the server is, and the frames of the request.
    #[arg(value_name = "ENDPOINTS [FRAME]...", hide = true)]
    rest: Vec<OsString>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    show: ShowArguments,
    #[command(flatten)]
    source: SourceArguments,
    /// Sends a request up to N times, --timeout milliseconds apart, until there is a reply.
    #[arg(long, value_name = "N", requires = "timeout")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    tries: Option<u32>,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    connection: SocketArguments,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { format, show, source, limits, connection, .. } = arguments;
    let (endpoints, frames) = connection.endpoints(&arguments.rest)?;
    let mut messages = source.messages(format, frames, limits)?;
    let mut output = Output::new(format, show)?;
    let connection = connection.open(SocketType::Req, endpoints, limits, |_| Ok(()))?;
    let socket = &connection.socket;
    ending.watch_output();
    let wait = ending.wait(limits.timeout());
    while let Some(frames) = messages.next(ending)? {
        let reply = match arguments.tries {
            Some(tries) => socket.request(&frames, tries, &[], &wait),
            None => socket.send(&frames, &wait).and_then(|()| socket.receive_all(&wait)),
        };
        match reply {
            Ok(reply) => output.write(&reply)?,
            Err(Error::Again) => {
                return Err(connection.timed_out("no reply within the timeout"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if messages.is_done() { Ok(()) } else { Err(Failure::Stopped) }
}
