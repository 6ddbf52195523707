//! The formats of messages: as a line of text or JSON, as hexadecimal digits, or raw. What
//! one command writes in text, json or hex, another one reads as the same message.
//!
//! In text, tabs separate the frames of a line. A frame that is not plain, because it is not
//! UTF-8, has control characters or begins with `$'`, is written as bash writes it, so that it
//! can be copied to a command line: `$'two\nlines'`.

use clap::ValueEnum;
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use serde_json::Value;

/// A format of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for each message, with tabs between its frames.
    Text,
    /// A line for each message: {"frames":["topic","body"]}.
    Json,
    /// A line for each message, with two digits for each byte and tabs between its frames.
    Hex,
    /// The bytes of all frames, with nothing between them.
    Raw,
}

/// Appends a message.
pub fn write_message<F: AsRef<[u8]>>(
    format: Format,
    stamp: Option<&str>,
    frames: &[F],
    out: &mut Vec<u8>,
) {
    match format {
        Format::Json => write_json(stamp, frames, out),
        Format::Raw => frames.iter().for_each(|frame| out.extend_from_slice(frame.as_ref())),
        Format::Text | Format::Hex => {
            let mut separator = false;
            if let Some(stamp) = stamp {
                out.extend_from_slice(stamp.as_bytes());
                separator = true;
            }
            for frame in frames {
                if std::mem::replace(&mut separator, true) {
                    out.push(b'\t');
                }
                write_frame(format, frame.as_ref(), out);
            }
            out.push(b'\n');
        }
    }
}

fn write_json<F: AsRef<[u8]>>(stamp: Option<&str>, frames: &[F], out: &mut Vec<u8>) {
    out.push(b'{');
    if let Some(stamp) = stamp {
        out.extend_from_slice(b"\"time\":\"");
        out.extend_from_slice(stamp.as_bytes());
        out.extend_from_slice(b"\",");
    }
    out.extend_from_slice(b"\"frames\":[");
    for (index, frame) in frames.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_frame(Format::Json, frame.as_ref(), out);
    }
    out.extend_from_slice(b"]}\n");
}

/// Appends a frame.
pub fn write_frame(format: Format, frame: &[u8], out: &mut Vec<u8>) {
    match format {
        Format::Raw => out.extend_from_slice(frame),
        Format::Hex => out.extend_from_slice(HEXLOWER.encode(frame).as_bytes()),
        Format::Text if is_plain(frame) => out.extend_from_slice(frame),
        Format::Text => quote(frame, out),
        Format::Json => match std::str::from_utf8(frame) {
            // A string can be written, and to memory.
            Ok(text) => serde_json::to_writer(out, text).unwrap_or_default(),
            Err(_) => {
                out.extend_from_slice(b"{\"base64\":\"");
                out.extend_from_slice(BASE64.encode(frame).as_bytes());
                out.extend_from_slice(b"\"}");
            }
        },
    }
}

/// The most characters of a text of a stranger that are told to the user.
#[cfg(feature = "bridge")]
const SHOWN: usize = 500;

/// Returns a text of a stranger as it can be told to the user: on one line, and so that it
/// does not control the terminal.
#[cfg(feature = "bridge")]
pub fn shown(text: &str) -> String {
    let (begin, more) = match text.char_indices().nth(SHOWN) {
        None => (text, ""),
        Some((end, _)) => (&text[..end], "..."),
    };
    let mut out = Vec::new();
    write_frame(Format::Text, begin.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned() + more
}

/// Returns true if a frame can be written as it is.
fn is_plain(frame: &[u8]) -> bool {
    !frame.starts_with(b"$'")
        && std::str::from_utf8(frame).is_ok_and(|text| !text.contains(is_special))
}

/// Returns true for a character that ends a line, moves the cursor of a terminal or reorders
/// what is shown.
fn is_special(c: char) -> bool {
    let reorders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || reorders || matches!(c, '\u{2028}' | '\u{2029}')
}

fn quote(frame: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"$'");
    for chunk in frame.utf8_chunks() {
        for c in chunk.valid().chars() {
            let mut buffer = [0; 4];
            let bytes = c.encode_utf8(&mut buffer).as_bytes();
            match c {
                '\\' => out.extend_from_slice(b"\\\\"),
                '\'' => out.extend_from_slice(b"\\'"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                c if is_special(c) => escape(bytes, out),
                _ => out.extend_from_slice(bytes),
            }
        }
        escape(chunk.invalid(), out);
    }
    out.push(b'\'');
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    bytes.iter().for_each(|byte| out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()));
}

/// Parses a line, without its end, or the whole input if it is raw. Returns `None` for a line
/// that has no message.
///
/// # Errors
/// What is wrong with it.
pub fn message_of(format: Format, line: &[u8]) -> Result<Option<Vec<Vec<u8>>>, String> {
    match format {
        Format::Raw => Ok(Some(vec![line.to_vec()])),
        Format::Json if line.trim_ascii().is_empty() => Ok(None),
        Format::Json => message_of_json(line).map(Some),
        Format::Text | Format::Hex => line
            .split(|byte| *byte == b'\t')
            .map(|frame| frame_of(format, frame))
            .collect::<Result<_, _>>()
            .map(Some),
    }
}

/// Parses a frame.
///
/// # Errors
/// What is wrong with it.
pub fn frame_of(format: Format, text: &[u8]) -> Result<Vec<u8>, String> {
    match format {
        Format::Raw => Ok(text.to_vec()),
        Format::Text => match text.strip_prefix(b"$'") {
            None => Ok(text.to_vec()),
            Some(quoted) => unquote(quoted),
        },
        Format::Hex => HEXLOWER_PERMISSIVE
            .decode(text)
            .map_err(|error| format!("expected two hexadecimal digits for each byte: {error}")),
        Format::Json => {
            let value = serde_json::from_slice(text).map_err(|error| not_json(&error))?;
            frame_of_value(value)
        }
    }
}

/// Parses what follows `$'`.
fn unquote(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut frame = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' if bytes.len() == 0 => return Ok(frame),
            b'\'' => {
                return Err("after $' a frame ends with its next '; write \\' inside".to_owned());
            }
            b'\\' => frame.push(unescape(&mut bytes)?),
            byte => frame.push(byte),
        }
    }
    Err("a frame that begins with $' ends with '".to_owned())
}

/// Parses what follows a backslash.
fn unescape(bytes: &mut impl Iterator<Item = u8>) -> Result<u8, String> {
    match bytes.next() {
        Some(byte @ (b'\\' | b'\'' | b'"')) => Ok(byte),
        Some(b'n') => Ok(b'\n'),
        Some(b'r') => Ok(b'\r'),
        Some(b't') => Ok(b'\t'),
        Some(b'e') => Ok(0x1b),
        Some(b'x') => {
            let digits = [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)];
            match HEXLOWER_PERMISSIVE.decode(&digits).as_deref() {
                Ok([byte]) => Ok(*byte),
                _ => Err("two hexadecimal digits follow \\x".to_owned()),
            }
        }
        _ => Err("after $' a backslash is followed by \\ ' n r t e or xHH".to_owned()),
    }
}

fn message_of_json(line: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let value = serde_json::from_slice(line).map_err(|error| not_json(&error))?;
    let frames = match value {
        Value::Array(frames) => frames,
        Value::Object(mut object) => match object.remove("frames") {
            Some(Value::Array(frames)) => frames,
            Some(other) => return Err(format!("frames: expected an array, got {}", kind(&other))),
            None => return Err("expected an object with \"frames\", got one without".to_owned()),
        },
        other => {
            return Err(format!(
                "expected {{\"frames\":[...]}} or an array of frames, got {}",
                kind(&other)
            ));
        }
    };
    if frames.is_empty() {
        return Err("a message has at least one frame".to_owned());
    }
    let frame = |(index, frame)| {
        frame_of_value(frame).map_err(|problem| format!("frame {}: {problem}", index + 1))
    };
    frames.into_iter().enumerate().map(frame).collect()
}

fn frame_of_value(value: Value) -> Result<Vec<u8>, String> {
    const EXPECTED: &str = "expected a string or {\"base64\":\"...\"}";
    match value {
        Value::String(text) => Ok(text.into_bytes()),
        Value::Object(object) => match object.get("base64") {
            Some(Value::String(text)) if object.len() == 1 => {
                BASE64.decode(text.as_bytes()).map_err(|error| format!("not base64: {error}"))
            }
            _ => Err(format!("{EXPECTED}, got another object")),
        },
        other => Err(format!("{EXPECTED}, got {}", kind(&other))),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    format!("not JSON: {error}")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [Format; 3] = [Format::Text, Format::Json, Format::Hex];

    fn written(format: Format, stamp: Option<&str>, frames: &[&[u8]]) -> String {
        let mut out = Vec::new();
        write_message(format, stamp, frames, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn check(frames: &[&[u8]]) {
        for format in LINES {
            let line = written(format, None, frames);
            let line = line.strip_suffix('\n').unwrap();
            assert!(!line.contains('\n'), "{line}");
            let read = message_of(format, line.as_bytes()).unwrap();
            assert_eq!(read.unwrap(), frames, "{line}");
        }
    }

    #[cfg(feature = "bridge")]
    #[test]
    fn texts_of_strangers_stay_on_a_line() {
        assert_eq!(shown("a \u{e4}"), "a \u{e4}");
        assert_eq!(shown("a\nwarning: \x1b[2J"), r"$'a\nwarning: \x1b[2J'");
        assert_eq!(shown(&"\u{e4}".repeat(SHOWN)), "\u{e4}".repeat(SHOWN));
        assert_eq!(shown(&"x".repeat(SHOWN + 1)), "x".repeat(SHOWN) + "...");
    }

    #[test]
    fn messages_are_read_as_they_were_written() {
        let all: Vec<u8> = (0..=255).collect();
        check(&[&all, b"", &all]);
        for frames in [
            &[&b""[..]][..],
            &[b"", b""],
            &[b"topic", b"{\"a\":\"\\n\"}"],
            &[b"$'", b"$", b"'", b"$'\\x41'", b"\\", b"\\n"],
            &[b"a\tb", b"a\nb", b"a\r", b"\x1b[31m", b"\x7f"],
            &["é€𝄞".as_bytes(), "\u{85}\u{2028}\u{202e}".as_bytes(), b"\xc3", b"\xf0\x9d\x84"],
        ] {
            check(frames);
        }
        for first in 0..=255 {
            for second in [b'\\', b'\'', b'\n', b'\t', b'n', b'x', 0x80, first] {
                check(&[&[first, second], b"$'", &[b'$', b'\'', first, second, b'\'']]);
            }
        }
    }

    #[test]
    fn text_is_easy_to_read() {
        for (frames, line) in [
            (&[&b"topic"[..], b"{\"a\":\"b\\n\"}"][..], "topic\t{\"a\":\"b\\n\"}\n"),
            (&[b"it's", b"C:\\temp"], "it's\tC:\\temp\n"),
            (&[b"two\nlines", b"\xff\x00"], "$'two\\nlines'\t$'\\xff\\x00'\n"),
            (&["é\u{202e}".as_bytes()], "$'é\\xe2\\x80\\xae'\n"),
        ] {
            assert_eq!(written(Format::Text, None, frames), line);
        }
        assert_eq!(written(Format::Text, Some("now"), &[b"a", b"b"]), "now\ta\tb\n");
        assert_eq!(written(Format::Hex, Some("now"), &[b"a", b""]), "now\t61\t\n");
        assert_eq!(written(Format::Raw, Some("now"), &[b"a", b"b\n"]), "ab\n");
        assert_eq!(
            written(Format::Json, Some("now"), &[b"a\"", b"\xff"]),
            "{\"time\":\"now\",\"frames\":[\"a\\\"\",{\"base64\":\"/w==\"}]}\n"
        );
    }

    #[test]
    fn bash_reads_quoted_frames() {
        let all: Vec<u8> = (1..=255).collect();
        let mut out = b"printf %s ".to_vec();
        quote(&all, &mut out);
        let script = std::ffi::OsString::from(String::from_utf8(out).unwrap());
        // Bash is not everywhere.
        if let Ok(output) = std::process::Command::new("bash").arg("-c").arg(script).output() {
            assert_eq!(output.stdout, all);
        }
    }

    #[test]
    fn wrong_lines_say_why() {
        for (format, line, problem) in [
            (Format::Text, "$'a", "ends with '"),
            (Format::Text, "$'", "ends with '"),
            (Format::Text, "$'a'b", "write \\' inside"),
            (Format::Text, "$'\\q'", "a backslash is followed by"),
            (Format::Text, "$'\\x4'", "two hexadecimal digits"),
            (Format::Text, "$'\\", "a backslash is followed by"),
            (Format::Hex, "abc", "two hexadecimal digits"),
            (Format::Hex, "gg", "two hexadecimal digits"),
            (Format::Json, "x", "not JSON"),
            (Format::Json, "{\"frames\":[\"\\ud800\"]}", "not JSON"),
            (Format::Json, "1", "got a number"),
            (Format::Json, "{}", "got one without"),
            (Format::Json, "{\"frames\":1}", "expected an array, got a number"),
            (Format::Json, "[]", "at least one frame"),
            (Format::Json, "[\"a\",null]", "frame 2: expected a string"),
            (Format::Json, "[{\"base64\":\"!\"}]", "frame 1: not base64"),
            (Format::Json, "[{\"base64\":\"\",\"x\":1}]", "got another object"),
        ] {
            let error = message_of(format, line.as_bytes()).unwrap_err();
            assert!(error.contains(problem), "{line}: {error}");
        }
        assert_eq!(message_of(Format::Json, b" ").unwrap(), None);
        assert_eq!(frame_of(Format::Json, b"\"a\"").unwrap(), b"a");
        assert_eq!(message_of(Format::Raw, b"a\n\tb").unwrap().unwrap(), [b"a\n\tb"]);
    }
}
