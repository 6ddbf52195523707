//! What a socket is, and its end.

use super::Socket;
use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, Parameter};
use crate::binding::value::Value;
use crate::core::{Error, Wait};

const LINGER: Parameter = Parameter { name: "linger", ..TIMEOUT };
const WAIT: Parameter = Parameter { name: "wait", ..TIMEOUT };

pub(super) static GROUP: Group = Group {
    name: "closing",
    doc: "What a socket is, and its end.",
    methods: &[
        Method {
            name: "close",
            parameters: &[LINGER, WAIT],
            result: "Bool or nil",
            doc: "Closes the socket and returns at once, with nil. What is not sent yet goes on \
                  being sent for a second, or as long as linger says. With wait it waits for \
                  that, no longer than so many milliseconds, and gives whether everything was \
                  handed to the network: false if the time or the linger was over before. \
                  Over inproc a message is with its peer as soon as it is sent.",
            otherwise: None,
            run: close,
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
            name: "lasterror",
            parameters: &[],
            result: "Dictionary or nil",
            doc: "What went wrong last in a call of this socket, as ZMQ.lasterror() tells it; nil \
                  if nothing did.",
            otherwise: None,
            run: |call| Ok(call.receiver::<Socket>()?.failure().map(Value::from).into()),
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
