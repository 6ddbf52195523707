//! Signals: short messages that only report an event.

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Sends, required};
use crate::binding::value::{Kinds, Value};
use crate::core::Error;

pub(super) static GROUP: Group = Group {
    name: "signals",
    doc: "Send and receive signals.",
    see: "signals",
    methods: &[
        Method {
            name: "signal",
            parameters: &[required("status", Kinds::INT, "an Int from 0 to 255"), TIMEOUT],
            result: "Bool",
            doc: "Sends a signal: a short message that carries only a status from 0 to 255. By \
                  convention 0 means success. Programs that use czmq can receive it. Returns true \
                  if the message was queued, or false as `send` does.",
            errors: "`ZMQUnsupported` on a ZMQSubscriber or ZMQPull",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].signal(0)
                print pair[1].wait()   // 0
            "#,
            sends: Sends::Begun,
            otherwise: Some(|| Value::Bool(false)),
            run: signal,
        },
        Method {
            name: "wait",
            parameters: &[TIMEOUT],
            result: "Int or nil",
            doc: "Waits for a signal and returns its status. Discards all other messages.",
            errors: "`ZMQUnsupported` on a ZMQPublisher or ZMQPush",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| Ok(Value::Int(call.socket()?.wait_signal(&call.wait()?)?.into())),
        },
    ],
};

fn signal(call: &Call) -> Result<Value, Error> {
    let (socket, status) = (call.socket()?, call.get(0)?);
    socket.signal(status, &call.wait()?)?;
    Ok(super::sent(call, socket))
}
