//! Messages that are sent and received by a picture.

use std::cell::RefCell;

use zeromq::binding::{self, Arguments, Handle, Host, Kept, Object, Row, Value, ValueRef};
use zeromq::core::wait::Interrupt;
use zeromq::core::{Error, Policy, Report};

use crate::input::Input;

/// A host without anything.
struct Nobody;

impl Host for Nobody {
    fn warn(&self, _: &'static std::ffi::CStr, _: &str) {}

    fn interrupt(&self) -> Option<&dyn Interrupt> {
        None
    }

    fn id(&self) -> usize {
        0
    }

    fn policy(&self) -> &Policy {
        &Policy::OPEN
    }

    fn takes_arrays(&self) -> bool {
        false
    }

    fn takes_sparse(&self) -> bool {
        false
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
        unreachable!("no functions are passed")
    }
}

thread_local! {
    /// Two connected sockets.
    static PAIR: RefCell<Option<[Object; 2]>> = const { RefCell::new(None) };
}

fn row(class: &str, name: &str) -> &'static Row {
    let is = |row: &&Row| row.class.name == class && row.method.name == name;
    binding::rows().iter().find(is).expect("there is such a method")
}

fn pipe() -> [Object; 2] {
    let take = |value: &mut Value| match value {
        Value::List(sockets) | Value::Tuple(sockets) => match &sockets[..] {
            [Value::Object(one), Value::Object(other)] => [one.clone(), other.clone()],
            _ => panic!("a pipe has two ends"),
        },
        _ => panic!("a pipe has two ends"),
    };
    binding::call(row("ZMQ", "pipe"), None, &Arguments::default(), &Nobody, take)
        .expect("there is room for sockets")
}

fn call(socket: &Object, name: &str, positional: &[ValueRef]) -> Result<String, Box<Report>> {
    let named = [("timeout", ValueRef::Int(0))];
    let arguments = Arguments { positional, named: &named };
    let row = row("ZMQSocket", name);
    binding::call(row, Some(socket), &arguments, &Nobody, |value| format!("{value:?}"))
}

/// The input is a picture, then the frames of a message, then values to send with the same
/// picture.
pub fn run(input: &[u8]) {
    PAIR.with_borrow_mut(|pair| {
        let [one, other] = pair.get_or_insert_with(pipe);
        let mut input = Input::new(input);
        let picture = [ValueRef::String(input.short())];
        let frames: Vec<&[u8]> = (0..input.below(8)).map(|_| input.short()).collect();
        let frames: Vec<ValueRef> = frames.into_iter().map(ValueRef::String).collect();
        if call(one, "send", &frames).is_ok() {
            let _ = call(other, "receivepicture", &picture);
        }
        let values = (0..input.below(8)).map(|_| value(&mut input, 3));
        let all: Vec<ValueRef> = picture.iter().cloned().chain(values).collect();
        if call(one, "sendpicture", &all).is_ok_and(|sent| sent == "Bool(true)") {
            // Only a signal may have the same bytes.
            match call(other, "receivepicture", &picture) {
                Ok(values) => assert_ne!(values, "Nil", "what was sent arrives"),
                Err(report) => assert!(report.message.contains("signal"), "{}", report.message),
            }
        }
        // One that was not received, as its picture is wrong.
        while call(other, "receiveall", &[]).expect("it is open") != "Nil" {}
    });
}

fn value<'a>(input: &mut Input<'a>, depth: usize) -> ValueRef<'a> {
    match input.below(8) {
        0 => ValueRef::Nil,
        1 => ValueRef::Bool(input.byte() & 1 == 1),
        2 => ValueRef::Int(input.integer()),
        3 => ValueRef::Float(input.integer() as f64 / 2.0),
        4 if depth > 0 => {
            let count = input.below(4);
            ValueRef::List((0..count).map(|_| value(input, depth - 1)).collect())
        }
        5 if depth > 0 => {
            let count = input.below(4);
            let entries = (0..count).map(|_| (value(input, depth - 1), value(input, depth - 1)));
            ValueRef::Dictionary(entries.collect())
        }
        6 => ValueRef::Other("a value".into()),
        _ => ValueRef::String(input.short()),
    }
}
