//! ZPL (RFC 4), the text format of certificates, as czmq reads and writes it. A line is
//! a name with an optional value, four spaces of indentation nest it one level deeper,
//! and `#` starts a comment.

/// A line with a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub level: usize,
    pub name: &'a str,
    pub value: &'a [u8],
}

/// Where a text is not ZPL, as a line number starting at 1, and why. The content of the
/// line is not reported, because it may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ParseError {
    pub line: usize,
    pub what: &'static str,
}

/// Parses a text. As in czmq, an invalid line makes the whole text invalid.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Item<'_>>, ParseError> {
    let mut items: Vec<Item> = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let problem = |what| ParseError { line: index + 1, what };
        let Some(item) = item(line.trim_ascii_end()).map_err(problem)? else {
            continue;
        };
        let deepest = items.last().map_or(0, |last| last.level + 1);
        if item.level > deepest {
            return Err(problem("it is indented by more than one level"));
        }
        items.push(item);
    }
    Ok(items)
}

fn item(line: &[u8]) -> Result<Option<Item<'_>>, &'static str> {
    let spaces = line.iter().take_while(|byte| **byte == b' ').count();
    let rest = &line[spaces..];
    let end = rest.iter().position(|byte| !is_name(*byte)).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    if name.is_empty() {
        return check_end(rest).map(|()| None);
    }
    if spaces % 4 != 0 {
        return Err("it is not indented by four spaces per level");
    }
    if name.starts_with(b"/") || name.ends_with(b"/") {
        return Err("a name begins or ends with /");
    }
    // A name is ASCII.
    let name = std::str::from_utf8(name).map_err(|_| "the name is not text")?;
    Ok(Some(Item { level: spaces / 4, name, value: value(rest.trim_ascii_start())? }))
}

fn value(rest: &[u8]) -> Result<&[u8], &'static str> {
    let Some(rest) = rest.strip_prefix(b"=") else {
        return check_end(rest).map(|()| &b""[..]);
    };
    let rest = rest.trim_ascii_start();
    match rest {
        [quote @ (b'"' | b'\''), rest @ ..] => {
            let end = rest.iter().position(|byte| byte == quote);
            let (value, rest) = rest.split_at(end.ok_or("the closing quote is missing")?);
            check_end(&rest[1..]).map(|()| value)
        }
        rest => {
            let end = rest.iter().position(|byte| *byte == b'#').unwrap_or(rest.len());
            Ok(rest[..end].trim_ascii_end())
        }
    }
}

/// Checks that only a comment follows.
fn check_end(rest: &[u8]) -> Result<(), &'static str> {
    match rest.trim_ascii_start() {
        [] | [b'#', ..] => Ok(()),
        _ => Err("it is not name = value"),
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"$-_@.&+/".contains(&byte)
}

/// Returns why a string cannot be a name, or `None` if it can.
pub(super) fn check_name(name: &str) -> Option<&'static str> {
    if name.is_empty() || !name.bytes().all(is_name) {
        Some("a name may contain only letters, digits and $-_@.&+/")
    } else if name.starts_with('/') || name.ends_with('/') {
        Some("a name must not begin or end with /")
    } else if name.len() > 255 {
        Some("a name may have at most 255 characters")
    } else {
        None
    }
}

/// Returns why a string cannot be a value, or `None` if it can. ZPL has no escapes: a
/// value is one line, quoted with a character that it does not contain.
pub(super) fn check_value(value: &str) -> Option<&'static str> {
    if value.contains(|c: char| c.is_control() && c != '\t') {
        Some("a value must be one line without control characters")
    } else if value.contains('"') && value.contains('\'') {
        Some("a value may contain only one kind of quotes, \" or '")
    } else if value.len() > 1024 {
        Some("a value may have at most 1024 bytes")
    } else {
        None
    }
}

/// Formats a name and a value, valid or read from a file, as a line, one level deep.
pub(super) fn line(name: &str, value: &str) -> String {
    let quote = match (value.contains('"'), value.contains('\'')) {
        // Only a value that had no quotes around it has both.
        (true, true) => "",
        (true, false) => "'",
        (false, _) => "\"",
    };
    format!("    {name} = {quote}{value}{quote}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, &str, &str)> {
        let items = parse(text.as_bytes()).unwrap().into_iter();
        items.map(|i| (i.level, i.name, std::str::from_utf8(i.value).unwrap())).collect()
    }

    #[test]
    fn all_forms_of_a_line_are_read() {
        let text = "# comment\n\na = 1 # one\nsection\r\n    b = \"x # y\"  # why\n    \
                    c='it is \"so\"'\n    d =   two words  \n        e\nf=\n   # odd comment\n\tg";
        assert_eq!(parse(text.as_bytes()).unwrap_err().line, 11, "a tab does not indent");
        assert_eq!(
            read(&text[..text.len() - 3]),
            [
                (0, "a", "1"),
                (0, "section", ""),
                (1, "b", "x # y"),
                (1, "c", "it is \"so\""),
                (1, "d", "two words"),
                (2, "e", ""),
                (0, "f", ""),
            ]
        );
        assert_eq!(read(""), []);
    }

    #[test]
    fn faults_have_a_line() {
        for (text, line) in [
            ("a\n  b = 1", 2),
            ("a\n        b = 1", 2),
            ("a = \"x", 1),
            ("a = 'x' y", 1),
            ("a b", 1),
            ("/a = 1", 1),
            ("a/ = 1", 1),
            ("\n\n= 1", 3),
            ("a = 1\n\u{e9} = 1", 2),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().line, line, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for value in ["", " x ", "# no comment", "it's", "\"so\"", "a\tb", "\u{e9}\u{4e2d}"] {
            assert_eq!(check_value(value), None);
            let text = format!("s\n{}", line("name", value));
            assert_eq!(read(&text)[1], (1, "name", value));
        }
        // In a file without quotes around it.
        let both = line("name", "it's \"so\"");
        assert_eq!(read(&format!("s\n{both}"))[1], (1, "name", "it's \"so\""));
        for value in ["a\nb", "a\rb", "a\0b", "\"'"] {
            assert!(check_value(value).is_some(), "{value:?}");
        }
        for name in ["", "a b", "a=b", "/a", "a/", "\u{e9}", "a\n"] {
            assert!(check_name(name).is_some(), "{name:?}");
        }
        assert_eq!(check_name("user.name@example"), None);
    }
}
