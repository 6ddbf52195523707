//! What a subscriber receives.

use super::{Socket, done};
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, variadic};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Frame};

const PREFIXES: Parameter = variadic(
    "prefix",
    Kinds::STRING.or(Kinds::OBJECT),
    "a String or a ZMQFrame, \"\" for every message",
);

pub(super) static GROUP: Group = Group {
    name: "subscriptions",
    doc: "What a subscriber receives.",
    methods: &[
        Method {
            name: "subscribe",
            parameters: &[PREFIXES],
            result: "nil",
            doc: "Receives messages that start with one of the prefixes from now on. ZMQSubscriber and \
                  ZMQXSubscriber only.",
            otherwise: None,
            run: |call| each(call, |socket, prefix| socket.subscribe(prefix)),
        },
        Method {
            name: "unsubscribe",
            parameters: &[PREFIXES],
            result: "nil",
            doc: "Takes back one subscription with each prefix.",
            otherwise: None,
            run: |call| each(call, |socket, prefix| socket.unsubscribe(prefix)),
        },
        Method {
            name: "subscriptions",
            parameters: &[],
            result: "List",
            doc: "The prefixes that are subscribed, in their order, each as often as it was.",
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
