//! The class of proxies, and the devices: proxies with fixed socket types.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::call::Call;
use super::certificate::Certificate;
use super::object::{Instance, Object};
use super::socket::security::{DOMAIN, SERVERKEY, server_key};
use super::socket::{ENDPOINTS, done, type_of};
use super::table::{Class, Group, Method, Parameter, Sends, named, optional, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core::proxy::{Faults, Side, Traffic};
use crate::core::socket::security::Role;
use crate::core::{self, Error, SocketType};

/// Proxies.
pub(super) static CLASS: Class = Class {
    name: "ZMQProxy",
    doc: "Forwards messages between two sockets, its frontend and its backend, in the background.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQProxy",
        parameters: &[],
        result: "ZMQProxy",
        doc: "Creates a proxy without sockets. It starts forwarding once it has a frontend and a \
              backend.",
        errors: "",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| Ok(Proxy::new(call, &CLASS)?.into()),
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
    "A proxy between PUSH sockets, which connect to the frontend (PULL), and PULL sockets, which \
     connect to the backend (PUSH).",
    |call| open(call, &STREAMER, SocketType::Pull, SocketType::Push),
);

pub(super) static QUEUE: Class = device(
    "ZMQQueue",
    "A proxy between clients, which connect to the frontend (ROUTER), and servers, which connect \
     to the backend (DEALER) and take turns answering.",
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
)
.of(Kinds::STRING);

const SECURE: Parameter = named("secure", Kinds::OBJECT.or(Kinds::NIL), "a ZMQCertificate");

const CHANCE: Parameter = named("", Kinds::INT.or(Kinds::FLOAT), "a probability from 0 to 1");

static SIDES: Group = Group {
    name: "sides",
    doc: "Set and inspect both sides.",
    see: "",
    methods: &[
        Method {
            name: "setfrontend",
            parameters: &[TYPE, ENDPOINTS, SUBSCRIBE, SECURE, SERVERKEY, DOMAIN],
            result: "nil",
            doc: "Opens a socket of the given type as the frontend, and binds it to each endpoint \
                  without a prefix. Replaces and closes the previous socket; if this fails, that \
                  one stays in use. A SUB or XSUB socket subscribes to `subscribe=`, or to everything by default; an XSUB socket \
                  opposite an XPUB socket subscribes to what its subscribers ask for. `secure=` \
                  makes the socket a CURVE server; with `serverkey=` it is a CURVE client. \
                  `domain=` names the domain for ZMQAuth.",
            errors: "`ZMQErr` if an endpoint cannot be attached; `ZMQArgs` if the type does not \
                     fit the other side; `ZMQSecurity` if a certificate has no secret key; \
                     `ZMQClosed` if the proxy was stopped",
            example: r#"
                var proxy = ZMQProxy()
                proxy.setfrontend(ZMQRouter, "tcp://*:5559")
                proxy.setbackend(ZMQDealer, "tcp://*:5560")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| set(call, Side::Frontend),
        },
        Method {
            name: "setbackend",
            parameters: &[TYPE, ENDPOINTS, SUBSCRIBE, SECURE, SERVERKEY, DOMAIN],
            result: "nil",
            doc: "Opens a socket of the given type as the backend, in the same way as \
                  `setfrontend`.",
            errors: "`ZMQErr` if an endpoint cannot be attached; `ZMQArgs` if the type does not \
                     fit the other side; `ZMQSecurity` if a certificate has no secret key; \
                     `ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| set(call, Side::Backend),
        },
        Method {
            name: "frontend",
            parameters: &[],
            result: "String or nil",
            doc: "Returns the endpoints of the frontend as they were given, or nil if it has no \
                  socket.",
            errors: "`ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(proxy(call)?.endpoints(Side::Frontend)?.into()),
        },
        Method {
            name: "backend",
            parameters: &[],
            result: "String or nil",
            doc: "Returns the endpoints of the backend as they were given, or nil if it has no \
                  socket.",
            errors: "`ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(proxy(call)?.endpoints(Side::Backend)?.into()),
        },
        Method {
            name: "frontendport",
            parameters: &[],
            result: "Int or nil",
            doc: "Returns the TCP port that the frontend bound last, including a port chosen for \
                  `*` or `!`. Returns 0 if it is not bound to TCP, or nil if the frontend has no \
                  socket.",
            errors: "`ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| port(call, Side::Frontend),
        },
        Method {
            name: "backendport",
            parameters: &[],
            result: "Int or nil",
            doc: "Returns the TCP port that the backend bound last, including a port chosen for \
                  `*` or `!`. Returns 0 if it is not bound to TCP, or nil if the backend has no \
                  socket.",
            errors: "`ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Sends a copy of every forwarded message to these endpoints, through a \
                  PUSH socket, which connects by default, or a PUB or PAIR socket. Copies \
                  that are not accepted immediately are dropped and counted. nil ends the \
                  capture.",
            errors: "`ZMQErr` if an endpoint cannot be attached; `ZMQArgs` if the type is \
                     not PUSH, PUB or PAIR; `ZMQClosed` if the proxy was stopped",
            example: r#"
                var log = ZMQPull("inproc://log")
                var proxy = ZMQProxy()
                proxy.capture("inproc://log")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: capture,
        },
    ],
};

static CONTROL: Group = Group {
    name: "control",
    doc: "Control and inspect the proxy.",
    see: "",
    methods: &[
        Method {
            name: "pause",
            parameters: &[],
            result: "nil",
            doc: "Pauses forwarding. Messages wait in the queues of the sockets and of the \
                  senders; none is lost.",
            errors: "`ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(proxy(call)?.pause()),
        },
        Method {
            name: "resume",
            parameters: &[],
            result: "nil",
            doc: "Resumes forwarding after `pause`.",
            errors: "`ZMQClosed` if the proxy was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(proxy(call)?.resume()),
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Closes both sockets and frees their addresses. A stopped proxy cannot be \
                  restarted.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(proxy(call)?.stop()),
        },
        Method {
            name: "state",
            parameters: &[],
            result: "String",
            doc: "Returns \"waiting\" while a side has no socket, \"running\", \"paused\" or \
                  \"stopped\".",
            errors: "",
            example: r#"
                print ZMQProxy().state()   // waiting
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(proxy(call)?.state().name().into()),
        },
        Method {
            name: "stats",
            parameters: &[],
            result: "Dictionary",
            doc: "Returns a Dictionary. \"tobackend\" and \"tofrontend\" each hold a Dictionary \
                  with \"messages\" and \"bytes\" forwarded and messages \"dropped\" because \
                  their peer was gone or could not accept them. \"capturedropped\" counts the \
                  copies that the capture dropped.",
            errors: "",
            example: r#"
                var proxy = ZMQProxy()
                print proxy.stats()["tobackend"]["messages"]   // 0
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: stats,
        },
        Method {
            name: "setfault",
            parameters: &[
                named("delay", Kinds::INT.or(Kinds::FLOAT), "0 or more milliseconds"),
                Parameter { name: "drop", ..CHANCE },
                Parameter { name: "duplicate", ..CHANCE },
                Parameter { name: "cut", ..CHANCE },
                named("seed", Kinds::INT, "an Int"),
            ],
            result: "nil",
            doc: "Injects faults for testing: delays each message by `delay=` milliseconds, and \
                  drops it, duplicates it or cuts it short (its last frame, or the second half of \
                  a single frame) with a probability from 0 to 1. The same `seed=` repeats the \
                  same sequence. Faults that are not given are turned off.",
            errors: "`ZMQArgs` if a probability is not from 0 to 1; `ZMQClosed` if the proxy was \
                     stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: set_fault,
        },
    ],
};

/// A script's proxy.
#[derive(Debug)]
struct Proxy {
    class: &'static Class,
    proxy: core::Proxy,
}

impl Proxy {
    fn new(call: &Call, class: &'static Class) -> Result<Proxy, Error> {
        Ok(Proxy { class, proxy: core::Proxy::under(call.host.policy())? })
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
            doc: "Creates a proxy with these endpoints and starts forwarding. Endpoints are bound \
                  unless they have the prefix `>`, which connects.",
            errors: "`ZMQErr` if an endpoint cannot be attached",
            example: "",
            sends: Sends::Nothing,
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
    let device = Proxy::new(call, class)?;
    let restrict = |socket: &Arc<core::Socket>| socket.restrict(call.host.policy()).map(|()| false);
    let (frontend, backend) = (call.text(0)?, call.text(1)?);
    let set = device
        .proxy
        .set(Side::Frontend, front, frontend, &restrict)
        .and_then(|()| device.proxy.set(Side::Backend, back, backend, &restrict));
    if let Err(error) = set {
        // So that the endpoint of the frontend is free when the script sees the error.
        device.proxy.stop()?;
        return Err(error);
    }
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
        socket.restrict(call.host.policy())?;
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

/// Returns the socket type that an argument names.
fn socket_type(call: &Call, index: usize) -> Result<SocketType, Error> {
    let named = match call.value(index)? {
        ValueRef::Class(class) => type_of(class),
        _ => SocketType::from_name(call.text(index)?),
    };
    named.ok_or_else(|| call.refuse(index))
}

/// Returns a copy of the certificate in `secure=`.
fn certificate(call: &Call) -> Result<Option<core::Certificate>, Error> {
    match call.given(SECURE.name) {
        None => Ok(None),
        Some(ValueRef::Object(object, _)) if object.get::<Certificate>().is_some() => {
            Ok(object.get::<Certificate>().map(|certificate| certificate.lock().clone()))
        }
        Some(value) => Err(call.wrong_named(SECURE.name, value)),
    }
}

/// Returns the prefixes in `subscribe=`.
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
    let restrict = |socket: &core::Socket| socket.restrict(call.host.policy());
    done(proxy(call)?.capture(place, restrict))
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
        expected: "0 or more milliseconds".into(),
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
