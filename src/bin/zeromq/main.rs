//! The command line.

mod completions;
mod doctor;
mod help;
mod host;
mod install;
mod interrupt;
mod library;
mod repl;
mod run;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// ZeroMQ for embedded scripting languages.
///
/// `zeromq help` shows how scripts use it, and `zeromq COMMAND --help` more about a
/// command.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
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
    /// Reads statements at a prompt, runs them and shows the values of expressions.
    ///
    /// The sockets are imported already. `help TOPIC` shows help, and `quit` or
    /// Ctrl-D ends it; Ctrl-C ends what is running.
    Repl,
    /// Shows the help: for a class, a method, an error, an option.
    Help {
        /// What to look for, such as ZMQSocket or ZMQErr; nothing lists the topics.
        topic: Vec<String>,
    },
    /// Prints a file by which a shell completes commands and options.
    ///
    /// For bash: `zeromq completions bash > ~/.local/share/bash-completion/completions/zeromq`
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Installs the package for Morpho, so that scripts can import zeromq; or, with
    /// --c, what C programs are built with.
    Install {
        /// Header, libraries and pkg-config file for C programs.
        #[arg(long)]
        c: bool,
        /// The folder of the package [default: ~/.local/share/zeromq, with --c ~/.local].
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
    },
    /// Takes back what install did.
    Uninstall {
        /// What install --c did.
        #[arg(long)]
        c: bool,
        /// The folder that was given to install.
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
    },
    /// Says what is installed, whether it works, and what to do if not.
    Doctor,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { script, arguments } => run::run(&script, arguments),
        Command::Repl => repl::repl(),
        Command::Help { topic } => help::help(&topic),
        Command::Completions { shell } => completions::print(shell),
        Command::Install { c: true, prefix } => tell(install::c::install(prefix.as_deref())),
        Command::Uninstall { c: true, prefix } => tell(install::c::uninstall(prefix.as_deref())),
        Command::Install { prefix, .. } => tell(install::install(prefix.as_deref())),
        Command::Uninstall { prefix, .. } => tell(install::uninstall(prefix.as_deref())),
        Command::Doctor => doctor::doctor(),
    }
}

/// Prints what a command has done, or why it could not.
fn tell(result: Result<String, String>) -> ExitCode {
    // Whoever has closed the output does not want to read it.
    match result {
        Ok(text) => {
            let _ = write!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
