//! The methods of `ZMQ` that report on, and act for, all sockets of the process.

use std::sync::OnceLock;
use std::time::Instant;

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::object::Object;
use crate::binding::socket::{Socket, totals};
use crate::binding::table::{Method, Sends, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{self, Error, Right, Wait, context, socket, wait};

pub(super) const SOCKETS: Method = Method {
    name: "sockets",
    parameters: &[],
    result: "List",
    doc: "Returns the open sockets, oldest first, as a List of Dictionaries with \"type\", \
          \"state\" (\"open\", or \"busy\" while another call uses the socket) and \"endpoints\", \
          Tuples of \"bind\" or \"connect\" and the endpoint.",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        call.permitted(Right::Process)?;
        let open = socket::sockets().into_iter().filter(|socket| !socket.is_closed());
        Ok(Value::List(open.map(|socket| describe(&socket)).collect()))
    },
};

pub(super) const STATS: Method = Method {
    name: "stats",
    parameters: &[],
    result: "Dictionary",
    doc: "Returns a Dictionary of what all sockets of the program have sent and received, \
          including closed ones, with the same keys as `stats` of a socket, and \"sockets\", the \
          number of open sockets.",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |_| {
        let mut entries = totals(&socket::counters());
        let open = socket::sockets().iter().filter(|socket| !socket.is_closed()).count();
        entries.push(("sockets".into(), crate::binding::poller::number(open)));
        Ok(Value::Dictionary(entries))
    },
};

pub(super) const METRICS: Method = Method {
    name: "metrics",
    parameters: &[],
    result: "String",
    doc: "Returns the statistics of all sockets as text in the OpenMetrics format, which Prometheus \
          reads: for each open socket its messages, bytes, peers, connections, failed handshakes \
          and drops, with labels for its number, type and first endpoint. See `help openmetrics`.",
    errors: "",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        call.permitted(Right::Process)?;
        let mut metrics = core::Metrics::default();
        metrics.add_sockets();
        Ok(metrics.to_string().into())
    },
};

pub(super) const SHUTDOWN: Method = Method {
    name: "shutdown",
    parameters: &[TIMEOUT],
    result: "Bool",
    doc: "Closes all sockets and waits until their queued messages have been sent or their linger \
          periods have expired, up to `timeout=` milliseconds. Returns true if everything was \
          closed in that time. New sockets can be opened afterwards.",
    errors: "",
    example: r#"
        ZMQPush("tcp://localhost:5555")
        print ZMQ.shutdown(timeout=5000)   // true
    "#,
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        call.permitted(Right::Process)?;
        let wait = call.milliseconds("timeout")?;
        let wait = wait.map(|timeout| Wait::new(timeout).until(call.host.interrupt()));
        Ok(Value::Bool(context::shutdown_within(wait.as_ref())))
    },
};

pub(super) const SLEEP: Method = Method {
    name: "sleep",
    parameters: &[required("ms", Kinds::INT.or(Kinds::FLOAT), "0 or more milliseconds")],
    result: "nil",
    doc: "Waits for `ms` milliseconds.",
    errors: "`ZMQInterrupted` if the program is asked to stop",
    example: "",
    sends: Sends::Nothing,
    otherwise: None,
    run: sleep,
};

pub(super) const CLOCK: Method = Method {
    name: "clock",
    parameters: &[],
    result: "Float",
    doc: "Returns the milliseconds since its first call, on a monotonic clock.",
    errors: "",
    example: r#"
        var start = ZMQ.clock()
        ZMQ.sleep(10)
        print ZMQ.clock() - start >= 10   // true
    "#,
    sends: Sends::Nothing,
    otherwise: None,
    run: |_| {
        static START: OnceLock<Instant> = OnceLock::new();
        let start = START.get_or_init(Instant::now);
        Ok(Value::Float(start.elapsed().as_secs_f64() * 1000.0))
    },
};

pub(super) const PIPE: Method = Method {
    name: "pipe",
    parameters: &[],
    result: "Tuple",
    doc: "Returns a Tuple of two ZMQPair sockets that are connected to each other over inproc.",
    errors: "",
    example: r#"
        var pair = ZMQ.pipe()
        pair[0].send("hello")
        print pair[1].receive()   // hello
    "#,
    sends: Sends::Nothing,
    otherwise: None,
    run: |call| {
        let mut ends = Vec::new();
        for socket in core::Socket::pair()? {
            // Only now, because no rule has to permit the name of a pipe.
            socket.restrict(call.host.policy())?;
            ends.push(Value::Object(Object::new(Socket::new(socket))));
        }
        Ok(Value::Tuple(ends))
    },
};

fn sleep(call: &Call) -> Result<Value, Error> {
    let time = call.duration(0, "ms")?;
    wait::sleep(&Wait::new(Some(time)).until(call.host.interrupt()))?;
    Ok(Value::Nil)
}

fn describe(socket: &core::Socket) -> Value {
    let attachments = socket.attachments();
    let state = if attachments.is_ok() { "open" } else { "busy" };
    let endpoints = attachments.unwrap_or_default().into_iter().map(|attachment| {
        let action = if attachment.bound { "bind" } else { "connect" };
        Value::Tuple(vec![action.into(), attachment.endpoint.into()])
    });
    Value::Dictionary(vec![
        ("type".into(), socket.socket_type().name().into()),
        ("state".into(), state.into()),
        ("endpoints".into(), Value::List(endpoints.collect())),
    ])
}
