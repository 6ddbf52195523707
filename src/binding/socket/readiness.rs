//! Checking whether a socket is ready, and strict mode.

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::poller;
use crate::binding::table::{Group, Method, Sends, optional, required};
use crate::binding::value::{Kinds, Value};
use crate::core::Error;

pub(super) static GROUP: Group = Group {
    name: "readiness",
    doc: "Check readiness and set strict mode.",
    see: "timeouts",
    methods: &[
        Method {
            name: "canreceive",
            parameters: &[],
            result: "Bool",
            doc: "Returns true if `receive` would return a frame without waiting.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.can_receive()?)),
        },
        Method {
            name: "cansend",
            parameters: &[],
            result: "Bool",
            doc: "Returns true if `send` would queue a message for some peer without waiting. \
                  Returns false on a ZMQRequest or ZMQReply that has to receive first.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.can_send()?)),
        },
        Method {
            name: "poll",
            parameters: &[TIMEOUT],
            result: "Bool",
            doc: "Waits until `receive` would return a frame without waiting. Returns true if it \
                  would, or false on timeout, even if the socket is strict.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: r#"
                var pull = ZMQPull("inproc://quiet")
                print pull.poll(timeout=10)   // false
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| match call.socket()?.poll(&call.wait()?) {
                Ok(()) => Ok(Value::Bool(true)),
                Err(Error::Again) => Ok(Value::Bool(false)),
                Err(error) => Err(error),
            },
        },
        Method {
            name: "descriptor",
            parameters: &[optional(
                "event",
                Kinds::STRING,
                "\"in\" to receive, \"out\" to send or \"both\"",
            )],
            result: "Int",
            doc: "Returns a file descriptor for the event loop of a program: it is readable while \
                  a message can be received (\"in\", the default), while there is room to send \
                  (\"out\"), or for either of them (\"both\"). It can be readable without a \
                  reason; a call that finds nothing to do, such as `receive(timeout=0)`, then \
                  silences it. Only watch it, never read from it, and stop watching it before the \
                  socket is closed. A further call changes the event and returns the same number.",
            errors: "`ZMQUnsupported` if the socket cannot receive or send as requested; `ZMQErr` \
                     if no descriptor is left (EMFILE) or the system has neither epoll nor kqueue",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: descriptor,
        },
        Method {
            name: "setstrict",
            parameters: &[required("strict", Kinds::BOOL, "true or false")],
            result: "nil",
            doc: "Turns strict mode on or off for this socket. In strict mode a timeout raises \
                  `ZMQTimeout` and a call out of turn raises `ZMQState`. Otherwise such a call \
                  returns nil or false.",
            errors: "",
            example: r#"
                var pull = ZMQPull("inproc://strict")
                pull.setstrict(true)
                try { pull.receive(timeout=10) } catch {
                  "ZMQTimeout": print "late"   // late
                }
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                call.socket()?.set_strict(call.flag(0));
                Ok(Value::Nil)
            },
        },
    ],
};

fn descriptor(call: &Call) -> Result<Value, Error> {
    let descriptor = call.socket()?.descriptor(poller::events(call, 0)?)?;
    Ok(Value::Int(descriptor.into()))
}
