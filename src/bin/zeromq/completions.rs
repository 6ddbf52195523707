//! `zeromq completions`: the scripts with which shells complete our commands. Called by
//! `main`.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::Arguments;

/// Prints the completion script for a shell.
pub fn print(shell: Shell) -> ExitCode {
    let mut file = Vec::new();
    generate(shell, &mut Arguments::command(), "zeromq", &mut file);
    crate::print(&file)
}
