//! What only sockets do that talk to one peer among many.

use super::list;
use crate::binding::arguments::{FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Frame};

const ID: Parameter = required(
    "id",
    Kinds::STRING.or(Kinds::OBJECT),
    "the routing id of a peer, a ZMQFrame or a String",
);

pub(super) static GROUP: Group = Group {
    name: "peers",
    doc: "Talking to one peer among many.",
    methods: &[
        Method {
            name: "receivefrom",
            parameters: &[TIMEOUT],
            result: "Tuple or nil",
            doc: "Waits for a message and gives the routing id of its peer, a ZMQFrame, and a \
                  List of its frames. Gives nil when the time runs out, or in the middle of a \
                  message.",
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let (id, frames) = call.socket()?.receive_from(&call.wait()?)?;
                Ok(Value::Tuple(vec![Value::frame(id), list(frames)]))
            },
        },
        Method {
            name: "sendto",
            parameters: &[ID, FRAMES, TIMEOUT],
            result: "Bool",
            doc: "Sends a message to the peer with this routing id; a ZMQStream sends the bytes \
                  of the frames without any border between them. Gives false when there is no \
                  such peer (any more), or when the time runs out while it can take no more.",
            otherwise: Some(|| Value::Bool(false)),
            run: |call| {
                let frames = call.frames_from(1)?;
                let sent = call.socket()?.send_to(&call.frame(0)?, &frames, &call.wait()?)?;
                Ok(Value::Bool(sent))
            },
        },
        Method {
            name: "peers",
            parameters: &[],
            result: "List",
            doc: "The routing ids of the peers from which receivefrom has received, without those \
                  that sendto has found gone; the last 65536 of them.",
            otherwise: None,
            run: |call| peers(call),
        },
    ],
};

pub(super) static ROUTER: Group = Group {
    name: "drops",
    doc: "Messages that no peer could take.",
    methods: &[Method {
        name: "dropped",
        parameters: &[],
        result: "Int",
        doc: "How many messages were dropped because no peer had their routing id, or, by send, \
              because it could take no more.",
        otherwise: None,
        run: |call| {
            let dropped = call.socket()?.dropped();
            Ok(Value::Int(i64::try_from(dropped).unwrap_or(i64::MAX)))
        },
    }],
};

pub(super) static STREAM: Group = Group {
    name: "connections",
    doc: "The connections of peers.",
    methods: &[Method {
        name: "closepeer",
        parameters: &[ID, TIMEOUT],
        result: "Bool",
        doc: "Ends the connection to a peer. What it was not sent yet is dropped. Gives false \
              when there is no such peer.",
        otherwise: Some(|| Value::Bool(false)),
        run: |call| {
            let closed = call.socket()?.close_peer(&call.frame(0)?, &call.wait()?)?;
            Ok(Value::Bool(closed))
        },
    }],
};

fn peers(call: &Call) -> Result<Value, Error> {
    let ids = call.socket()?.peers()?.into_iter();
    Ok(Value::List(ids.map(|id| Value::frame(Frame::from(id))).collect()))
}
