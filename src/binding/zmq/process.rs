//! What `ZMQ` tells and does for all sockets of the process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::binding::arguments::TIMEOUT;
use crate::binding::call::Call;
use crate::binding::object::Object;
use crate::binding::socket::{Socket, totals};
use crate::binding::table::{Method, required};
use crate::binding::value::{Kinds, Value};
use crate::core::{self, Error, SocketType, Wait, context, socket, wait};

pub(super) const SOCKETS: Method = Method {
    name: "sockets",
    parameters: &[],
    result: "List",
    doc: "The sockets that are open, the oldest first, as Dictionaries of type, state (open, or \
          busy in another call), and endpoints, Tuples of \"bind\" or \"connect\" and the endpoint.",
    otherwise: None,
    run: |_| {
        let open = socket::sockets().into_iter().filter(|socket| !socket.is_closed());
        Ok(Value::List(open.map(|socket| describe(&socket)).collect()))
    },
};

pub(super) const STATS: Method = Method {
    name: "stats",
    parameters: &[],
    result: "Dictionary",
    doc: "What all sockets have sent and received so far, closed ones included, as their own stats \
          tell it, and sockets, how many are open.",
    otherwise: None,
    run: |_| {
        let mut entries = totals(&socket::counters());
        let open = socket::sockets().iter().filter(|socket| !socket.is_closed()).count();
        entries.push(("sockets".into(), crate::binding::poller::number(open)));
        Ok(Value::Dictionary(entries))
    },
};

pub(super) const SHUTDOWN: Method = Method {
    name: "shutdown",
    parameters: &[TIMEOUT],
    result: "Bool",
    doc: "Closes all sockets, and waits until what they have still to send is sent or given up, \
          for timeout at most. Gives whether everything has ended. Sockets can be opened anew \
          after it.",
    otherwise: None,
    run: |call| {
        let wait = call.milliseconds("timeout")?;
        let wait = wait.map(|timeout| Wait::new(timeout).until(call.host.interrupt()));
        Ok(Value::Bool(context::shutdown_within(wait.as_ref())))
    },
};

pub(super) const SLEEP: Method = Method {
    name: "sleep",
    parameters: &[required("ms", Kinds::INT.or(Kinds::FLOAT), "milliseconds from 0 on")],
    result: "nil",
    doc: "Waits for so many milliseconds, or until the program is asked to stop.",
    otherwise: None,
    run: sleep,
};

pub(super) const CLOCK: Method = Method {
    name: "clock",
    parameters: &[],
    result: "Float",
    doc: "Milliseconds since its first call, by a clock that nobody sets.",
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
    doc: "Two ZMQPair sockets that are connected with each other.",
    otherwise: None,
    run: |_| {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("inproc://zeromq-pipe-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let end = |prefix| {
            let socket = core::Socket::attached(SocketType::Pair, &format!("{prefix}{name}"))?;
            Ok(Value::Object(Object::new(Socket::new(socket))))
        };
        Ok(Value::Tuple(vec![end('@')?, end('>')?]))
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
