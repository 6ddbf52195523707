//! Subscribing and unsubscribing.

use super::{Socket, done};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, Sends, variadic};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Frame};

const PREFIXES: Parameter = variadic(
    "prefix",
    Kinds::STRING.or(Kinds::OBJECT),
    "a String or a ZMQFrame, \"\" for every message",
);

pub(super) static GROUP: Group = Group {
    name: "subscriptions",
    doc: "Subscribe to messages (ZMQSubscriber and ZMQXSubscriber only).",
    see: "publishsubscribe",
    methods: &[
        Method {
            name: "subscribe",
            parameters: &[PREFIXES],
            result: "nil",
            doc: "Adds a subscription for each prefix: the socket also receives messages that \
                  start with it. Prefixes are compared byte by byte and can have up to 4096 \
                  bytes. The empty String matches every message. Subscriptions are counted: a \
                  prefix that was added twice must be removed twice. Works on a ZMQSubscriber and \
                  a ZMQXSubscriber only. A ZMQSubscriber that has never subscribed receives \
                  nothing, and its first receive warns of it.",
            errors: "`ZMQArgs` if a prefix is longer; `ZMQUnsupported` on any other socket type",
            example: r#"
                var subscriber = ZMQSubscriber("tcp://localhost:5556", nil)
                subscriber.subscribe("weather", "sports")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| each(call, |socket, prefix| socket.subscribe(prefix)),
        },
        Method {
            name: "unsubscribe",
            parameters: &[PREFIXES],
            result: "nil",
            doc: "Removes one subscription for each prefix. A prefix that was subscribed twice \
                  has to be removed twice.",
            errors: "`ZMQUnsupported` on a socket that is not a ZMQSubscriber or ZMQXSubscriber",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| each(call, |socket, prefix| socket.unsubscribe(prefix)),
        },
        Method {
            name: "subscriptions",
            parameters: &[],
            result: "List",
            doc: "Returns a sorted List of the subscribed prefixes, including duplicates. Returns an empty List on a socket that cannot subscribe.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let prefixes = call.socket()?.subscriptions()?.into_iter();
                Ok(Value::List(prefixes.map(|prefix| Frame::from(prefix).into()).collect()))
            },
        },
    ],
};

fn each(call: &Call, run: impl Fn(&Socket, &[u8]) -> Result<(), Error>) -> Result<Value, Error> {
    let socket = call.socket()?;
    done(call.frames()?.iter().try_for_each(|prefix| run(socket, prefix)))
}
