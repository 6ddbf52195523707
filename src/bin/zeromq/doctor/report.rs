//! The doctor's output: one line per check, printed as soon as it is done.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

const OK: Style = AnsiColor::Green.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const PROBLEM: Style = AnsiColor::BrightRed.on_default().bold();

#[derive(Default)]
pub struct Report {
    problems: usize,
}

impl Report {
    pub fn ok(&self, text: impl Display) {
        say("ok", OK, text);
    }

    /// A finding that the user may have intended.
    pub fn warning(&self, text: impl Display) {
        say("warning", WARNING, text);
    }

    /// A problem that keeps scripts from working.
    pub fn problem(&mut self, text: impl Display) {
        self.problems += 1;
        say("problem", PROBLEM, text);
    }

    pub fn status(&self) -> ExitCode {
        ExitCode::from(u8::from(self.problems > 0))
    }
}

fn say(verdict: &str, style: Style, text: impl Display) {
    // Whoever has closed the output does not want to read it.
    let _ = writeln!(anstream::stdout(), "{style}{verdict:8}{style:#} {text}");
}
