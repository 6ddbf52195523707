//! The arguments of a call: checked against the table, and converted to Rust types.

use std::borrow::Cow;
use std::time::Duration;

use super::call::Call;
use super::object::Instance;
use super::table::{Parameter, Role, named, variadic};
use super::value::{Handle, Kinds, ValueRef};
use crate::core::{Error, Frame};

/// The arguments of a call.
#[derive(Debug, Default)]
pub struct Arguments<'a> {
    /// The positional arguments.
    pub positional: &'a [ValueRef<'a>],
    /// The named arguments.
    pub named: &'a [(&'a str, ValueRef<'a>)],
}

/// A type that an argument can be read as.
pub(super) trait FromValue<'a>: Sized {
    /// Returns the value, or `None` if it has another type.
    fn from_value(value: &'a ValueRef<'a>) -> Option<Self>;
}

impl<'a> FromValue<'a> for &'a ValueRef<'a> {
    fn from_value(value: &'a ValueRef<'a>) -> Option<Self> {
        Some(value)
    }
}

impl<'a> FromValue<'a> for bool {
    fn from_value(value: &'a ValueRef<'a>) -> Option<bool> {
        match value {
            ValueRef::Bool(value) => Some(*value),
            _ => None,
        }
    }
}

impl<'a> FromValue<'a> for i64 {
    fn from_value(value: &'a ValueRef<'a>) -> Option<i64> {
        match value {
            ValueRef::Int(value) => Some(*value),
            _ => None,
        }
    }
}

impl<'a> FromValue<'a> for u8 {
    fn from_value(value: &'a ValueRef<'a>) -> Option<u8> {
        u8::try_from(i64::from_value(value)?).ok()
    }
}

impl<'a> FromValue<'a> for u16 {
    fn from_value(value: &'a ValueRef<'a>) -> Option<u16> {
        u16::try_from(i64::from_value(value)?).ok()
    }
}

impl<'a> FromValue<'a> for usize {
    fn from_value(value: &'a ValueRef<'a>) -> Option<usize> {
        usize::try_from(i64::from_value(value)?).ok()
    }
}

/// A number: an Int or a Float.
impl<'a> FromValue<'a> for f64 {
    fn from_value(value: &'a ValueRef<'a>) -> Option<f64> {
        match value {
            ValueRef::Int(value) => Some(*value as f64),
            ValueRef::Float(value) => Some(*value),
            _ => None,
        }
    }
}

/// The bytes of a String.
impl<'a> FromValue<'a> for &'a [u8] {
    fn from_value(value: &'a ValueRef<'a>) -> Option<&'a [u8]> {
        match value {
            ValueRef::String(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// A function of the script.
impl<'a> FromValue<'a> for Handle {
    fn from_value(value: &'a ValueRef<'a>) -> Option<Handle> {
        match value {
            ValueRef::Function(handle) => Some(*handle),
            _ => None,
        }
    }
}

/// An instance of one of the library's classes.
impl<'a, T: Instance> FromValue<'a> for &'a T {
    fn from_value(value: &'a ValueRef<'a>) -> Option<&'a T> {
        match value {
            ValueRef::Object(object, _) => object.get::<T>(),
            _ => None,
        }
    }
}

/// The bytes of a String or of a ZMQFrame.
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> FromValue<'a> for Bytes<'a> {
    fn from_value(value: &'a ValueRef<'a>) -> Option<Bytes<'a>> {
        let frame = || <&Frame>::from_value(value).map(|frame| &**frame);
        <&[u8]>::from_value(value).or_else(frame).map(Bytes)
    }
}

impl<'a> Call<'a> {
    /// Returns a positional argument, read as a T.
    ///
    /// # Errors
    /// [`Error::Argument`] if it has another type or is missing.
    pub(super) fn get<T: FromValue<'a>>(&self, index: usize) -> Result<T, Error> {
        let value = self.values().get(index).and_then(T::from_value);
        value.ok_or_else(|| self.refuse(index))
    }

    /// Returns a positional argument of any kind.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is missing.
    pub(super) fn value(&self, index: usize) -> Result<&'a ValueRef<'a>, Error> {
        self.get(index)
    }

    /// Returns a named argument, if it was passed and can be read as a T.
    pub(super) fn named<T: FromValue<'a>>(&self, name: &str) -> Option<T> {
        self.argument(name).and_then(T::from_value)
    }

    /// Returns the error for a positional argument that the method does not accept.
    pub(super) fn refuse(&self, index: usize) -> Error {
        let got = self.values().get(index);
        self.wrong(index, got.map_or_else(|| "nothing".to_owned(), ValueRef::to_string))
    }

    /// Returns the milliseconds in a positional argument, which cannot be forever.
    pub(super) fn duration(&self, index: usize, name: &str) -> Result<Duration, Error> {
        let place = format!("argument {} ({name})", index + 1);
        self.time(self.get(index)?, &place)?.ok_or_else(|| self.refuse(index))
    }

    pub(super) fn check_positional(&self) -> Result<(), Error> {
        let values = self.arguments.positional;
        let mut parameters = self.row.method.parameters.iter().enumerate();
        let mut next = 0;
        while let Some((index, parameter)) = parameters.next()
            && parameter.role != Role::Named
        {
            match (parameter.role, values.get(index)) {
                (Role::Variadic, _) => {
                    for (index, value) in values.iter().enumerate().skip(index) {
                        check_kind(parameter, index, value)?;
                    }
                    return Ok(());
                }
                (_, Some(value)) => check_kind(parameter, index, value)?,
                (Role::Required, None) => {
                    return Err(wrong(parameter, index, "nothing".to_owned()));
                }
                (_, None) => {}
            }
            next = index + 1;
        }
        match values.get(next) {
            None => Ok(()),
            Some(value) => Err(Error::Argument {
                place: format!("argument {}", next + 1),
                expected: self.nothing_more(value),
                got: value.to_string(),
            }),
        }
    }

    /// Words what is expected in place of an argument too many. A number is most likely a
    /// timeout, which is passed by name.
    fn nothing_more(&self, value: &ValueRef) -> Cow<'static, str> {
        let time = match value {
            ValueRef::Int(time) => Some(time.to_string()),
            ValueRef::Float(time) => Some(time.to_string()),
            _ => None,
        };
        let parameters = self.row.method.parameters.iter();
        let mut named = parameters.filter(|parameter| parameter.role == Role::Named);
        match (named.find(|parameter| parameter.kinds == TIMEOUT.kinds), time) {
            (Some(parameter), Some(time)) => {
                let name = parameter.name;
                format!("nothing more; a time is passed by name: {name}={time}").into()
            }
            _ => "nothing more".into(),
        }
    }

    pub(super) fn check_named(&self, name: &str, value: &ValueRef) -> Result<(), Error> {
        let mut parameters = self.row.method.parameters.iter();
        match parameters.find(|parameter| parameter.role == Role::Named && parameter.name == name) {
            Some(parameter) if parameter.kinds.has(value.kinds()) => Ok(()),
            Some(parameter) => Err(wrong_named(parameter, value)),
            None => Err(Error::Argument {
                place: format!("named argument {name}="),
                expected: self.known_names().into(),
                got: value.to_string(),
            }),
        }
    }

    fn known_names(&self) -> String {
        let parameters = self.row.method.parameters.iter();
        let names: Vec<String> = parameters
            .filter(|parameter| parameter.role == Role::Named)
            .map(|parameter| format!("{}=", parameter.name))
            .collect();
        if names.is_empty() {
            "no named arguments".to_owned()
        } else {
            format!("only {}", names.join(", "))
        }
    }

    /// Returns all positional arguments.
    pub(super) fn values(&self) -> &'a [ValueRef<'a>] {
        self.arguments.positional
    }

    /// Returns the bytes of a String argument; `None` if it is omitted or nil.
    pub(super) fn bytes(&self, index: usize) -> Option<&'a [u8]> {
        match self.values().get(index) {
            Some(ValueRef::String(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Returns true if a Bool argument is true.
    pub(super) fn flag(&self, index: usize) -> bool {
        matches!(self.values().get(index), Some(ValueRef::Bool(true)))
    }

    /// Returns the text of a String argument; empty if it is omitted.
    pub(super) fn text(&self, index: usize) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes(index).unwrap_or_default())
            .map_err(|_| self.wrong(index, "a String that is not UTF-8".to_owned()))
    }

    /// Returns the error for an argument that is not what the table expects.
    pub(super) fn wrong(&self, index: usize, got: String) -> Error {
        let parameters = self.row.method.parameters;
        let positional = parameters.iter().take_while(|p| p.role != Role::Named);
        // What is beyond the last one belongs to it, as it is variadic.
        match positional.take(index + 1).last() {
            Some(parameter) => wrong(parameter, index, got),
            None => Error::Argument {
                place: format!("argument {}", index + 1),
                expected: "nothing".into(),
                got,
            },
        }
    }

    /// Returns the error for a named argument that is not what the table expects.
    pub(super) fn wrong_named(&self, name: &str, value: &ValueRef) -> Error {
        let mut parameters = self.row.method.parameters.iter();
        match parameters.find(|parameter| parameter.role == Role::Named && parameter.name == name) {
            Some(parameter) => wrong_named(parameter, value),
            None => self.wrong(0, value.to_string()),
        }
    }

    /// Returns the frames of a message, from the positional arguments or from the only one
    /// if it is a list.
    pub(super) fn frames(&self) -> Result<Vec<Cow<'a, [u8]>>, Error> {
        self.frames_from(0)
    }

    /// Does the same with the positional arguments from an index on.
    pub(super) fn frames_from(&self, first: usize) -> Result<Vec<Cow<'a, [u8]>>, Error> {
        let values = self.values().get(first..).unwrap_or_default();
        let wrong = |index, value: &ValueRef| self.wrong(first + index, got(&FRAMES, value));
        let frames = frames(values, wrong)?;
        if frames.is_empty() {
            return Err(self.wrong(first, "nothing".to_owned()));
        }
        Ok(frames)
    }

    /// Returns the bytes of an argument that can be a frame.
    pub(super) fn frame(&self, index: usize) -> Result<Cow<'a, [u8]>, Error> {
        match self.values().get(index) {
            Some(value) => frame(value).ok_or_else(|| self.refuse(index)),
            None => Err(self.refuse(index)),
        }
    }

    /// Returns a named argument, if it was passed.
    pub(super) fn argument(&self, name: &str) -> Option<&'a ValueRef<'a>> {
        let mut named = self.arguments.named.iter();
        named.find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// Returns true if a script function can invalidate borrowed arguments: the values in
    /// a list.
    pub(super) fn lends_more(&self) -> bool {
        let mut values =
            self.values().iter().chain(self.arguments.named.iter().map(|(_, value)| value));
        values.any(|value| matches!(value, ValueRef::List(_) | ValueRef::Dictionary(_)))
    }

    /// Returns a named argument, if it was passed and is not nil.
    pub(super) fn given(&self, name: &str) -> Option<&'a ValueRef<'a>> {
        self.argument(name).filter(|value| !matches!(value, ValueRef::Nil))
    }

    /// Returns the text of a named String, if it was passed and is not nil.
    pub(super) fn given_text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        match self.given(name) {
            Some(ValueRef::String(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(Error::Argument {
                    place: format!("named argument {name}="),
                    expected: "a String in UTF-8".into(),
                    got: "a String that is not".to_owned(),
                }),
            },
            _ => Ok(None),
        }
    }

    /// Returns a count passed by name; nil means any number.
    pub(super) fn count(&self, name: &str) -> Result<Option<i64>, Error> {
        match self.argument(name) {
            Some(ValueRef::Int(count)) if *count >= 0 => Ok(Some(*count)),
            None | Some(ValueRef::Nil) => Ok(None),
            Some(value) => Err(Error::Argument {
                place: format!("named argument {name}="),
                expected: "a non-negative Int, or nil".into(),
                got: value.to_string(),
            }),
        }
    }

    /// Returns milliseconds passed by name; nil and -1 mean forever.
    pub(super) fn milliseconds(&self, name: &str) -> Result<Option<Option<Duration>>, Error> {
        let Some(value) = self.argument(name) else {
            return Ok(None);
        };
        self.time(value, &format!("named argument {name}=")).map(Some)
    }

    /// Returns milliseconds; nil and -1 mean forever.
    pub(super) fn time(&self, value: &ValueRef, place: &str) -> Result<Option<Duration>, Error> {
        let ms = match value {
            ValueRef::Nil => -1.0,
            ValueRef::Int(ms) => *ms as f64,
            ValueRef::Float(ms) => *ms,
            _ => f64::NAN,
        };
        if ms == -1.0 {
            return Ok(None);
        }
        match Duration::try_from_secs_f64(ms / 1000.0) {
            Ok(time) => Ok(Some(time)),
            Err(_) if ms > 0.0 => Ok(None),
            Err(_) => Err(Error::Argument {
                place: place.to_owned(),
                expected: "0 or more milliseconds, or nil or -1 to wait forever".into(),
                got: value.to_string(),
            }),
        }
    }
}

/// Rounds milliseconds up, because parts of one are waited for too. A negative number stays:
/// -1.5 is not -1, which is forever.
pub(super) fn whole_ms(ms: f64) -> f64 {
    if ms > 0.0 { ms.ceil() } else { ms }
}

/// Returns the frames for these values, or for those in a list that is the only one.
pub(super) fn frames<'a>(
    values: &'a [ValueRef<'a>],
    wrong: impl Fn(usize, &ValueRef) -> Error,
) -> Result<Vec<Cow<'a, [u8]>>, Error> {
    let values = match values {
        [ValueRef::List(items)] => items,
        values => values,
    };
    let frames = values.iter().enumerate();
    frames.map(|(index, value)| frame(value).ok_or_else(|| wrong(index, value))).collect()
}

fn check_kind(parameter: &Parameter, index: usize, value: &ValueRef) -> Result<(), Error> {
    if parameter.kinds.has(value.kinds()) {
        return Ok(());
    }
    Err(wrong(parameter, index, got(parameter, value)))
}

/// Describes a value that is wrong, and what sends it if it is no frame.
fn got(parameter: &Parameter, value: &ValueRef) -> String {
    match value {
        ValueRef::Dictionary(_) | ValueRef::List(_) if parameter.kinds.has(Kinds::STRING) => {
            format!("{value}; sendvalue and sendjson send it")
        }
        ValueRef::Array(_) | ValueRef::Sparse(_) if parameter.kinds.has(Kinds::STRING) => {
            format!("{value}; sendarray and sendvalue send it")
        }
        value => value.to_string(),
    }
}

fn wrong(parameter: &Parameter, index: usize, got: String) -> Error {
    Error::Argument {
        place: format!("argument {} ({})", index + 1, parameter.name),
        expected: parameter.doc.into(),
        got,
    }
}

fn wrong_named(parameter: &Parameter, value: &ValueRef) -> Error {
    Error::Argument {
        place: format!("named argument {}=", parameter.name),
        expected: parameter.doc.into(),
        got: value.to_string(),
    }
}

/// The timeout of a call.
pub(super) const TIMEOUT: Parameter = named(
    "timeout",
    Kinds::INT.or(Kinds::FLOAT).or(Kinds::NIL),
    "milliseconds, or nil or -1 to wait forever",
);

/// The kinds that can be sent as a frame.
pub(super) const FRAME: Kinds =
    Kinds::STRING.or(Kinds::INT).or(Kinds::FLOAT).or(Kinds::BOOL).or(Kinds::OBJECT);

/// The frames of a message.
pub(super) const FRAMES: Parameter = variadic(
    "frames",
    FRAME.or(Kinds::LIST),
    "Strings, ZMQFrames, numbers or Bools, or one List of them",
)
.of(FRAME);

/// Returns the bytes of a frame for a value: numbers and Bools become text.
pub(super) fn frame<'a>(value: &'a ValueRef) -> Option<Cow<'a, [u8]>> {
    match value {
        ValueRef::String(bytes) => Some(Cow::Borrowed(bytes)),
        ValueRef::Int(value) => Some(Cow::Owned(value.to_string().into_bytes())),
        ValueRef::Float(value) => Some(Cow::Owned(number(*value).into_bytes())),
        ValueRef::Bool(value) => Some(Cow::Owned(value.to_string().into_bytes())),
        ValueRef::Object(object, _) => object.get::<Frame>().map(|frame| Cow::Borrowed(&**frame)),
        ValueRef::Nil
        | ValueRef::List(_)
        | ValueRef::Dictionary(_)
        | ValueRef::Function(_)
        | ValueRef::Class(_)
        | ValueRef::Array(_)
        | ValueRef::Sparse(_)
        | ValueRef::Other(_) => None,
    }
}

/// Returns the shortest text that parses to the same number.
fn number(value: f64) -> String {
    let plain = value == 0.0 || (1e-5..1e16).contains(&value.abs()) || !value.is_finite();
    if plain { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_sent_as_short_text() {
        for (value, text) in [
            (0.1, "0.1"),
            (2.0, "2"),
            (-0.0, "-0"),
            (1e300, "1e300"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e-7, "1e-7"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
