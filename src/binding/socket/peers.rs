//! Who is at the other end of a socket, and what it has sent and received.

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::monitor::{NAMES, watch};
use crate::binding::poller::number;
use crate::binding::table::{Group, Method, Parameter, named, required};
use crate::binding::value::{Kinds, Value};
use crate::core::statistics::{Counters, Statistics};
use crate::core::{Error, Wait};

const COUNT: Parameter = required("count", Kinds::INT, "an Int from 0 on");

pub(super) static GROUP: Group = Group {
    name: "peers",
    doc: "Peers: waiting for them, and what is known of them.",
    methods: &[
        Method {
            name: "waitforpeers",
            parameters: &[COUNT, TIMEOUT],
            result: "Bool",
            doc: "Waits until the socket has so many peers, by any transport, that messages can be \
                  sent to; false when the time runs out.",
            otherwise: Some(|| Value::Bool(false)),
            run: |call| {
                call.socket()?.wait_for_peers(call.get(0)?, &timeout(call)?)?;
                Ok(Value::Bool(true))
            },
        },
        Method {
            name: "monitor",
            parameters: &[NAMES],
            result: "ZMQMonitor",
            doc: "Makes a monitor that tells of these events from now on; of all, if none is \
                  named. There are none by inproc. A socket may have several monitors.",
            otherwise: None,
            run: |call| watch(call, &call.socket()?.shared(), 0),
        },
        Method {
            name: "stats",
            parameters: &[],
            result: "Dictionary",
            doc: "What the socket has sent and received: messagessent, framessent, bytessent, \
                  messagesreceived, framesreceived, bytesreceived; expired and unroutable, the \
                  messages that could not be sent in time or had no peer; peers now, nil if \
                  unknown; connections, disconnections, failures of handshakes; \
                  subscriptions, the prefixes that a publisher is asked for; and dropped, what a \
                  ZMQRouter or ZMQStream dropped since no peer could take it.",
            otherwise: None,
            run: |call| Ok(describe(&call.socket()?.statistics()?)),
        },
        Method {
            name: "diagnose",
            parameters: &[],
            result: "String",
            doc: "How it stands with the peers: how many there are, or why there may be none. It \
                  may try a TCP endpoint itself, for about a second.",
            otherwise: None,
            run: |call| Ok(call.socket()?.diagnose()?.into()),
        },
    ],
};

pub(super) static SUBSCRIBERS: Group = Group {
    name: "subscribers",
    doc: "Waiting for subscribers.",
    methods: &[Method {
        name: "waitforsubscribers",
        parameters: &[
            COUNT,
            named("topic", Kinds::STRING.or(Kinds::NIL), "a String that messages begin with"),
            TIMEOUT,
        ],
        result: "Bool",
        doc: "Waits until there are so many subscriptions; with topic, so many that a message \
              which begins with it goes to. What is published then arrives. A subscriber counts \
              once for each of its prefixes, a proxy once for all that are behind it. Gives false \
              when the time runs out.",
        otherwise: Some(|| Value::Bool(false)),
        run: |call| {
            let topic = call.named("topic");
            call.socket()?.wait_for_subscribers(call.get(0)?, topic, &timeout(call)?)?;
            Ok(Value::Bool(true))
        },
    }],
};

/// How long to wait for peers: the timeouts of the socket are for messages.
fn timeout<'a>(call: &Call<'a>) -> Result<Wait<'a>, Error> {
    let timeout = call.milliseconds("timeout")?.unwrap_or(None);
    Ok(Wait::new(timeout).until(call.host.interrupt()))
}

fn describe(statistics: &Statistics) -> Value {
    let mut entries = totals(&statistics.counters);
    entries.extend([
        ("peers".into(), statistics.peers.map_or(Value::Nil, number)),
        ("connections".into(), total(statistics.connections)),
        ("disconnections".into(), total(statistics.disconnections)),
        ("failures".into(), total(statistics.failures)),
    ]);
    if let Some(subscriptions) = statistics.subscriptions {
        entries.push(("subscriptions".into(), number(subscriptions)));
    }
    if let Some(dropped) = statistics.dropped {
        entries.push(("dropped".into(), total(dropped)));
    }
    Value::Dictionary(entries)
}

/// The counters, as entries of a dictionary.
pub(in crate::binding) fn totals(counters: &Counters) -> Vec<(Value, Value)> {
    vec![
        ("messagessent".into(), total(counters.messages_sent)),
        ("framessent".into(), total(counters.frames_sent)),
        ("bytessent".into(), total(counters.bytes_sent)),
        ("messagesreceived".into(), total(counters.messages_received)),
        ("framesreceived".into(), total(counters.frames_received)),
        ("bytesreceived".into(), total(counters.bytes_received)),
        ("expired".into(), total(counters.expired)),
        ("unroutable".into(), total(counters.unroutable)),
    ]
}

fn total(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
