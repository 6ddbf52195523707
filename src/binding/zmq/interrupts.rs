//! What `ZMQ` has to say about Ctrl-C.

use crate::binding::table::{Method, required};
use crate::binding::value::{Kinds, Value};
use crate::core::Error;
use crate::interrupt;

pub(super) const CATCH: Method = Method {
    name: "catchinterrupts",
    parameters: &[required("catch", Kinds::BOOL, "true or false")],
    result: "nil",
    doc: "Whether Ctrl-C ends the call that waits with ZMQInterrupted, which the script can catch, \
          in place of what it does otherwise: usually it ends the program.",
    otherwise: None,
    run: |call| {
        let on = call.flag(0);
        let unable = |error| Error::Host { what: format!("the system refuses: {error}").into() };
        interrupt::catch(on).map_err(unable)?;
        Ok(Value::Nil)
    },
};

pub(super) const INTERRUPTED: Method = Method {
    name: "interrupted",
    parameters: &[],
    result: "Bool",
    doc: "Whether Ctrl-C was pressed since this was asked last and no call that waits has said so; \
          after catchinterrupts(true), for loops that do not wait.",
    otherwise: None,
    run: |_| Ok(Value::Bool(interrupt::caught())),
};
