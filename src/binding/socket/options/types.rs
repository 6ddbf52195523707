//! Options of one type of socket.

use super::{set, set_first};
use crate::binding::call::Call;
use crate::binding::socket::done;
use crate::binding::table::{Group, Method, Parameter, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;

const ON: &[Parameter] = &[required("on", Kinds::BOOL, "true or false")];

const PREFIX: &[Parameter] =
    &[required("prefix", Kinds::STRING.or(Kinds::OBJECT), "a String or a ZMQFrame")];

/// A method that switches an option on and off.
const fn switch(
    name: &'static str,
    doc: &'static str,
    run: fn(&Call) -> Result<Value, Error>,
) -> Method {
    Method { name, parameters: ON, result: "nil", doc, otherwise: None, run }
}

const SETCONFLATE: Method = switch(
    "setconflate",
    "Keeps the last message only, which may have one frame only. Set it before the first bind or \
     connect.",
    |call| set_first(call, "conflate"),
);

const SETNODROP: Method = switch(
    "setnodrop",
    "Lets send wait for a subscriber that is slow, up to its timeout, where the message would be \
     dropped. Set it before messages are sent: one that is too slow already is not waited for.",
    |call| set_first(call, "xpub_nodrop"),
);

const SETPROBE: Method = switch(
    "setprobe",
    "Sends an empty message to each new peer, so that a ZMQRouter knows it at once; peers must be \
     routers. Set it before connect.",
    |call| set_first(call, "probe_router"),
);

/// Of those that can keep the last message only, and have no other options.
pub(in crate::binding::socket) static CONFLATING: Group =
    Group { name: "conflating", doc: "Keeping the last message only.", methods: &[SETCONFLATE] };

pub(in crate::binding::socket) static PUBLISHER: Group = Group {
    name: "publishing",
    doc: "What happens to messages for slow subscribers.",
    methods: &[SETNODROP],
};

pub(in crate::binding::socket) static XPUBLISHER: Group = Group {
    name: "subscribers",
    doc: "Which subscriptions are received, and who decides about them.",
    methods: &[
        SETNODROP,
        Method {
            name: "setverbose",
            parameters: &[required("which", Kinds::STRING, "\"new\", \"all\" or \"off\"")],
            result: "nil",
            doc: "Which subscriptions are received: with \"off\" the first and the last of a \
                  prefix, with \"new\" every one, with \"all\" every one and every end of one.",
            otherwise: None,
            run: setverbose,
        },
        switch(
            "setmanual",
            "Lets accept say what a peer gets, instead of its own subscription. It cannot be \
             switched off once the socket is bound or connected.",
            |call| set_first(call, "xpub_manual"),
        ),
        Method {
            name: "accept",
            parameters: PREFIX,
            result: "nil",
            doc: "Gives the peer whose subscription was received last the messages with this \
                  prefix. In manual mode only.",
            otherwise: None,
            run: |call| done(call.socket()?.accept(&call.frame(0)?)),
        },
        Method {
            name: "reject",
            parameters: PREFIX,
            result: "nil",
            doc: "Takes one accept with this prefix back, for the peer whose subscription was \
                  received last. In manual mode only.",
            otherwise: None,
            run: |call| done(call.socket()?.reject(&call.frame(0)?)),
        },
        Method {
            name: "setwelcome",
            parameters: &[required(
                "message",
                Kinds::STRING.or(Kinds::OBJECT),
                "a String or a ZMQFrame, empty for none",
            )],
            result: "nil",
            doc: "What every new subscriber is sent first, if it has asked for its prefix. The \
                  socket has to be received from for that.",
            otherwise: None,
            run: |call| set_first(call, "xpub_welcome_msg"),
        },
    ],
};

pub(in crate::binding::socket) static REQUEST: Group = Group {
    name: "requesting",
    doc: "The order of requests and replies.",
    methods: &[switch(
        "setrelaxed",
        "Lets a request follow another that got no reply, whose reply is dropped if it comes. \
         Peers must be ZMQReply or ZMQRouter sockets that keep envelopes.",
        |call| {
            set_first(call, "req_correlate")?;
            set_first(call, "req_relaxed")
        },
    )],
};

pub(in crate::binding::socket) static ROUTER: Group = Group {
    name: "routing",
    doc: "What happens to messages for peers that are not there, and to peers of one name.",
    methods: &[
        switch(
            "setmandatory",
            "Makes a message to a peer that is not there an error (ZMQUnroutable), where it would \
             be dropped; a send to a peer that is full waits.",
            |call| set_first(call, "router_mandatory"),
        ),
        switch(
            "sethandover",
            "Lets a new peer take the place of one with the same routing id, where it would be \
             ignored.",
            |call| set_first(call, "router_handover"),
        ),
        SETPROBE,
    ],
};

pub(in crate::binding::socket) static DEALER: Group = Group {
    name: "probing",
    doc: "What peers are told first, and what is kept.",
    methods: &[SETPROBE, SETCONFLATE],
};

pub(in crate::binding::socket) static STREAM: Group = Group {
    name: "notices",
    doc: "What is told about peers.",
    methods: &[switch(
        "setnotify",
        "Whether an empty message tells that a peer came or went, which it does until this says \
         no. Set it before the first bind or connect.",
        |call| set_first(call, "stream_notify"),
    )],
};

fn setverbose(call: &Call) -> Result<Value, Error> {
    // The later of both options counts.
    match call.text(0)? {
        "off" => set(call, "xpub_verboser", &ValueRef::Bool(false)),
        "new" => set(call, "xpub_verbose", &ValueRef::Bool(true)),
        "all" => set(call, "xpub_verboser", &ValueRef::Bool(true)),
        _ => Err(call.refuse(0)),
    }
}
