//! Values passed between a host and the library: borrowed arguments and owned results.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::ops::{BitOr, Deref};
use std::sync::Arc;

use super::object::Object;
use super::table::Class;
use crate::core::array::{Array, ArrayRef, Sparse, SparseRef};
use crate::core::counted::Counted;
use crate::core::curve::z85;
use crate::core::error::Excerpt;
use crate::core::message::is_text;
use crate::core::report::Report;
use crate::core::{Error, Frame};

/// An argument: owned by the host and borrowed for the duration of a call.
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
    /// An array of numbers.
    Array(ArrayRef<'a>),
    /// A sparse matrix. Boxed, because values are moved often.
    Sparse(Box<SparseRef<'a>>),
    /// An instance of one of the library's classes, and its value in the script: the same,
    /// or an instance of a child class that the script defines.
    Object(Object, Handle),
    /// A script function.
    Function(Handle),
    /// One of the library's classes.
    Class(&'static Class),
    /// A value that no method accepts, and its description: "a function".
    Other(Cow<'a, str>),
}

/// A result, passed from the library to the host.
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
    /// An array of numbers. Boxed, because values are moved often.
    Array(Box<Array>),
    /// A sparse matrix.
    Sparse(Box<Sparse>),
    /// An instance of one of the library's classes that is new to the script.
    Object(Object),
    /// A value of the host: one that the script passed earlier and that the library kept,
    /// or a List that the host built.
    Kept(Kept),
}

/// A script value in the host's representation: bits that only the host interface reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub [u64; 2]);

/// A script value that an instance of the library keeps. Hosts with a tracing collector
/// learn of it by [`Object::kept`]; others hold it until the last copy of this is dropped.
#[derive(Clone, Debug)]
pub struct Kept {
    owner: usize,
    handle: Handle,
    _held: Option<Arc<dyn Retained>>,
}

/// Keeps a host from freeing a value until this is dropped.
pub trait Retained: fmt::Debug + Send + Sync {}

impl Kept {
    /// Makes a value that the host with the id `owner` holds as long as `held` exists.
    pub fn new(owner: usize, handle: Handle, held: Option<Arc<dyn Retained>>) -> Kept {
        Kept { owner, handle, _held: held }
    }

    /// Returns the id of the host whose value it is: a function means nothing, or something
    /// else, to another one.
    pub fn owner(&self) -> usize {
        self.owner
    }

    /// Returns the value.
    pub fn handle(&self) -> Handle {
        self.handle
    }
}

/// Text in its original memory.
#[derive(Debug)]
pub enum Text {
    /// A static text.
    Fixed(&'static str),
    /// A newly made text.
    Made(String),
    /// A frame that is valid UTF-8.
    Received(Frame),
    /// A copy of a short frame.
    Short {
        /// The text, padded with zeros.
        bytes: [u8; SHORT],
        /// The length of the text in bytes.
        size: u8,
    },
}

/// Frames up to this size are copied, which is cheaper than making a new message.
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
    /// Returns text if the frame is UTF-8, otherwise the frame itself: a host's string
    /// methods may misbehave on other bytes.
    fn from(frame: Frame) -> Value {
        if frame.is_text() { Value::String(Text::Received(frame)) } else { Value::frame(frame) }
    }
}

impl Value {
    /// Returns a frame as an object, whatever its content.
    pub(super) fn frame(frame: Frame) -> Value {
        Value::Object(Object::from(frame))
    }
}

impl Value {
    /// Returns the content of a frame, like [`From`]. The frame is left for reuse, or
    /// taken.
    pub(super) fn of(frame: &mut Frame) -> Value {
        let mut result = Ok(Value::Nil);
        Value::put(frame, &mut result);
        result.unwrap_or(Value::Nil)
    }

    /// Does the same, but passes the result on in place, because moving a freshly copied
    /// text is slow.
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

/// Limits on traversing the lists in an argument: a list may contain itself, and two lists
/// that contain each other twice are practically endless.
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
    /// Enters a list of `count` values, and leaves it after `convert`.
    ///
    /// # Errors
    /// The errors of [`enter`](Bounds::enter) and of `convert`.
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

    /// Enters a list of `count` values.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is nested too deeply, or there are too many values.
    pub fn enter(&mut self, count: usize) -> Result<(), Error> {
        let beyond = |expected: &'static str, got: &str| Error::Argument {
            place: "an argument".to_owned(),
            expected: expected.into(),
            got: got.to_owned(),
        };
        let deeper = self.deeper.checked_sub(1).ok_or_else(|| {
            let got = "more, or a list that contains itself";
            beyond("lists no more than 64 deep in each other", got)
        })?;
        let more = self.more.checked_sub(count).ok_or_else(|| {
            let got = "more, or a list that is many times in others";
            beyond("at most 16777216 values in all lists together", got)
        })?;
        *self = Bounds { deeper, more };
        Ok(())
    }

    /// Leaves the list.
    pub fn leave(&mut self) {
        self.deeper += 1;
    }
}

/// Returns true if a text has the form of a CURVE key.
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
        .or(Kinds::STRING.or(Kinds::LIST).or(Kinds::DICTIONARY).or(Kinds::OBJECT))
        .or(Kinds::ARRAY.or(Kinds::SPARSE));
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
    /// A script function.
    pub const FUNCTION: Kinds = Kinds(1 << 10);
    /// One of the library's classes.
    pub const CLASS: Kinds = Kinds(1 << 11);
    /// An array of numbers.
    pub const ARRAY: Kinds = Kinds(1 << 13);
    /// A sparse matrix.
    pub const SPARSE: Kinds = Kinds(1 << 14);

    /// Returns the union of both.
    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Returns true if the sets overlap.
    pub const fn has(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the set as a number: bit n stands for kind n of the C header.
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

impl<'a> ValueRef<'a> {
    /// Makes a value of a sparse matrix, which no method accepts if its vectors are wrong.
    pub fn sparse(viewed: Result<SparseRef<'a>, String>) -> ValueRef<'a> {
        match viewed {
            Ok(matrix) => ValueRef::Sparse(Box::new(matrix)),
            Err(why) => ValueRef::Other(format!("a sparse matrix that is not valid: {why}").into()),
        }
    }

    /// Returns the kinds by which the table may accept this value.
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
            ValueRef::Array(_) => Kinds::ARRAY,
            ValueRef::Sparse(_) => Kinds::SPARSE,
            ValueRef::Other(_) => Kinds(0),
        }
    }
}

impl Value {
    /// Returns the kind by which the table declares it.
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
            Value::Object(_) => Kinds::OBJECT,
            Value::Array(_) => Kinds::ARRAY,
            Value::Sparse(_) => Kinds::SPARSE,
            // What a script gave itself it may have back.
            Value::Kept(_) => Kinds::OBJECT | Kinds::LIST,
        }
    }
}

impl fmt::Display for ValueRef<'_> {
    /// Shows the value as in an error message: "the Int 5".
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
                Err(_) => {
                    write!(f, "a String of {} that is not UTF-8", Counted(bytes.len(), "byte"))
                }
            },
            ValueRef::List(items) => write!(f, "a List of {}", items.len()),
            ValueRef::Dictionary(entries) => write!(f, "a Dictionary of {}", entries.len()),
            ValueRef::Object(object, _) => write!(f, "a {}", object.class().name),
            ValueRef::Array(array) => {
                let sizes: Vec<String> = array.shape.iter().map(usize::to_string).collect();
                match &*sizes {
                    [] => write!(f, "a number of {}", array.element.name()),
                    sizes => write!(f, "a {} array of {}", sizes.join(" x "), array.element.name()),
                }
            }
            ValueRef::Sparse(matrix) => {
                let [rows, columns] = matrix.shape();
                write!(f, "a {rows} x {columns} sparse matrix of {}", matrix.element().name())
            }
            ValueRef::Function(_) => f.write_str("a function"),
            ValueRef::Class(class) => write!(f, "the class {}", class.name),
            ValueRef::Other(what) => f.write_str(what),
        }
    }
}

impl From<Report> for Value {
    fn from(report: Report) -> Value {
        let mut entries: Vec<(Value, Value)> = vec![
            ("tag".into(), report.tag().into()),
            ("message".into(), report.message.into()),
            ("operation".into(), report.operation.into()),
        ];
        if let Some(endpoint) = report.endpoint {
            entries.push(("endpoint".into(), endpoint.into()));
        }
        if let Some(errno) = report.errno {
            entries.push(("name".into(), errno.name().into()));
            entries.push(("number".into(), Value::Int(errno.number().into())));
        }
        Value::Dictionary(entries)
    }
}
