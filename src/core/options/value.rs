//! The values of options.

use std::fmt;

use crate::core::counted::Counted;
use crate::core::error::Excerpt;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// A boolean. libzmq uses 1 and 0, which are accepted too.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any bytes. Where text is expected, they must be UTF-8.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
}

impl fmt::Display for OptionValue {
    /// Formats the value for an error message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionValue::Bool(value) => write!(f, "{value}"),
            OptionValue::Int(value) => write!(f, "{value}"),
            OptionValue::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "\"{}\"", Excerpt(text)),
                Err(_) => write!(f, "{}", Counted(bytes.len(), "byte")),
            },
            OptionValue::Text(text) => write!(f, "\"{}\"", Excerpt(text)),
        }
    }
}

/// A value in a row.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    Bool(bool),
    Int(i64),
    Bytes(&'static [u8]),
    Text(&'static str),
}

impl From<Sample> for OptionValue {
    fn from(sample: Sample) -> OptionValue {
        match sample {
            Sample::Bool(value) => OptionValue::Bool(value),
            Sample::Int(value) => OptionValue::Int(value),
            Sample::Bytes(bytes) => OptionValue::Bytes(bytes.to_owned()),
            Sample::Text(text) => OptionValue::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OptionValue::from(*self).fmt(f)
    }
}
