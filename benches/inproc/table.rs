//! The table of classes and methods, which the interfaces for scripts call.

use std::ffi::CStr;

use zeromq::binding::{Arguments, Handle, Host, Kept, Object, Row, Value, ValueRef, call, rows};
use zeromq::core::wait::Interrupt;
use zeromq::core::{Error, Policy, SocketType};

use crate::{BURST, Order, Pattern, Ways, class, read};

/// An object, and the methods that it is used with.
struct End {
    object: Object,
    send: &'static Row,
    receive: &'static Row,
}

pub fn ways(pattern: &Pattern) -> Ways {
    vec![match (pattern.order, pattern.frames) {
        (Order::Batch, _) => {
            let send = |end: &mut End, frame| (0..BURST).for_each(|_| send::<1>(end, frame));
            ("table send, receivebatch", pattern.run(open("receivebatch"), send, receive_batch))
        }
        (_, 1) => ("table send, receive", pattern.run(open("receive"), send::<1>, receive)),
        _ => ("table send, receiveall", pattern.run(open("receiveall"), send::<3>, receive)),
    }]
}

fn open(receive: &str) -> impl Fn(SocketType, &str) -> End {
    move |kind, endpoint| {
        let class = class(kind);
        let endpoint = [ValueRef::String(endpoint.as_bytes())];
        let object = with(find(class, class), None, &endpoint, |value| match value {
            Value::Object(object) => object.clone(),
            other => panic!("{other:?}"),
        });
        End { object, send: find("ZMQSocket", "send"), receive: find("ZMQSocket", receive) }
    }
}

/// Sends a message of N frames.
fn send<const N: usize>(end: &mut End, frame: &'static [u8]) {
    let frames = [const { ValueRef::Nil }; N].map(|_| ValueRef::String(frame));
    with(end.send, Some(&end.object), &frames, |_| ());
}

fn receive(end: &mut End) {
    with(end.receive, Some(&end.object), &[], |value| read_value(value));
}

fn receive_batch(end: &mut End) {
    let mut count = 0;
    while count < BURST {
        let most = [ValueRef::Int(BURST as i64)];
        count += with(end.receive, Some(&end.object), &most, |value| read_value(value));
    }
}

/// Calls a method and passes its result to `take`.
fn with<T>(
    row: &'static Row,
    object: Option<&Object>,
    positional: &[ValueRef],
    take: impl FnOnce(&mut Value) -> T,
) -> T {
    call(row, object, &Arguments { positional, named: &[] }, &Silent, take).unwrap()
}

/// Reads a string or a list of strings, and returns how many there are.
fn read_value(value: &Value) -> usize {
    match value {
        Value::String(text) => {
            read(text);
            1
        }
        Value::List(items) => items.iter().map(read_value).sum(),
        other => panic!("{other:?}"),
    }
}

fn find(class: &str, name: &str) -> &'static Row {
    rows().iter().find(|row| row.class.name == class && row.method.name == name).unwrap()
}

/// A host without script functions.
struct Silent;

impl Host for Silent {
    fn takes_arrays(&self) -> bool {
        true
    }

    fn takes_sparse(&self) -> bool {
        true
    }

    fn policy(&self) -> &Policy {
        &Policy::OPEN
    }

    fn keep(&self, handle: Handle) -> Kept {
        Kept::new(self.id(), handle, None)
    }

    fn call(
        &self,
        _: Handle,
        _: Vec<Value>,
        _: &mut dyn FnMut(&ValueRef) -> Result<(), Error>,
    ) -> Result<(), Error> {
        Err(Error::Callback)
    }

    fn warn(&self, _: &'static CStr, _: &str) {}

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        None
    }

    fn id(&self) -> usize {
        0
    }
}
