//! The tools: commands that send, receive and look at messages, for those who operate a bus.
//! They use the Rust API of the library, `zeromq::core`. Called by `main`.
//!
//! Each command is a file. What they share: `arguments` and `socket` turn the command line
//! into an open socket, `format`, `input` and `output` read and write messages, `ending`
//! knows when to stop, `failure` has the exit codes, `log` and `metrics` tell what a command
//! does, and `clock` and `units` know times. `history` and `bridge` are folders of their own.

pub mod arguments;
mod bench;
#[cfg(feature = "bridge")]
mod bridge;
#[cfg(not(feature = "bridge"))]
#[path = "no_bridge.rs"]
mod bridge;
pub mod clock;
pub mod ending;
pub mod failure;
pub mod format;
mod history;
pub mod input;
mod keygen;
pub mod log;
mod manual;
pub mod metrics;
pub mod output;
mod proxy;
mod publish;
mod pull;
mod push;
mod receive;
mod reply;
mod request;
mod send;
pub mod socket;
mod subscribe;
mod top;
pub mod units;

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use zeromq::core::{Wait, context};

use ending::Ending;
use failure::{Failure, Outcome};
use log::LogFormat;

/// How long the end of the program waits for sockets that were closed. Those that have
/// something to send were waited for before.
const END: Duration = Duration::from_secs(1);

#[derive(Subcommand)]
pub enum Tool {
    Sub(subscribe::Arguments),
    Pub(publish::Arguments),
    Push(push::Arguments),
    Pull(pull::Arguments),
    Req(request::Arguments),
    Rep(reply::Arguments),
    Proxy(proxy::Arguments),
    Record(history::record::Arguments),
    Replay(history::replay::Arguments),
    History(history::show::Arguments),
    #[cfg_attr(not(feature = "bridge"), command(hide = true))]
    Bridge(bridge::Arguments),
    Top(top::Arguments),
    Bench(bench::Arguments),
    Keygen(keygen::Arguments),
    Man(manual::Arguments),
}

impl Tool {
    fn name(&self) -> &'static str {
        match self {
            Tool::Sub(_) => "sub",
            Tool::Pub(_) => "pub",
            Tool::Push(_) => "push",
            Tool::Pull(_) => "pull",
            Tool::Req(_) => "req",
            Tool::Rep(_) => "rep",
            Tool::Proxy(_) => "proxy",
            Tool::Record(_) => "record",
            Tool::Replay(_) => "replay",
            Tool::History(_) => "history",
            Tool::Bridge(_) => "bridge",
            Tool::Top(_) => "top",
            Tool::Bench(_) => "bench",
            Tool::Keygen(_) => "keygen",
            Tool::Man(_) => "man",
        }
    }

    /// Returns the format of the log, if there is to be one.
    fn log(&self) -> Option<LogFormat> {
        match self {
            Tool::Proxy(arguments) => arguments.log.format(),
            Tool::Record(arguments) => arguments.log.format(),
            Tool::Replay(arguments) => arguments.log.format(),
            Tool::Bridge(arguments) => arguments.log(),
            Tool::Top(arguments) => arguments.log.format(),
            _ => None,
        }
    }

    fn carry_out(&self, ending: &Ending) -> Outcome {
        match self {
            Tool::Sub(arguments) => subscribe::run(arguments, ending),
            Tool::Pub(arguments) => publish::run(arguments, ending),
            Tool::Push(arguments) => push::run(arguments, ending),
            Tool::Pull(arguments) => pull::run(arguments, ending),
            Tool::Req(arguments) => request::run(arguments, ending),
            Tool::Rep(arguments) => reply::run(arguments, ending),
            Tool::Proxy(arguments) => proxy::run(arguments, ending),
            Tool::Record(arguments) => history::record::run(arguments, ending),
            Tool::Replay(arguments) => history::replay::run(arguments, ending),
            Tool::History(arguments) => history::show::run(arguments, ending),
            Tool::Bridge(arguments) => bridge::run(arguments, ending),
            Tool::Top(arguments) => top::run(arguments, ending),
            Tool::Bench(arguments) => bench::run(arguments, ending),
            Tool::Keygen(arguments) => keygen::run(arguments),
            Tool::Man(arguments) => manual::run(arguments),
        }
    }
}

/// Runs a command and returns its exit code.
pub fn run(tool: &Tool) -> ExitCode {
    let name = tool.name();
    log::start(tool.log());
    let ending = match Ending::watch() {
        Ok(ending) => ending,
        Err(error) => return report(name, &Failure::Error(error.to_string()), None),
    };
    let result = tool.carry_out(&ending);
    context::shutdown_within(Some(&Wait::new(Some(END))));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(name, &failure, ending.signal()),
    }
}

/// Reports why a command failed.
fn report(name: &str, failure: &Failure, signal: Option<u8>) -> ExitCode {
    if let Some(text) = failure.text() {
        tracing::error!(command = name, "{text}");
    }
    ExitCode::from(failure.exit_code(signal))
}
