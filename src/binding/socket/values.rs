//! Values of scripts as messages.

use crate::binding::arguments::{FRAME, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::format::Format;
use crate::binding::table::{Group, Method, Parameter, required};
use crate::binding::value::{Kinds, Value};
use crate::core::Error;

const VALUE: Parameter = required(
    "value",
    FRAME.or(Kinds::NIL).or(Kinds::LIST).or(Kinds::TUPLE).or(Kinds::DICTIONARY),
    "nil, a Bool, a number, a String, a ZMQFrame, or a List or Dictionary of such",
);

pub(super) static GROUP: Group = Group {
    name: "values",
    doc: "Values as messages: Lists, Dictionaries, numbers and text, in each other.",
    methods: &[
        Method {
            name: "sendjson",
            parameters: &[VALUE, TIMEOUT],
            result: "Bool",
            doc: "Sends a value as a frame of JSON. Tuples become Lists; keys have to be Strings \
                  and numbers finite. Gives false as send does.",
            otherwise: Some(|| Value::Bool(false)),
            run: |call| send(call, Format::Json),
        },
        Method {
            name: "receivejson",
            parameters: &[TIMEOUT],
            result: "any value, or nil",
            doc: "Receives the next frame, as receive does, and gives the value that it has as \
                  JSON. Whole numbers without a point become Ints. ZMQDecode when it is not JSON: \
                  the frame is gone then.",
            otherwise: Some(|| Value::Nil),
            run: |call| receive(call, Format::Json),
        },
        Method {
            name: "sendvalue",
            parameters: &[VALUE, TIMEOUT],
            result: "Bool",
            doc: "Sends a value as a frame of MessagePack, which most languages can read. Unlike \
                  JSON it also has ZMQFrames, infinite numbers, and numbers as keys. Tuples \
                  become Lists. Gives false as send does.",
            otherwise: Some(|| Value::Bool(false)),
            run: |call| send(call, Format::MessagePack),
        },
        Method {
            name: "receivevalue",
            parameters: &[TIMEOUT],
            result: "any value, or nil",
            doc: "Receives the next frame, as receive does, and gives the value that it has as \
                  MessagePack. ZMQDecode when it is not: the frame is gone then.",
            otherwise: Some(|| Value::Nil),
            run: |call| receive(call, Format::MessagePack),
        },
    ],
};

fn send(call: &Call, format: Format) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    socket.send(&[format.write(call.value(0)?)?], &wait)?;
    Ok(Value::Bool(true))
}

fn receive(call: &Call, format: Format) -> Result<Value, Error> {
    format.read(&call.socket()?.receive(&call.wait()?)?)
}
