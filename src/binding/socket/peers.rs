//! The peers of a socket, and its statistics.

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::monitor::{NAMES, watch};
use crate::binding::poller::number;
use crate::binding::table::{Group, Method, Parameter, Sends, named, required};
use crate::binding::value::{Kinds, Value};
use crate::core::statistics::{Counters, Statistics};
use crate::core::{Error, Wait};

const COUNT: Parameter = required("count", Kinds::INT, "a non-negative Int");

pub(super) static GROUP: Group = Group {
    name: "peers",
    doc: "Wait for peers and inspect connections.",
    see: "monitoring",
    methods: &[
        Method {
            name: "waitforpeers",
            parameters: &[COUNT, TIMEOUT],
            result: "Bool",
            doc: "Waits until the socket has at least `count` peers over any transport, so that a \
                  message can be sent to them. Returns true, or false on timeout. Without \
                  `timeout=` it waits forever, whatever `settimeout` says.",
            errors: "`ZMQArgs` if the socket is not bound or connected",
            example: r#"
                var pull = ZMQPull("inproc://ready")
                var push = ZMQPush("inproc://ready")
                print push.waitforpeers(1, timeout=1000)   // true
            "#,
            sends: Sends::Nothing,
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
            doc: "Returns a ZMQMonitor that reports connection events of this socket from now on: \
                  the named events, or all events if none is named. There are no events for \
                  inproc. A socket can have several monitors.",
            errors: "`ZMQArgs` if an event name is unknown",
            example: r#"
                var server = ZMQReply()
                var monitor = server.monitor("LISTENING")
                server.bind("tcp://127.0.0.1:*")
                print monitor.next(timeout=1000)["event"]   // LISTENING
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| watch(call, &call.socket()?.shared(), 0),
        },
        Method {
            name: "stats",
            parameters: &[],
            result: "Dictionary",
            doc: "Returns a Dictionary of counters: \"messagessent\", \"framessent\", \
                  \"bytessent\", \"messagesreceived\", \"framesreceived\" and \"bytesreceived\"; \
                  \"expired\", messages not sent because the timeout expired; \"unroutable\", \
                  messages that raised `ZMQUnroutable` or had no such peer; \"peers\", the \
                  current number of peers, or nil if unknown; \"connections\", \
                  \"disconnections\", \"failures\" (of handshakes), \"refusals\" of incoming \
                  connections, for lack of descriptors or beyond `max_handshakes` and \
                  `max_handshakes_of_address`, and \"oversized\", connections that ended because \
                  the peer sent or subscribed to more than `maxmsgsize` and similar limits allow, \
                  inproc excluded. A ZMQPublisher or ZMQXPublisher adds \"subscriptions\", the \
                  number of distinct prefixes its peers subscribe to. A ZMQRouter or ZMQStream \
                  adds \"dropped\", messages that no peer could accept.",
            errors: "",
            example: r#"
                var pair = ZMQ.pipe()
                pair[0].send("hello")
                print pair[0].stats()["bytessent"]   // 5
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(describe(&call.socket()?.statistics()?)),
        },
        Method {
            name: "diagnose",
            parameters: &[],
            result: "String",
            doc: "Returns how many peers the socket has and, separated by semicolons, why nothing \
                  may arrive: what was observed, at which endpoint, and what to do about it. It \
                  may connect to an endpoint that has no peer, which takes up to about a second \
                  for each. `help diagnosis` lists the reasons.",
            errors: "",
            example: r#"
                var pull = ZMQPull()
                print pull.diagnose()   // no endpoint yet: bind or connect it first
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.socket()?.diagnose()?.into()),
        },
    ],
};

pub(super) static SUBSCRIBERS: Group = Group {
    name: "subscribers",
    doc: "Wait for subscribers.",
    see: "slowjoiner",
    methods: &[Method {
        name: "waitforsubscribers",
        parameters: &[
            COUNT,
            named("topic", Kinds::STRING.or(Kinds::NIL), "the start of a message, a String"),
            TIMEOUT,
        ],
        result: "Bool",
        doc: "Waits until there are at least `count` subscriptions, or with `topic=` at least \
              `count` subscriptions that match a message starting with that topic. Messages \
              published afterwards reach these subscribers. A subscriber counts once for each of \
              its prefixes; a proxy counts once for all subscribers behind it. A subscriber that \
              is bound sends its subscriptions with its first call after the publisher has \
              connected: if both are in one script, call `waitforpeers` on the subscriber first. \
              Returns true, or false on timeout. Without `timeout=` it waits forever.",
        errors: "`ZMQArgs` if the socket is not bound or connected",
        example: r#"
            var publisher = ZMQPublisher("inproc://news")
            var subscriber = ZMQSubscriber("inproc://news", "weather")
            print publisher.waitforsubscribers(1, topic="weather", timeout=1000)   // true
        "#,
        sends: Sends::Nothing,
        otherwise: Some(|| Value::Bool(false)),
        run: |call| {
            let topic = call.named("topic");
            call.socket()?.wait_for_subscribers(call.get(0)?, topic, &timeout(call)?)?;
            Ok(Value::Bool(true))
        },
    }],
};

/// Returns the timeout when waiting for peers: the timeouts of the socket apply to
/// messages.
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
        ("refusals".into(), total(statistics.refusals)),
        ("oversized".into(), total(statistics.oversized)),
    ]);
    if let Some(subscriptions) = statistics.subscriptions {
        entries.push(("subscriptions".into(), number(subscriptions)));
    }
    if let Some(dropped) = statistics.dropped {
        entries.push(("dropped".into(), total(dropped)));
    }
    Value::Dictionary(entries)
}

/// Returns the counters as entries of a dictionary.
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
