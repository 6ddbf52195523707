//! Whether a socket is ready, and what happens when it is not.

use crate::binding::arguments::TIMEOUT;
use crate::binding::table::{Group, Method, required};
use crate::binding::value::{Kinds, Value};

pub(super) static GROUP: Group = Group {
    name: "readiness",
    doc: "Whether a socket is ready, and what happens when it is not.",
    methods: &[
        Method {
            name: "canreceive",
            parameters: &[],
            result: "Bool",
            doc: "Whether receive would give something at once.",
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.can_receive()?)),
        },
        Method {
            name: "cansend",
            parameters: &[],
            result: "Bool",
            doc: "Whether send would send at once, to some peer. False on a ZMQRequest or \
                  ZMQReply whose turn it is not.",
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.can_send()?)),
        },
        Method {
            name: "poll",
            parameters: &[TIMEOUT],
            result: "Bool",
            doc: "Waits until receive would give something at once, and gives whether it would.",
            otherwise: None,
            run: |call| match call.socket()?.poll(&call.wait()?) {
                Ok(()) => Ok(Value::Bool(true)),
                Err(crate::core::Error::Again) => Ok(Value::Bool(false)),
                Err(error) => Err(error),
            },
        },
        Method {
            name: "setstrict",
            parameters: &[required("strict", Kinds::BOOL, "true or false")],
            result: "nil",
            doc: "Whether it is an error when time runs out (ZMQTimeout) or when a message is out \
                  of order (ZMQState), in place of false or nil.",
            otherwise: None,
            run: |call| {
                call.socket()?.set_strict(call.flag(0));
                Ok(Value::Nil)
            },
        },
    ],
};
