//! The class of monitors, which report events on the connections of a socket.

use std::fmt;
use std::sync::Arc;

use super::arguments::TIMEOUT;
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, Sends, required, variadic};
use super::value::{Kinds, Value};
use crate::core::monitor::{Event, events};
use crate::core::{self, Error};

/// The events that a monitor reports.
pub(super) const NAMES: Parameter = variadic(
    "events",
    Kinds::STRING,
    "event names such as CONNECTED, ACCEPTED, DISCONNECTED, HANDSHAKE_FAILED or ALL",
);

/// Monitors.
pub(super) static CLASS: Class = Class {
    name: "ZMQMonitor",
    doc: "Reports what happens to the connections of a socket.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQMonitor",
        parameters: &[required("socket", Kinds::OBJECT, "a socket"), NAMES],
        result: "ZMQMonitor",
        doc: "Creates a monitor that reports connection events of a socket, as `monitor` of the \
              socket does.",
        errors: "`ZMQArgs` if an event name is unknown; `ZMQClosed` if the socket is closed",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| watch(call, &call.get(0)?, 1),
    }),
    alias: None,
    groups: &[&EVENTS],
    functions: &[],
};

static EVENTS: Group = Group {
    name: "events",
    doc: "Read events.",
    see: "",
    methods: &[
        Method {
            name: "next",
            parameters: &[TIMEOUT],
            result: "Dictionary or nil",
            doc: "Waits for the next event and returns a Dictionary with \"event\" (its name), \
                  \"value\" (an Int), \"endpoint\" and \"reason\" (an explanation). The last \
                  event of a closed socket is `MONITOR_STOPPED`.",
            errors: "`ZMQClosed` if the monitor was stopped, or if the socket is closed and all \
                     events have been read",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: |call| Ok(describe(call.receiver::<Monitor>()?.0.next(&call.wait()?)?)),
        },
        Method {
            name: "dropped",
            parameters: &[],
            result: "Int",
            doc: "Returns how many events were dropped because they were not read in time. About \
                  10,000 are kept; when there is no more room, the oldest are dropped.",
            errors: "`ZMQClosed` if the monitor was stopped or the socket is closed",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let dropped = call.receiver::<Monitor>()?.0.dropped()?;
                Ok(Value::Int(i64::try_from(dropped).unwrap_or(i64::MAX)))
            },
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Stops the monitor. The socket is not affected.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                call.receiver::<Monitor>()?.0.stop();
                Ok(Value::Nil)
            },
        },
    ],
};

/// A script's monitor.
#[derive(Debug)]
struct Monitor(core::Monitor);

/// Makes a monitor of a socket for the events that the arguments from index `first` on
/// name.
pub(super) fn watch(call: &Call, socket: &Arc<core::Socket>, first: usize) -> Result<Value, Error> {
    let names: Result<Vec<&str>, Error> =
        (first..call.values().len()).map(|index| call.text(index)).collect();
    let names = names?;
    let events = events(names.iter().copied()).map_err(|wrong| {
        let index = first + names.iter().position(|name| *name == wrong).unwrap_or_default();
        call.refuse(index)
    })?;
    Ok(Value::Object(Object::new(Monitor(core::Monitor::new(socket, events)?))))
}

impl Instance for Monitor {
    fn class(&self) -> &'static Class {
        &CLASS
    }
}

impl fmt::Display for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stopped = if self.0.is_stopped() { " stopped" } else { "" };
        write!(f, "<{}: {}{stopped}>", CLASS.name, self.0.socket().socket_type().name())
    }
}

fn describe(event: Event) -> Value {
    Value::Dictionary(vec![
        ("event".into(), event.name().into()),
        ("value".into(), Value::Int(event.value.into())),
        ("reason".into(), event.reason().into()),
        ("endpoint".into(), event.endpoint.into()),
    ])
}
