//! Sending and receiving messages.

use crate::binding::arguments::{FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method};
use crate::binding::value::Value;
use crate::core::{Error, Frame};

pub(super) static GROUP: Group = Group {
    name: "messages",
    doc: "Sending and receiving messages of one or more frames.",
    methods: &[
        Method {
            name: "send",
            parameters: &[FRAMES, TIMEOUT],
            result: "Bool",
            doc: "Sends one message of as many frames. Waits while no peer takes it; gives false \
                  when the time runs out or when it is not this socket's turn to send.",
            otherwise: Some(|| Value::Bool(false)),
            run: send,
        },
        Method {
            name: "receive",
            parameters: &[TIMEOUT],
            result: "String, ZMQFrame or nil",
            doc: "Waits for a message and gives its first frame, or the next frame of a message \
                  that was begun: a String if it is UTF-8, else a ZMQFrame. Gives nil when the \
                  time runs out or when it is not this socket's turn to receive.",
            otherwise: Some(|| Value::Nil),
            run: receive,
        },
        Method {
            name: "receiveframe",
            parameters: &[TIMEOUT],
            result: "ZMQFrame or nil",
            doc: "As receive, but the frame is a ZMQFrame whatever it holds.",
            otherwise: Some(|| Value::Nil),
            run: |call| Ok(Value::frame(call.socket()?.receive(&call.wait()?)?)),
        },
        Method {
            name: "receiveall",
            parameters: &[TIMEOUT],
            result: "List or nil",
            doc: "Waits for a message and gives all its frames. From a ZMQRouter the first one is \
                  the routing id of the peer.",
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let frames = call.socket()?.receive_all(&call.wait()?)?;
                Ok(Value::List(frames.into_iter().map(Value::from).collect()))
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
        _ => socket.send(&call.frames()?, &wait)?,
    }
    Ok(Value::Bool(true))
}
