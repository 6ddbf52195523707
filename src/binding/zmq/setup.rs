//! Settings for all sockets: defaults, and the context.

use crate::binding::arguments::whole_ms;
use crate::binding::call::Call;
use crate::binding::table::{Method, Parameter, Role, Sends, named};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::context::settings::{self, Setting};
use crate::core::{Error, Right, context};

const NUMBER: Kinds = Kinds::INT;
const TIME: Kinds = Kinds::INT.or(Kinds::FLOAT).or(Kinds::NIL);

const fn count(name: &'static str, doc: &'static str) -> Parameter {
    named(name, NUMBER, doc)
}

pub(super) const SETDEFAULTS: Method = Method {
    name: "setdefaults",
    parameters: &[
        named("linger", TIME, "milliseconds, or nil or -1 to wait forever"),
        count("sndhwm", "a number of messages, 0 for no limit"),
        count("rcvhwm", "a number of messages, 0 for no limit"),
        named("ipv6", Kinds::BOOL, "true or false"),
    ],
    result: "nil",
    doc: "Sets the defaults of sockets that are opened afterwards: the linger period, the \
          high-water marks, and IPv6.",
    errors: "",
    example: r#"
        ZMQ.setdefaults(linger=5000, sndhwm=10000)
    "#,
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        call.permitted(Right::Process)?;
        settings::set_defaults(&given(call, &settings::SOCKETS)?);
        Ok(Value::Nil)
    },
};

pub(super) const SETCONTEXT: Method = Method {
    name: "setcontext",
    parameters: &[
        count("iothreads", "an Int of threads from 0 to 64"),
        count("maxsockets", "an Int of sockets from 1 to 65535"),
        count("threadprefix", "a non-negative Int"),
        named("zerocopy", Kinds::BOOL, "true or false"),
    ],
    result: "nil",
    doc: "Configures ZeroMQ before the first socket is opened: the number of I/O threads (default \
          1), the maximum number of sockets (default 1023), a number that prefixes the names of \
          its threads, and whether received messages may share memory.",
    errors: "`ZMQErr` if a socket has already been opened",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        call.permitted(Right::Process)?;
        context::set(&given(call, &settings::CONTEXT)?)?;
        Ok(Value::Nil)
    },
};

pub(super) const CONTEXT: Method = Method {
    name: "context",
    parameters: &[],
    result: "Dictionary",
    doc: "Returns a Dictionary of the context options by their libzmq names.",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |_| {
        let options = context::options()?.into_iter();
        Ok(Value::Dictionary(
            options.map(|(name, value)| (name.into(), Value::Int(value))).collect(),
        ))
    },
};

pub(super) const CAPABILITIES: Method = Method {
    name: "capabilities",
    parameters: &[],
    result: "List",
    doc: "Returns a List of the optional capabilities that libzmq was built with, such as \
          \"curve\" and \"ipc\".",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |_| Ok(Value::List(context::capabilities().map(Value::from).collect())),
};

/// Returns the settings that were passed, all of them checked.
fn given(call: &Call, settings: &'static [Setting]) -> Result<Vec<(&'static Setting, i64)>, Error> {
    // The parameters stand in the order of the settings.
    let parameters = call.row.method.parameters.iter().filter(|p| p.role == Role::Named);
    let mut values = Vec::new();
    for (parameter, setting) in parameters.zip(settings) {
        let Some(value) = call.argument(parameter.name) else {
            continue;
        };
        let number = match value {
            ValueRef::Nil => -1,
            ValueRef::Bool(value) => i64::from(*value),
            ValueRef::Int(value) => *value,
            // NaN and negative fractions are invalid.
            ValueRef::Float(value) if *value > 0.0 || value.fract() == 0.0 => {
                whole_ms(*value) as i64
            }
            _ => i64::MIN,
        };
        if !setting.accepts(number) {
            return Err(Error::Argument {
                place: format!("named argument {}=", parameter.name),
                expected: parameter.doc.into(),
                got: value.to_string(),
            });
        }
        values.push((setting, number));
    }
    Ok(values)
}
