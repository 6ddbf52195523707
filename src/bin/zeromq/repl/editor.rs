//! Reads input lines, with the keys and history of a shell. If the input is not a terminal,
//! lines are read as they are.

use std::borrow::Cow;
use std::env;
use std::fs;
use std::io::{BufRead, IsTerminal, stdin, stdout};
use std::path::PathBuf;

use rustyline::completion::{Completer, Pair};
use rustyline::config::{CompletionType, Configurer};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::history::DefaultHistory;
use rustyline::{Context, Helper, Hinter, Validator};

use super::complete::{Known, complete};
use super::highlight::paint;
use crate::color;
use crate::host::grammar;

/// What stands before the first line of an input, and before those that continue it, as at
/// the prompt of Morpho.
const FIRST: &str = "> ";
const NEXT: &str = "~ ";

/// The maximum number of inputs in the history.
const KEPT: usize = 1000;

/// The user's input.
pub enum Input {
    Text(String),
    /// Ctrl-C: the line is discarded.
    Dropped,
    /// Ctrl-D, or the end of the file.
    End,
}

pub struct Editor {
    lines: rustyline::Editor<Hand, DefaultHistory>,
    /// The history file, if there is one.
    history: Option<PathBuf>,
}

impl Editor {
    pub fn new() -> rustyline::Result<Editor> {
        let mut lines = rustyline::Editor::new()?;
        lines.set_helper(Some(Hand::default()));
        // As shells do: as far as it is certain, then all that it may be.
        lines.set_completion_type(CompletionType::List);
        lines.set_max_history_size(KEPT)?;
        let history = history().filter(|_| stdin().is_terminal());
        if let Some(path) = &history {
            // The first time there is none.
            let _ = lines.load_history(path);
        }
        Ok(Editor { lines, history })
    }

    /// Prints a greeting.
    pub fn greet(&self) {
        if stdin().is_terminal() {
            println!("zeromq {}: type help for help, quit to leave", env!("CARGO_PKG_VERSION"));
        }
    }

    /// Reads an input, which may have several lines. The Tab key completes the names that
    /// `known` returns.
    pub fn read(&mut self, known: impl FnOnce() -> Known) -> rustyline::Result<Input> {
        if !stdin().is_terminal() {
            return Ok(read_plain()?);
        }
        let color = color::of(&stdout());
        self.lines.set_helper(Some(Hand { known: known(), before: String::new(), color }));
        let mut text = String::new();
        loop {
            let prompt = if text.is_empty() { FIRST } else { NEXT };
            let line = match self.lines.readline(prompt) {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => return Ok(Input::Dropped),
                Err(ReadlineError::Eof) => return Ok(Input::End),
                Err(error) => return Err(error),
            };
            // Whoever enters an empty line wants to hear what is wrong.
            let given_up = !text.is_empty() && line.trim().is_empty();
            text.push_str(&line);
            if given_up || !grammar::is_unfinished(&text) {
                // Without a history, the input counts all the same.
                let _ = self.lines.add_history_entry(text.trim_end());
                return Ok(Input::Text(text));
            }
            text.push('\n');
            if let Some(hand) = self.lines.helper_mut() {
                hand.before.clone_from(&text);
            }
        }
    }

    /// Saves the history. Errors, such as a read-only home directory, are ignored.
    pub fn save(&mut self) {
        if let Some(path) = &self.history {
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            let _ = made.is_ok() && self.lines.append_history(path).is_ok();
        }
    }
}

/// Reads lines until the input is complete or the file ends.
fn read_plain() -> std::io::Result<Input> {
    let mut text = String::new();
    loop {
        let start = text.len();
        let mut line = Vec::new();
        if stdin().lock().read_until(b'\n', &mut line)? == 0 {
            return Ok(if text.is_empty() { Input::End } else { Input::Text(text) });
        }
        let Ok(line) = str::from_utf8(&line) else {
            eprintln!("the input is not UTF-8");
            return Ok(Input::Dropped);
        };
        text.push_str(line);
        let is_empty = text[start..].trim().is_empty();
        if start > 0 && is_empty || !grammar::is_unfinished(&text) {
            return Ok(Input::Text(text));
        }
    }
}

/// Returns the path of the history file.
fn history() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| env::home_dir().map(|home| home.join(".local/state")));
    state.map(|state| state.join("zeromq/history"))
}

/// Assists while a line is being entered.
#[derive(Default, Helper, Hinter, Validator)]
struct Hand {
    known: Known,
    /// The lines of the input before this one.
    before: String,
    color: bool,
}

impl Completer for Hand {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(complete(line, cursor, &self.known))
    }
}

impl Highlighter for Hand {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.color { paint(&self.before, line).into() } else { line.into() }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.color && kind != CmdKind::MoveCursor
    }
}
