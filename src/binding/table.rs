//! The rows of the one table: what the methods of a class are called, what they take
//! and give. Every host, every error text and every help page reads them; those of a
//! class stand in its file.

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
    /// What they are for.
    pub doc: &'static str,
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
    /// What it gives, in words.
    pub result: &'static str,
    /// What it does, in a sentence or a few.
    pub doc: &'static str,
    /// What it gives when the time runs out, or when it is ignored because it is
    /// out of order. Without this both are errors.
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
