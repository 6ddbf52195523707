//! The command line.

mod color;
mod completions;
mod copies;
mod diagnostics;
mod doctor;
mod files;
mod help;
mod host;
mod install;
mod interrupt;
mod library;
mod new;
mod repl;
mod run;
#[cfg(feature = "tools")]
mod tools;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser, Subcommand};

/// ZeroMQ for embedded scripting languages.
///
/// `zeromq help` shows how scripts use it. `zeromq COMMAND --help` describes a command.
#[derive(Parser)]
#[command(name = "zeromq", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a script in the reference host, which implements a subset of Morpho.
    #[command(override_usage = "zeromq run [OPTIONS] <SCRIPT> [ARGUMENTS]...")]
    Run {
        /// Runs N copies at once, until the last one ends. Ctrl-C and SIGTERM end all of them.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
        copies: u16,
        /// The script file, or - for standard input. What follows are its arguments, which
        /// System.arguments() returns.
        // One argument, so that options after the script are the script's.
        #[arg(required = true, trailing_var_arg = true, value_name = "SCRIPT")]
        script: Vec<String>,
    },
    /// Starts a prompt that runs statements and shows the values of expressions.
    ///
    /// zeromq is already imported. Type `help TOPIC` for help, and `quit` or Ctrl-D to
    /// leave. Ctrl-C stops a running statement.
    Repl,
    /// Shows help on a class, a method, an error or an option.
    Help {
        /// The topic, such as ZMQSocket or ZMQErr; without one, lists all topics.
        topic: Vec<String>,
    },
    /// Writes a pair of scripts to start from, or lists the patterns.
    ///
    /// It never overwrites a file.
    New {
        /// The pattern, such as request-reply; without one, lists all of them.
        pattern: Option<String>,
        /// The folder to write into, which is made if it does not exist.
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
    },
    /// Prints a script that completes commands and options in a shell.
    ///
    /// For bash: `zeromq completions bash > ~/.local/share/bash-completion/completions/zeromq`
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Installs the Morpho package, so that scripts can import zeromq, or, with --c, the
    /// files that C programs are built with.
    Install {
        /// Installs the header and libraries for C programs, for pkg-config and CMake to find.
        #[arg(long)]
        c: bool,
        /// Also copies this program to ~/.local/bin. In a terminal, install asks whether to
        /// do so if no shell finds the program.
        #[arg(long)]
        program: bool,
        /// The folder to install into [default: ~/.local/share/zeromq, with --c ~/.local].
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
    },
    /// Removes what install has installed.
    ///
    /// Without options, it removes the Morpho package and the program.
    Uninstall {
        /// Removes what install --c has installed.
        #[arg(long)]
        c: bool,
        /// Also removes the program from ~/.local/bin, with --c or --prefix.
        #[arg(long)]
        program: bool,
        /// The folder that was passed to install.
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
    },
    /// Reports what is installed, whether it works, and how to fix problems.
    Doctor,
    #[cfg(feature = "tools")]
    #[command(flatten)]
    Tool(Box<tools::Tool>),
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| refuse(error));
    match arguments.command {
        Command::Run { copies, mut script } => {
            let arguments = script.split_off(1);
            match copies {
                1 => run::run(&script[0], arguments),
                copies => copies::run(copies, &script[0], &arguments),
            }
        }
        Command::Repl => repl::repl(),
        Command::Help { topic } => help::help(&topic),
        Command::New { pattern: None, .. } => tell(Ok(new::list())),
        Command::New { pattern: Some(name), out } => tell(new::write(&name, &out)),
        Command::Completions { shell } => completions::print(shell),
        Command::Install { c, program, prefix } => {
            let package = if c { install::c::install } else { install::install };
            let prefix = prefix.as_deref();
            let alone =
                if program && !c { install::reason_for_the_program_alone(prefix) } else { None };
            let code = tell(alone.map_or_else(|| package(prefix), Ok));
            if program || (!c && install::program::is_wanted()) {
                return worst(code, tell(install::program::install()));
            }
            code
        }
        Command::Uninstall { c, program, prefix } => {
            let package = if c { install::c::uninstall } else { install::uninstall };
            let code = tell(package(prefix.as_deref()));
            if program || (!c && prefix.is_none()) {
                return worst(code, tell(install::program::uninstall()));
            }
            code
        }
        Command::Doctor => doctor::doctor(),
        #[cfg(feature = "tools")]
        Command::Tool(tool) => tools::run(&tool),
    }
}

/// Shows how the program is called, and ends it.
fn refuse(mut error: clap::Error) -> ! {
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).cloned() {
        if word.ends_with(".morpho") || Path::new(&word).is_file() {
            let _ = writeln!(
                std::io::stderr(),
                "error: '{word}' is not a command; to run a script: zeromq run {word}"
            );
            std::process::exit(2);
        }
        let program = Arguments::command();
        let names = program.get_subcommands().map(clap::Command::get_name);
        if error.get(ContextKind::SuggestedSubcommand).is_none()
            && let Some(near) = host::hints::near(&word, names)
        {
            let near = ContextValue::Strings(vec![near.to_owned()]);
            error.insert(ContextKind::SuggestedSubcommand, near);
        }
    }
    error.exit()
}

fn worst(one: ExitCode, other: ExitCode) -> ExitCode {
    if one == ExitCode::SUCCESS { other } else { one }
}

/// Prints the result of a command, or its error.
fn tell(result: Result<String, String>) -> ExitCode {
    match result {
        Ok(text) => print(text.as_bytes()),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the output of a command.
fn print(text: &[u8]) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        // Whoever has closed the output does not want to read it.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let _ = writeln!(std::io::stderr(), "the output cannot be written: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
