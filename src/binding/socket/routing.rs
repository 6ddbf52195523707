//! Methods of sockets that address one peer among many.

use super::list;
use crate::binding::arguments::{FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, Sends, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Frame};

const ID: Parameter = required(
    "id",
    Kinds::STRING.or(Kinds::OBJECT),
    "the routing id of a peer, a ZMQFrame or a String",
);

pub(super) static GROUP: Group = Group {
    name: "peers",
    doc: "Exchange messages with one peer among many.",
    see: "routing",
    methods: &[
        Method {
            name: "receivefrom",
            parameters: &[TIMEOUT],
            result: "Tuple or nil",
            doc: "Waits for a message and returns a Tuple of the sender's routing id, a ZMQFrame, \
                  and the List of frames. Also returns nil if part of a message has already been \
                  received.",
            errors: "`ZMQState` in strict mode if part of a message has already been received",
            example: r#"
                var router = ZMQRouter("inproc://desk")
                var dealer = ZMQDealer("inproc://desk")
                dealer.send("a question")
                print router.receivefrom()[1]   // [ a question ]
            "#,
            sends: Sends::Nothing,
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
            doc: "Sends a message to the peer with this routing id. A ZMQStream sends the bytes \
                  of all frames without separators. Returns false if there is no such peer, or on \
                  timeout if the peer cannot accept the message.",
            errors: "`ZMQUnroutable` instead of false after `setmandatory(true)` if there is no \
                     such peer; `ZMQState` in strict mode if `sendmore` has started another \
                     message",
            example: r#"
                var router = ZMQRouter("inproc://counter")
                print router.sendto("nobody", "hello")   // false
            "#,
            sends: Sends::Whole,
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
            doc: "Returns a List of the routing ids that `receivefrom` has received messages \
                  from, except those of peers that are gone; a ZMQStream finds out by `sendto`. \
                  A peer that the socket itself has connected to stays, as messages wait for \
                  its return. Keeps the last 65536 ids.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| peers(call),
        },
    ],
};

pub(super) static ROUTER: Group = Group {
    name: "drops",
    doc: "Count dropped messages.",
    see: "routing",
    methods: &[Method {
        name: "dropped",
        parameters: &[],
        result: "Int",
        doc: "Returns how many messages were dropped because no peer had their routing id, or, \
              with `send`, because the peer could not accept them.",
        errors: "",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| {
            let dropped = call.socket()?.dropped();
            Ok(Value::Int(i64::try_from(dropped).unwrap_or(i64::MAX)))
        },
    }],
};

pub(super) static STREAM: Group = Group {
    name: "connections",
    doc: "Close connections.",
    see: "routing",
    methods: &[Method {
        name: "closepeer",
        parameters: &[ID, TIMEOUT],
        result: "Bool",
        doc: "Closes the connection to a peer and discards data that has not been sent yet. \
              Returns true, or false if there is no such peer.",
        errors: "",
        example: "",
        sends: Sends::Nothing,
        otherwise: Some(|| Value::Bool(false)),
        run: |call| {
            let closed = call.socket()?.close_peer(&call.frame(0)?, &call.wait()?)?;
            Ok(Value::Bool(closed))
        },
    }],
};

fn peers(call: &Call) -> Result<Value, Error> {
    let ids = call.socket()?.routing_ids()?.into_iter();
    Ok(Value::List(ids.map(|id| Value::frame(Frame::from(id))).collect()))
}
