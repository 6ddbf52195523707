//! Bridge: `zeromq bridge out` stores messages in a stream of NATS JetStream, `zeromq bridge
//! in` gives the messages of a stream to workers, and `zeromq bridge replay` sends them to
//! subscribers.
//!
//! | module | what it does |
//! | --- | --- |
//! | `out`, `publisher` | from a socket into a stream: receiving, and publishing until it is acknowledged |
//! | `group`, `replay` | from a stream to workers, and to subscribers |
//! | `window` | messages between the thread of ZeroMQ and that of NATS |
//! | `pull`, `unreadable` | asking a stream for messages; those that its client cannot read |
//! | `nats`, `stream` | the connection to NATS; finding or making a stream |
//! | `subject`, `wire` | topics as subjects; messages as payloads with headers |

mod group;
mod nats;
mod out;
mod publisher;
mod pull;
mod replay;
mod stream;
mod subject;
mod unreadable;
mod window;
mod wire;

use clap::Subcommand;

use super::ending::Ending;
use super::failure::Outcome;
use super::log::LogFormat;

/// Connects a bus with NATS JetStream, which keeps messages on several machines.
///
/// A stream stores what a bus publishes, and workers or subscribers receive it when they are
/// ready, also if a machine fails. `zeromq help nats` describes subjects, what is stored, and
/// what can be lost.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  zeromq bridge out --stream TICKS tcp://localhost:5556
  zeromq bridge in --stream TICKS --group orders tcp://*:5560
  zeromq bridge replay --stream TICKS tcp://*:5557 --from -10m")]
pub struct Arguments {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Subcommand)]
enum Direction {
    Out(Box<out::Arguments>),
    In(Box<group::Arguments>),
    Replay(Box<replay::Arguments>),
}

impl Arguments {
    /// Returns the format of the log, if there is to be one.
    pub fn log(&self) -> Option<LogFormat> {
        match &self.direction {
            Direction::Out(arguments) => arguments.log.format(),
            Direction::In(arguments) => arguments.log.format(),
            Direction::Replay(arguments) => arguments.log.format(),
        }
    }
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    match &arguments.direction {
        Direction::Out(arguments) => out::run(arguments, ending),
        Direction::In(arguments) => group::run(arguments, ending),
        Direction::Replay(arguments) => replay::run(arguments, ending),
    }
}
