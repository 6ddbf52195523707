//! Values of options.

use std::fmt;

use crate::core::error::Excerpt;

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// Yes or no. libzmq has 1 and 0, which will do too.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any bytes. Where text is expected, they have to be UTF-8.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
}

impl fmt::Display for OptionValue {
    /// The value in an error text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionValue::Bool(value) => write!(f, "{value}"),
            OptionValue::Int(value) => write!(f, "{value}"),
            OptionValue::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "\"{}\"", Excerpt(text)),
                Err(_) => write!(f, "{} bytes", bytes.len()),
            },
            OptionValue::Text(text) => write!(f, "\"{}\"", Excerpt(text)),
        }
    }
}

/// A value that stands in a row.
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
