//! What a subscriber receives.

use super::done;
use crate::binding::table::{Group, Method, Parameter, required};
use crate::binding::value::Kinds;

const PREFIX: Parameter = required("prefix", Kinds::STRING, "a String, \"\" for every message");

pub(super) static GROUP: Group = Group {
    name: "subscriptions",
    doc: "What a subscriber receives.",
    methods: &[
        Method {
            name: "subscribe",
            parameters: &[PREFIX],
            result: "nil",
            doc: "Receives messages that start with the prefix from now on. ZMQSubscriber and \
                  ZMQXSubscriber only.",
            otherwise: None,
            run: |call| done(call.socket()?.subscribe(call.bytes(0).unwrap_or_default())),
        },
        Method {
            name: "unsubscribe",
            parameters: &[PREFIX],
            result: "nil",
            doc: "Takes back one subscription with this prefix.",
            otherwise: None,
            run: |call| done(call.socket()?.unsubscribe(call.bytes(0).unwrap_or_default())),
        },
    ],
};
