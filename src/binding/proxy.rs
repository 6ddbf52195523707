//! The class of proxies, and the devices: proxies whose types are settled.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::call::Call;
use super::certificate::Certificate;
use super::object::{Instance, Object};
use super::socket::security::{DOMAIN, SERVERKEY, server_key};
use super::socket::{ENDPOINTS, done, type_of};
use super::table::{Class, Group, Method, Parameter, named, optional, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core::proxy::{Faults, Side, Traffic};
use crate::core::socket::security::Role;
use crate::core::{self, Error, SocketType};

/// Proxies.
pub(super) static CLASS: Class = Class {
    name: "ZMQProxy",
    doc: "Passes messages on between two sockets, the frontend and the backend, in the background.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQProxy",
        parameters: &[],
        result: "ZMQProxy",
        doc: "Makes a proxy. It begins to pass messages on when it has a frontend and a backend.",
        otherwise: None,
        run: |_| Ok(Proxy::new(&CLASS)?.into()),
    }),
    alias: None,
    groups: &[&SIDES, &CONTROL],
    functions: &[],
};

pub(super) static FORWARDER: Class = device(
    "ZMQForwarder",
    "A proxy between publishers, which connect to the frontend (XSUB), and subscribers, which \
     connect to the backend (XPUB).",
    |call| open(call, &FORWARDER, SocketType::Xsub, SocketType::Xpub),
);

pub(super) static STREAMER: Class = device(
    "ZMQStreamer",
    "A proxy between those who push, to the frontend (PULL), and those who pull, from the backend \
     (PUSH).",
    |call| open(call, &STREAMER, SocketType::Pull, SocketType::Push),
);

pub(super) static QUEUE: Class = device(
    "ZMQQueue",
    "A proxy between clients, which connect to the frontend (ROUTER), and the servers that take \
     turns to answer them, which connect to the backend (DEALER).",
    |call| open(call, &QUEUE, SocketType::Router, SocketType::Dealer),
);

const TYPE: Parameter = required(
    "type",
    Kinds::CLASS.or(Kinds::STRING),
    "a class such as ZMQRouter, or a String such as \"ROUTER\"",
);

const SUBSCRIBE: Parameter = named(
    "subscribe",
    Kinds::STRING.or(Kinds::LIST),
    "a String, \"\" for every message, or a List of Strings",
);

const SECURE: Parameter = named("secure", Kinds::OBJECT.or(Kinds::NIL), "a ZMQCertificate");

const CHANCE: Parameter = named("", Kinds::INT.or(Kinds::FLOAT), "a chance from 0 to 1");

static SIDES: Group = Group {
    name: "sides",
    doc: "The sockets of a proxy.",
    methods: &[
        Method {
            name: "setfrontend",
            parameters: &[TYPE, ENDPOINTS, SUBSCRIBE, SECURE, SERVERKEY, DOMAIN],
            result: "nil",
            doc: "Gives the frontend a socket of this type, bound to each endpoint that has no \
                  prefix; the one that it had is closed. A SUB or XSUB subscribes to what \
                  subscribe says, without it to everything; an XSUB in front of an XPUB to what \
                  the subscribers of this one ask for. With the certificate of secure= it is a \
                  CURVE server, with serverkey= too a CURVE client; a domain= is told to ZMQAuth.",
            otherwise: None,
            run: |call| set(call, Side::Frontend),
        },
        Method {
            name: "setbackend",
            parameters: &[TYPE, ENDPOINTS, SUBSCRIBE, SECURE, SERVERKEY, DOMAIN],
            result: "nil",
            doc: "Gives the backend a socket, as setfrontend does for the frontend.",
            otherwise: None,
            run: |call| set(call, Side::Backend),
        },
        Method {
            name: "frontend",
            parameters: &[],
            result: "String or nil",
            doc: "The endpoints of the frontend as they were given.",
            otherwise: None,
            run: |call| Ok(proxy(call)?.endpoints(Side::Frontend)?.into()),
        },
        Method {
            name: "backend",
            parameters: &[],
            result: "String or nil",
            doc: "The endpoints of the backend as they were given.",
            otherwise: None,
            run: |call| Ok(proxy(call)?.endpoints(Side::Backend)?.into()),
        },
        Method {
            name: "frontendport",
            parameters: &[],
            result: "Int or nil",
            doc: "The TCP port that the frontend has bound last, or 0 if it has none; where the \
                  endpoint has * or !, the one that was found.",
            otherwise: None,
            run: |call| port(call, Side::Frontend),
        },
        Method {
            name: "backendport",
            parameters: &[],
            result: "Int or nil",
            doc: "The TCP port that the backend has bound last, or 0 if it has none.",
            otherwise: None,
            run: |call| port(call, Side::Backend),
        },
        Method {
            name: "capture",
            parameters: &[
                Parameter {
                    kinds: Kinds::STRING.or(Kinds::NIL),
                    doc: "a String such as \"tcp://localhost:5555\", or nil for no capture",
                    ..ENDPOINTS
                },
                optional(
                    "type",
                    Kinds::CLASS.or(Kinds::STRING),
                    "ZMQPush, ZMQPublisher or ZMQPair, or \"PUSH\", \"PUB\" or \"PAIR\"",
                ),
            ],
            result: "nil",
            doc: "Sends a copy of every message that passes to these endpoints as well: through a \
                  PUSH socket, which connects by default, or through one of the type. Copies that \
                  nobody takes in time are dropped and counted. nil ends it.",
            otherwise: None,
            run: capture,
        },
    ],
};

static CONTROL: Group = Group {
    name: "control",
    doc: "What a proxy does, and what it has done.",
    methods: &[
        Method {
            name: "pause",
            parameters: &[],
            result: "nil",
            doc: "Leaves messages where they are from now on; none is lost.",
            otherwise: None,
            run: |call| done(proxy(call)?.pause()),
        },
        Method {
            name: "resume",
            parameters: &[],
            result: "nil",
            doc: "Passes messages on again after a pause.",
            otherwise: None,
            run: |call| done(proxy(call)?.resume()),
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Closes both sockets; their addresses are free then. A stopped proxy stays so.",
            otherwise: None,
            run: |call| done(proxy(call)?.stop()),
        },
        Method {
            name: "state",
            parameters: &[],
            result: "String",
            doc: "What the proxy is doing: \"waiting\" while a side has no socket, \"running\", \
                  \"paused\" or \"stopped\".",
            otherwise: None,
            run: |call| Ok(proxy(call)?.state().name().into()),
        },
        Method {
            name: "stats",
            parameters: &[],
            result: "Dictionary",
            doc: "What has passed: under tobackend and tofrontend a Dictionary each, with messages \
                  and bytes sent on and messages dropped because their peer is not there or takes \
                  none; and capturedropped, the copies that nobody took.",
            otherwise: None,
            run: stats,
        },
        Method {
            name: "setfault",
            parameters: &[
                named("delay", Kinds::INT.or(Kinds::FLOAT), "milliseconds from 0 on"),
                Parameter { name: "drop", ..CHANCE },
                Parameter { name: "duplicate", ..CHANCE },
                Parameter { name: "cut", ..CHANCE },
                named("seed", Kinds::INT, "an Int"),
            ],
            result: "nil",
            doc: "Makes faults on purpose, for tests: holds each message back for delay \
                  milliseconds; loses it, sends it twice or cuts it short (its last frame, or the \
                  second half of its only one) with a chance from 0 to 1. With the same seed the \
                  chances fall the same way. What is not given is no fault any more.",
            otherwise: None,
            run: set_fault,
        },
    ],
};

/// A proxy of a script.
#[derive(Debug)]
struct Proxy {
    class: &'static Class,
    proxy: core::Proxy,
}

impl Proxy {
    fn new(class: &'static Class) -> Result<Proxy, Error> {
        Ok(Proxy { class, proxy: core::Proxy::new()? })
    }
}

impl Instance for Proxy {
    fn class(&self) -> &'static Class {
        self.class
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ZeroMQProxy>")
    }
}

impl From<Proxy> for Value {
    fn from(proxy: Proxy) -> Value {
        Value::Object(Object::new(proxy))
    }
}

const fn device(
    name: &'static str,
    doc: &'static str,
    run: fn(&Call) -> Result<Value, Error>,
) -> Class {
    Class {
        name,
        doc,
        parent: Some(&CLASS),
        constructor: Some(Method {
            name,
            parameters: &[
                Parameter { name: "frontend", ..ENDPOINTS },
                Parameter { name: "backend", ..ENDPOINTS },
            ],
            result: name,
            doc: "Makes a proxy with these endpoints, each bound unless it has the prefix >, and \
                  begins to pass messages on.",
            otherwise: None,
            run,
        }),
        alias: None,
        groups: &[],
        functions: &[],
    }
}

fn open(
    call: &Call,
    class: &'static Class,
    front: SocketType,
    back: SocketType,
) -> Result<Value, Error> {
    let device = Proxy::new(class)?;
    device.proxy.set(Side::Frontend, front, call.text(0)?, &|_| Ok(false))?;
    device.proxy.set(Side::Backend, back, call.text(1)?, &|_| Ok(false))?;
    Ok(device.into())
}

fn proxy<'a>(call: &Call<'a>) -> Result<&'a core::Proxy, Error> {
    call.receiver::<Proxy>().map(|receiver| &receiver.proxy)
}

fn set(call: &Call, side: Side) -> Result<Value, Error> {
    let socket_type = socket_type(call, 0)?;
    let prefixes = prefixes(call, socket_type)?;
    let (own, server) = (certificate(call)?, server_key(call)?);
    // A client without a certificate of its own has a new one.
    let own = match (own, server) {
        (None, Some(_)) => Some(core::Certificate::new()?),
        (own, _) => own,
    };
    let role = match (&own, server) {
        (None, _) => call.given(DOMAIN.name).map(|_| Role::Null),
        (Some(own), None) => Some(Role::CurveServer(own)),
        (Some(own), Some(server)) => Some(Role::CurveClient(own, server)),
    };
    let domain = call.given_text(DOMAIN.name)?;
    let prepare = |socket: &Arc<core::Socket>| {
        if let Some(role) = &role {
            socket.secure(role, domain)?;
        }
        let Some(prefixes) = &prefixes else {
            return Ok(false);
        };
        prefixes.iter().try_for_each(|prefix| socket.subscribe(prefix))?;
        Ok(true)
    };
    done(proxy(call)?.set(side, socket_type, call.text(1)?, &prepare))
}

/// The type of socket that an argument names.
fn socket_type(call: &Call, index: usize) -> Result<SocketType, Error> {
    let named = match call.value(index)? {
        ValueRef::Class(class) => type_of(class),
        _ => SocketType::from_name(call.text(index)?),
    };
    named.ok_or_else(|| call.refuse(index))
}

/// A copy of the certificate that `secure=` gives.
fn certificate(call: &Call) -> Result<Option<core::Certificate>, Error> {
    match call.given(SECURE.name) {
        None => Ok(None),
        Some(ValueRef::Object(object, _)) if object.get::<Certificate>().is_some() => {
            Ok(object.get::<Certificate>().map(|certificate| certificate.lock().clone()))
        }
        Some(value) => Err(call.wrong_named(SECURE.name, value)),
    }
}

/// What `subscribe=` asks for.
fn prefixes<'a>(call: &Call<'a>, socket_type: SocketType) -> Result<Option<Vec<&'a [u8]>>, Error> {
    let Some(value) = call.argument(SUBSCRIBE.name) else {
        return Ok(None);
    };
    let wrong = |expected: &'static str, got: String| Error::Argument {
        place: format!("named argument {}=", SUBSCRIBE.name),
        expected: expected.into(),
        got,
    };
    if !matches!(socket_type, SocketType::Sub | SocketType::Xsub) {
        let got = format!("it with {}", socket_type.name());
        return Err(wrong("it only with SUB or XSUB", got));
    }
    let values = match value {
        ValueRef::List(items) => items,
        value => std::slice::from_ref(value),
    };
    let prefix = |value: &ValueRef<'a>| match value {
        ValueRef::String(bytes) => Ok(*bytes),
        value => Err(wrong(SUBSCRIBE.doc, format!("{value} in it"))),
    };
    values.iter().map(prefix).collect::<Result<Vec<_>, _>>().map(Some)
}

fn port(call: &Call, side: Side) -> Result<Value, Error> {
    let port = proxy(call)?.port(side)?;
    Ok(port.map_or(Value::Nil, |port| Value::Int(port.into())))
}

fn capture(call: &Call) -> Result<Value, Error> {
    let socket_type = match call.values().len() {
        2 => socket_type(call, 1)?,
        _ => SocketType::Push,
    };
    let endpoints = call.text(0)?;
    let place = call.bytes(0).map(|_| (socket_type, endpoints));
    done(proxy(call)?.capture(place))
}

fn stats(call: &Call) -> Result<Value, Error> {
    let stats = proxy(call)?.stats()?;
    let int = |count: u64| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    let direction = |traffic: Traffic| {
        Value::Dictionary(vec![
            ("messages".into(), int(traffic.messages)),
            ("bytes".into(), int(traffic.bytes)),
            ("dropped".into(), int(traffic.dropped)),
        ])
    };
    Ok(Value::Dictionary(vec![
        ("tobackend".into(), direction(stats.to_backend)),
        ("tofrontend".into(), direction(stats.to_frontend)),
        ("capturedropped".into(), int(stats.capture_dropped)),
    ]))
}

fn set_fault(call: &Call) -> Result<Value, Error> {
    let number = |name: &str| call.named::<f64>(name).unwrap_or(0.0);
    let ms = number("delay");
    let delay = Duration::try_from_secs_f64(ms / 1000.0).map_err(|_| Error::Argument {
        place: "named argument delay=".to_owned(),
        expected: "milliseconds from 0 on".into(),
        got: ms.to_string(),
    })?;
    let seed = call.named::<i64>("seed").map(i64::cast_unsigned);
    let (drop, duplicate, cut) = (number("drop"), number("duplicate"), number("cut"));
    let set = proxy(call)?.set_faults(Faults { delay, drop, duplicate, cut, seed });
    done(set.map_err(|error| match error {
        Error::Argument { place, expected, got } => {
            Error::Argument { place: format!("named argument {place}="), expected, got }
        }
        error => error,
    }))
}
