//! The class that stands for ZeroMQ itself.

use super::context as setup;
use super::failure::Failure;
use super::table::{Class, Method, required};
use super::value::{Kinds, Value};
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
