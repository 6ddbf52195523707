//! The table of classes and methods: names, parameters, results and documentation.
//! Every host, every error text and every help page is derived from it. The rows of
//! a class are in the file of that class.

use std::sync::OnceLock;

use super::arguments::Arguments;
use super::call::Call;
use super::host::Host;
use super::object::Object;
use super::value::{Kinds, Value, ValueRef};
use super::words::words;
use super::{
    authenticator, beacon, certificate, event_loop, frame, monitor, poller, proxy, socket, zmq,
};
use crate::core::Failure;
use crate::core::{Code, Error};

/// All classes; a parent comes before its children.
pub const CLASSES: &[&Class] = &[
    &socket::CLASS,
    &socket::REQUEST,
    &socket::REPLY,
    &socket::PUBLISHER,
    &socket::SUBSCRIBER,
    &socket::XPUBLISHER,
    &socket::XSUBSCRIBER,
    &socket::PUSH,
    &socket::PULL,
    &socket::DEALER,
    &socket::ROUTER,
    &socket::PAIR,
    &socket::STREAM,
    &proxy::CLASS,
    &proxy::FORWARDER,
    &proxy::STREAMER,
    &proxy::QUEUE,
    &beacon::CLASS,
    &frame::CLASS,
    &certificate::CLASS,
    &authenticator::CLASS,
    &poller::CLASS,
    &event_loop::CLASS,
    &monitor::CLASS,
    &zmq::CLASS,
];

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

/// All rows of the table, in the order of the classes. Edges know them by their
/// place in it.
pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| CLASSES.iter().flat_map(|class| class.rows()).collect())
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

    /// The kinds that its result may have, which the words of the result name.
    pub fn results(&self) -> Kinds {
        let words = self.result.split([' ', ',']);
        words.filter_map(meaning).fold(Kinds::NONE, Kinds::or)
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

/// What a word of a result means; none if it only joins others.
fn meaning(word: &str) -> Option<Kinds> {
    Some(match word {
        "nil" => Kinds::NIL,
        "Bool" => Kinds::BOOL,
        "Int" => Kinds::INT,
        "Float" => Kinds::FLOAT,
        "String" => Kinds::STRING,
        "List" => Kinds::LIST,
        "Tuple" => Kinds::TUPLE,
        "Dictionary" => Kinds::DICTIONARY,
        "value" => Kinds::ANY,
        "socket" => Kinds::OBJECT,
        class if CLASSES.iter().any(|known| known.name == class) => Kinds::OBJECT,
        _ => return None,
    })
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

/// Calls a method: checks the receiver and the arguments by the table, runs it,
/// and puts what goes wrong into words. The result is passed to `give` in the
/// place where it was made: it is large, and moving it would cost as much as
/// making it.
///
/// # Errors
/// The [`Failure`] that the script is to see. It is also kept as the last one of
/// this thread.
pub fn call<T>(
    row: &'static Row,
    receiver: Option<&Object>,
    arguments: &Arguments<'_>,
    host: &dyn Host,
    give: impl FnOnce(&mut Value) -> T,
) -> Result<T, Box<Failure>> {
    let call = Call { row, receiver, arguments, host };
    let give = |value: &mut Value| {
        // Hosts rely on it; every test of a method is one of this too.
        debug_assert!(row.method.results().has(value.kind()), "{}: {value:?}", row.operation());
        give(value)
    };
    match &mut run(&call) {
        Ok(value) => Ok(give(value)),
        Err(error) => settle(&call, error).map(|mut value| give(&mut value)),
    }
}

fn run(call: &Call) -> Result<Value, Error> {
    call.check()?;
    (call.row.method.run)(call)
}

/// What becomes of an error: some are an ordinary result.
#[cold]
fn settle(call: &Call, error: &Error) -> Result<Value, Box<Failure>> {
    let otherwise = call.row.method.otherwise.filter(|_| !strict(call));
    match (error, otherwise) {
        (Error::Again, Some(otherwise)) => Ok(otherwise()),
        (Error::State { .. }, Some(otherwise)) => {
            if let Ok(socket) = call.receiver::<socket::Socket>()
                && socket.warns()
            {
                let failure = Failure::new(call.operation(), false, error, words);
                let message = format!("ignored {}", failure.message);
                call.host.warn(failure.tag, &message);
            }
            Ok(otherwise())
        }
        _ => {
            let constructor = call.row.target == Target::Constructor;
            let failure = Failure::new(call.operation(), constructor, error, words);
            // What a function of the script has to say is known to the host.
            if failure.code != Code::Callback {
                failure.remember();
                if let Ok(socket) = call.receiver::<socket::Socket>() {
                    socket.remember(&failure);
                }
            }
            Err(Box::new(failure))
        }
    }
}

/// Whether a script has asked to be told of everything that did not happen.
fn strict(call: &Call) -> bool {
    call.receiver::<socket::Socket>().is_ok_and(socket::Socket::is_strict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_consistent() {
        let mut names = HashSet::new();
        for (index, class) in CLASSES.iter().enumerate() {
            assert!(names.insert(class.name), "{} stands there twice", class.name);
            assert!(class.alias.is_none_or(|alias| names.insert(alias)));
            if let Some(parent) = class.parent {
                let known = CLASSES[..index].iter().any(|known| std::ptr::eq(*known, parent));
                assert!(known, "the parent of {} comes after it", class.name);
            }
            if let Some(constructor) = &class.constructor {
                assert_eq!(constructor.name, class.name);
            }
            let mut methods = HashSet::new();
            for row in class.rows().filter(|row| row.target != Target::Constructor) {
                assert!(methods.insert(row.method.name), "{}.{}", class.name, row.method.name);
            }
        }
    }

    #[test]
    fn the_words_of_results_are_known() {
        let joining = ["", "or", "a", "an", "any"];
        for row in rows() {
            for word in row.method.result.split([' ', ',']) {
                let known = meaning(word).is_some() || joining.contains(&word);
                assert!(known, "{}: {word}", row.operation());
            }
            assert_ne!(row.method.results(), Kinds::NONE, "{}", row.operation());
        }
        let of = |class: &'static Class, name: &str| {
            class.rows().find(|row| row.method.name == name).unwrap().method.results()
        };
        let text = Kinds::STRING | Kinds::OBJECT | Kinds::NIL;
        assert_eq!(of(&socket::CLASS, "receive"), text);
        assert_eq!(of(&socket::PUSH, "ZMQPush"), Kinds::OBJECT);
    }

    #[test]
    fn parameters_stand_in_order_and_have_words() {
        for row in rows() {
            let at = format!("{}.{}", row.class.name, row.method.name);
            assert!(row.method.doc.ends_with('.'), "{at}");
            assert!(!row.method.result.is_empty(), "{at}");
            let roles: Vec<u8> = row.method.parameters.iter().map(|p| p.role as u8).collect();
            assert!(roles.is_sorted(), "{at}");
            for parameter in row.method.parameters {
                assert!(!parameter.doc.is_empty(), "{at}: {}", parameter.name);
                assert!(parameter.kinds.bits() != 0, "{at}: {}", parameter.name);
            }
        }
    }
}
