//! Methods of publishers and subscribers only.

use super::{done, list};
use crate::binding::arguments::{FRAME, FRAMES, TIMEOUT};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, Sends, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Frame};

pub(super) static PUBLISHER: Group = Group {
    name: "topics",
    doc: "Publish messages with a topic.",
    see: "publishsubscribe",
    methods: &[PUBLISH, Method { doc: NUMBERS, ..SEQUENCE }],
};

pub(super) static SUBSCRIBER: Group = Group {
    name: "topics",
    doc: "Receive messages with a topic.",
    see: "publishsubscribe",
    methods: &[RECEIVETOPIC, Method { doc: LOOKS, ..SEQUENCE }, MISSED],
};

pub(super) static XPUBLISHER: Group = Group {
    name: "topics",
    doc: "Publish messages with a topic and receive subscriptions.",
    see: "publishsubscribe",
    methods: &[
        PUBLISH,
        Method { doc: NUMBERS, ..SEQUENCE },
        Method {
            name: "receivesubscription",
            parameters: &[TIMEOUT],
            result: "Tuple or nil",
            doc: "Waits until a peer subscribes or unsubscribes. Returns a Tuple of true \
                  (subscribes) or false (unsubscribes) and the prefix. Discards other messages \
                  from peers.",
            errors: "",
            example: r#"
                var publisher = ZMQXPublisher("inproc://watched")
                var subscriber = ZMQSubscriber("inproc://watched", "rain")
                print publisher.receivesubscription(timeout=1000)[1]   // rain
            "#,
            sends: Sends::Nothing,
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
    doc: "Sends a message with the topic as its first frame and the parts as further frames. \
          Returns true if the message was queued, or false on timeout. A publisher waits only \
          after `setnodrop(true)`.",
    errors: "`ZMQState` in strict mode if `sendmore` has started another message",
    example: r#"
        var publisher = ZMQPublisher("inproc://press")
        var subscriber = ZMQSubscriber("inproc://press", "weather")
        publisher.waitforsubscribers(1)
        publisher.publish("weather", "rain", 12)
        print subscriber.receivetopic()[1]   // [ rain, 12 ]
    "#,
    sends: Sends::Whole,
    otherwise: Some(|| Value::Bool(false)),
    run: publish,
};

const RECEIVETOPIC: Method = Method {
    name: "receivetopic",
    parameters: &[TIMEOUT],
    result: "Tuple or nil",
    doc: "Waits for a message and returns a Tuple of its first frame, the topic, and a List of \
          its other frames. Also returns nil if part of a message has already been received.",
    errors: "`ZMQState` in strict mode if part of a message has already been received",
    example: "",
    sends: Sends::Nothing,
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
    doc: "Returns how many numbered messages were lost since `setsequence(true)`, because this \
          subscriber was too slow or disconnected. Returns 0 if `setsequence` is off.",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        let missed = call.socket()?.missed()?;
        Ok(Value::Int(i64::try_from(missed).unwrap_or(i64::MAX)))
    },
};

const ON: Parameter = required("on", Kinds::BOOL, "true or false");

const NUMBERS: &str = "Turns message numbers on or off. When on, `publish` adds a last frame of 20 bytes to each \
     message: \"SEQ1\", an 8-byte id of this publisher, and the message's number within its topic \
     as 8 bytes, most significant byte first. Subscribers have to turn it on, too; otherwise they \
     receive that frame as part of the message.";

const LOOKS: &str = "Turns the detection of lost messages on or off. When on, `receivetopic` removes the number \
     that a publisher with `setsequence(true)` adds to each message, and `missed` returns how \
     many messages were lost.";

const SEQUENCE: Method = Method {
    name: "setsequence",
    parameters: &[ON],
    result: "nil",
    doc: NUMBERS,
    errors: "",
    example: "",
    sends: Sends::Nothing,
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
