//! What only publishers and subscribers do.

use super::{done, list};
use crate::binding::arguments::{FRAME, FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Frame};

pub(super) static PUBLISHER: Group = Group {
    name: "topics",
    doc: "Messages with a topic.",
    methods: &[PUBLISH, Method { doc: NUMBERS, ..SEQUENCE }],
};

pub(super) static SUBSCRIBER: Group = Group {
    name: "topics",
    doc: "Messages with a topic.",
    methods: &[RECEIVETOPIC, Method { doc: LOOKS, ..SEQUENCE }, MISSED],
};

pub(super) static XPUBLISHER: Group = Group {
    name: "topics",
    doc: "Messages with a topic, and what peers subscribe.",
    methods: &[
        PUBLISH,
        Method { doc: NUMBERS, ..SEQUENCE },
        Method {
            name: "receivesubscription",
            parameters: &[TIMEOUT],
            result: "Tuple or nil",
            doc: "Waits until a peer subscribes or takes that back, and gives true or false and the \
              prefix. Messages of peers that are something else are dropped.",
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let (subscribed, prefix) = call.socket()?.receive_subscription(&call.wait()?)?;
                Ok(Value::Tuple(vec![Value::Bool(subscribed), Frame::from(prefix).into()]))
            },
        },
    ],
};

const PUBLISH: Method = Method {
    name: "publish",
    parameters: &[
        required("topic", FRAME, "a String or a ZMQFrame"),
        Parameter { name: "parts", ..FRAMES },
        TIMEOUT,
    ],
    result: "Bool",
    doc: "Sends a message of the topic as its first frame and the parts after it, which \
          receivetopic takes apart. Gives false as send does.",
    otherwise: Some(|| Value::Bool(false)),
    run: publish,
};

const RECEIVETOPIC: Method = Method {
    name: "receivetopic",
    parameters: &[TIMEOUT],
    result: "Tuple or nil",
    doc: "Waits for a message and gives its first frame, the topic, and a List of the \
          others. Gives nil when the time runs out, or in the middle of a message.",
    otherwise: Some(|| Value::Nil),
    run: |call| {
        let (topic, parts) = call.socket()?.receive_topic(&call.wait()?)?;
        Ok(Value::Tuple(vec![topic.into(), list(parts)]))
    },
};

const MISSED: Method = Method {
    name: "missed",
    parameters: &[],
    result: "Int",
    doc: "How many messages were lost, since setsequence, between those that receivetopic \
          gave: because this subscriber was too slow, or away.",
    otherwise: None,
    run: |call| {
        let missed = call.socket()?.missed()?;
        Ok(Value::Int(i64::try_from(missed).unwrap_or(i64::MAX)))
    },
};

const ON: Parameter = required("on", Kinds::BOOL, "true or false");

const NUMBERS: &str = "Whether publish numbers the messages of each topic, in a last frame of 20 \
                       bytes: \"SEQ1\", eight bytes that are this publisher's own, and the number, \
                       most significant byte first. Subscribers have to do the same, else they \
                       receive that frame too.";

const LOOKS: &str = "Whether receivetopic looks for the numbers of publishers that do the same, \
                     and takes them away.";

const SEQUENCE: Method = Method {
    name: "setsequence",
    parameters: &[ON],
    result: "nil",
    doc: NUMBERS,
    otherwise: None,
    run: |call| {
        let on = call.flag(0);
        done(call.socket()?.set_sequence(on))
    },
};

fn publish(call: &Call) -> Result<Value, Error> {
    let mut frames = vec![call.frame(0)?];
    if call.values().len() > 1 {
        frames.extend(call.frames_from(1)?);
    }
    call.socket()?.publish(&frames, &call.wait()?)?;
    Ok(Value::Bool(true))
}
