//! The methods of `ZMQ` for Ctrl-C and SIGTERM.

use crate::binding::table::{Method, Sends, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{Error, Right};
use crate::interrupt;

pub(super) const CATCH: Method = Method {
    name: "catchinterrupts",
    parameters: &[required("catch", Kinds::BOOL, "true or false")],
    result: "nil",
    doc: "Makes Ctrl-C and SIGTERM, which service managers and `kill` send, end a waiting call \
          with `ZMQInterrupted`, which the script can catch, or restores the host's behavior. By \
          default both usually end the program.",
    errors: "`ZMQErr` if the system does not allow it",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        call.permitted(Right::Process)?;
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
    doc: "Returns true if Ctrl-C was pressed or SIGTERM arrived since the last call of this \
          function, unless a waiting call has already raised `ZMQInterrupted` for it. Use it \
          after `catchinterrupts(true)` in loops that do not wait.",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |_| Ok(Value::Bool(interrupt::caught())),
};
