//! Messages described by a picture, a letter for each frame, as in czmq.

use std::borrow::Cow;

use super::list;
use crate::binding::arguments::{FRAME, TIMEOUT, frame, frames};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, Sends, required, variadic};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::socket::signals;
use crate::core::{Error, Frame};

const PICTURE: Parameter =
    required("picture", Kinds::STRING, "a String of the letters i 1 2 4 8 u s b c f U h m z");

pub(super) static GROUP: Group = Group {
    name: "pictures",
    doc: "Send and receive frames described by a picture.",
    see: "pictures",
    methods: &[
        Method {
            name: "sendpicture",
            parameters: &[
                PICTURE,
                variadic(
                    "values",
                    FRAME.or(Kinds::LIST).or(Kinds::DICTIONARY),
                    "one value for each letter of the picture except z",
                )
                .of(FRAME),
                TIMEOUT,
            ],
            result: "Bool",
            doc: "Sends one message with a frame for each letter of the picture. Returns true if \
                  the message was queued, or false as `send` does.",
            errors: "`ZMQArgs` if a value is missing or does not match its letter; \
                     `ZMQUnsupported` on a ZMQSubscriber or ZMQPull",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].sendpicture("si", "temperature", 21)
                print pair[1].receivepicture("si")[1]   // 21
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Bool(false)),
            run: send,
        },
        Method {
            name: "receivepicture",
            parameters: &[PICTURE, TIMEOUT],
            result: "Tuple or nil",
            doc: "Receives one message and returns a Tuple with one value for each letter of the \
                  picture except `z`. A value is nil if the message has too few frames. Frames \
                  beyond the picture are discarded.",
            errors: "`ZMQDecode` if a frame does not match its letter or the message is a signal: \
                     the message is discarded; `ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: receive,
        },
    ],
};

fn send(call: &Call) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    let picture = picture(call)?;
    let mut given = call.values().iter().skip(1).enumerate();
    let mut sent: Vec<Cow<[u8]>> = Vec::new();
    for letter in picture.chars() {
        if letter == 'z' {
            sent.push(Cow::Borrowed(&[]));
            continue;
        }
        let Some((index, value)) = given.next() else {
            return Err(missing(letter));
        };
        let wrong = |value: &ValueRef| Error::Argument {
            place: format!("argument {} (values)", index + 2),
            expected: format!("for the letter {letter}: {}", expected(letter)).into(),
            got: value.to_string(),
        };
        if letter == 'm' {
            let all = frames(std::slice::from_ref(value), |_, value| wrong(value))?;
            sent.extend(all.iter().map(|frame| Cow::Owned(frame.to_vec())));
        } else {
            sent.push(Cow::Owned(written(letter, value).ok_or_else(|| wrong(value))?));
        }
    }
    if let Some((index, value)) = given.next() {
        return Err(Error::Argument {
            place: format!("argument {}", index + 2),
            expected: "no more values than the picture has letters".into(),
            got: value.to_string(),
        });
    }
    if sent.is_empty() {
        return Err(call.wrong(0, "a picture without any frame".to_owned()));
    }
    socket.send(&sent, &wait)?;
    Ok(super::sent(call, socket))
}

fn missing(letter: char) -> Error {
    Error::Argument {
        place: "the values".to_owned(),
        expected: format!("one for the letter {letter}: {}", expected(letter)).into(),
        got: "nothing".to_owned(),
    }
}

fn receive(call: &Call) -> Result<Value, Error> {
    let picture = picture(call)?;
    let frames = call.socket()?.receive_all(&call.wait()?)?;
    if let Some(status) = signals::status(&frames) {
        return Err(decode(format!("the message is a signal with status {status}")));
    }
    let mut frames = frames.into_iter();
    let mut values = Vec::new();
    for letter in picture.chars() {
        match (letter, letter == 'm') {
            (_, true) => values.push(list(frames.by_ref())),
            ('z', _) => {
                if frames.next().is_some_and(|frame| !frame.is_empty()) {
                    return Err(decode("the frame for the letter z is not empty".to_owned()));
                }
            }
            _ => values.push(match frames.next() {
                None => Value::Nil,
                Some(frame) => read(letter, frame).ok_or_else(|| {
                    decode(format!("the frame for the letter {letter} is not {}", expected(letter)))
                })?,
            }),
        }
    }
    Ok(Value::Tuple(values))
}

fn decode(what: String) -> Error {
    Error::Decode { what: what.into() }
}

/// Returns the picture, which has only known letters.
fn picture<'a>(call: &Call<'a>) -> Result<&'a str, Error> {
    let picture = call.text(0)?;
    match picture.chars().find(|letter| !"i1248usbcfUhmz".contains(*letter)) {
        None => Ok(picture),
        Some(letter) => Err(call.wrong(0, format!("the letter {letter:?} in it"))),
    }
}

fn expected(letter: char) -> &'static str {
    match letter {
        'i' => "an Int of 32 bits",
        '1' => "an Int from 0 to 255",
        '2' => "an Int from 0 to 65535",
        '4' | 'u' => "a whole number from 0 to 4294967295",
        '8' => "a non-negative whole number of 64 bits",
        's' => "a String in UTF-8",
        'U' => "a UUID, 16 bytes or 32 hexadecimal digits",
        'h' => "a Dictionary of Strings, its keys no longer than 255 bytes",
        'm' => "a List of Strings, ZMQFrames, numbers or Bools",
        _ => "a String or a ZMQFrame",
    }
}

/// Returns the range of the numbers for a letter.
fn range(letter: char) -> Option<(i128, i128)> {
    Some(match letter {
        'i' => (i32::MIN.into(), i32::MAX.into()),
        '1' => (0, u8::MAX.into()),
        '2' => (0, u16::MAX.into()),
        '4' | 'u' => (0, u32::MAX.into()),
        '8' => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// Returns the frame for a value.
fn written(letter: char, value: &ValueRef) -> Option<Vec<u8>> {
    if let Some((least, most)) = range(letter) {
        let number = match value {
            ValueRef::Int(number) => i128::from(*number),
            // A host may have no larger Ints.
            ValueRef::Float(number) if number.fract() == 0.0 => *number as i128,
            _ => return None,
        };
        return (least..=most).contains(&number).then(|| number.to_string().into_bytes());
    }
    let bytes = || match value {
        ValueRef::String(_) | ValueRef::Object(..) => frame(value).map(|bytes| bytes.to_vec()),
        _ => None,
    };
    match letter {
        's' => bytes().filter(|bytes| std::str::from_utf8(bytes).is_ok()),
        'U' => bytes().and_then(uuid),
        'h' => match value {
            ValueRef::Dictionary(entries) => packed(entries),
            _ => None,
        },
        _ => bytes(),
    }
}

/// Returns the value in a frame.
fn read(letter: char, frame: Frame) -> Option<Value> {
    if let Some((least, most)) = range(letter) {
        let number = frame.as_text()?.parse::<i128>().ok()?;
        return (least..=most).contains(&number).then(|| {
            i64::try_from(number).map_or_else(|_| Value::Float(number as f64), Value::Int)
        });
    }
    match letter {
        's' => frame.is_text().then(|| frame.into()),
        'U' => <[u8; 16]>::try_from(&*frame).ok().map(|uuid| shown(&uuid).into()),
        'h' => unpacked(&frame),
        _ => Some(Value::frame(frame)),
    }
}

/// Returns a UUID of 16 bytes, or as text with or without hyphens.
fn uuid(bytes: Vec<u8>) -> Option<Vec<u8>> {
    if bytes.len() == 16 {
        return Some(bytes);
    }
    let digits: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'-').collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = digits.as_chunks() else {
        return None;
    };
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|bytes| bytes.len() == 16)
}

fn shown(uuid: &[u8; 16]) -> String {
    let text = format!("{:032x}", u128::from_be_bytes(*uuid));
    let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
    parts.join("-")
}

/// Packs a dictionary in the format of czmq's zhashx: the number of entries, and for each
/// one the length of its key, the key, the length of the value and the value.
fn packed(entries: &[(ValueRef, ValueRef)]) -> Option<Vec<u8>> {
    let mut bytes = u32::try_from(entries.len()).ok()?.to_be_bytes().to_vec();
    for (key, value) in entries {
        let ValueRef::String(key) = key else {
            return None;
        };
        let value = frame(value)?;
        bytes.push(u8::try_from(key.len()).ok()?);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&u32::try_from(value.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(&value);
    }
    Some(bytes)
}

fn unpacked(bytes: &[u8]) -> Option<Value> {
    let (count, mut rest) = bytes.split_first_chunk()?;
    let mut entries = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (length, after) = rest.split_first()?;
        let (key, after) = after.split_at_checked(usize::from(*length))?;
        let (length, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (value, after) = after.split_at_checked(length)?;
        entries.push((Frame::from(key).into(), Frame::from(value).into()));
        rest = after;
    }
    rest.is_empty().then_some(Value::Dictionary(entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_range() {
        for (letter, number, fits) in [
            ('i', -2_147_483_648.0, true),
            ('i', 2_147_483_648.0, false),
            ('1', 255.0, true),
            ('1', 256.0, false),
            ('1', -1.0, false),
            ('2', 65_535.0, true),
            ('4', 4_294_967_296.0, false),
            ('u', 4_294_967_295.0, true),
            ('8', 1e19, true),
            ('8', 1e20, false),
            ('8', 0.5, false),
            ('8', f64::NAN, false),
            ('8', f64::INFINITY, false),
        ] {
            assert_eq!(written(letter, &ValueRef::Float(number)).is_some(), fits, "{number}");
        }
        assert_eq!(written('8', &ValueRef::Float(1e15)).unwrap(), b"1000000000000000");
    }

    #[test]
    fn a_uuid_is_written_as_bytes_and_read_as_text() {
        let text = "00112233-4455-6677-8899-aabbccddeeff";
        let bytes = written('U', &ValueRef::String(text.as_bytes())).unwrap();
        assert_eq!(bytes.len(), 16);
        let Some(Value::String(read)) = read('U', Frame::from(bytes)) else {
            panic!("it was a UUID");
        };
        assert_eq!(*read, *text.as_bytes());
        for text in ["", "00", "zz112233-4455-6677-8899-aabbccddeeff", "0011223"] {
            assert!(written('U', &ValueRef::String(text.as_bytes())).is_none());
        }
    }

    #[test]
    fn a_dictionary_that_is_cut_off_is_refused() {
        let entries = [(ValueRef::String(b"key"), ValueRef::String(b"value"))];
        let bytes = packed(&entries).unwrap();
        assert_eq!(bytes, b"\0\0\0\x01\x03key\0\0\0\x05value");
        assert!(unpacked(&bytes).is_some());
        for end in 0..bytes.len() {
            assert!(unpacked(&bytes[..end]).is_none());
        }
        assert!(unpacked(&[&bytes[..], b"x"].concat()).is_none());
        assert!(unpacked(&[0xff; 64]).is_none());
    }
}
