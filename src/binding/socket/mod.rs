//! The classes of sockets. Methods of all sockets are in groups, one file each; methods of
//! one type are in the file of that type.

mod closing;
mod endpoints;
pub(super) mod messages;
mod multipart;
pub(super) mod options;
mod peers;
mod picture;
mod publishing;
mod readiness;
mod reply;
mod request;
mod routing;
pub(super) mod security;
mod signals;
mod subscriptions;
pub(super) mod values;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use super::arguments::FromValue;
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Method, Parameter, Role, Sends, optional};
use super::value::{Kinds, Value, ValueRef};
use crate::core;
use crate::core::Report;
use crate::core::locked::locked;
use crate::core::{Code, Error, Frame, SocketType};
pub(super) use endpoints::ENDPOINTS;
use messages::RECEIVE;
pub(super) use multipart::drop_begun;
pub(super) use peers::totals;

/// The arguments of constructors. Without endpoints, the socket is not attached yet.
const ATTACHED: Parameter = Parameter { role: Role::Optional, ..ENDPOINTS };

/// The parent of all sockets.
pub(super) static CLASS: Class = Class {
    name: "ZMQSocket",
    doc: "The base class of all sockets: attaches to endpoints and sends and receives messages.",
    parent: None,
    constructor: None,
    alias: None,
    groups: &[
        &endpoints::GROUP,
        &messages::GROUP,
        &multipart::GROUP,
        &values::GROUP,
        &picture::GROUP,
        &signals::GROUP,
        &readiness::GROUP,
        &peers::GROUP,
        &subscriptions::GROUP,
        &options::GROUP,
        &security::GROUP,
        &closing::GROUP,
    ],
    functions: &[],
};

pub(super) static REQUEST: Class = Class {
    groups: &[&request::GROUP, &options::REQUEST],
    ..class(
        "ZMQRequest",
        "Sends requests and receives one reply to each (REQ). Connects by default.",
        |call| open(call, SocketType::Req),
    )
};

pub(super) static REPLY: Class = Class {
    groups: &[&reply::GROUP],
    ..class(
        "ZMQReply",
        "Receives requests and sends one reply to each (REP). Binds by default.",
        |call| open(call, SocketType::Rep),
    )
};

pub(super) static PUBLISHER: Class = Class {
    groups: &[&publishing::PUBLISHER, &peers::SUBSCRIBERS, &options::PUBLISHER],
    ..class(
        "ZMQPublisher",
        "Sends each message to all subscribers with a matching prefix (PUB). Binds by default.",
        |call| open(call, SocketType::Pub),
    )
};

pub(super) static SUBSCRIBER: Class = Class {
    constructor: Some(Method {
        name: "ZMQSubscriber",
        parameters: &[
            ATTACHED,
            optional(
                "prefix",
                Kinds::STRING.or(Kinds::OBJECT).or(Kinds::NIL),
                "a String, a ZMQFrame, or nil for no subscription",
            ),
        ],
        result: "ZMQSubscriber",
        doc: "Opens a SUB socket and attaches it to the endpoints. With endpoints alone it \
              receives every message; with a prefix it receives messages that start with the \
              prefix. With nil as the prefix, or without arguments, it receives nothing until \
              `subscribe` is called.",
        errors: "`ZMQErr` if an endpoint cannot be attached",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: subscriber,
    }),
    groups: &[&publishing::SUBSCRIBER, &options::CONFLATING],
    ..class(
        "ZMQSubscriber",
        "Receives messages from publishers that start with one of its prefixes (SUB). Connects by \
         default.",
        subscriber,
    )
};

pub(super) static XPUBLISHER: Class = Class {
    groups: &[&publishing::XPUBLISHER, &options::XPUBLISHER],
    ..class(
        "ZMQXPublisher",
        "Publishes messages and receives the subscriptions of its peers as messages (XPUB). Binds \
         by default.",
        |call| open(call, SocketType::Xpub),
    )
};

pub(super) static XSUBSCRIBER: Class = Class {
    groups: &[&publishing::SUBSCRIBER],
    // So spelt in the extension that this library succeeds.
    alias: Some("ZMQXSubcriber"),
    ..class(
        "ZMQXSubscriber",
        "Receives messages from publishers and sends its subscriptions as messages (XSUB). \
         Connects by default.",
        |call| open(call, SocketType::Xsub),
    )
};

pub(super) static PUSH: Class = Class {
    groups: &[&options::CONFLATING],
    ..class(
        "ZMQPush",
        "Sends each message to one of its peers, in turn (PUSH). Connects by default.",
        |call| open(call, SocketType::Push),
    )
};

pub(super) static PULL: Class = Class {
    groups: &[&options::CONFLATING],
    ..class(
        "ZMQPull",
        "Receives messages from its peers, in turn (PULL). Binds by default.",
        |call| open(call, SocketType::Pull),
    )
};

pub(super) static DEALER: Class = Class {
    groups: &[&options::DEALER],
    ..class(
        "ZMQDealer",
        "Sends to its peers in turn and receives from all of them, in any order (DEALER). \
         Connects by default.",
        |call| open(call, SocketType::Dealer),
    )
};

pub(super) static ROUTER: Class = Class {
    groups: &[&routing::GROUP, &routing::ROUTER, &options::ROUTER],
    ..class(
        "ZMQRouter",
        "Receives from all its peers and sends to the peer that the first frame names (ROUTER). \
         Binds by default.",
        |call| open(call, SocketType::Router),
    )
};

pub(super) static PAIR: Class = class(
    "ZMQPair",
    "Exchanges messages with exactly one other ZMQPair (PAIR). Connects by default.",
    |call| open(call, SocketType::Pair),
);

pub(super) static STREAM: Class = Class {
    groups: &[&routing::GROUP, &routing::STREAM, &options::STREAM],
    ..class(
        "ZMQStream",
        "Exchanges bytes with programs that use plain TCP instead of ZeroMQ (STREAM). Connects by \
         default.",
        |call| open(call, SocketType::Stream),
    )
};

/// A script's socket.
#[derive(Debug)]
pub(super) struct Socket {
    socket: Arc<core::Socket>,
    warned: AtomicBool,
    /// True if it has warned about an option that was set too late.
    late: AtomicBool,
    /// True if it has warned about a message that was only a routing id.
    bare: AtomicBool,
    /// Whether it is strict, or UNSAID if it follows the default.
    strict: AtomicU8,
    /// The last error. Locked only briefly.
    last_error: Mutex<Option<Report>>,
}

/// The value of `strict` for a socket that follows the default.
const UNSAID: u8 = 2;

/// Whether sockets are strict by default.
static STRICT: AtomicBool = AtomicBool::new(false);

impl Socket {
    pub fn new(socket: Arc<core::Socket>) -> Socket {
        Socket {
            socket,
            warned: AtomicBool::new(false),
            late: AtomicBool::new(false),
            bare: AtomicBool::new(false),
            strict: AtomicU8::new(UNSAID),
            last_error: Mutex::default(),
        }
    }

    /// Records the last error.
    pub fn remember(&self, report: &Report) {
        *locked(&self.last_error) = Some(report.clone());
    }

    /// Returns the last error.
    fn last_error(&self) -> Option<Report> {
        locked(&self.last_error).clone()
    }

    /// Returns the socket itself, for uses that outlive a call.
    pub fn shared(&self) -> Arc<core::Socket> {
        self.socket.clone()
    }

    /// Returns true the first time: each socket warns once that a call was ignored.
    pub fn warns(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }

    /// Returns true the first time: each socket warns once that an option was set too late.
    pub fn warns_late(&self) -> bool {
        !self.late.swap(true, Ordering::Relaxed)
    }

    /// Returns true if a timeout or a call out of order raises an error.
    pub fn is_strict(&self) -> bool {
        match self.strict.load(Ordering::Relaxed) {
            UNSAID => STRICT.load(Ordering::Relaxed),
            strict => strict != 0,
        }
    }

    fn set_strict(&self, strict: bool) {
        self.strict.store(strict.into(), Ordering::Relaxed);
    }

    /// Turns strict mode on or off for all sockets that follow the default.
    pub fn set_all_strict(strict: bool) {
        STRICT.store(strict, Ordering::Relaxed);
    }
}

impl Deref for Socket {
    type Target = core::Socket;

    fn deref(&self) -> &core::Socket {
        &self.socket
    }
}

impl Instance for Socket {
    fn class(&self) -> &'static Class {
        class_of(self.socket_type())
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = if self.is_closed() { " closed" } else { "" };
        write!(f, "<{}: {}{closed}>", CLASS.name, self.socket_type().name())
    }
}

/// Returns the class for a socket type.
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

/// Returns the socket type of a class.
pub(super) fn type_of(class: &'static Class) -> Option<SocketType> {
    SocketType::ALL.iter().copied().find(|socket_type| class.is(class_of(*socket_type)))
}

/// Makes a class of sockets without methods of its own.
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
            doc: "Opens a socket and attaches it to the endpoints. The prefix `@` binds an \
                  endpoint and `>` connects to it; without a prefix the class decides. Without \
                  endpoints, the socket is not attached to anything yet.",
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

fn open(call: &Call, socket_type: SocketType) -> Result<Value, Error> {
    attached(call, socket_type).map(Value::from)
}

fn attached(call: &Call, socket_type: SocketType) -> Result<Socket, Error> {
    let restrict = |socket: &core::Socket| socket.restrict(call.host.policy());
    core::Socket::attached_after(socket_type, call.text(0)?, restrict).map(Socket::new)
}

fn subscriber(call: &Call) -> Result<Value, Error> {
    let prefix = match call.values() {
        [] | [_, ValueRef::Nil, ..] => None,
        [_] => Some(Cow::default()),
        _ => Some(call.frame(1)?),
    };
    let socket = attached(call, SocketType::Sub)?;
    if let Some(prefix) = prefix {
        socket.subscribe(&prefix)?;
    }
    Ok(socket.into())
}

impl<'a> FromValue<'a> for Arc<core::Socket> {
    fn from_value(value: &'a ValueRef<'a>) -> Option<Arc<core::Socket>> {
        <&Socket>::from_value(value).map(Socket::shared)
    }
}

impl<'a> Call<'a> {
    /// Returns the receiver of the method.
    pub(in crate::binding) fn socket(&self) -> Result<&'a Socket, Error> {
        self.receiver()
    }
}

impl From<Socket> for Value {
    fn from(socket: Socket) -> Value {
        Value::Object(Object::new(socket))
    }
}

/// Returns the frames of a message, or the remaining ones.
fn list(frames: impl IntoIterator<Item = Frame>) -> Value {
    Value::List(frames.into_iter().map(Value::from).collect())
}

/// Returns the result of a send. A ZMQRouter drops a message that is only a routing id, as
/// libzmq does: most likely the id was forgotten, so each socket warns of it once.
fn sent(call: &Call, socket: &Socket) -> Value {
    if socket.dropped_bare() && !socket.bare.swap(true, Ordering::Relaxed) {
        let message = format!(
            "{}: the message was dropped, because it was only a routing id; the first frame names \
             the peer, as in sendto(id, message)",
            call.operation()
        );
        call.host.warn(Code::Unroutable.tag(), &message);
    }
    Value::Bool(true)
}

/// Warns once of a receive on a ZMQSubscriber that has never subscribed: nothing can arrive, and
/// the call may wait forever.
pub(super) fn warn_unsubscribed(call: &Call) {
    if call.row.method.otherwise.is_none() || !call.row.method.name.starts_with(RECEIVE) {
        return;
    }
    let Ok(socket) = call.socket() else {
        return;
    };
    let deaf = socket.socket_type() == SocketType::Sub && !socket.has_subscribed();
    if deaf && !socket.is_closed() && socket.warns() {
        let message = format!(
            "{}: nothing is subscribed, so nothing arrives; call subscribe(\"\") to receive every \
             message",
            call.operation()
        );
        call.host.warn(Code::State.tag(), &message);
    }
}

pub(super) fn done(result: Result<(), Error>) -> Result<Value, Error> {
    result.map(|()| Value::Nil)
}
