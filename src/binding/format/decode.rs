//! JSON and MessagePack as values for scripts.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::cost::{Cost, LARGE, SMALL};
use super::encode::Format;
use crate::binding::value::Value;
use crate::core::array::{self, sparse};
use crate::core::counted::Counted;
use crate::core::wait::Interrupt;
use crate::core::{Error, Frame};

/// Lists and dictionaries that are nested so deep are refused, as by serde_json.
const DEEPEST: usize = 128;

/// The maximum number of elements to allocate in advance, regardless of the length that a
/// message announces.
const FIRST: usize = 1024;

impl Format {
    /// Reads a value. The time and the memory that a host needs for it are limited, and the
    /// host is asked now and then whether to stop.
    ///
    /// # Errors
    /// [`Error::Decode`], with the reason and position; [`Error::Interrupted`].
    pub fn read(self, bytes: &[u8], interrupt: Option<&dyn Interrupt>) -> Result<Value, Error> {
        let cost = Cost::new(interrupt);
        let result = match self {
            Format::Json => read_json(bytes, &cost),
            Format::MessagePack => read_message_pack(bytes, &cost),
        };
        result.map_err(|what| match cost.interrupted() {
            true => Error::Interrupted,
            false => Error::Decode { what: what.into() },
        })
    }
}

fn read_json(bytes: &[u8], cost: &Cost) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Reader(cost).deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| reason(cost, format_args!("the frame is not JSON: {error}")))
}

fn read_message_pack(bytes: &[u8], cost: &Cost) -> Result<Value, String> {
    let mut reader = rmp_serde::Deserializer::new(std::io::Cursor::new(bytes));
    reader.set_max_depth(DEEPEST);
    let value = Reader(cost)
        .deserialize(&mut reader)
        .map_err(|error| reason(cost, format_args!("the frame is not MessagePack: {error}")))?;
    match bytes.len() as u64 - reader.position() {
        0 => Ok(value),
        rest => {
            let rest = Counted(rest, "byte");
            Err(format!("the frame is not MessagePack: its value is followed by {rest}"))
        }
    }
}

/// Returns why a frame is refused: a limit that it exceeds, or else what the parser found.
fn reason(cost: &Cost, found: fmt::Arguments) -> String {
    cost.exceeded().map_or_else(|| found.to_string(), str::to_owned)
}

/// Reads a value within the limits.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Cost<'a>);

impl Reader<'_> {
    /// Counts a value.
    fn count<E: serde::de::Error>(self, units: u64) -> Result<(), E> {
        self.0.count(units).map_err(E::custom)
    }
}

/// The data of an extension.
struct Data(Vec<u8>);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Data, D::Error> {
        struct Taken;

        impl Visitor<'_> for Taken {
            type Value = Data;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Data, E> {
                Ok(Data(bytes.to_owned()))
            }

            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Data, E> {
                Ok(Data(bytes))
            }
        }

        deserializer.deserialize_bytes(Taken)
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value that scripts have")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.count(SMALL).map(|()| Value::Nil)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.count(SMALL).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.count(SMALL).map(|()| Value::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.count(SMALL)?;
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.count(SMALL).map(|()| Value::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.count(LARGE).map(|()| value.to_owned().into())
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.count(LARGE).map(|()| value.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, value: &[u8]) -> Result<Value, E> {
        self.count(LARGE).map(|()| Value::frame(Frame::from(value)))
    }

    /// Reads an extension of MessagePack.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, extension: D) -> Result<Value, D::Error> {
        self.count(LARGE)?;
        let (kind, data) = <(i8, Data)>::deserialize(extension)?;
        match kind {
            array::EXTENSION => {
                let array = array::read_extension(&data.0).map_err(D::Error::custom)?;
                Ok(Value::Array(Box::new(array)))
            }
            sparse::EXTENSION => {
                let matrix = sparse::read_extension(&data.0).map_err(D::Error::custom)?;
                Ok(Value::Sparse(Box::new(matrix)))
            }
            _ => Err(D::Error::custom(format_args!("the extension {kind} is not known"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.count(LARGE)?;
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(FIRST));
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.count(LARGE)?;
        let mut dictionary = Vec::with_capacity(entries.size_hint().unwrap_or(0).min(FIRST));
        while let Some((key, value)) = entries.next_entry_seed(self, self)? {
            // A host marks free places of a dictionary by nil, and compares keys.
            match key {
                Value::Bool(_) | Value::Int(_) | Value::String(_) | Value::Object(_) => {}
                Value::Float(number) if !number.is_nan() => {}
                _ => return Err(A::Error::custom("a key is neither a number nor text nor bytes")),
            }
            dictionary.push((key, value));
        }
        self.0.count_keys(&dictionary).map_err(A::Error::custom)?;
        Ok(Value::Dictionary(dictionary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::value::ValueRef;

    fn json(text: &str) -> Result<String, String> {
        let value = Format::Json.read(text.as_bytes(), None).map_err(|error| error.to_string())?;
        Ok(format!("{value:?}"))
    }

    #[test]
    fn integers_and_floats_stay_apart() {
        assert_eq!(json("[1, 1.0, -1]").unwrap(), "List([Int(1), Float(1.0), Int(-1)])");
        assert_eq!(json("18446744073709551615").unwrap(), "Float(1.8446744073709552e19)");
        assert_eq!(json("9007199254740993").unwrap(), "Int(9007199254740993)");
    }

    /// A fast reader of Floats may return their neighbors.
    #[test]
    fn floats_are_exact() {
        for text in ["1.8446744073703326e19", "1.7976931348623157e308", "5e-324", "0.1"] {
            let number: f64 = text.parse().unwrap();
            assert_eq!(json(text).unwrap(), format!("Float({number:?})"));
        }
    }

    #[test]
    fn what_is_not_json_is_told() {
        for text in ["", "{", "[1,]", "nul", "1 2", "\"\\ud800\"", "1e999", "{1:2}", "\u{0}"] {
            let error = json(text).unwrap_err();
            assert!(error.starts_with("the frame is not JSON: "), "{error}");
        }
        assert!(Format::Json.read(&[b'"', 255, b'"'], None).is_err());
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let packed = |depth: usize| {
            let bytes = [&vec![0x91; depth][..], &[0xc0]].concat();
            Format::MessagePack.read(&bytes, None)
        };
        assert!(json(&deep(DEEPEST - 1)).is_ok() && packed(DEEPEST - 1).is_ok());
        for depth in [DEEPEST, 100_000] {
            assert!(json(&deep(depth)).is_err() && packed(depth).is_err(), "{depth}");
        }
    }

    #[test]
    fn message_pack_that_claims_too_much_is_refused() {
        for bytes in [
            &[0xdd, 0xff, 0xff, 0xff, 0xff][..],
            &[0xdf, 0xff, 0xff, 0xff, 0xff],
            &[0xc6, 0xff, 0xff, 0xff, 0xff, 1],
            &[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'],
            &[0xc1],
            &[],
            &[0xc0, 0xc0],
            // An extension, a nil as a key, text that is not UTF-8.
            &[0xd4, 1, 1],
            &[0x81, 0xc0, 1],
            &[0x81, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 1],
        ] {
            assert!(Format::MessagePack.read(bytes, None).is_err(), "{bytes:02x?}");
        }
    }

    /// Returns why a Dictionary with these keys in MessagePack is refused, if it is.
    fn refusal(keys: impl ExactSizeIterator<Item = Vec<u8>>) -> Option<String> {
        let mut bytes = vec![0xdf];
        bytes.extend((keys.len() as u32).to_be_bytes());
        keys.for_each(|key| bytes.extend([&*key, &[0xc0]].concat()));
        Format::MessagePack.read(&bytes, None).err().map(|error| error.to_string())
    }

    fn text(text: &str) -> Vec<u8> {
        [&[0xd9, text.len() as u8], text.as_bytes()].concat()
    }

    #[test]
    fn keys_that_collide_are_refused() {
        let int = |value: usize| [&[0xd2][..], &(value as u32).to_be_bytes()].concat();
        let float = |value: usize| [&[0xcb][..], &(value as f64).to_be_bytes()].concat();
        assert_eq!(refusal((0..300_000).map(int)), None);
        assert_eq!(refusal((0..300_000).map(|i| text(&format!("key {i}")))), None);
        assert_eq!(refusal((0..2000).map(float)), None);
        let same = |i: usize| text(["one", "two"][i % 2]);
        for refusal in [
            refusal((0..100_000).map(float)),
            refusal((0..100_000).map(|i| int(i << 15))),
            refusal((0..100_000).map(same)),
        ] {
            assert!(refusal.unwrap().starts_with("the keys of the frame's dictionaries collide"));
        }
        // Many dictionaries count together.
        let numbers = format!("{{{}}}", ["\"same\": 0"; 2000].join(", "));
        let error = json(&format!("[{}]", [&*numbers; 10].join(", "))).unwrap_err();
        assert!(error.contains("collide"), "{error}");
    }

    #[test]
    fn values_are_counted() {
        let error = json(&format!("[{}0]", "[],".repeat(3_000_000))).unwrap_err();
        assert!(error.starts_with("the frame holds too many values"), "{error}");
        assert!(json(&format!("[{}0]", "1,".repeat(3_000_000))).is_ok());
    }

    #[test]
    fn message_pack_keeps_every_kind() {
        let value = ValueRef::List(vec![
            ValueRef::Int(1),
            ValueRef::Float(1.0),
            ValueRef::Float(f64::NEG_INFINITY),
            ValueRef::Int(i64::MIN),
            ValueRef::String(b"text"),
            ValueRef::String(&[255]),
            ValueRef::Dictionary(vec![(ValueRef::Float(0.5), ValueRef::Nil)]),
        ]);
        let bytes = Format::MessagePack.write(&value).unwrap();
        let Value::List(items) = Format::MessagePack.read(&bytes, None).unwrap() else {
            panic!("it was a list");
        };
        assert!(matches!(
            items[..4],
            [
                Value::Int(1),
                Value::Float(1.0),
                Value::Float(f64::NEG_INFINITY),
                Value::Int(i64::MIN)
            ]
        ));
        assert!(matches!(&items[4], Value::String(text) if **text == *b"text"));
        assert!(matches!(&items[5], Value::Object(frame) if frame.bytes() == Some(1)));
        assert!(matches!(&items[6], Value::Dictionary(entries)
            if matches!(entries[..], [(Value::Float(0.5), Value::Nil)])));
    }

    #[test]
    fn reading_can_be_interrupted() {
        let numbers = format!("[{}1]", "1,".repeat(200_000));
        let asked = std::cell::Cell::new(0);
        let second = || asked.replace(asked.get() + 1) == 2;
        let read = Format::Json.read(numbers.as_bytes(), Some(&second));
        assert!(matches!(read, Err(Error::Interrupted)));
        assert!(Format::Json.read(numbers.as_bytes(), None).is_ok());
    }
}
