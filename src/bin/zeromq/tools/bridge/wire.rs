//! Messages of ZeroMQ as messages of NATS, and back.
//!
//! The payload is the last frame, so that programs of NATS find the body where they expect it.
//! Headers have the rest: `Zeromq-Frames` is the number of frames, `Zeromq-Topic` the first
//! one, and each `Zeromq-Frame` one of those between both, in order.

use async_nats::HeaderMap;
use data_encoding::HEXUPPER_PERMISSIVE;

const FRAMES: &str = "Zeromq-Frames";
const TOPIC: &str = "Zeromq-Topic";
const FRAME: &str = "Zeromq-Frame";

/// The smallest size of the header of a frame: its name, a colon, a space, and the end of the
/// line.
pub const LEAST: usize = FRAME.len() + 4;

/// Returns the headers and the payload of a message.
pub fn pack<F: AsRef<[u8]>>(frames: &[F]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    headers.insert(FRAMES, frames.len().to_string());
    let Some((last, first)) = frames.split_last() else {
        return (headers, b"");
    };
    for (index, frame) in first.iter().enumerate() {
        headers.append(if index == 0 { TOPIC } else { FRAME }, escape(frame.as_ref()));
    }
    (headers, last.as_ref())
}

/// Returns the frames of a message. One that another program has published has two: its
/// subject, with this between its tokens, and its payload.
pub fn unpack<'a>(
    subject: &str,
    separator: &str,
    headers: Option<&HeaderMap>,
    payload: &'a [u8],
) -> Vec<std::borrow::Cow<'a, [u8]>> {
    let value = |name| headers.and_then(|headers| headers.get(name));
    let mut frames = Vec::with_capacity(2);
    match (value(FRAMES), value(TOPIC)) {
        (_, Some(topic)) => frames.push(unescape(topic.as_str()).into()),
        (Some(_), None) => {}
        (None, None) => frames.push(subject.replace('.', separator).into_bytes().into()),
    }
    if let Some(headers) = headers {
        let between = headers.get_all(FRAME);
        frames.extend(between.map(|frame| unescape(frame.as_str()).into()));
    }
    frames.push(payload.into());
    frames
}

/// Returns bytes as the value of a header: a single word, which is not empty.
fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    escape_into(bytes, |byte| byte.is_ascii_graphic() && byte != b'%', &mut text);
    if text.is_empty() {
        text.push('%');
    }
    text
}

/// Appends bytes: those to keep as they are, others as % and two digits.
pub fn escape_into(bytes: &[u8], keep: impl Fn(u8) -> bool, text: &mut String) {
    for &byte in bytes {
        if keep(byte) {
            text.push(byte.into());
        } else {
            text.push('%');
            HEXUPPER_PERMISSIVE.encode_append(&[byte], text);
        }
    }
}

/// Returns the bytes of an escaped text. A % that escapes nothing is left out.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
        } else if let Some((digits, after)) = rest.split_first_chunk::<2>()
            && let Ok(decoded) = HEXUPPER_PERMISSIVE.decode(digits)
        {
            bytes.extend_from_slice(&decoded);
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(frames: &[&[u8]]) -> Vec<Vec<u8>> {
        let (headers, payload) = pack(frames);
        for (_, values) in headers.iter() {
            for value in values {
                assert!(value.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
        let back = unpack("subject", ".", Some(&headers), payload);
        back.into_iter().map(|frame| frame.into_owned()).collect()
    }

    #[test]
    fn all_messages_come_back_as_they_were() {
        let all_bytes: Vec<u8> = (0..=255).collect();
        let messages: [&[&[u8]]; 8] = [
            &[b""],
            &[b"body"],
            &[b"", b""],
            &[b"topic", b"body"],
            &[b"a", b"", b"\r\nx: y", b"%", b"%41", b""],
            &[&all_bytes, &all_bytes],
            &[&all_bytes, &all_bytes, &all_bytes],
            &[" \u{e4}".as_bytes(), b" ", b" x ", b"\0"],
        ];
        for message in messages {
            assert_eq!(there_and_back(message), message);
        }
    }

    #[test]
    fn messages_of_others_have_their_subject_as_topic() {
        assert_eq!(unpack("a.b", "_", None, b"x"), [&b"a_b"[..], b"x"]);
        let mut headers = HeaderMap::new();
        headers.insert("Other", "y");
        assert_eq!(unpack("a.b", ".", Some(&headers), b"x"), [&b"a.b"[..], b"x"]);
        headers.insert(FRAMES, "1000");
        assert_eq!(unpack("a.b", ".", Some(&headers), b"x"), [&b"x"[..]]);
        headers.insert(TOPIC, "%4");
        assert_eq!(unpack("a.b", ".", Some(&headers), b"x"), [&b"4"[..], b"x"]);
    }
}
