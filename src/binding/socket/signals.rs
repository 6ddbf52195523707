//! Signals: short messages that only tell that something is so far.

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::table::{Group, Method, required};
use crate::binding::value::{Kinds, Value};
use crate::core::Error;

pub(super) static GROUP: Group = Group {
    name: "signals",
    doc: "Signals, as czmq has them: messages that only tell that something is so far.",
    methods: &[
        Method {
            name: "signal",
            parameters: &[required("status", Kinds::INT, "an Int from 0 to 255"), TIMEOUT],
            result: "Bool",
            doc: "Sends a signal with a status, 0 by custom when all is well. Gives false as send \
                  does.",
            otherwise: Some(|| Value::Bool(false)),
            run: signal,
        },
        Method {
            name: "wait",
            parameters: &[TIMEOUT],
            result: "Int or nil",
            doc: "Waits for a signal and gives its status. Messages that are no signal are \
                  dropped. Gives nil as receive does.",
            otherwise: Some(|| Value::Nil),
            run: |call| Ok(Value::Int(call.socket()?.wait_signal(&call.wait()?)?.into())),
        },
    ],
};

fn signal(call: &Call) -> Result<Value, Error> {
    let status = call.get(0)?;
    call.socket()?.signal(status, &call.wait()?)?;
    Ok(Value::Bool(true))
}
