//! Messages frame by frame, and many at once.

use super::done;
use crate::binding::arguments::{FRAME, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, named, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;
use crate::core::socket::Frames;

pub(super) static GROUP: Group = Group {
    name: "frames and batches",
    doc: "Messages frame by frame, and many messages at once.",
    methods: &[
        Method {
            name: "sendmore",
            parameters: &[required("frame", FRAME, "a String, a ZMQFrame, a number or a Bool")],
            result: "Bool",
            doc: "Puts a frame in front of the next message: what follows with send, or with \
                  sendjson and the like, is sent together with it, as one message or not at all. \
                  Until then nothing leaves, and receiving goes on as ever. When that send gives \
                  false the frame still waits; flush, an error of send, and close drop it.",
            otherwise: Some(|| Value::Bool(false)),
            run: |call| {
                call.socket()?.send_more(&call.frame(0)?)?;
                Ok(Value::Bool(true))
            },
        },
        Method {
            name: "more",
            parameters: &[],
            result: "Bool",
            doc: "Whether frames follow of the message of which one was received last.",
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.more()?)),
        },
        Method {
            name: "flush",
            parameters: &[],
            result: "nil",
            doc: "Drops what is left of the message of which a frame was received last, and the \
                  frames of sendmore that are not sent.",
            otherwise: None,
            run: |call| done(call.socket()?.flush()),
        },
        Method {
            name: "receivebatch",
            parameters: &[
                required("max", Kinds::INT, "how many messages at most, an Int from 1 on"),
                named("whole", Kinds::BOOL, "true for a List of frames for every message"),
                TIMEOUT,
            ],
            result: "List or nil",
            doc: "Waits for a message, and gives it with those that are there already, no more \
                  than max in all, nor than 65536. A message of one frame is a String, or a \
                  ZMQFrame if it is not text, as receive gives it; one of several frames is a \
                  List, as receiveall gives it; with whole=true every one is a List.",
            otherwise: Some(|| Value::Nil),
            run: receive_batch,
        },
        Method {
            name: "enumerate",
            parameters: &[required("index", Kinds::INT, "an Int, -1 for the count")],
            result: "String, ZMQFrame, List, nil or Int",
            doc: "What for (message in socket) walks over: messages as receivebatch gives them, \
                  nil when the time runs out, and no end. The loop ends by break or by an error.",
            otherwise: Some(|| Value::Nil),
            run: enumerate,
        },
    ],
};

/// Hosts ask once how many there are, and then for one after the other.
fn enumerate(call: &Call) -> Result<Value, Error> {
    match call.values() {
        [ValueRef::Int(-1)] => Ok(Value::Int(i32::MAX.into())),
        [ValueRef::Int(0..)] => {
            let messages = call.socket()?.receive_batch(1, &call.wait()?, Value::of)?;
            Ok(messages.into_iter().next().map_or(Value::Nil, |message| unpacked(message, false)))
        }
        _ => Err(call.refuse(0)),
    }
}

fn receive_batch(call: &Call) -> Result<Value, Error> {
    let most = match call.values() {
        [ValueRef::Int(most @ 1..)] => usize::try_from(*most).unwrap_or(usize::MAX),
        values => return Err(call.wrong(0, values[0].to_string())),
    };
    let whole = matches!(call.argument("whole"), Some(ValueRef::Bool(true)));
    let messages = call.socket()?.receive_batch(most, &call.wait()?, Value::of)?;
    Ok(Value::List(messages.into_iter().map(|message| unpacked(message, whole)).collect()))
}

/// A message as a script gets it among others: one frame, or a List of them.
fn unpacked(mut message: Frames<Value>, whole: bool) -> Value {
    match message.pop() {
        Some(frame) if message.is_empty() && !whole => frame,
        last => Value::List(message.into_iter().chain(last).collect()),
    }
}
