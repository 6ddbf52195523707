//! Script values as JSON and MessagePack.

use std::fmt::Write;

use rmp_serde::MSGPACK_EXT_STRUCT_NAME;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::binding::arguments;
use crate::binding::value::ValueRef;
use crate::core::Error;
use crate::core::array::{self, sparse};
use crate::core::error::Excerpt;

/// The format of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON: text that any program can read. It supports neither bytes nor keys other than
    /// Strings.
    Json,
    /// MessagePack: compact, and every value keeps its kind.
    MessagePack,
}

impl Format {
    /// Returns the supported kinds, in words.
    fn expected(self) -> &'static str {
        match self {
            Format::Json => {
                "nil, Bools, Ints, finite Floats, Strings in UTF-8, Lists, and Dictionaries with \
                 Strings as keys"
            }
            Format::MessagePack => {
                "nil, Bools, numbers, Strings, ZMQFrames, arrays, sparse matrices, Lists and \
                 Dictionaries of such"
            }
        }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// [`Error::Argument`], with the place of the unsupported value.
    pub fn write(self, value: &ValueRef) -> Result<Vec<u8>, Error> {
        self.check(value, &mut Vec::new())?;
        let written = match self {
            Format::Json => serde_json::to_vec(&Written(value)).map_err(|e| e.to_string()),
            Format::MessagePack => rmp_serde::to_vec(&Written(value)).map_err(|e| e.to_string()),
        };
        written.map_err(|message| Error::Panic { message })
    }

    /// Checks a value, whose place is `path`.
    fn check(self, value: &ValueRef, path: &mut Vec<Step>) -> Result<(), Error> {
        let json = self == Format::Json;
        match value {
            ValueRef::Nil | ValueRef::Bool(_) | ValueRef::Int(_) => Ok(()),
            ValueRef::Float(number) if number.is_finite() || !json => Ok(()),
            ValueRef::String(bytes) if !json || std::str::from_utf8(bytes).is_ok() => Ok(()),
            ValueRef::Array(_) | ValueRef::Sparse(_) if !json => Ok(()),
            ValueRef::Object(..) if !json && arguments::frame(value).is_some() => Ok(()),
            ValueRef::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Index(index));
                    self.check(item, path)?;
                    path.pop();
                }
                Ok(())
            }
            ValueRef::Dictionary(entries) => {
                for (key, value) in entries {
                    path.push(Step::Key(shown(key)));
                    self.check_key(key, path)?;
                    self.check(value, path)?;
                    path.pop();
                }
                Ok(())
            }
            _ => Err(self.refused(value.to_string(), path)),
        }
    }

    fn check_key(self, key: &ValueRef, path: &[Step]) -> Result<(), Error> {
        let fits = match key {
            ValueRef::String(bytes) => {
                self == Format::MessagePack || std::str::from_utf8(bytes).is_ok()
            }
            ValueRef::Nil | ValueRef::List(_) | ValueRef::Dictionary(_) => false,
            key => self == Format::MessagePack && arguments::frame(key).is_some(),
        };
        if fits { Ok(()) } else { Err(self.refused(format!("the key {key}"), path)) }
    }

    fn refused(self, got: String, path: &[Step]) -> Error {
        let mut way = String::new();
        for step in path {
            let _ = match step {
                Step::Index(index) => write!(way, "[{index}]"),
                Step::Key(key) => write!(way, "[{key}]"),
            };
        }
        // Hosts cut whole messages.
        way.truncate(way.floor_char_boundary(80));
        Error::Argument {
            place: format!("argument 1 (value){way}"),
            expected: self.expected().into(),
            got,
        }
    }
}

/// A step into a value.
enum Step {
    Index(usize),
    Key(String),
}

fn shown(key: &ValueRef) -> String {
    match key {
        ValueRef::String(bytes) => format!("'{}'", Excerpt(&String::from_utf8_lossy(bytes))),
        key => key.to_string(),
    }
}

/// The data of an extension.
struct Data<'a>(&'a [u8]);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// A checked value.
struct Written<'a, 'b>(&'a ValueRef<'b>);

impl Serialize for Written<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ValueRef::Nil => serializer.serialize_unit(),
            ValueRef::Bool(value) => serializer.serialize_bool(*value),
            ValueRef::Int(value) => serializer.serialize_i64(*value),
            ValueRef::Float(value) => serializer.serialize_f64(*value),
            ValueRef::String(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => serializer.serialize_str(text),
                Err(_) => serializer.serialize_bytes(bytes),
            },
            ValueRef::Array(array) => {
                let data = array::write_extension(array);
                let extension = (array::EXTENSION, Data(&data));
                serializer.serialize_newtype_struct(MSGPACK_EXT_STRUCT_NAME, &extension)
            }
            ValueRef::Sparse(matrix) => {
                let data = matrix.extension();
                let extension = (sparse::EXTENSION, Data(&data));
                serializer.serialize_newtype_struct(MSGPACK_EXT_STRUCT_NAME, &extension)
            }
            ValueRef::List(items) => serializer.collect_seq(items.iter().map(Written)),
            ValueRef::Dictionary(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(&Written(key), &Written(value))?;
                }
                map.end()
            }
            value => match arguments::frame(value) {
                Some(frame) => serializer.serialize_bytes(&frame),
                None => Err(serde::ser::Error::custom("the value was not checked")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_what_has_to_be() {
        let value = ValueRef::Dictionary(vec![(
            ValueRef::String(b"a \"key\""),
            ValueRef::List(vec![
                ValueRef::String("\\ \n \u{1} é".as_bytes()),
                ValueRef::Int(1),
                ValueRef::Float(1.0),
                ValueRef::Float(1e300),
                ValueRef::Nil,
                ValueRef::Bool(true),
            ]),
        )]);
        let text = String::from_utf8(Format::Json.write(&value).unwrap()).unwrap();
        assert_eq!(text, r#"{"a \"key\"":["\\ \n \u0001 é",1,1.0,1e+300,null,true]}"#);
    }

    #[test]
    fn what_cannot_be_written_is_told_with_its_place() {
        let value = ValueRef::List(vec![
            ValueRef::Nil,
            ValueRef::Dictionary(vec![(ValueRef::String(b"x"), ValueRef::Float(f64::INFINITY))]),
        ]);
        let error = Format::Json.write(&value).unwrap_err().to_string();
        assert!(error.starts_with("argument 1 (value)[1]['x']: expected nil, Bools"), "{error}");
        assert!(error.ends_with("got the Float inf"), "{error}");
        assert!(Format::MessagePack.write(&value).is_ok());
        let value = ValueRef::Dictionary(vec![(ValueRef::Int(1), ValueRef::Nil)]);
        let error = Format::Json.write(&value).unwrap_err().to_string();
        assert!(error.ends_with("got the key the Int 1"), "{error}");
        assert!(Format::MessagePack.write(&value).is_ok());
        for value in
            [ValueRef::Other("a function".into()), ValueRef::Class(&crate::binding::zmq::CLASS)]
        {
            assert!(Format::Json.write(&value).is_err());
            assert!(Format::MessagePack.write(&value).is_err());
        }
        assert!(Format::Json.write(&ValueRef::String(&[255])).is_err());
    }
}
