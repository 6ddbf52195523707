//! The rows of the table of methods: names, parameters, results and documentation.
//! Every host, every error text and every help page is derived from them. The rows
//! of a class are in its file.

use super::call::Call;
use super::value::{Kinds, Value, ValueRef};
use crate::core::Error;

/// A class of the scripts.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The class whose methods it has too.
    pub parent: Option<&'static Class>,
    /// How an instance is made.
    pub constructor: Option<Method>,
    /// A further name of the constructor, kept for old scripts.
    pub alias: Option<&'static str>,
    /// The methods of instances, in groups as a help page has them.
    pub groups: &'static [&'static Group],
    /// The methods of the class itself.
    pub functions: &'static [Method],
}

/// Methods that belong together.
#[derive(Debug)]
pub struct Group {
    /// What they are about, in a word: "endpoints".
    pub name: &'static str,
    /// What they do, as the head of a list of them.
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
    /// What it takes: the positional ones first.
    pub parameters: &'static [Parameter],
    /// What it returns, in words.
    pub result: &'static str,
    /// What it does, in a sentence or a few; code is in backticks.
    pub doc: &'static str,
    /// The errors that only some methods raise, by tag and reason: "`ZMQErr` if ...;
    /// `ZMQDecode` if ...". Those that follow from its parameters and its class are
    /// left out.
    pub errors: &'static str,
    /// A script that shows how it is used, which may be indented; empty if there is
    /// none. A print has a comment with what it prints.
    pub example: &'static str,
    /// What it returns on timeout, or when it is ignored because it is out of order.
    /// Without this both are errors.
    pub(super) otherwise: Option<fn() -> Value>,
    /// Does it.
    pub(super) run: fn(&Call) -> Result<Value, Error>,
}

/// What a method takes.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// How it is given.
    pub role: Role,
    /// The kinds it may have.
    pub kinds: Kinds,
    /// What is expected, in words: "expected ...".
    pub doc: &'static str,
}

/// How an argument is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// By position, always.
    Required,
    /// By position, or left out.
    Optional,
    /// By position, any number of times.
    Variadic,
    /// By name, or left out.
    Named,
}

/// A method with the class it belongs to, ready to be called.
#[derive(Debug)]
pub struct Row {
    /// The class.
    pub class: &'static Class,
    /// The method.
    pub method: &'static Method,
    /// What it is called on.
    pub target: Target,
}

/// What a method is called on.
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
    /// What it is called: "ZMQSocket.bind", or "ZMQReply" for a constructor.
    pub fn operation(&self) -> String {
        operation(self.class, self)
    }
}

/// A row as users know it, called on an instance of a class.
pub(super) fn operation(class: &Class, row: &Row) -> String {
    match row.target {
        Target::Constructor => class.name.to_owned(),
        Target::Instance | Target::Class => format!("{}.{}", class.name, row.method.name),
    }
}

impl Class {
    /// Everything of the class that can be called, without what it has of its
    /// parent.
    pub fn rows(&'static self) -> impl Iterator<Item = Row> {
        let row = move |target| move |method| Row { class: self, method, target };
        let constructor = self.constructor.iter().map(row(Target::Constructor));
        let methods = self.groups.iter().flat_map(|group| group.methods);
        let methods = methods.map(row(Target::Instance));
        let functions = self.functions.iter().map(row(Target::Class));
        constructor.chain(methods).chain(functions)
    }

    /// Whether it is `other` or a child of it.
    pub fn is(&'static self, other: &'static Class) -> bool {
        std::ptr::eq(self, other) || self.parent.is_some_and(|parent| parent.is(other))
    }
}

impl Method {
    /// What it returns on timeout, or out of order: "nil". None if both are errors.
    pub fn on_timeout(&self) -> Option<String> {
        self.otherwise.map(|otherwise| match otherwise() {
            Value::Nil => "nil".to_owned(),
            Value::Bool(value) => value.to_string(),
            _ => "an empty List".to_owned(),
        })
    }

    /// How it is called: "receive(timeout=) -> String, ZMQFrame or nil".
    pub fn signature(&self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(Parameter::signature).collect();
        format!("{}({}) -> {}", self.name, parameters.join(", "), self.result)
    }

    /// Whether the last argument holds the named ones, for hosts that cannot name
    /// them: a dictionary of texts, or an empty list, where nothing of the kind is
    /// asked for.
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
    Parameter { name, role: Role::Required, kinds, doc }
}

pub(super) const fn optional(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    Parameter { name, role: Role::Optional, kinds, doc }
}

pub(super) const fn variadic(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    Parameter { name, role: Role::Variadic, kinds, doc }
}

pub(super) const fn named(name: &'static str, kinds: Kinds, doc: &'static str) -> Parameter {
    Parameter { name, role: Role::Named, kinds, doc }
}
