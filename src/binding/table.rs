//! The rows of the table of methods: names, parameters, results and documentation. All
//! hosts, error messages and help pages are derived from them. The rows of a class are in
//! its file.

use super::call::Call;
use super::value::{Kinds, Value, ValueRef};
use crate::core::Error;

/// A class for scripts.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// The purpose of the class.
    pub doc: &'static str,
    /// The class that it inherits methods from.
    pub parent: Option<&'static Class>,
    /// The constructor.
    pub constructor: Option<Method>,
    /// Another name of the constructor, kept for compatibility.
    pub alias: Option<&'static str>,
    /// The methods of instances, in groups as on a help page.
    pub groups: &'static [&'static Group],
    /// The methods of the class itself.
    pub functions: &'static [Method],
}

/// Methods that belong together.
#[derive(Debug)]
pub struct Group {
    /// Their subject in one word: "endpoints".
    pub name: &'static str,
    /// Their purpose, as the heading of a list of them.
    pub doc: &'static str,
    /// The overview page that explains them, by its tag; empty if that is the class.
    pub see: &'static str,
    /// The methods.
    pub methods: &'static [Method],
}

/// A method, or a constructor, which has the name of its class.
#[derive(Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// The parameters, positional ones first.
    pub parameters: &'static [Parameter],
    /// The result, in words.
    pub result: &'static str,
    /// The description, in one or a few sentences; code is in backticks.
    pub doc: &'static str,
    /// The errors that only some methods raise, by tag and reason: "`ZMQErr` if ...;
    /// `ZMQDecode` if ...". Errors that follow from the parameters and the class are
    /// omitted.
    pub errors: &'static str,
    /// An example script, which may be indented; empty if there is none. Each print has a
    /// comment with its output.
    pub example: &'static str,
    /// What it does with the frames that `sendmore` has queued.
    pub(super) sends: Sends,
    /// The result on timeout, or when the call is ignored because it is out of order. If
    /// there is none, both raise errors.
    pub(super) otherwise: Option<fn() -> Value>,
    /// The code.
    pub(super) run: fn(&Call) -> Result<Value, Error>,
}

/// What a method does with the frames that `sendmore` has queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sends {
    /// Nothing: it does not send.
    Nothing,
    /// It adds frames to them, or sends them at the front of its message.
    Begun,
    /// It sends only whole messages, so it refuses while there are any.
    Whole,
}

/// A parameter of a method.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// How it is passed.
    pub role: Role,
    /// The accepted kinds.
    pub kinds: Kinds,
    /// The kinds that are used of the elements of a list or of the result of a function,
    /// if it accepts one of these.
    pub inner: Kinds,
    /// The expected value, in words: "expected ...".
    pub doc: &'static str,
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// By position, required.
    Required,
    /// By position, optional.
    Optional,
    /// By position, any number of times.
    Variadic,
    /// By name, optional.
    Named,
}

/// A method with the class it belongs to, ready to be called.
#[derive(Debug)]
pub struct Row {
    /// The class.
    pub class: &'static Class,
    /// The method.
    pub method: &'static Method,
    /// Its receiver.
    pub target: Target,
}

/// The receiver of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing: it makes an instance.
    Constructor,
    /// An instance.
    Instance,
    /// The class itself.
    Class,
}

impl Row {
    /// True if it is this method of instances of a class.
    pub(super) fn is(&self, class: &'static Class, name: &str) -> bool {
        let here = std::ptr::eq(self.class, class) && self.target == Target::Instance;
        here && self.method.name == name
    }

    /// Returns its full name: "ZMQSocket.bind", or "ZMQReply" for a constructor.
    pub fn operation(&self) -> String {
        operation(self.class, self)
    }
}

/// Returns a row's name for users, when called on an instance of a class.
pub(super) fn operation(class: &Class, row: &Row) -> String {
    match row.target {
        Target::Constructor => class.name.to_owned(),
        Target::Instance | Target::Class => format!("{}.{}", class.name, row.method.name),
    }
}

impl Class {
    /// Returns all methods of the class, without inherited ones.
    pub fn rows(&'static self) -> impl Iterator<Item = Row> {
        let row = move |target| move |method| Row { class: self, method, target };
        let constructor = self.constructor.iter().map(row(Target::Constructor));
        let methods = self.groups.iter().flat_map(|group| group.methods);
        let methods = methods.map(row(Target::Instance));
        let functions = self.functions.iter().map(row(Target::Class));
        constructor.chain(methods).chain(functions)
    }

    /// Returns true if it is `other` or a child of it.
    pub fn is(&'static self, other: &'static Class) -> bool {
        std::ptr::eq(self, other) || self.parent.is_some_and(|parent| parent.is(other))
    }
}

impl Method {
    /// Returns the result on timeout or out of order: "nil". `None` if both raise errors.
    pub fn on_timeout(&self) -> Option<String> {
        self.otherwise.map(|otherwise| match otherwise() {
            Value::Nil => "nil".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(number) => number.to_string(),
            _ => "an empty List".to_owned(),
        })
    }

    /// Returns the signature: "receive(timeout=) -> String, ZMQFrame or nil".
    pub fn signature(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(Parameter::signature).collect();
        format!("{}({}) -> {}", self.name, parameters.join(", "), self.result)
    }

    /// Returns true if the last argument holds the named ones, for hosts without named
    /// arguments: a dictionary with string keys, or an empty list, if the parameter at
    /// that position does not accept it.
    pub(crate) fn names_last(&self, positional: &[ValueRef<'_>]) -> bool {
        let (Some(last), index) = (positional.last(), positional.len().saturating_sub(1)) else {
            return false;
        };
        let is_names = match last {
            ValueRef::Dictionary(entries) => entries.iter().all(|(key, _)| {
                matches!(key, ValueRef::String(name) if std::str::from_utf8(name).is_ok())
            }),
            ValueRef::List(items) => items.is_empty(),
            _ => false,
        };
        let of = |role| self.parameters.iter().filter(move |parameter| parameter.role == role);
        let here = self.parameters.iter().enumerate().find(|(at, parameter)| {
            parameter.role == Role::Variadic || (*at == index && parameter.role != Role::Named)
        });
        is_names
            && of(Role::Named).next().is_some()
            && index >= of(Role::Required).count()
            && !here.is_some_and(|(_, parameter)| parameter.kinds.has(last.kinds()))
    }
}

impl Parameter {
    /// Returns the parameter with the kinds of elements or results.
    pub(super) const fn of(self, inner: Kinds) -> Parameter {
        Parameter { inner, ..self }
    }

    fn signature(&self) -> String {
        let name = self.name;
        match self.role {
            Role::Required => name.to_owned(),
            Role::Optional => format!("[{name}]"),
            Role::Variadic => format!("{name}..."),
            Role::Named => format!("{name}="),
        }
    }
}

pub(super) const fn required(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    parameter(name, Role::Required, kinds, doc)
}

pub(super) const fn optional(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    parameter(name, Role::Optional, kinds, doc)
}

pub(super) const fn variadic(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    parameter(name, Role::Variadic, kinds, doc)
}

pub(super) const fn named(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    parameter(name, Role::Named, kinds, doc)
}

const fn parameter(name: &'static str, role: Role, kinds: Kinds, doc: &'static str) -> Parameter {
    Parameter { name, role, kinds, inner: Kinds::NONE, doc }
}
