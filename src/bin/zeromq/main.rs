//! The command line.

mod host;
mod plugin;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// ZeroMQ for embedded scripting languages.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a script in the reference host, which reads a part of Morpho.
    Run {
        /// The file of the script, or - for standard input.
        script: String,
        /// What System.arguments() gives the script.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { script, arguments } => run::run(&script, arguments),
    }
}
