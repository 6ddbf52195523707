//! Colors of the words of a script.

use std::ops::Range;

use anstyle::{AnsiColor, Style};

use crate::host::grammar::KEYWORDS;

const KEYWORD: Style = AnsiColor::Blue.on_default().bold();
const CLASS: Style = AnsiColor::Yellow.on_default();
const TEXT: Style = AnsiColor::Green.on_default();
const NUMBER: Style = AnsiColor::Cyan.on_default();
const COMMENT: Style = Style::new().dimmed();

/// Colors a line that follows on others.
pub fn paint(before: &str, line: &str) -> String {
    let text = format!("{before}{line}");
    let mut painted = String::with_capacity(2 * line.len());
    let mut at = before.len();
    for (range, style) in tokens(&text) {
        let start = range.start.max(at);
        if start >= range.end {
            continue;
        }
        painted.push_str(&text[at..start]);
        painted.push_str(&format!("{style}{}{style:#}", &text[start..range.end]));
        at = range.end;
    }
    painted + &text[at..]
}

/// Returns what has a color.
fn tokens(text: &str) -> Vec<(Range<usize>, Style)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, style) = match first {
            '"' => (string(rest), Some(TEXT)),
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), Some(COMMENT)),
            '/' if rest.starts_with("/*") => {
                (rest.find("*/").map_or(rest.len(), |end| end + 2), Some(COMMENT))
            }
            '0'..='9' => (word(rest), Some(NUMBER)),
            'A'..='Z' => (word(rest), Some(CLASS)),
            'a'..='z' | '_' => {
                let length = word(rest);
                (length, KEYWORDS.contains(&&rest[..length]).then_some(KEYWORD))
            }
            other => (other.len_utf8(), None),
        };
        found.extend(style.map(|style| (at..at + length, style)));
        at += length;
    }
    found
}

/// Returns the length of a string literal, which may be open at the end.
fn string(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the colored parts of a line.
    fn parts(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn words_have_colors() {
        assert_eq!(parts("var größe = ZMQPull(12)"), ["var", "ZMQPull", "12"]);
        assert_eq!(parts("print \"a\\\"b\" // c"), ["print", "\"a\\\"b\"", "// c"]);
        assert_eq!(parts("a /* b\nc */ \"open"), ["/* b\nc */", "\"open"]);
    }

    #[test]
    fn a_line_keeps_its_text_and_knows_what_was_open() {
        let plain = |text: &str| anstream::adapter::strip_str(text).to_string();
        for (before, line) in [("", "var a = 1"), ("print \"a\n", "b\" + c"), ("", ""), ("x", "")] {
            assert_eq!(plain(&paint(before, line)), line);
        }
        let style = TEXT;
        assert_eq!(paint("print \"a\n", "b\" + c"), format!("{style}b\"{style:#} + c"));
    }
}
