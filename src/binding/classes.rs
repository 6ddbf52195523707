//! All classes, and calls of their methods.

use std::sync::OnceLock;

use super::arguments::Arguments;
use super::call::Call;
use super::error_text::reword;
use super::host::Host;
use super::object::Object;
use super::table::{Class, Method, Row, Target};
use super::value::{Kinds, Value};
use super::{
    authenticator, beacon, certificate, event_loop, frame, monitor, poller, proxy, socket, tasks,
    zmq,
};
use crate::core::counted::Counted;
use crate::core::{Code, Error, Report};

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
    &tasks::QUEUE,
    &tasks::ITERATION,
    &tasks::WORKER,
    &beacon::CLASS,
    &frame::CLASS,
    &certificate::CLASS,
    &authenticator::CLASS,
    &poller::CLASS,
    &event_loop::CLASS,
    &monitor::CLASS,
    &zmq::CLASS,
];

/// Returns all rows of the table, in the order of the classes. Hosts identify them by their
/// index.
pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| CLASSES.iter().flat_map(|class| class.rows()).collect())
}

impl Method {
    /// Returns the kinds that the result may have, according to its description.
    pub fn results(&self) -> Kinds {
        let words = self.result.split([' ', ',']);
        words.filter_map(meaning).fold(Kinds::NONE, Kinds::or)
    }
}

/// Returns the kind that a word of a result stands for; `None` for connecting words.
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
        "array" => Kinds::ARRAY,
        "sparse" => Kinds::SPARSE,
        "number" => Kinds::BOOL | Kinds::INT | Kinds::FLOAT | Kinds::TUPLE | Kinds::LIST,
        "value" => Kinds::ANY,
        "socket" => Kinds::OBJECT,
        class if CLASSES.iter().any(|known| known.name == class) => Kinds::OBJECT,
        _ => return None,
    })
}

/// Calls a method: checks the receiver and the arguments against the table, runs it, and
/// words its errors. The result is passed to `give` where it was made, because it is large
/// and moving it would cost as much as making it.
///
/// # Errors
/// The [`Report`] to show to the script. It is also kept as the last one of this thread.
pub fn call<T>(
    row: &'static Row,
    receiver: Option<&Object>,
    arguments: &Arguments<'_>,
    host: &dyn Host,
    give: impl FnOnce(&mut Value) -> T,
) -> Result<T, Box<Report>> {
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
    socket::warn_unsubscribed(call);
    (call.row.method.run)(call)
}

/// Converts an error: some are ordinary results.
#[cold]
fn settle(call: &Call, error: &Error) -> Result<Value, Box<Report>> {
    // The policy has set the limit.
    let limited = error.errno().is_some_and(|errno| errno.name() == "ENOBUFS");
    let error = match call.host.policy().memory() {
        Some(most) if limited => &Error::Policy {
            what: format!(
                "messages take more than the {} of the policy; receive some",
                Counted(most, "byte")
            ),
        },
        _ => error,
    };
    let otherwise = call.row.method.otherwise.filter(|_| !strict(call));
    match (error, otherwise) {
        (Error::Again, Some(otherwise)) => Ok(otherwise()),
        (Error::State { .. }, Some(otherwise)) => {
            if let Ok(socket) = call.receiver::<socket::Socket>()
                && socket.warns()
            {
                let report = Report::new(call.operation(), false, error, reword);
                let message = format!("ignored {}", report.message);
                call.host.warn(report.tag, &message);
            }
            Ok(otherwise())
        }
        _ => {
            socket::drop_begun(call, error);
            let constructor = call.row.target == Target::Constructor;
            let report = Report::new(call.operation(), constructor, error, reword);
            // What a function of the script has to say is known to the host.
            if report.code != Code::Callback {
                report.remember();
                if let Ok(socket) = call.receiver::<socket::Socket>() {
                    socket.remember(&report);
                }
            }
            Err(Box::new(report))
        }
    }
}

/// Returns true if a script has turned on strict mode.
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
        let joining = ["", "or", "a", "an", "any", "matrix"];
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
