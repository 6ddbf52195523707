//! The class of pollers, which wait for several sockets at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::{FromValue, TIMEOUT};
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, Role, Sends, optional, required, variadic};
use super::value::{Handle, Kept, Kinds, Value, ValueRef};
use crate::core::poller::{self, Ready, Source};
use crate::core::{Code, Error, Right, Wait};

const SOURCES: Parameter =
    variadic("sockets", Kinds::OBJECT.or(Kinds::INT), "sockets, or Ints that are file descriptors");

const SOURCE: Parameter = Parameter {
    name: "socket",
    role: Role::Required,
    doc: "a socket, or an Int that is a file descriptor",
    ..SOURCES
};

/// The timeout of a wait, in both ways to pass it: by position, as in the extension that
/// this library replaces, or by name.
pub(super) const TIMEOUTS: [Parameter; 2] = [
    optional(
        "timeout",
        Kinds::INT.or(Kinds::FLOAT).or(Kinds::NIL),
        "milliseconds, or nil or -1 to wait forever",
    ),
    TIMEOUT,
];

/// Pollers.
pub(super) static CLASS: Class = Class {
    name: "ZMQPoller",
    doc: "Waits for several sockets at once.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQPoller",
        parameters: &[SOURCES],
        result: "ZMQPoller",
        doc: "Creates a poller that waits for messages on the given sockets.",
        errors: "`ZMQUnsupported` if a socket cannot receive",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: make,
    }),
    alias: None,
    groups: &[&SOCKETS, &WAITING],
    functions: &[],
};

static SOCKETS: Group = Group {
    name: "sockets",
    doc: "Add and remove sockets.",
    see: "",
    methods: &[
        Method {
            name: "add",
            parameters: &[
                SOURCE,
                optional("event", Kinds::STRING, "\"in\" to receive, \"out\" to send or \"both\""),
            ],
            result: "nil",
            doc: "Adds a socket and waits for a message to receive (\"in\", the default), for \
                  room to send (\"out\"), or for both (\"both\"). A socket that was added before \
                  keeps its position. An Int is a file descriptor.",
            errors: "`ZMQUnsupported` if the socket cannot receive or send as requested",
            example: r#"
                var poller = ZMQPoller()
                poller.add(ZMQPush("inproc://orders"), "out")
                print poller.count()   // 1
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: add,
        },
        Method {
            name: "remove",
            parameters: &[SOURCE],
            result: "Bool",
            doc: "Removes a socket from the poller. Returns false if it was not in the poller.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let source = source(call, 0)?;
                Ok(Value::Bool(call.receiver::<Poller>()?.core.remove(&source)))
            },
        },
        Method {
            name: "contains",
            parameters: &[SOURCE],
            result: "Bool",
            doc: "Returns true if the socket is in the poller.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let source = source(call, 0)?;
                Ok(Value::Bool(call.receiver::<Poller>()?.core.contains(&source)))
            },
        },
        Method {
            name: "count",
            parameters: &[],
            result: "Int",
            doc: "Returns the number of sockets and file descriptors in the poller.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(number(call.receiver::<Poller>()?.core.count())),
        },
    ],
};

static WAITING: Group = Group {
    name: "waiting",
    doc: "Wait.",
    see: "",
    methods: &[
        Method {
            name: "wait",
            parameters: &TIMEOUTS,
            result: "a socket, an Int or nil",
            doc: "Waits until a socket is ready and returns the first ready one, in the order \
                  they were added. Ignores closed sockets. Without a timeout it waits forever. \
                  An empty poller waits for the timeout, and warns once.",
            errors: "`ZMQClosed` if all sockets are closed or one is in use by another call; \
                     `ZMQArgs` if the poller is empty and there is no timeout",
            example: r#"
                var pair = ZMQ.pipe()
                var poller = ZMQPoller(pair[0], pair[1])
                pair[0].send("rain")
                print poller.wait(1000).receive()   // rain
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let poller = call.receiver::<Poller>()?;
                poller.warn_if_empty(call);
                let (found, _) = poller.core.wait(&timeout(call)?)?;
                Ok(found.into())
            },
        },
        Method {
            name: "waitall",
            parameters: &TIMEOUTS,
            result: "List",
            doc: "Waits until a socket is ready and returns all ready ones, as a List of Tuples \
                  of the socket and \"in\", \"out\" or \"both\", or \"error\" for a file \
                  descriptor that failed and has nothing left to read. Without a timeout it \
                  waits forever.",
            errors: "`ZMQClosed` if all sockets are closed or one is in use by another call; \
                     `ZMQArgs` if the poller is empty and there is no timeout",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::List(Vec::new())),
            run: |call| {
                let poller = call.receiver::<Poller>()?;
                poller.warn_if_empty(call);
                let found = poller.core.wait_all(&timeout(call)?)?;
                let tuple = |(found, ready): (Found, Ready)| {
                    Value::Tuple(vec![found.into(), event(ready).into()])
                };
                Ok(Value::List(found.into_iter().map(tuple).collect()))
            },
        },
        Method {
            name: "setfair",
            parameters: &[required("fair", Kinds::BOOL, "a Bool")],
            result: "nil",
            doc: "Turns fair mode on or off. In fair mode `wait` starts looking after the socket \
                  that it returned last, so that a busy socket does not starve the others.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let fair = call.flag(0);
                call.receiver::<Poller>()?.core.set_fair(fair);
                Ok(Value::Nil)
            },
        },
        Method {
            name: "expired",
            parameters: &[],
            result: "Bool",
            doc: "Returns true if the last wait ended because of its timeout.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(call.receiver::<Poller>()?.core.expired())),
        },
        Method {
            name: "terminated",
            parameters: &[],
            result: "Bool",
            doc: "Returns true if the last wait was interrupted or ended because ZeroMQ was shut \
                  down.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(call.receiver::<Poller>()?.core.terminated())),
        },
    ],
};

/// A script's poller.
#[derive(Debug)]
struct Poller {
    core: poller::Poller<Found>,
    /// True if it has warned that it is empty.
    warned: AtomicBool,
}

impl Poller {
    /// Warns once that a wait has nothing to wait for; without a timeout, it is an error.
    fn warn_if_empty(&self, call: &Call) {
        let timed = timeout(call).is_ok_and(|wait| !wait.is_endless());
        if self.core.count() == 0 && timed && !self.warned.swap(true, Ordering::Relaxed) {
            let message = format!("{}: the poller is empty; add a socket first", call.operation());
            call.host.warn(Code::Argument.tag(), &message);
        }
    }
}

/// Returns the result of a wait: the sources as the script added them.
#[derive(Clone, Debug)]
enum Found {
    Socket(Kept),
    Descriptor(i64),
}

impl From<Found> for Value {
    fn from(found: Found) -> Value {
        match found {
            Found::Socket(kept) => Value::Kept(kept),
            Found::Descriptor(descriptor) => Value::Int(descriptor),
        }
    }
}

impl Instance for Poller {
    fn class(&self) -> &'static Class {
        &CLASS
    }

    fn kept(&self, visit: &mut dyn FnMut(Handle)) {
        self.core.visit(|found| {
            if let Found::Socket(kept) = found {
                visit(kept.handle());
            }
        });
    }
}

impl fmt::Display for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ZeroMQPoller>")
    }
}

fn make(call: &Call) -> Result<Value, Error> {
    let core = poller::Poller::under(call.host.policy());
    let poller = Poller { core, warned: AtomicBool::new(false) };
    for index in 0..call.values().len() {
        add_to(&poller, call, index, Ready::IN)?;
    }
    Ok(Value::Object(Object::new(poller)))
}

fn add(call: &Call) -> Result<Value, Error> {
    add_to(call.receiver()?, call, 0, events(call, 1)?)?;
    Ok(Value::Nil)
}

/// Returns the events in an optional argument.
pub(super) fn events(call: &Call, index: usize) -> Result<Ready, Error> {
    match call.text(index)? {
        "in" | "" => Ok(Ready::IN),
        "out" => Ok(Ready::OUT),
        "both" => Ok(Ready::BOTH),
        _ => Err(call.refuse(index)),
    }
}

fn add_to(poller: &Poller, call: &Call, index: usize, events: Ready) -> Result<(), Error> {
    let source = source(call, index)?;
    let found = match call.value(index)? {
        ValueRef::Object(_, handle) => Found::Socket(call.host.keep(*handle)),
        ValueRef::Int(descriptor) => Found::Descriptor(*descriptor),
        _ => return Err(call.refuse(index)),
    };
    poller.core.add(source, events, found)
}

/// Returns the socket or descriptor in an argument.
fn source(call: &Call, index: usize) -> Result<Source, Error> {
    let value = call.value(index)?;
    let source = match value {
        ValueRef::Int(descriptor) if *descriptor >= 0 => {
            call.permitted(Right::Descriptors)?;
            (*descriptor).try_into().ok().map(Source::Descriptor)
        }
        _ => socket(value).map(Source::Socket),
    };
    source.ok_or_else(|| call.refuse(index))
}

/// Returns the socket in a value.
pub(super) fn socket(value: &ValueRef) -> Option<Arc<crate::core::Socket>> {
    Arc::from_value(value)
}

/// A descriptor whose writer has gone fails and can be read at once. What is left must be
/// read first: "error" would hide it.
fn event(ready: Ready) -> &'static str {
    match ready {
        Ready { input: true, error: true, .. } => "in",
        Ready { error: true, .. } => "error",
        Ready { input: true, output: true, .. } => "both",
        Ready { output: true, .. } => "out",
        _ => "in",
    }
}

/// Returns the timeout: the first argument, `timeout=`, or forever.
pub(super) fn timeout<'a>(call: &Call<'a>) -> Result<Wait<'a>, Error> {
    let timeout = match call.values() {
        [value] => call.time(value, "argument 1 (timeout)")?,
        _ => call.milliseconds("timeout")?.unwrap_or(None),
    };
    Ok(Wait::new(timeout).until(call.host.interrupt()))
}

pub(super) fn number(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
