//! The type of a socket, and closing it.

use super::Socket;
use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter, Sends};
use crate::binding::value::Value;
use crate::core::{Error, Wait};

const LINGER: Parameter = Parameter { name: "linger", ..TIMEOUT };
const WAIT: Parameter = Parameter { name: "wait", ..TIMEOUT };

pub(super) static GROUP: Group = Group {
    name: "closing",
    doc: "Close the socket and inspect its state.",
    see: "closing",
    methods: &[
        Method {
            name: "close",
            parameters: &[LINGER, WAIT],
            result: "Bool or nil",
            doc: "Closes the socket. Returns nil immediately; queued messages are sent in the \
                  background for the linger period, which `setlinger` and the option `linger` \
                  set, or for `linger=`. With `wait=` it waits up to that many milliseconds. It then returns true if every message was handed to the \
                  network, or false if the wait or the linger period expired first or if the \
                  result is unknown. Over inproc a message has reached its peer as soon as it is \
                  sent. Closing a closed socket does nothing and returns nil.",
            errors: "",
            example: r#"
                var pull = ZMQPull("inproc://last")
                var push = ZMQPush("inproc://last")
                push.send("goodbye")
                print push.close(wait=1000)   // true
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: close,
        },
        Method {
            name: "closed",
            parameters: &[],
            result: "Bool",
            doc: "Returns true if the socket is closed.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(call.socket()?.is_closed())),
        },
        Method {
            name: "lasterror",
            parameters: &[],
            result: "Dictionary or nil",
            doc: "Returns the last error that a call on this socket raised, as a Dictionary in \
                  the form of `ZMQ.lasterror()`, or nil if there was none.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.receiver::<Socket>()?.last_error().map(Value::from).into()),
        },
        Method {
            name: "type",
            parameters: &[],
            result: "String",
            doc: "Returns the type of the socket in ZeroMQ's terms: \"REQ\", \"ROUTER\" and so \
                  on.",
            errors: "",
            example: r#"
                print ZMQDealer().type()   // DEALER
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.socket()?.socket_type().name().into()),
        },
    ],
};

fn close(call: &Call) -> Result<Value, Error> {
    let (socket, linger) = (call.socket()?, call.milliseconds("linger")?);
    match call.milliseconds("wait")? {
        None => socket.close(linger).map(|()| Value::Nil),
        Some(wait) => {
            let wait = Wait::new(wait).until(call.host.interrupt());
            let sent = socket.close_and_wait(linger, &wait)?;
            Ok(sent.map_or(Value::Nil, Value::Bool))
        }
    }
}
