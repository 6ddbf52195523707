//! Sending and receiving messages.

use crate::binding::arguments::{FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Sends};
use crate::binding::value::{Value, ValueRef};
use crate::core::{Error, Frame, Message};

/// The names of the methods with a short path (`binding::quick`).
pub(in crate::binding) const SEND: &str = "send";
pub(in crate::binding) const RECEIVE: &str = "receive";
pub(in crate::binding) const RECEIVE_FRAME: &str = "receiveframe";
pub(in crate::binding) const RECEIVE_ALL: &str = "receiveall";

/// ZMQFrames of this size in bytes are shared, which then costs less than to copy them.
const LONG: usize = 1024;

pub(super) static GROUP: Group = Group {
    name: "messages",
    doc: "Send and receive messages.",
    see: "messages",
    methods: &[
        Method {
            name: SEND,
            parameters: &[FRAMES, TIMEOUT],
            result: "Bool",
            doc: "Sends one message with one or more frames. Numbers and Bools are sent as text, \
                  which the receiver gets as a String; `sendvalue` keeps their type. So \
                  `send(text, 500)` sends two frames, and `send(text, timeout=500)` waits up to \
                  500 milliseconds. Waits while no peer can accept the message. Returns true if \
                  the message was queued. Returns false on timeout, and false with a warning if \
                  a ZMQRequest or ZMQReply sends out of turn.",
            errors: "`ZMQUnsupported` on a ZMQSubscriber or ZMQPull, or for several frames while \
                     `conflate` is set; `ZMQUnroutable` on a ZMQRouter after `setmandatory(true)` \
                     if the peer is unknown",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("head", "body")
                print pair[1].receiveall()   // [ head, body ]
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Bool(false)),
            run: send,
        },
        Method {
            name: RECEIVE,
            parameters: &[TIMEOUT],
            result: "String, ZMQFrame or nil",
            doc: "Waits for a message and returns its first frame, or returns the next frame of a \
                  message that has been partly received. Returns a String if the frame is valid \
                  UTF-8, otherwise a ZMQFrame. Returns nil on timeout, and nil with a warning if \
                  a ZMQRequest or ZMQReply receives out of turn.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pull = ZMQPull("inproc://silent")
                print pull.receive(timeout=10)   // nil
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: receive,
        },
        Method {
            name: RECEIVE_FRAME,
            parameters: &[TIMEOUT],
            result: "ZMQFrame or nil",
            doc: "Receives one frame as `receive` does, but always returns it as a ZMQFrame, even \
                  if it is text.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("Hi")
                print pair[1].receiveframe().hex()   // 4869
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| Ok(Value::frame(call.socket()?.receive(&call.wait()?)?)),
        },
        Method {
            name: RECEIVE_ALL,
            parameters: &[TIMEOUT],
            result: "List or nil",
            doc: "Waits for a message and returns all its frames as a List. If part of the \
                  message has already been received, returns the remaining frames. On a ZMQRouter \
                  the first frame is the routing id of the sender.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("weather", "rain")
                print pair[1].receiveall()   // [ weather, rain ]
            "#,
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let (socket, wait) = (call.socket()?, call.wait()?);
                call.host.list(&mut |list| socket.receive_all_with(&wait, |frame| list.push(frame)))
            },
        },
    ],
};

fn receive(call: &Call) -> Result<Value, Error> {
    let mut result = Ok(Value::Nil);
    let put = |frame: &mut Frame| Value::put(frame, &mut result);
    call.socket()?.receive_with(&call.wait()?, put)?;
    result
}

fn send(call: &Call) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    match call.bytes(0) {
        // Nearly every message: it needs no list of frames.
        Some(frame) if call.values().len() == 1 => socket.send(&[frame], &wait)?,
        _ => match shared(call)? {
            Some(mut message) => socket.send_shared(&mut message, &wait)?,
            None => socket.send(&call.frames()?, &wait)?,
        },
    }
    Ok(super::sent(call, socket))
}

/// Returns the message of the arguments if one of them is a ZMQFrame that is worth sharing
/// instead of copying.
fn shared(call: &Call) -> Result<Option<Message>, Error> {
    let values = match call.values() {
        [ValueRef::List(items)] => items,
        values => values,
    };
    let long = |value: &ValueRef| match value {
        ValueRef::Object(object, _) => object.frame().is_some_and(|bytes| bytes.len() >= LONG),
        _ => false,
    };
    if !values.iter().any(long) {
        return Ok(None);
    }
    // Converts them all, so that a wrong one is refused as ever.
    let frames = call.frames()?;
    let mut message = Message::default();
    for (value, bytes) in values.iter().zip(&frames) {
        match value {
            ValueRef::Object(object, _) => object.get::<Frame>().map(|frame| message.share(frame)),
            _ => Some(message.push(bytes)),
        }
        .transpose()?;
    }
    Ok(Some(message))
}
