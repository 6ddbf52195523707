//! Displays a topic: highlights headings and code on a terminal, and sends text that is
//! longer than the screen to a pager.

use std::env;
use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal, Write, stdout};
use std::process::{Command, ExitCode, Stdio};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use terminal_size::{Height, Width, terminal_size};

use super::pages::{Topic, Topics, is_code};
use crate::interrupt;

const HEADING: Style = Style::new().bold().underline();
const CODE: Style = AnsiColor::Cyan.on_default();

/// Longer lines are hard to read, even on a wide terminal.
const WIDEST: usize = 100;

/// The reader's output device.
#[derive(Clone, Copy)]
pub struct Look {
    pub color: bool,
    /// The width of lines on a terminal.
    pub width: Option<usize>,
}

impl Look {
    /// Returns the look for standard output. Color follows `NO_COLOR` and similar
    /// variables.
    pub fn of_output() -> Look {
        let out = stdout();
        if !out.is_terminal() {
            return Look { color: false, width: None };
        }
        let columns = terminal_size().map_or(80, |(Width(columns), _)| usize::from(columns));
        Look {
            color: AutoStream::choice(&out) != ColorChoice::Never,
            width: Some(columns.clamp(20, WIDEST)),
        }
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Returns a topic with its heading, its text and the names of the nested topics.
pub fn render(topics: &Topics, topic: &Topic, look: Look) -> String {
    let mut out = look.styled(HEADING, &topic.title) + "\n";
    let mut blank = false;
    let lines = if look.width.is_some() { &topic.blocks() } else { &topic.lines };
    for block in lines {
        // Where tags stood there may be two.
        if !(block.is_empty() && blank) {
            out.push_str(&rendered(block, look));
            out.push('\n');
        }
        blank = block.is_empty();
    }
    if topic.lists {
        // The first page has all that other pages begin with.
        let first = topics.iter().next().is_some_and(|first| std::ptr::eq(first, topic));
        let more = topics.iter().filter(|other| first && other.level == 1);
        let more = more.filter(|other| !std::ptr::eq(*other, topic));
        let names: Vec<&str> =
            topics.inside(topic).chain(more).map(|topic| topic.title.as_str()).collect();
        if !names.is_empty() {
            let list = format!("More: {}", names.join(", "));
            out.push_str(&filled(&list, "      ", look));
            out.push('\n');
        }
    }
    let text = out.trim_end();
    format!("{text}\n")
}

/// The maximum number of topics shown for a search.
const MENTIONS: usize = 20;

/// Returns topics that mention the words of a query, each with one sentence. A topic with a
/// similar name may have been meant.
pub fn mentions(
    query: &str,
    meant: Option<&str>,
    found: &[(&Topic, String)],
    look: Look,
) -> String {
    let meant = meant.map_or(".".to_owned(), |name| format!("; did you mean {name}?"));
    let mut out = format!("No topic is called '{query}'{meant} These topics mention it:\n\n");
    let width = look.width.unwrap_or(LINES).saturating_sub(24).max(20);
    for (topic, line) in found.iter().take(MENTIONS) {
        let line: String = line.chars().take(width).collect();
        let name = look.styled(CODE, &format!("{:<20}", topic.title.to_lowercase()));
        // Formatting into a String cannot fail.
        let _ = writeln!(out, "  {name}  {line}");
    }
    if found.len() > MENTIONS {
        let _ = writeln!(out, "\nand {} more", found.len() - MENTIONS);
    }
    out
}

/// The length of the lines on a page, which Morpho prints unchanged.
const LINES: usize = 78;

fn rendered(block: &str, look: Look) -> String {
    if is_code(block) {
        return look.styled(CODE, block);
    }
    let indent = if block.starts_with("- ") { "  " } else { "" };
    let broken = match look.width {
        None => block.to_owned(),
        Some(_) => filled(block, indent, look),
    };
    if look.color { marked(&broken) } else { broken }
}

fn filled(text: &str, indent: &str, look: Look) -> String {
    let options = textwrap::Options::new(look.width.unwrap_or(LINES))
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// Colors the text between backticks and removes the backticks.
fn marked(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        // Formatting into a String cannot fail.
        let _ = match index % 2 {
            0 => write!(out, "{part}"),
            _ => write!(out, "{CODE}{part}{CODE:#}"),
        };
    }
    out
}

/// Prints a text, through the user's pager if it is longer than the terminal. Returns the
/// status of the program.
pub fn page(text: &str) -> ExitCode {
    let height = terminal_size().map(|(_, Height(lines))| usize::from(lines));
    let long = height.is_some_and(|height| text.lines().count() >= height);
    if long && stdout().is_terminal() && paged(text).is_ok() {
        return ExitCode::SUCCESS;
    }
    crate::print(text.as_bytes())
}

/// Fails if there is no pager.
fn paged(text: &str) -> std::io::Result<()> {
    let pager = env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let mut command = match &pager {
        Some(pager) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", pager]);
            shell
        }
        None => Command::new("less"),
    };
    if env::var_os("LESS").is_none() {
        // It ends by itself after a short text, passes colours on and leaves the
        // text where it was.
        command.env("LESS", "FRX");
    }
    // Ctrl-C is for the pager.
    let _ = interrupt::watch();
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A reader who has seen enough closes it.
        let _ = input.write_all(text.as_bytes());
    }
    match child.wait()?.code() {
        // By these a shell says that there is no such program.
        Some(126 | 127) => Err(ErrorKind::NotFound.into()),
        _ => Ok(()),
    }
}
