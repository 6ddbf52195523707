//! Values as they pass between a host and the library: borrowed on the way in,
//! owned on the way out.

use std::fmt;
use std::mem;
use std::ops::{BitOr, Deref};
use std::sync::Arc;

use super::object::Object;
use super::table::Class;
use crate::core::curve::z85;
use crate::core::error::Excerpt;
use crate::core::failure::Failure;
use crate::core::message::is_text;
use crate::core::{Error, Frame};

/// An argument: what the host owns, lent for the time of a call.
#[derive(Clone, Debug)]
pub enum ValueRef<'a> {
    /// Nothing.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Any bytes.
    String(&'a [u8]),
    /// A list, a tuple or a range.
    List(Vec<ValueRef<'a>>),
    /// Keys and their values.
    Dictionary(Vec<(ValueRef<'a>, ValueRef<'a>)>),
    /// An instance of one of the library's classes, and the value that it is in
    /// the script: itself, or an instance of a child that the script has written.
    Object(Object, Handle),
    /// A function of the script.
    Function(Handle),
    /// One of the library's classes.
    Class(&'static Class),
    /// Something of the host that no method takes, and what it is: "a function".
    Other(&'a str),
}

/// A result: what the library gives to the host.
#[derive(Debug)]
pub enum Value {
    /// Nothing.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text, always UTF-8.
    String(Text),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// Keys and their values, in order.
    Dictionary(Vec<(Value, Value)>),
    /// An instance of one of the library's classes that the script has not yet.
    Object(Object),
    /// A value that the script has given before, and that is kept.
    Kept(Kept),
}

/// A value of the script as its host has it: bits that only the edge reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub [u64; 2]);

/// A value of the script that an instance of the library keeps. Hosts that mark
/// what is in use are told of it by [`Object::kept`], others hold it until the
/// last copy of this is dropped.
#[derive(Clone, Debug)]
pub struct Kept {
    handle: Handle,
    _held: Option<Arc<dyn Retained>>,
}

/// What makes a host hold a value, until it is dropped.
pub trait Retained: fmt::Debug + Send + Sync {}

impl Kept {
    /// A value that the host holds as long as there is `held`.
    pub fn new(handle: Handle, held: Option<Arc<dyn Retained>>) -> Kept {
        Kept { handle, _held: held }
    }

    /// The value.
    pub fn handle(&self) -> Handle {
        self.handle
    }
}

/// Text in the memory that it came in.
#[derive(Debug)]
pub enum Text {
    /// A text of the library.
    Fixed(&'static str),
    /// A text made for the occasion.
    Made(String),
    /// A frame that is known to be UTF-8.
    Received(Frame),
    /// A copy of one that is short.
    Short {
        /// The text, and zeros.
        bytes: [u8; SHORT],
        /// How many bytes are the text.
        size: u8,
    },
}

/// Frames of this size and less are copied: that costs less than making a message
/// for the next one.
const SHORT: usize = 48;

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Text::Fixed(text) => text.as_bytes(),
            Text::Made(text) => text.as_bytes(),
            Text::Received(frame) => frame,
            Text::Short { bytes, size } => &bytes[..usize::from(*size).min(SHORT)],
        }
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Value {
        Value::String(Text::Fixed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(Text::Made(text))
    }
}

impl From<Frame> for Value {
    /// Text if the frame is UTF-8, and else the frame itself: string methods of a
    /// host may go astray on other bytes.
    fn from(frame: Frame) -> Value {
        if frame.is_text() { Value::String(Text::Received(frame)) } else { Value::frame(frame) }
    }
}

impl Value {
    /// A frame as an object, whatever it holds.
    pub(super) fn frame(frame: Frame) -> Value {
        Value::Object(Object::new(frame))
    }
}

impl Value {
    /// What a frame holds, as [`From`] gives it. The frame is left for the next one,
    /// or taken.
    pub(super) fn of(frame: &mut Frame) -> Value {
        let mut result = Ok(Value::Nil);
        Value::put(frame, &mut result);
        result.unwrap_or(Value::Nil)
    }

    /// The same as the result of a call, in its place: a text that was just copied
    /// is slow to move.
    #[inline]
    pub(super) fn put(frame: &mut Frame, result: &mut Result<Value, Error>) {
        let text: &[u8] = frame;
        if text.len() <= SHORT && is_text(text) {
            let short = Text::Short { bytes: [0; SHORT], size: text.len() as u8 };
            *result = Ok(Value::String(short));
            if let Ok(Value::String(Text::Short { bytes, .. })) = result {
                bytes[..text.len()].copy_from_slice(text);
            }
        } else {
            *result = Ok(mem::take(frame).into());
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Nil, Into::into)
    }
}

/// How far an edge may go into the lists of one argument: a list may contain
/// itself, and two that contain each other twice have no end that can be waited for.
#[derive(Debug)]
pub struct Bounds {
    deeper: usize,
    more: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { deeper: 64, more: 1 << 24 }
    }
}

impl Bounds {
    /// Goes into a list of `count` values, and out again after `convert`.
    ///
    /// # Errors
    /// As [`enter`](Bounds::enter), and those of `convert`.
    pub fn within<T>(
        &mut self,
        count: usize,
        convert: impl FnOnce(&mut Bounds) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.enter(count)?;
        let result = convert(self);
        self.leave();
        result
    }

    /// Goes into a list of `count` values.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is too deep, or when there are too many.
    pub fn enter(&mut self, count: usize) -> Result<(), Error> {
        let (Some(deeper), Some(more)) = (self.deeper.checked_sub(1), self.more.checked_sub(count))
        else {
            return Err(Error::Argument {
                place: "an argument".to_owned(),
                expected: "lists no more than 64 deep in each other".into(),
                got: "more, or a list that contains itself".to_owned(),
            });
        };
        *self = Bounds { deeper, more };
        Ok(())
    }

    /// Goes out of it again.
    pub fn leave(&mut self) {
        self.deeper += 1;
    }
}

/// Whether a text has the form of a CURVE key.
fn is_key(text: &str) -> bool {
    text.len() == 40 && !text.contains("://") && z85::decode(text.as_bytes()).is_some()
}

/// A set of kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    /// No kind at all.
    pub(super) const NONE: Kinds = Kinds(0);
    /// Every kind that a message can hold.
    pub(super) const ANY: Kinds = Kinds::NIL
        .or(Kinds::BOOL.or(Kinds::INT).or(Kinds::FLOAT))
        .or(Kinds::STRING.or(Kinds::LIST).or(Kinds::DICTIONARY).or(Kinds::OBJECT));
    /// Nothing.
    pub const NIL: Kinds = Kinds(1 << 0);
    /// A truth value.
    pub const BOOL: Kinds = Kinds(1 << 1);
    /// A whole number.
    pub const INT: Kinds = Kinds(1 << 2);
    /// A number.
    pub const FLOAT: Kinds = Kinds(1 << 3);
    /// Text or bytes.
    pub const STRING: Kinds = Kinds(1 << 4);
    /// A list.
    pub const LIST: Kinds = Kinds(1 << 5);
    /// A tuple.
    pub const TUPLE: Kinds = Kinds(1 << 6);
    /// A dictionary.
    pub const DICTIONARY: Kinds = Kinds(1 << 7);
    /// An instance of one of the library's classes.
    pub const OBJECT: Kinds = Kinds(1 << 8);
    /// A function of the script.
    pub const FUNCTION: Kinds = Kinds(1 << 10);
    /// One of the library's classes.
    pub const CLASS: Kinds = Kinds(1 << 11);

    /// What is in either.
    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether one of `other` is in it.
    pub const fn has(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// The set as a number: bit n stands for the kind n of the C header.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl BitOr for Kinds {
    type Output = Kinds;

    fn bitor(self, other: Kinds) -> Kinds {
        self.or(other)
    }
}

impl ValueRef<'_> {
    /// The kinds under which the table may ask for this value.
    pub fn kinds(&self) -> Kinds {
        match self {
            ValueRef::Nil => Kinds::NIL,
            ValueRef::Bool(_) => Kinds::BOOL,
            ValueRef::Int(_) => Kinds::INT,
            ValueRef::Float(_) => Kinds::FLOAT,
            ValueRef::String(_) => Kinds::STRING,
            ValueRef::List(_) => Kinds::LIST | Kinds::TUPLE,
            ValueRef::Dictionary(_) => Kinds::DICTIONARY,
            ValueRef::Object(..) => Kinds::OBJECT,
            ValueRef::Function(_) => Kinds::FUNCTION,
            ValueRef::Class(_) => Kinds::CLASS,
            ValueRef::Other(_) => Kinds(0),
        }
    }
}

impl Value {
    /// The kind that the table promises it by.
    pub(super) fn kind(&self) -> Kinds {
        match self {
            Value::Nil => Kinds::NIL,
            Value::Bool(_) => Kinds::BOOL,
            Value::Int(_) => Kinds::INT,
            Value::Float(_) => Kinds::FLOAT,
            Value::String(_) => Kinds::STRING,
            Value::List(_) => Kinds::LIST,
            Value::Tuple(_) => Kinds::TUPLE,
            Value::Dictionary(_) => Kinds::DICTIONARY,
            // What a script gave itself it may have back.
            Value::Object(_) | Value::Kept(_) => Kinds::OBJECT,
        }
    }
}

impl fmt::Display for ValueRef<'_> {
    /// The value in an error text: "the Int 5".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueRef::Nil => f.write_str("nil"),
            ValueRef::Bool(value) => write!(f, "the Bool {value}"),
            ValueRef::Int(value) => write!(f, "the Int {value}"),
            ValueRef::Float(value) => write!(f, "the Float {value:?}"),
            ValueRef::String(bytes) => match std::str::from_utf8(bytes) {
                // It may be a secret key in the wrong place.
                Ok(text) if is_key(text) => f.write_str("a String that may be a key"),
                Ok(text) => write!(f, "the String \"{}\"", Excerpt(text)),
                Err(_) => write!(f, "a String of {} bytes that are not UTF-8", bytes.len()),
            },
            ValueRef::List(items) => write!(f, "a List of {}", items.len()),
            ValueRef::Dictionary(entries) => write!(f, "a Dictionary of {}", entries.len()),
            ValueRef::Object(object, _) => write!(f, "a {}", object.class().name),
            ValueRef::Function(_) => f.write_str("a function"),
            ValueRef::Class(class) => write!(f, "the class {}", class.name),
            ValueRef::Other(what) => f.write_str(what),
        }
    }
}

impl From<Failure> for Value {
    fn from(failure: Failure) -> Value {
        let mut entries: Vec<(Value, Value)> = vec![
            ("tag".into(), failure.tag().into()),
            ("message".into(), failure.message.into()),
            ("operation".into(), failure.operation.into()),
        ];
        if let Some(endpoint) = failure.endpoint {
            entries.push(("endpoint".into(), endpoint.into()));
        }
        if let Some(errno) = failure.errno {
            entries.push(("name".into(), errno.name().into()));
            entries.push(("number".into(), Value::Int(errno.number().into())));
        }
        Value::Dictionary(entries)
    }
}
