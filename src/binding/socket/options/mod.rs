//! Options of sockets, by their names in libzmq, and the usual ones by methods of
//! their own.

mod types;

use crate::binding::arguments::frame;
use crate::binding::call::Call;
use crate::binding::socket::done;
use crate::binding::table::{Group, Method, Parameter, named, optional, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::options::{self, OptionValue, Row, When};
use crate::core::{Error, Frame};

pub(super) use types::{CONFLATING, DEALER, PUBLISHER, REQUEST, ROUTER, STREAM, XPUBLISHER};

const NAME: Parameter =
    required("name", Kinds::STRING, "the name of an option in libzmq, such as \"sndhwm\"");

const TIME: Kinds = Kinds::INT.or(Kinds::FLOAT).or(Kinds::NIL);
const TIME_DOC: &str = "milliseconds, or nil or -1 for ever";
const COUNT_DOC: &str = "an Int of messages, 0 for any number";

/// What the heartbeat of a peer may miss before the peer is given up.
const BEATS: f64 = 3.0;

pub(super) static GROUP: Group = Group {
    name: "options",
    doc: "Options: how long to wait, how much to keep, and all that libzmq can be told.",
    methods: &[
        Method {
            name: "option",
            parameters: &[NAME],
            result: "Bool, Int, String or ZMQFrame",
            doc: "The value of an option, by its name in libzmq.",
            otherwise: None,
            run: |call| Ok(given(call.socket()?.option(call.text(0)?)?)),
        },
        Method {
            name: "setoption",
            parameters: &[
                NAME,
                required(
                    "value",
                    Kinds::BOOL.or(Kinds::STRING).or(Kinds::OBJECT).or(TIME),
                    "a Bool, a number, a String or a ZMQFrame, as the option says",
                ),
            ],
            result: "nil",
            doc: "Sets an option, by its name in libzmq. Some hold only for endpoints that are \
                  bound or connected later: a warning tells so, once for each socket.",
            otherwise: None,
            run: |call| set(call, call.text(0)?, call.value(1)?),
        },
        Method {
            name: "options",
            parameters: &[],
            result: "Dictionary",
            doc: "All options of the socket that can be read, by name, but for secret ones.",
            otherwise: None,
            run: |call| {
                let options = call.socket()?.options()?.into_iter();
                Ok(Value::Dictionary(
                    options.map(|(name, value)| (name.into(), given(value))).collect(),
                ))
            },
        },
        Method {
            name: "settimeout",
            parameters: &[
                optional("ms", TIME, TIME_DOC),
                named("send", TIME, TIME_DOC),
                named("receive", TIME, TIME_DOC),
            ],
            result: "nil",
            doc: "How long send and receive wait if they are not told; for ever, until it is set.",
            otherwise: None,
            run: |call| both(call, [("send", "sndtimeo"), ("receive", "rcvtimeo")]),
        },
        Method {
            name: "setlinger",
            parameters: &[required("ms", TIME, TIME_DOC)],
            result: "nil",
            doc: "How long the socket goes on sending what is unsent once it is closed.",
            otherwise: None,
            run: |call| set(call, "linger", call.value(0)?),
        },
        Method {
            name: "sethwm",
            parameters: &[
                optional("n", Kinds::INT, COUNT_DOC),
                named("send", Kinds::INT, COUNT_DOC),
                named("receive", Kinds::INT, COUNT_DOC),
            ],
            result: "nil",
            doc: "The high-water marks: how many messages of each peer are kept. They are 1000, \
                  until they are set.",
            otherwise: None,
            run: |call| both(call, [("send", "sndhwm"), ("receive", "rcvhwm")]),
        },
        Method {
            name: "setunbounded",
            parameters: &[],
            result: "nil",
            doc: "Takes the high-water marks away: messages are kept as long as there is memory.",
            otherwise: None,
            run: |call| {
                set(call, "sndhwm", &ValueRef::Int(0))?;
                set(call, "rcvhwm", &ValueRef::Int(0))
            },
        },
        Method {
            name: "setidentity",
            parameters: &[required(
                "id",
                Kinds::STRING.or(Kinds::OBJECT),
                "a String or a ZMQFrame of 1 to 255 bytes, the first of which is not 0",
            )],
            result: "nil",
            doc: "The routing id under which a ZMQRouter knows this socket; set it before connect.",
            otherwise: None,
            run: |call| set(call, "routing_id", call.value(0)?),
        },
        Method {
            name: "identity",
            parameters: &[],
            result: "String, ZMQFrame or nil",
            doc: "The routing id that setidentity has set.",
            otherwise: None,
            run: |call| {
                Ok(match call.socket()?.option("routing_id")? {
                    OptionValue::Bytes(id) if id.is_empty() => Value::Nil,
                    id => given(id),
                })
            },
        },
        Method {
            name: "heartbeat",
            parameters: &[required("ms", TIME, "milliseconds, or nil or 0 for no heartbeat")],
            result: "nil",
            doc: "Asks peers so often whether they are there. A peer that is silent for three \
                  times as long is disconnected, at either end. Set it before bind and connect.",
            otherwise: None,
            run: heartbeat,
        },
        Method {
            name: "setreconnect",
            parameters: &[
                required("ms", TIME, "milliseconds, or nil or -1 for never"),
                named("max", TIME, "milliseconds up to which the time is doubled"),
            ],
            result: "nil",
            doc: "How long to wait before a broken connection is tried again; with max the time is \
                  doubled after each attempt up to it. Set it before connect.",
            otherwise: None,
            run: |call| {
                set(call, "reconnect_ivl", call.value(0)?)?;
                match call.argument("max") {
                    Some(max) => set(call, "reconnect_ivl_max", max),
                    None => Ok(Value::Nil),
                }
            },
        },
    ],
};

/// Sets an option of the socket, and warns once if it comes late.
fn set(call: &Call, name: &str, value: &ValueRef) -> Result<Value, Error> {
    let row = options::find(name)?;
    let socket = call.socket()?;
    if socket.set_option(name, &option_value(row, value)?)? == When::Later && socket.warns_late() {
        let message = format!(
            "{}: {} holds for endpoints that are bound or connected from now on; set it before",
            call.operation(),
            row.name
        );
        call.host.warn(c"ZMQOption", &message);
    }
    Ok(Value::Nil)
}

/// Sets one option for each direction, by its name or both by position.
fn both(call: &Call, names: [(&str, &str); 2]) -> Result<Value, Error> {
    let all = call.values().first();
    if all.is_none() && call.arguments.named.is_empty() {
        return Err(call.wrong(0, "nothing".to_owned()));
    }
    for (name, option) in names {
        if let Some(value) = call.argument(name).or(all) {
            set(call, option, value)?;
        }
    }
    Ok(Value::Nil)
}

fn heartbeat(call: &Call) -> Result<Value, Error> {
    let every = call.get::<f64>(0).map_or(0.0, f64::ceil);
    set(call, "heartbeat_ivl", &ValueRef::Float(every))?;
    if every > 0.0 {
        let timeout = every * BEATS;
        set(call, "heartbeat_timeout", &ValueRef::Float(timeout.min(f64::from(i32::MAX))))?;
        // Told to peers in steps of 100 ms, in 16 bits.
        let silence = (timeout / 100.0).ceil().min(65535.0) * 100.0;
        return set(call, "heartbeat_ttl", &ValueRef::Float(silence));
    }
    set(call, "heartbeat_ttl", &ValueRef::Int(0))
}

/// A value of a script, as an option takes it.
fn option_value(row: &Row, value: &ValueRef) -> Result<OptionValue, Error> {
    let refused = || Err(row.refuse(&value.to_string()));
    match value {
        ValueRef::Nil if row.has_minus_one() => Ok(OptionValue::Int(-1)),
        ValueRef::Bool(value) => Ok(OptionValue::Bool(*value)),
        ValueRef::Int(value) => Ok(OptionValue::Int(*value)),
        ValueRef::Float(value) => {
            // Parts of a millisecond are waited for too.
            let whole = if row.unit == "ms" { value.ceil() } else { *value };
            // Beyond this not every whole number is a Float.
            let exact = whole.fract() == 0.0 && whole.abs() < (1_i64 << 53) as f64;
            if exact { Ok(OptionValue::Int(whole as i64)) } else { refused() }
        }
        ValueRef::String(bytes) => Ok(OptionValue::Bytes(bytes.to_vec())),
        ValueRef::Object(..) => match frame(value) {
            Some(frame) => Ok(OptionValue::Bytes(frame.to_vec())),
            None => refused(),
        },
        _ => refused(),
    }
}

/// The value of an option, as a script gets it.
fn given(value: OptionValue) -> Value {
    match value {
        OptionValue::Bool(value) => Value::Bool(value),
        OptionValue::Int(value) => Value::Int(value),
        OptionValue::Bytes(bytes) => Frame::from(bytes).into(),
        OptionValue::Text(text) => text.into(),
    }
}

/// Sets one option to the first argument.
fn set_first(call: &Call, name: &str) -> Result<Value, Error> {
    done(set(call, name, call.value(0)?).map(drop))
}
