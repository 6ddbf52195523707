//! Topics of ZeroMQ as subjects of NATS, by a template.
//!
//! NATS gives some characters of subjects a meaning and forbids others, and topics come from
//! strangers. So a subject is made of tokens with printable ASCII characters only, others are
//! escaped, and no topic can reach the subjects that NATS itself uses.

use std::str::FromStr;

use super::wire::escape_into;

/// The longest subject in bytes. NATS ends the connection of a client that sends a command of
/// more than 4096 bytes, of which the subject is a part.
pub const LONGEST: usize = 2048;

/// The token for an empty or missing part of a topic. No other part is escaped as this.
const NOTHING: &str = "%";

/// What subjects are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// The same in each subject.
    Text(String),
    /// The part of the topic with this index.
    Part(usize),
    /// The parts from this index on, each a token.
    Rest(usize),
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Template, String> {
        if text.starts_with('_') {
            return Err("a subject must not begin with _, as those of NATS itself do".to_owned());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let (name, after) = after.split_once('}').ok_or("expected } behind {")?;
            pieces.push(place(name)?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = Template(pieces);
        check(&template.subject("", Some(b"x")))?;
        Ok(template)
    }
}

/// Parses what stands in braces.
fn place(name: &str) -> Result<Piece, String> {
    let index = |number: &str| match number.parse::<usize>() {
        Ok(number) if number > 0 => Ok(number - 1),
        _ => Err(format!("{{{name}}}: expected {{topic}}, {{1}} or {{2..}}; the first part is 1")),
    };
    match name.strip_suffix("..") {
        _ if name == "topic" => Ok(Piece::Rest(0)),
        Some(number) => index(number).map(Piece::Rest),
        None => index(name).map(Piece::Part),
    }
}

/// Checks the text of a template, given one of its subjects.
fn check(subject: &str) -> Result<(), String> {
    let wrong = |c: char| !c.is_ascii_graphic() || "*>$}".contains(c);
    if let Some(c) = subject.chars().find(|c| wrong(*c)) {
        return Err(format!("a subject must not contain {c:?}"));
    }
    if subject.split('.').any(str::is_empty) {
        return Err("a subject consists of tokens with dots between them, none empty".to_owned());
    }
    Ok(())
}

impl Template {
    /// Returns the subject of a topic, whose parts stand between separators. An empty
    /// separator makes all of the topic one part. A message may have no topic.
    pub fn subject(&self, separator: &str, topic: Option<&[u8]>) -> String {
        let parts = topic.map_or_else(Vec::new, |topic| parts(topic, separator.as_bytes()));
        let mut subject = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => subject.push_str(text),
                Piece::Part(index) => token(parts.get(*index).copied(), &mut subject),
                Piece::Rest(from) if *from >= parts.len() => token(None, &mut subject),
                Piece::Rest(from) => {
                    for (number, part) in parts[*from..].iter().enumerate() {
                        if number > 0 {
                            subject.push('.');
                        }
                        token(Some(part), &mut subject);
                    }
                }
            }
        }
        // _INBOX has the replies to clients.
        if subject.starts_with('_') {
            subject.replace_range(..1, "%5F");
        }
        subject
    }

    /// Returns what the subjects of a new stream are to be, or `None` if topics decide on the
    /// first token. Such a stream would also store what NATS sends to its clients.
    pub fn pattern(&self) -> Option<String> {
        match &self.0[..] {
            [Piece::Text(text)] => Some(text.clone()),
            [Piece::Text(text), ..] => {
                let (tokens, _) = text.rsplit_once('.')?;
                Some(format!("{tokens}.>"))
            }
            _ => None,
        }
    }
}

fn parts<'a>(topic: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while !separator.is_empty() && at + separator.len() <= topic.len() {
        if topic[at..].starts_with(separator) {
            parts.push(&topic[begin..at]);
            at += separator.len();
            begin = at;
        } else {
            at += 1;
        }
    }
    parts.push(&topic[begin..]);
    parts
}

fn token(part: Option<&[u8]>, subject: &mut String) {
    match part {
        None | Some(b"") => subject.push_str(NOTHING),
        Some(part) => {
            escape_into(part, |byte| byte.is_ascii_graphic() && !b".*>$%".contains(&byte), subject);
        }
    }
}

/// Returns true if one of these patterns includes a subject.
pub fn is_covered(patterns: &[String], subject: &str) -> bool {
    patterns.iter().any(|pattern| covers(pattern, subject))
}

/// Returns true if a pattern with the wildcards of NATS includes a subject.
pub fn covers(pattern: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in pattern.split('.') {
        match (wanted, tokens.next()) {
            (">", Some(_)) => return true,
            (_, None) => return false,
            ("*", Some(_)) => {}
            (wanted, Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(template: &str, separator: &str, topic: &[u8]) -> String {
        template.parse::<Template>().unwrap().subject(separator, Some(topic))
    }

    #[test]
    fn parts_of_topics_become_tokens() {
        let topic = b"ANGEL_NSE_SBIN_LTP";
        assert_eq!(subject("{topic}", "_", topic), "ANGEL.NSE.SBIN.LTP");
        assert_eq!(subject("{topic}", ".", topic), "ANGEL_NSE_SBIN_LTP");
        assert_eq!(subject("ticks.{2}.{3..}.of-{1}", "_", topic), "ticks.NSE.SBIN.LTP.of-ANGEL");
        assert_eq!(subject("ticks.{4}.{5}.{5..}", "_", topic), "ticks.LTP.%.%");
        assert_eq!(subject("{topic}", "::", b"a::b:c::"), "a.b:c.%");
        assert_eq!(subject("{topic}", "", b"a.b_c"), "a%2Eb_c");
        assert_eq!(subject("all", "_", topic), "all");
        assert_eq!("{topic}".parse::<Template>().unwrap().subject("_", None), "%");
    }

    #[test]
    fn no_topic_can_be_more_than_tokens() {
        for (topic, expected) in [
            (&b""[..], "%"),
            (b".", "%.%"),
            (b"a..b", "a.%.b"),
            (b"%", "%25"),
            (b"a b\tc\r\nPUB x 0", "a%20b%09c%0D%0APUB%20x%200"),
            (b"*.>", "%2A.%3E"),
            (b"$JS.API.STREAM.DELETE.TICKS", "%24JS.API.STREAM.DELETE.TICKS"),
            (b"_INBOX.x", "%5FINBOX.x"),
            (b"\xFF\0", "%FF%00"),
            ("\u{f6}l".as_bytes(), "%C3%B6l"),
        ] {
            let subject = subject("{topic}", ".", topic);
            assert_eq!(subject, expected);
            assert!(subject.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(subject.split('.').all(|token| !token.is_empty()));
        }
    }

    #[test]
    fn wrong_templates_are_refused() {
        for wrong in [
            "",
            ".",
            "a.",
            ".{topic}",
            "a..b",
            "a b",
            "a.*",
            ">",
            "$JS.x",
            "_INBOX.{1}",
            "{",
            "a}",
            "{0}",
            "{x}",
            "{1",
            "{..}",
            "{-1}",
            "{topic",
            "\u{f6}",
        ] {
            assert!(wrong.parse::<Template>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_new_stream_has_what_begins_with_the_template() {
        let pattern = |text: &str| text.parse::<Template>().unwrap().pattern();
        assert_eq!(pattern("ticks.{topic}").as_deref(), Some("ticks.>"));
        assert_eq!(pattern("a.b.c-{1}").as_deref(), Some("a.b.>"));
        assert_eq!(pattern("orders.new").as_deref(), Some("orders.new"));
        assert_eq!(pattern("{topic}"), None);
        assert_eq!(pattern("c-{1}"), None);
    }

    #[test]
    fn wildcards_include_subjects() {
        for (pattern, subject, expected) in [
            ("a.b", "a.b", true),
            ("a.>", "a.b.c", true),
            ("a.>", "a", false),
            ("*.b", "a.b", true),
            ("*", "a.b", false),
            ("a.b", "a", false),
            ("a", "a.b", false),
            (">", "a", true),
            ("a.*.c", "a.b.d", false),
        ] {
            assert_eq!(covers(pattern, subject), expected, "{pattern} {subject}");
        }
    }
}
