//! What a socket is, and its end.

use super::done;
use crate::binding::call::TIMEOUT;
use crate::binding::table::{Group, Method, Parameter};
use crate::binding::value::Value;

const LINGER: Parameter = Parameter { name: "linger", ..TIMEOUT };

pub(super) static GROUP: Group = Group {
    name: "closing",
    doc: "What a socket is, and its end.",
    methods: &[
        Method {
            name: "close",
            parameters: &[LINGER],
            result: "nil",
            doc: "Closes the socket and returns at once. What is not sent yet goes on being sent \
                  for a second, or as long as linger says.",
            otherwise: None,
            run: |call| done(call.socket()?.close(call.milliseconds("linger")?)),
        },
        Method {
            name: "closed",
            parameters: &[],
            result: "Bool",
            doc: "Whether the socket is closed.",
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.is_closed())),
        },
        Method {
            name: "type",
            parameters: &[],
            result: "String",
            doc: "The type of the socket in the words of ZeroMQ: REQ, ROUTER and so on.",
            otherwise: None,
            run: |call| Ok(call.socket()?.socket_type().name().into()),
        },
    ],
};
