//! The class that stands for ZeroMQ itself.

use super::context as setup;
use super::failure::Failure;
use super::socket;
use super::table::{Class, Method, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core::context;

/// ZeroMQ itself.
pub(super) static CLASS: Class = Class {
    name: "ZMQ",
    doc: "ZeroMQ itself: its version, what it can do, what went wrong last.",
    parent: None,
    constructor: None,
    alias: None,
    groups: &[],
    functions: &[
        Method {
            name: "version",
            parameters: &[],
            result: "String",
            doc: "The version of libzmq.",
            otherwise: None,
            run: |_| Ok(context::version().into()),
        },
        Method {
            name: "has",
            parameters: &[required(
                "name",
                Kinds::STRING,
                "a String: \"curve\", \"ipc\", \"ws\" and so on",
            )],
            result: "Bool",
            doc: "Whether libzmq was built with a capability: curve, ipc, ws, pgm, norm, tipc, \
                  gssapi, vmci or draft.",
            otherwise: None,
            run: |call| Ok(Value::Bool(context::has(call.text(0)?))),
        },
        Method {
            name: "lasterror",
            parameters: &[],
            result: "Dictionary or nil",
            doc: "What went wrong last in this thread: tag, message, operation, and where there is \
                  one the endpoint, and the name and number of the system's error.",
            otherwise: None,
            run: |_| Ok(Failure::last().map(describe).into()),
        },
        Method {
            name: "setstrict",
            parameters: &[required("strict", Kinds::BOOL, "true or false")],
            result: "nil",
            doc: "Whether it is an error on every socket when time runs out (ZMQTimeout) or when \
                  a message is out of order (ZMQState), in place of false or nil. A socket's own \
                  setstrict goes before.",
            otherwise: None,
            run: |call| {
                socket::Socket::set_all_strict(matches!(call.values(), [ValueRef::Bool(true)]));
                Ok(Value::Nil)
            },
        },
        setup::SETDEFAULTS,
        setup::SETCONTEXT,
        setup::CONTEXT,
        setup::CAPABILITIES,
    ],
};

fn describe(failure: Failure) -> Value {
    let mut entries: Vec<(Value, Value)> = vec![
        ("tag".into(), failure.tag().into()),
        ("message".into(), failure.message.into()),
        ("operation".into(), failure.operation.into()),
    ];
    if let Some(endpoint) = failure.endpoint {
        entries.push(("endpoint".into(), endpoint.into()));
    }
    if let Some(errno) = failure.errno {
        entries.push(("name".into(), errno.name().into()));
        entries.push(("number".into(), Value::Int(errno.number().into())));
    }
    Value::Dictionary(entries)
}
