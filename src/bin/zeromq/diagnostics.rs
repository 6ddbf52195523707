//! Shows errors of scripts. What Morpho prints goes to standard output, as Morpho prints it;
//! the line of the script, a marker and the advice go to standard error. Called by `run` and
//! `repl`.

use std::io::{ErrorKind, IsTerminal, stderr, stdout};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstream::{eprintln, println};
use anstyle::{AnsiColor, Style};
use terminal_size::{Width, terminal_size_of};

use crate::color;
use crate::host::error::{Refusal, ScriptError, Stop};
use crate::host::interpreter::Interpreter;
use crate::host::source::{Location, Sources};
use crate::host::syntax::Position;

const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// The width of a terminal that does not tell its own.
const WIDTH: usize = 100;

/// Longer lines are cut: nobody reads them, and marking a position in them takes long.
const LONGEST: usize = 400;

/// Reports why a script cannot run.
pub fn refuse(refusal: &Refusal, sources: &Sources) {
    match refusal {
        Refusal::Compile { id, text, at, note } => {
            let location = sources.locate(*at);
            let Location { line, column, .. } = location;
            let module = location.module.map(|module| format!(" in module '{module}'"));
            let module = module.unwrap_or_default();
            println!("{ERROR}Error '{id}'{ERROR:#} [line {line} char {column}{module}] : {text}");
            show(unseen(&format!("Error '{id}': {text}")), &location, "", note);
        }
        Refusal::Syntax { at, expected, hint } => {
            show(Some("syntax error"), &sources.locate(*at), expected, hint);
        }
        Refusal::Unsupported { what, at, hint } => {
            show_unsupported(what, *at, sources, hint);
        }
    }
}

/// Reports what has stopped a script.
pub fn stop(interpreter: &mut Interpreter, stop: Stop) {
    match stop {
        Stop::Error(error) => {
            let text = traced(&error, &interpreter.sources);
            // Where the text cannot be written, nothing else can be.
            let _ = interpreter.write(&text);
            let _ = interpreter.flush();
            if let Some((_, at)) = error.frames.first() {
                let title = format!("Error '{}': {}", error.id, error.text);
                show(unseen(&title), &interpreter.sources.locate(*at), "", &error.hint);
            }
        }
        Stop::Unsupported(what) => {
            let _ = interpreter.flush();
            show_unsupported(&what, interpreter.at, &interpreter.sources, "");
        }
        Stop::Interrupted => eprintln!("interrupted"),
        // Who closes a pipe early does not want to hear of it.
        Stop::Stream(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Stop::Stream(error) => eprintln!("input or output of the script failed: {error}"),
    }
}

/// Says where Ctrl-C has stopped a script, and what it was waiting for.
pub fn interrupted(interpreter: &mut Interpreter, stop: Stop) {
    let _ = interpreter.flush();
    let (at, hint) = match &stop {
        Stop::Error(error) => (error.frames.first().map(|(_, at)| *at), &*error.hint),
        _ => (None, ""),
    };
    let location = interpreter.sources.locate(at.unwrap_or(interpreter.at));
    show(Some("interrupted"), &location, "", hint);
}

/// Formats a warning like Morpho.
pub fn warning(tag: &str, message: &str) -> String {
    let style = if color::of(&stdout()) { WARNING } else { Style::new() };
    format!("{style}Warning '{tag}'{style:#}: {message}\n")
}

/// Formats an error like Morpho.
fn traced(error: &ScriptError, sources: &Sources) -> String {
    let style = if color::of(&stdout()) { ERROR } else { Style::new() };
    let mut text = format!("{style}Error '{}'{style:#}: {}\n", error.id, error.text);
    for (name, at) in error.frames.iter().filter(|_| error.shows_frames) {
        let Location { line, module, .. } = sources.locate(*at);
        text.push_str(&format!("  from {name} at line {line}"));
        if let Some(module) = module {
            text.push_str(&format!(" in module '{module}'"));
        }
        text.push('\n');
    }
    text
}

/// Returns a message for standard error that was written to standard output, if its reader
/// does not see the latter.
fn unseen(message: &str) -> Option<&str> {
    (stderr().is_terminal() && !stdout().is_terminal()).then_some(message)
}

fn show_unsupported(what: &str, at: Position, sources: &Sources, hint: &str) {
    let title = format!("not supported by the reference host: {what}");
    show(Some(&title), &sources.locate(at), "", hint);
}

/// Shows a line of a script with a marker. The label is beside the marker, the hint below.
fn show(title: Option<&str>, location: &Location<'_>, label: &str, hint: &str) {
    let (text, marked) = cut(location.text, extent(location.text, location.column - 1));
    let marker = AnnotationKind::Primary.span(marked);
    let marker = if label.is_empty() { marker } else { marker.label(label) };
    let snippet = Snippet::source(text).line_start(location.line);
    let snippet = snippet.path(printable(location.file)).annotation(marker);
    let group = match title {
        Some(title) => Group::with_title(Level::ERROR.no_name().primary_title(title)),
        None => Group::with_level(Level::ERROR),
    };
    let mut group = group.element(snippet);
    if !hint.is_empty() {
        group = group.element(Level::HELP.message(printable(hint)));
    }
    let width = terminal_size_of(stderr()).map_or(WIDTH, |(Width(columns), _)| columns.into());
    eprintln!("{}", Renderer::styled().term_width(width).render(&[group]));
}

/// Names of files must not control the terminal. The text of scripts does not either: it is
/// the snippet's.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

/// Returns the range of the word at an offset, or of the name before a parenthesis.
fn extent(line: &str, offset: usize) -> Range<usize> {
    let offset = line.floor_char_boundary(offset);
    let (before, rest) = line.split_at(offset);
    let named = before.trim_end_matches(is_part_of_word).len();
    match rest.chars().next() {
        Some('(') if named < before.len() => named..offset,
        Some('"') => match rest[1..].find('"') {
            Some(length) => offset..offset + length + 2,
            None => offset..line.len(),
        },
        Some(first) if is_part_of_word(first) => {
            line.len() - rest.len()..line.len() - rest.trim_start_matches(is_part_of_word).len()
        }
        Some(first) => offset..offset + first.len_utf8(),
        None => offset..offset,
    }
}

fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Cuts a long line behind what is marked, and the mark.
fn cut(line: &str, marked: Range<usize>) -> (&str, Range<usize>) {
    let end = line.floor_char_boundary(marked.start.saturating_add(LONGEST));
    (&line[..end], marked.start..marked.end.min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_names_and_texts_are_marked() {
        for (line, offset, marked) in [
            ("pull.recieve(1)", 12, "recieve"),
            ("print total + 1", 6, "total"),
            ("print total + 1", 12, "+"),
            ("import \"a b\" // c", 7, "\"a b\""),
            ("print \"open", 6, "\"open"),
            ("(1)", 0, "("),
            ("print 1", 7, ""),
            ("größe = 1", 3, "ö"),
        ] {
            assert_eq!(&line[extent(line, offset)], marked, "{line}");
        }
    }

    #[test]
    fn long_lines_are_cut() {
        let line = "é".repeat(1000);
        let (text, marked) = cut(&line, 10..1500);
        assert_eq!((text.len(), marked), (410, 10..410));
    }
}
