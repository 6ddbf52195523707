//! One call of a method: its receiver, its arguments, its host.

use std::borrow::Cow;
use std::ffi::CStr;
use std::time::Duration;

use super::authenticator;
use super::object::{Instance, Object};
use super::socket::Socket;
use super::table::{Parameter, Role, Row, Target, named, operation, variadic};
use super::value::{Handle, Kept, Kinds, Value, ValueRef};
use crate::core::wait::Interrupt;
use crate::core::{Error, Frame, Wait};

/// The virtual machine, as a call needs it.
pub trait Host {
    /// Tells the user something that does not stop the script.
    fn warn(&self, tag: &'static CStr, message: &str);

    /// Whom a call that waits asks whether to stop: the virtual machine, and Ctrl-C
    /// when scripts catch it.
    fn interrupt(&self) -> Option<&dyn Interrupt>;

    /// What tells one virtual machine of the process from another.
    fn machine(&self) -> usize;

    /// Keeps a value of the script beyond the call that it was given to.
    fn keep(&self, handle: Handle) -> Kept;

    /// Calls a function of the script, and hands what it returns to `take`, which
    /// must not call the host. The script may do anything meanwhile, also call the
    /// method that calls: hold no lock.
    ///
    /// # Errors
    /// [`Error::Callback`] when the function failed: nothing may be done then but
    /// return it. What `take` returns.
    fn call(
        &self,
        function: Handle,
        arguments: Vec<Value>,
        take: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

/// The arguments of a call.
#[derive(Debug, Default)]
pub struct Arguments<'a> {
    /// Those given by position.
    pub positional: &'a [ValueRef<'a>],
    /// Those given by name.
    pub named: &'a [(&'a str, ValueRef<'a>)],
}

/// One call.
pub struct Call<'a> {
    pub(super) row: &'static Row,
    pub(super) receiver: Option<&'a Object>,
    pub(super) arguments: &'a Arguments<'a>,
    pub(super) host: &'a dyn Host,
}

impl<'a> Call<'a> {
    /// The method as users know it, with the class of the receiver: "ZMQReply.bind".
    pub(super) fn operation(&self) -> String {
        operation(self.receiver.map_or(self.row.class, Object::class), self.row)
    }

    /// Checks the receiver and the arguments by the table.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.check_receiver()?;
        self.check_positional()?;
        self.arguments.named.iter().try_for_each(|(name, value)| self.check_named(name, value))
    }

    fn check_receiver(&self) -> Result<(), Error> {
        match (self.row.target, self.receiver) {
            (Target::Instance, Some(object)) if object.class().is(self.row.class) => Ok(()),
            (Target::Instance, receiver) => Err(Error::Argument {
                place: "receiver".to_owned(),
                expected: format!("a {}", self.row.class.name).into(),
                got: receiver.map_or_else(
                    // Of an instance of a script's own class, say.
                    || "nothing; the init of a child has to call super.init".to_owned(),
                    |object| object.to_string(),
                ),
            }),
            (Target::Constructor | Target::Class, _) => Ok(()),
        }
    }

    fn check_positional(&self) -> Result<(), Error> {
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
                expected: "nothing more".into(),
                got: value.to_string(),
            }),
        }
    }

    fn check_named(&self, name: &str, value: &ValueRef) -> Result<(), Error> {
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

    /// What the method is called on.
    pub(super) fn receiver<T: Instance>(&self) -> Result<&'a T, Error> {
        // The receiver was checked, and the rows of a class know what its instances are.
        match self.receiver.and_then(Object::get) {
            Some(receiver) => Ok(receiver),
            None => Err(Error::Closed),
        }
    }

    /// The socket that the method is called on.
    pub(super) fn socket(&self) -> Result<&'a Socket, Error> {
        self.receiver()
    }

    /// All positional arguments.
    pub(super) fn values(&self) -> &'a [ValueRef<'a>] {
        self.arguments.positional
    }

    /// The bytes of a String argument; none if it is left out or nil.
    pub(super) fn bytes(&self, index: usize) -> Option<&'a [u8]> {
        match self.values().get(index) {
            Some(ValueRef::String(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Whether a Bool argument is true.
    pub(super) fn flag(&self, index: usize) -> bool {
        matches!(self.values().get(index), Some(ValueRef::Bool(true)))
    }

    /// The text of a String argument; empty if it is left out.
    pub(super) fn text(&self, index: usize) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes(index).unwrap_or_default())
            .map_err(|_| self.wrong(index, "a String that is not UTF-8".to_owned()))
    }

    /// The error that an argument is not what the table expects.
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

    /// The error that a named argument is not what the table expects.
    pub(super) fn wrong_named(&self, name: &str, value: &ValueRef) -> Error {
        let mut parameters = self.row.method.parameters.iter();
        match parameters.find(|parameter| parameter.role == Role::Named && parameter.name == name) {
            Some(parameter) => wrong_named(parameter, value),
            None => self.wrong(0, value.to_string()),
        }
    }

    /// The frames of a message made of the positional arguments, or of the one
    /// list among them.
    pub(super) fn frames(&self) -> Result<Vec<Cow<'a, [u8]>>, Error> {
        self.frames_from(0)
    }

    /// The same of the positional arguments from an index on.
    pub(super) fn frames_from(&self, first: usize) -> Result<Vec<Cow<'a, [u8]>>, Error> {
        let values = self.values().get(first..).unwrap_or_default();
        let wrong = |index, value: &ValueRef| self.wrong(first + index, value.to_string());
        let frames = frames(values, wrong)?;
        if frames.is_empty() {
            return Err(self.wrong(first, "nothing".to_owned()));
        }
        Ok(frames)
    }

    /// The bytes of an argument that can be a frame.
    pub(super) fn frame(&self, index: usize) -> Result<Cow<'a, [u8]>, Error> {
        match self.values().get(index) {
            Some(value) => frame(value).ok_or_else(|| self.wrong(index, value.to_string())),
            None => Err(self.wrong(index, "nothing".to_owned())),
        }
    }

    /// A named argument, if it is given.
    pub(super) fn argument(&self, name: &str) -> Option<&'a ValueRef<'a>> {
        let mut named = self.arguments.named.iter();
        named.find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// How long the call may wait: `timeout=`, or as long as the socket says. A
    /// script that decides about clients does so now and while it waits; nothing may
    /// be locked then that a collector needs.
    pub(super) fn wait(&self) -> Result<Wait<'_>, Error> {
        let wait = match self.arguments.named {
            [] => Wait::usual(),
            _ => self.milliseconds("timeout")?.map_or_else(Wait::usual, Wait::new),
        };
        if authenticator::decides(self) {
            authenticator::decide(self)?;
            return Ok(wait.until(Some(self)));
        }
        Ok(wait.until(self.host.interrupt()))
    }

    /// Whether a function of the script can take away what the call was lent: the
    /// values in a list.
    pub(super) fn lends_more(&self) -> bool {
        let mut values =
            self.values().iter().chain(self.arguments.named.iter().map(|(_, value)| value));
        values.any(|value| matches!(value, ValueRef::List(_) | ValueRef::Dictionary(_)))
    }

    /// A named argument, if it is given and not nil.
    pub(super) fn given(&self, name: &str) -> Option<&'a ValueRef<'a>> {
        self.argument(name).filter(|value| !matches!(value, ValueRef::Nil))
    }

    /// The text of a named String, if it is given and not nil.
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

    /// A named number of things, if it is given; nil is any number.
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

    /// A named time in milliseconds, if it is given; nil and -1 are for ever.
    pub(super) fn milliseconds(&self, name: &str) -> Result<Option<Option<Duration>>, Error> {
        let Some(value) = self.argument(name) else {
            return Ok(None);
        };
        self.time(value, &format!("named argument {name}=")).map(Some)
    }

    /// A time in milliseconds; nil and -1 are for ever.
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

/// The frames that values stand for, or those in the one list among them.
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

impl Interrupt for Call<'_> {
    fn interrupted(&self) -> bool {
        self.host.interrupt().is_some_and(Interrupt::interrupted)
    }

    fn check(&self) -> Result<(), Error> {
        if self.interrupted() {
            return Err(Error::Interrupted);
        }
        authenticator::decide(self)
    }

    /// A client waits for the next check.
    fn pause(&self) -> Duration {
        Duration::from_millis(20)
    }
}

fn check_kind(parameter: &Parameter, index: usize, value: &ValueRef) -> Result<(), Error> {
    if parameter.kinds.has(value.kinds()) {
        Ok(())
    } else {
        Err(wrong(parameter, index, value.to_string()))
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

/// How long a call may wait.
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
);

/// A value as the bytes of a frame: numbers and truth values as text.
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
        | ValueRef::Other(_) => None,
    }
}

/// The shortest text that reads back as the same number.
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
