//! Socket options: by their names in libzmq, and methods for the common ones.

mod by_type;

use crate::binding::arguments::{frame, whole_ms};
use crate::binding::call::Call;
use crate::binding::socket::done;
use crate::binding::table::{Group, Method, Parameter, Sends, named, optional, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::options::{self, Kind, OptionValue, Row, When};
use crate::core::{Error, Frame};

pub(super) use by_type::{CONFLATING, DEALER, PUBLISHER, REQUEST, ROUTER, STREAM, XPUBLISHER};

const NAME: Parameter = required("name", Kinds::STRING, "an option name, such as \"sndhwm\"");

/// The parameters of `setoption`.
pub(in crate::binding) const OPTION: [Parameter; 2] = [
    NAME,
    required(
        "value",
        Kinds::BOOL.or(Kinds::STRING).or(Kinds::OBJECT).or(TIME),
        "a Bool, a number, a String or a ZMQFrame, depending on the option",
    ),
];

const TIME: Kinds = Kinds::INT.or(Kinds::FLOAT).or(Kinds::NIL);
const TIME_DOC: &str = "milliseconds, or nil or -1 to wait forever";
const COUNT_DOC: &str = "a number of messages, 0 for no limit";

/// The number of heartbeats that a peer may miss before it is disconnected.
const BEATS: f64 = 3.0;

pub(super) static GROUP: Group = Group {
    name: "options",
    doc: "Get and set options.",
    see: "zmqoptions",
    methods: &[
        Method {
            name: "option",
            parameters: &[NAME],
            result: "Bool, Int, String or ZMQFrame",
            doc: "Returns the value of a socket option, by its name in libzmq without `ZMQ_`.",
            errors: "`ZMQOption` if the option is unknown, write-only, not available for this \
                     socket type or not built in",
            example: r#"
                var socket = ZMQPush()
                print socket.option("sndhwm")   // 1000
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(given(call.socket()?.option(call.text(0)?)?)),
        },
        Method {
            name: "setoption",
            parameters: &OPTION,
            result: "nil",
            doc: "Sets a socket option, by its name in libzmq without `ZMQ_`. Where -1 is \
                  allowed, nil means the same. A String may spell a number or a Bool. Many options only affect endpoints that are bound \
                  or connected afterwards: if it is too late for an endpoint, a `ZMQOption` \
                  warning says so once per socket.",
            errors: "`ZMQOption` if the option is unknown, read-only, not available for this \
                     socket type or not built in, or if the value has the wrong type or is out of \
                     range",
            example: r#"
                var socket = ZMQPush()
                socket.setoption("tcp_keepalive", 1)
                print socket.option("tcp_keepalive")   // 1
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| set(call, call.text(0)?, call.value(1)?),
        },
        Method {
            name: "options",
            parameters: &[],
            result: "Dictionary",
            doc: "Returns a Dictionary of all options that can be read on this socket, except \
                  secret ones.",
            errors: "",
            example: r#"
                var socket = ZMQPush()
                print socket.options()["linger"]   // 1000
            "#,
            sends: Sends::Nothing,
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
            doc: "Sets the default timeout of calls that send (`send=`), that receive \
                  (`receive=`), or both. It applies to calls without `timeout=`. The default is \
                  to wait forever.",
            errors: "",
            example: r#"
                var pull = ZMQPull("inproc://slow")
                pull.settimeout(10)
                print pull.receive()   // nil
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| both(call, [("send", "sndtimeo"), ("receive", "rcvtimeo")]),
        },
        Method {
            name: "setlinger",
            parameters: &[required("ms", TIME, TIME_DOC)],
            result: "nil",
            doc: "Sets the linger period: how long the socket keeps sending queued messages in \
                  the background after it is closed. 0 discards them immediately; nil or -1 waits \
                  forever. The default is 1000 ms.",
            errors: "",
            example: r#"
                var push = ZMQPush("tcp://localhost:5555")
                push.setlinger(0)
            "#,
            sends: Sends::Nothing,
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
            doc: "Sets the high-water marks: the maximum number of messages queued per peer for \
                  sending (`send=`), for receiving (`receive=`), or both. 0 means no limit. The \
                  default is 1000.",
            errors: "`ZMQOption` if a number is negative",
            example: r#"
                var push = ZMQPush("tcp://localhost:5555")
                push.sethwm(10000)
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| both(call, [("send", "sndhwm"), ("receive", "rcvhwm")]),
        },
        Method {
            name: "setunbounded",
            parameters: &[],
            result: "nil",
            doc: "Removes both high-water marks. Messages are then queued until memory runs out.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
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
                "a String or a ZMQFrame of 1 to 255 bytes, the first one not 0",
            )],
            result: "nil",
            doc: "Sets the routing id by which a ZMQRouter knows this socket. Call it before \
                  `connect`. The id has 1 to 255 bytes and must not start with a zero byte.",
            errors: "`ZMQOption` if the id is invalid or the socket type has no routing id",
            example: r#"
                var dealer = ZMQDealer()
                dealer.setidentity("worker-7")
                print dealer.identity()   // worker-7
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| set(call, "routing_id", call.value(0)?),
        },
        Method {
            name: "identity",
            parameters: &[],
            result: "String, ZMQFrame or nil",
            doc: "Returns the routing id that `setidentity` has set, or nil if none was set.",
            errors: "`ZMQOption` if the socket type has no routing id",
            example: "",
            sends: Sends::Nothing,
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
            parameters: &[required("ms", TIME, "milliseconds, or nil or 0 to turn heartbeats off")],
            result: "nil",
            doc: "Sends a ping to each peer every `ms` milliseconds. The connection to a peer \
                  that sends nothing for three times that period is closed, and peers apply the \
                  same limit to this socket. 0 or nil turns heartbeats off. Call it before `bind` \
                  and `connect`.",
            errors: "",
            example: r#"
                var client = ZMQRequest()
                client.heartbeat(1000)
                client.connect("tcp://localhost:5555")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: heartbeat,
        },
        Method {
            name: "setreconnect",
            parameters: &[
                required("ms", TIME, "milliseconds, or nil or -1 to never reconnect"),
                named("max", TIME, "the longest interval in milliseconds"),
            ],
            result: "nil",
            doc: "Sets how long to wait before trying to reconnect. With `max=` the interval \
                  doubles after each attempt, up to that limit. -1 or nil turns reconnecting off. \
                  Call it before `connect`. The default is 100 ms without doubling.",
            errors: "",
            example: r#"
                var client = ZMQRequest()
                client.setreconnect(100, max=5000)
            "#,
            sends: Sends::Nothing,
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

/// Sets an option, and warns once if it is set too late.
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

/// Sets one option for each direction, by name, or both by position.
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
    let every = call.get::<f64>(0).map_or(0.0, whole_ms);
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

/// Converts a script value for an option.
pub(in crate::binding) fn option_value(row: &Row, value: &ValueRef) -> Result<OptionValue, Error> {
    let refused = || Err(row.refuse(&value.to_string()));
    match value {
        ValueRef::Nil if row.has_minus_one() => Ok(OptionValue::Int(-1)),
        ValueRef::Bool(value) => Ok(OptionValue::Bool(*value)),
        ValueRef::Int(value) => Ok(OptionValue::Int(*value)),
        ValueRef::Float(value) => {
            let whole = if row.unit == "ms" { whole_ms(*value) } else { *value };
            // Beyond this not every whole number is a Float.
            let exact = whole.fract() == 0.0 && whole.abs() < (1_i64 << 53) as f64;
            if exact { Ok(OptionValue::Int(whole as i64)) } else { refused() }
        }
        ValueRef::String(bytes) => {
            Ok(spelled(row, bytes).unwrap_or_else(|| OptionValue::Bytes(bytes.to_vec())))
        }
        ValueRef::Object(..) => match frame(value) {
            Some(frame) => Ok(OptionValue::Bytes(frame.to_vec())),
            None => refused(),
        },
        _ => refused(),
    }
}

/// Reads text that spells the value of an option: hosts without types pass nothing else.
fn spelled(row: &Row, text: &[u8]) -> Option<OptionValue> {
    let text = std::str::from_utf8(text).ok()?;
    match (row.kind, text) {
        (Kind::Bytes | Kind::Text | Kind::Key, _) => None,
        (Kind::Bool, "true" | "1") => Some(OptionValue::Bool(true)),
        (Kind::Bool, "false" | "0") => Some(OptionValue::Bool(false)),
        _ => text.parse().ok().map(OptionValue::Int),
    }
}

/// Returns the value of an option as a script value.
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
