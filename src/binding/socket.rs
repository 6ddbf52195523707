//! The classes of sockets.

use std::fmt;
use std::sync::Arc;

use super::call::{Call, FRAME};
use super::object::Object;
use super::table::{Class, Method, Parameter, Role, named, optional, required, variadic};
use super::value::{Kinds, Value};
use crate::core::{Error, Socket, SocketType};

const ENDPOINTS: Parameter = required(
    "endpoints",
    Kinds::STRING,
    "a String such as \"tcp://localhost:5555\", several separated by commas",
);

/// What constructors take: without endpoints the socket is attached to nothing yet.
const ATTACHED: Parameter = Parameter { role: Role::Optional, ..ENDPOINTS };

const PREFIX: Parameter = required("prefix", Kinds::STRING, "a String, \"\" for every message");

const TIMEOUT: Parameter = named(
    "timeout",
    Kinds::INT.or(Kinds::FLOAT).or(Kinds::NIL),
    "milliseconds, or nil or -1 for ever",
);

const LINGER: Parameter = Parameter { name: "linger", ..TIMEOUT };

/// The parent of all sockets.
pub(super) static CLASS: Class = Class {
    name: "ZMQSocket",
    doc: "A socket: it is attached to endpoints, and sends and receives messages.",
    parent: None,
    constructor: None,
    alias: None,
    methods: &[
        Method {
            name: "bind",
            parameters: &[ENDPOINTS],
            result: "Int",
            doc: "Binds each endpoint, so that peers can connect to it. Gives the TCP port of the \
                  last one, or 0 if it has none; * and ! as ports find a free one.",
            otherwise: None,
            run: |call| Ok(Value::Int(call.socket()?.bind(call.text(0)?)?.into())),
        },
        Method {
            name: "unbind",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Takes back a bind, in the spelling of bind or in that of endpoint.",
            otherwise: None,
            run: |call| done(call.socket()?.unbind(call.text(0)?)),
        },
        Method {
            name: "connect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Connects to each endpoint. The peers need not be there yet.",
            otherwise: None,
            run: |call| done(call.socket()?.connect(call.text(0)?)),
        },
        Method {
            name: "disconnect",
            parameters: &[ENDPOINTS],
            result: "nil",
            doc: "Takes back a connect.",
            otherwise: None,
            run: |call| done(call.socket()?.disconnect(call.text(0)?)),
        },
        Method {
            name: "endpoint",
            parameters: &[],
            result: "String or nil",
            doc: "The endpoint that was bound last, with its port filled in.",
            otherwise: None,
            run: |call| Ok(call.socket()?.endpoint()?.into()),
        },
        Method {
            name: "send",
            parameters: &[
                variadic(
                    "frames",
                    FRAME.or(Kinds::LIST),
                    "Strings, ZMQFrames, numbers or Bools, or one List of them",
                ),
                TIMEOUT,
            ],
            result: "Bool",
            doc: "Sends one message of as many frames. Waits while no peer takes it; gives false \
                  when the time runs out or when it is not this socket's turn to send.",
            otherwise: Some(|| Value::Bool(false)),
            run: send,
        },
        Method {
            name: "receive",
            parameters: &[TIMEOUT],
            result: "String, ZMQFrame or nil",
            doc: "Waits for a message and gives its first frame, or the next frame of a message \
                  that was begun: a String if it is UTF-8, else a ZMQFrame. Gives nil when the \
                  time runs out or when it is not this socket's turn to receive.",
            otherwise: Some(|| Value::Nil),
            run: |call| Ok(call.socket()?.receive(&call.wait()?)?.into()),
        },
        Method {
            name: "receiveframe",
            parameters: &[TIMEOUT],
            result: "ZMQFrame or nil",
            doc: "As receive, but the frame is a ZMQFrame whatever it holds.",
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let frame = call.socket()?.receive(&call.wait()?)?;
                Ok(Value::Object(Object::from(frame)))
            },
        },
        Method {
            name: "receiveall",
            parameters: &[TIMEOUT],
            result: "List or nil",
            doc: "Waits for a message and gives all its frames. From a ZMQRouter the first one is \
                  the routing id of the peer.",
            otherwise: Some(|| Value::Nil),
            run: |call| {
                let frames = call.socket()?.receive_all(&call.wait()?)?;
                Ok(Value::List(frames.into_iter().map(Value::from).collect()))
            },
        },
        Method {
            name: "subscribe",
            parameters: &[PREFIX],
            result: "nil",
            doc: "Receives messages that start with the prefix from now on. ZMQSubscriber and \
                  ZMQXSubscriber only.",
            otherwise: None,
            run: |call| done(call.socket()?.subscribe(call.bytes(0).unwrap_or_default())),
        },
        Method {
            name: "unsubscribe",
            parameters: &[PREFIX],
            result: "nil",
            doc: "Takes back one subscription with this prefix.",
            otherwise: None,
            run: |call| done(call.socket()?.unsubscribe(call.bytes(0).unwrap_or_default())),
        },
        Method {
            name: "close",
            parameters: &[LINGER],
            result: "nil",
            doc: "Closes the socket and returns at once. What is not sent yet goes on being sent \
                  for a second, or as long as linger says.",
            otherwise: None,
            run: |call| done(call.socket()?.close(call.milliseconds("linger")?)),
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
            name: "type",
            parameters: &[],
            result: "String",
            doc: "The type of the socket in the words of ZeroMQ: REQ, ROUTER and so on.",
            otherwise: None,
            run: |call| Ok(call.socket()?.socket_type().name().into()),
        },
    ],
    functions: &[],
};

pub(super) static REQUEST: Class = class(
    "ZMQRequest",
    "Sends requests and receives the reply to each (REQ). Connects by default.",
    |call| open(call, SocketType::Req),
);

pub(super) static REPLY: Class = class(
    "ZMQReply",
    "Receives requests and sends the reply to each (REP). Binds by default.",
    |call| open(call, SocketType::Rep),
);

pub(super) static PUBLISHER: Class = class(
    "ZMQPublisher",
    "Sends each message to all subscribers that asked for its prefix (PUB). Binds by default.",
    |call| open(call, SocketType::Pub),
);

pub(super) static SUBSCRIBER: Class = Class {
    constructor: Some(Method {
        name: "ZMQSubscriber",
        parameters: &[
            ATTACHED,
            optional(
                "prefix",
                Kinds::STRING.or(Kinds::NIL),
                "a String, or nil for no subscription",
            ),
        ],
        result: "ZMQSubscriber",
        doc: "Opens a SUB socket and attaches it to the endpoints. It receives messages that start \
              with the prefix; every message, if only endpoints are given; none yet, if nothing \
              is given or the prefix is nil.",
        otherwise: None,
        run: subscriber,
    }),
    ..class(
        "ZMQSubscriber",
        "Receives the messages of publishers that start with one of its prefixes (SUB). Connects \
         by default.",
        subscriber,
    )
};

pub(super) static XPUBLISHER: Class = class(
    "ZMQXPublisher",
    "A publisher that receives the subscriptions of its peers as messages (XPUB). Binds by default.",
    |call| open(call, SocketType::Xpub),
);

pub(super) static XSUBSCRIBER: Class = Class {
    // So spelt in the extension that this library succeeds.
    alias: Some("ZMQXSubcriber"),
    ..class(
        "ZMQXSubscriber",
        "A subscriber that sends its subscriptions as messages (XSUB). Connects by default.",
        |call| open(call, SocketType::Xsub),
    )
};

pub(super) static PUSH: Class = class(
    "ZMQPush",
    "Sends each message to one of its peers, in turn (PUSH). Connects by default.",
    |call| open(call, SocketType::Push),
);

pub(super) static PULL: Class = class(
    "ZMQPull",
    "Receives the messages of its peers, in turn (PULL). Binds by default.",
    |call| open(call, SocketType::Pull),
);

pub(super) static DEALER: Class = class(
    "ZMQDealer",
    "Sends to its peers in turn and receives from all of them, in any order (DEALER). Connects by \
     default.",
    |call| open(call, SocketType::Dealer),
);

pub(super) static ROUTER: Class = class(
    "ZMQRouter",
    "Receives from all its peers and sends to the one that the first frame names (ROUTER). Binds \
     by default.",
    |call| open(call, SocketType::Router),
);

pub(super) static PAIR: Class = class(
    "ZMQPair",
    "Talks to exactly one other pair socket (PAIR). Connects by default.",
    |call| open(call, SocketType::Pair),
);

pub(super) static STREAM: Class = class(
    "ZMQStream",
    "Talks to peers that speak plain TCP (STREAM). A message is the routing id of the peer and its \
     bytes. Connects by default.",
    |call| open(call, SocketType::Stream),
);

/// The class of a type of socket.
pub(super) fn class_of(socket_type: SocketType) -> &'static Class {
    match socket_type {
        SocketType::Req => &REQUEST,
        SocketType::Rep => &REPLY,
        SocketType::Pub => &PUBLISHER,
        SocketType::Sub => &SUBSCRIBER,
        SocketType::Xpub => &XPUBLISHER,
        SocketType::Xsub => &XSUBSCRIBER,
        SocketType::Push => &PUSH,
        SocketType::Pull => &PULL,
        SocketType::Dealer => &DEALER,
        SocketType::Router => &ROUTER,
        SocketType::Pair => &PAIR,
        SocketType::Stream => &STREAM,
    }
}

/// What a host prints for a socket.
pub(super) fn text(socket: &Socket, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let closed = if socket.is_closed() { " closed" } else { "" };
    write!(f, "<{}: {}{closed}>", CLASS.name, socket.socket_type().name())
}

/// A class of sockets without methods of its own.
const fn class(
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
            parameters: &[ATTACHED],
            result: name,
            doc: "Opens a socket and attaches it to the endpoints, each bound or connected as the \
                  type does by default, or as a prefix says: @ binds, > connects.",
            otherwise: None,
            run,
        }),
        alias: None,
        methods: &[],
        functions: &[],
    }
}

fn open(call: &Call, socket_type: SocketType) -> Result<Value, Error> {
    attached(call, socket_type).map(|socket| Value::Object(Object::from(socket)))
}

fn attached(call: &Call, socket_type: SocketType) -> Result<Arc<Socket>, Error> {
    Socket::attached(socket_type, call.text(0)?)
}

fn subscriber(call: &Call) -> Result<Value, Error> {
    let socket = attached(call, SocketType::Sub)?;
    match (call.values().len(), call.bytes(1)) {
        (1, _) => socket.subscribe(b"")?,
        (_, Some(prefix)) => socket.subscribe(prefix)?,
        (_, None) => {}
    }
    Ok(Value::Object(Object::from(socket)))
}

fn send(call: &Call) -> Result<Value, Error> {
    let (socket, wait) = (call.socket()?, call.wait()?);
    match call.bytes(0) {
        // Nearly every message: it needs no list of frames.
        Some(frame) if call.values().len() == 1 => socket.send(&[frame], &wait)?,
        _ => socket.send(&call.frames()?, &wait)?,
    }
    Ok(Value::Bool(true))
}

fn done(result: Result<(), Error>) -> Result<Value, Error> {
    result.map(|()| Value::Nil)
}
