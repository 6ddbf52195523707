//! The text of a policy.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::Right;
use super::address::Pattern;
use super::count::Count;
use crate::core::endpoint::Action;
use crate::core::error::{Error, Excerpt};

/// The rules of a policy. What they do not name is refused.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Why nothing is permitted, if the text is not a policy.
    pub unusable: Option<String>,
    pub bind: Vec<Pattern>,
    pub connect: Vec<Pattern>,
    /// The names of options; `None` without a rule, and `*` for all.
    pub options: Option<Vec<String>>,
    pub beacons: Vec<RangeInclusive<u16>>,
    pub read: Vec<PathBuf>,
    pub write: Vec<PathBuf>,
    pub rights: Vec<Right>,
    pub sockets: Option<u32>,
    pub memory: Option<i64>,
    /// How many sockets are open.
    pub open: Count,
    /// How many pollers have a descriptor.
    pub watching: Count,
}

/// Returns the keyword of rules for an action.
pub(super) fn keyword(action: Action) -> &'static str {
    match action {
        Action::Bind => "bind",
        Action::Connect => "connect",
    }
}

impl Rules {
    /// Parses rules, which are separated by line breaks or semicolons. A rule is a keyword
    /// and what it permits. `#` begins a comment, unless it is part of a word.
    pub fn parse(text: &str) -> Result<Rules, Error> {
        let mut rules = Rules::default();
        for line in text.lines() {
            for rule in
                without_comment(line).split(';').map(str::trim).filter(|rule| !rule.is_empty())
            {
                rules.add(rule).map_err(|expected| Error::Policy {
                    what: format!("'{}' is not a rule of a policy: {expected}", Excerpt(rule)),
                })?;
            }
        }
        Ok(rules)
    }

    /// Adds a rule, or returns what was expected instead.
    fn add(&mut self, rule: &str) -> Result<(), String> {
        let (keyword, rest) = rule.split_once(char::is_whitespace).unwrap_or((rule, ""));
        let rest = rest.trim();
        let words = || rest.split_whitespace();
        if rest.is_empty() {
            return Err("expected a keyword and what it permits, as in 'sockets 16'".to_owned());
        }
        match keyword {
            "bind" => add(&mut self.bind, words(), Pattern::parse)?,
            "connect" => add(&mut self.connect, words(), Pattern::parse)?,
            "options" => {
                self.options.get_or_insert_default().extend(words().map(str::to_owned));
            }
            "beacon" => add(&mut self.beacons, words(), ports)?,
            "read" => self.read.push(path(rest)?),
            "write" => self.write.push(path(rest)?),
            "allow" => add(&mut self.rights, words(), right)?,
            "sockets" => {
                let count = rest.parse().map_err(|_| "expected a number, as in 'sockets 16'")?;
                self.sockets = Some(count);
            }
            "memory" => self.memory = Some(size(rest)?),
            _ => {
                return Err(
                    "expected bind, connect, options, read, write, beacon, allow, sockets \
                            or memory"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }

    /// Returns whether an endpoint may be bound or connected. The source address of a
    /// connection (`tcp://source;destination`) is bound.
    pub fn permits(&self, action: Action, endpoint: &str) -> bool {
        let patterns = |action| match action {
            Action::Bind => &self.bind,
            Action::Connect => &self.connect,
        };
        let permits = |action, endpoint: &str| {
            patterns(action).iter().any(|pattern| pattern.permits(endpoint))
        };
        if let Some(address) = endpoint.strip_prefix("tcp://")
            && let Some((source, destination)) = address.rsplit_once(';')
        {
            return permits(Action::Bind, &format!("tcp://{source}"))
                && permits(action, &format!("tcp://{destination}"));
        }
        permits(action, endpoint)
    }

    /// Returns whether the rules name an option, or `None` if there are none for options.
    /// `*` stands for all options that need not be named.
    pub fn names(&self, option: &str) -> Option<bool> {
        let names = self.options.as_ref()?;
        match names.iter().any(|name| name == option) {
            true => Some(true),
            false if names.iter().any(|name| name == "*") => None,
            false => Some(false),
        }
    }
}

/// Returns a line without its comment. Names may contain `#`: a rule for `/srv/a#1` must not
/// become one for `/srv/a`.
fn without_comment(line: &str) -> &str {
    let begins = |(start, _): &(usize, &str)| {
        let before = line[..*start].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == ';')
    };
    line.match_indices('#').find(begins).map_or(line, |(start, _)| &line[..start])
}

fn add<'a, T>(
    list: &mut Vec<T>,
    words: impl Iterator<Item = &'a str>,
    parse: impl Fn(&'a str) -> Result<T, String>,
) -> Result<(), String> {
    words.map(parse).try_for_each(|item| item.map(|item| list.push(item)))
}

/// Parses `*`, a port, or the first and the last of several.
pub(super) fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let number = |text: &str| text.parse().ok().filter(|port| *port != 0);
    let ports = match text.split_once('-') {
        _ if text == "*" => Some(0..=u16::MAX),
        Some((first, last)) => number(first).zip(number(last)).map(|(first, last)| first..=last),
        None => number(text).map(|port| port..=port),
    };
    let ports = ports.filter(|ports| ports.start() <= ports.end());
    ports.ok_or_else(|| format!("expected a port, first-last or *, got {text}"))
}

fn path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.is_absolute() {
        true => Ok(path),
        false => Err("expected an absolute path, such as /etc/curve".to_owned()),
    }
}

fn right(name: &str) -> Result<Right, String> {
    let right = Right::ALL.into_iter().find(|right| right.name() == name);
    right.ok_or_else(|| {
        let names = Right::ALL.map(Right::name).join(", ");
        format!("expected one of {names}")
    })
}

/// Parses a number of bytes, such as "64 MB".
fn size(text: &str) -> Result<i64, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: Option<i64> = text[..text.len() - unit.len()].parse().ok();
    let factor = match unit.trim_start() {
        "" => Some(1),
        "kB" => Some(1000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        _ => None,
    };
    let size = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    size.filter(|size| *size > 0)
        .ok_or_else(|| "expected a number of bytes, as in 'memory 64 MB'".to_owned())
}
