//! `zeromq man`: the manual pages of commands, made from the command line's own description, and
//! of C functions.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_mangen::Man;

use super::failure::{Failure, Outcome};
use super::output;

/// Prints a manual page, or writes all of them to a folder.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  zeromq man sub | man -l -
  zeromq man zeromq_socket_send | man -l -
  zeromq man --out ~/.local/share/man/man1")]
pub struct Arguments {
    /// The command, or a function of zeromq.h; without one, the page of zeromq itself.
    #[arg(conflicts_with = "out")]
    command: Option<String>,
    /// Writes the page of each command to DIR, which is made if it is missing.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let mut program = crate::Arguments::command();
    program.build();
    if let Some(folder) = &arguments.out {
        let failed = |error: std::io::Error| {
            Failure::Error(format!("{} cannot be written: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        return clap_mangen::generate_to(program, folder).map_err(failed);
    }
    let command = match &arguments.command {
        None => program,
        Some(name) => {
            match (program.find_subcommand(name), crate::install::c::manual::page(name)) {
                (Some(command), _) => command.clone(),
                (None, Some(page)) => return output::write(page.as_bytes()),
                (None, None) => {
                    return Err(Failure::usage(format!(
                        "{name}: there is no such command or function"
                    )));
                }
            }
        }
    };
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::Error(error.to_string()))?;
    output::write(&page)
}
