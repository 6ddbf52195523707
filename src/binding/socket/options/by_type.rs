//! The methods that set options of single socket types.

use super::{set, set_first};
use crate::binding::call::Call;
use crate::binding::socket::done;
use crate::binding::table::{Group, Method, Parameter, Sends, required};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core::Error;

const ON: &[Parameter] = &[required("on", Kinds::BOOL, "true or false")];

const PREFIX: &[Parameter] =
    &[required("prefix", Kinds::STRING.or(Kinds::OBJECT), "a String or a ZMQFrame")];

/// Makes a method that turns an option on or off.
const fn switch(
    name: &'static str,
    doc: &'static str,
    run: fn(&Call) -> Result<Value, Error>,
) -> Method {
    Method {
        name,
        parameters: ON,
        result: "nil",
        doc,
        errors: "",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run,
    }
}

const SETCONFLATE: Method = switch(
    "setconflate",
    "Turns conflation on or off: only the newest message is kept, and each message must have a \
     single frame. Call it before the first `bind` or `connect`.",
    |call| set_first(call, "conflate"),
);

const SETNODROP: Method = switch(
    "setnodrop",
    "Makes `send` wait for a slow subscriber, up to the timeout, instead of dropping the message \
     for it. Call it before sending: a subscriber whose queue is already full is not waited for.",
    |call| set_first(call, "xpub_nodrop"),
);

const SETPROBE: Method = switch(
    "setprobe",
    "Sends an empty message to each new peer, so that a ZMQRouter learns about this socket \
     immediately. All peers must be ZMQRouter sockets. Call it before `connect`.",
    |call| set_first(call, "probe_router"),
);

/// For sockets that can keep only the last message and have no other options.
pub(in crate::binding::socket) static CONFLATING: Group = Group {
    name: "conflating",
    doc: "Keep only the newest message.",
    see: "queues",
    methods: &[SETCONFLATE],
};

pub(in crate::binding::socket) static PUBLISHER: Group = Group {
    name: "publishing",
    doc: "Handle slow subscribers.",
    see: "queues",
    methods: &[SETNODROP],
};

pub(in crate::binding::socket) static XPUBLISHER: Group = Group {
    name: "subscribers",
    doc: "Control subscriptions.",
    see: "publishsubscribe",
    methods: &[
        SETNODROP,
        Method {
            name: "setverbose",
            parameters: &[required("which", Kinds::STRING, "\"new\", \"all\" or \"off\"")],
            result: "nil",
            doc: "Sets which subscription messages are received: \"off\" (the default) for the \
                  first subscription and the last unsubscription of each prefix, \"new\" for \
                  every subscription, \"all\" for every subscription and every unsubscription.",
            errors: "`ZMQArgs` for any other word",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: setverbose,
        },
        switch(
            "setmanual",
            "Turns manual mode on or off. In manual mode `accept` and `reject` decide which \
             messages a peer receives, not the peer's own subscriptions. It cannot be turned off \
             once the socket is bound or connected.",
            |call| set_first(call, "xpub_manual"),
        ),
        Method {
            name: "accept",
            parameters: PREFIX,
            result: "nil",
            doc: "Subscribes a peer to this prefix: the peer whose subscription message was \
                  received last. Requires `setmanual(true)`.",
            errors: "`ZMQOption` if the socket is not in manual mode",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.socket()?.accept(&call.frame(0)?)),
        },
        Method {
            name: "reject",
            parameters: PREFIX,
            result: "nil",
            doc: "Removes one subscription that `accept` added for the peer whose subscription \
                  message was received last. Requires `setmanual(true)`.",
            errors: "`ZMQOption` if the socket is not in manual mode",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Sets a message that each new subscriber receives first if it subscribes to a \
                  matching prefix. The empty String sends none. The publisher has to receive \
                  subscription messages for this to work.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| set_first(call, "xpub_welcome_msg"),
        },
    ],
};

pub(in crate::binding::socket) static REQUEST: Group = Group {
    name: "requesting",
    doc: "Relax the order of requests and replies.",
    see: "requestreply",
    methods: &[switch(
        "setrelaxed",
        "Allows a new request before the previous one is answered. A late reply to an earlier \
         request is discarded. Peers must be ZMQReply sockets, or ZMQRouter sockets that return \
         the whole envelope.",
        |call| {
            set_first(call, "req_correlate")?;
            set_first(call, "req_relaxed")
        },
    )],
};

pub(in crate::binding::socket) static ROUTER: Group = Group {
    name: "routing",
    doc: "Handle unknown and duplicate peers.",
    see: "routing",
    methods: &[
        switch(
            "setmandatory",
            "Makes sending to an unknown peer raise `ZMQUnroutable` instead of dropping the \
             message, and makes `send` wait for a peer whose queue is full.",
            |call| set_first(call, "router_mandatory"),
        ),
        switch(
            "sethandover",
            "Lets a new peer take over the routing id of a connected peer. Otherwise a new peer \
             with a duplicate routing id is ignored.",
            |call| set_first(call, "router_handover"),
        ),
        SETPROBE,
    ],
};

pub(in crate::binding::socket) static DEALER: Group = Group {
    name: "probing",
    doc: "Set what new peers receive and what is kept.",
    see: "routing",
    methods: &[SETPROBE, SETCONFLATE],
};

pub(in crate::binding::socket) static STREAM: Group = Group {
    name: "notices",
    doc: "Report connections.",
    see: "routing",
    methods: &[switch(
        "setnotify",
        "Turns connection notices on or off. When on (the default), an empty message is received \
         when a peer connects or disconnects. Call it before the first `bind` or `connect`.",
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
