//! The class of beacons.

use std::fmt;
use std::time::Duration;

use super::arguments::TIMEOUT;
use super::call::Call;
use super::object::{Instance, Object};
use super::socket::done;
use super::table::{Class, Group, Method, named, required};
use super::value::{Kinds, Value};
use crate::core::{Beacon, Error};

/// How often a beacon is sent if nothing else is said, as in czmq.
const INTERVAL: Duration = Duration::from_secs(1);

/// Beacons.
pub(super) static CLASS: Class = Class {
    name: "ZMQBeacon",
    doc: "Finds programs on the local network: short texts are sent to all at short intervals.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQBeacon",
        parameters: &[
            required("port", Kinds::INT, "an Int from 1 to 65535"),
            named("interface", Kinds::STRING, "the name or address of a network interface, or *"),
        ],
        result: "ZMQBeacon",
        doc: "Makes a beacon on a UDP port, which several programs of a machine may share. It uses \
              the network interface of this name or address, * for any; else the one that the \
              environment variable ZSYS_INTERFACE names, or the first that can broadcast.",
        otherwise: None,
        run: open,
    }),
    alias: None,
    groups: &[&BEACONS],
    functions: &[],
};

static BEACONS: Group = Group {
    name: "beacons",
    doc: "Sending and receiving beacons.",
    methods: &[
        Method {
            name: "publish",
            parameters: &[
                required("text", Kinds::STRING.or(Kinds::OBJECT), "a String of 1 to 255 bytes"),
                named("interval", Kinds::INT.or(Kinds::FLOAT), "milliseconds from 1 on"),
            ],
            result: "nil",
            doc: "Sends the text to everyone at once, and then again every second, or as often as \
                  interval says, until it is told otherwise.",
            otherwise: None,
            run: publish,
        },
        Method {
            name: "silence",
            parameters: &[],
            result: "nil",
            doc: "Publishes no more.",
            otherwise: None,
            run: |call| done(call.receiver::<Beacon>()?.silence()),
        },
        Method {
            name: "subscribe",
            parameters: &[required(
                "prefix",
                Kinds::STRING.or(Kinds::OBJECT),
                "a String, \"\" for every beacon",
            )],
            result: "nil",
            doc: "Receives the beacons of others that start with the prefix from now on, in place \
                  of those of the prefix before.",
            otherwise: None,
            run: |call| {
                let prefix = call.frames()?.concat();
                done(call.receiver::<Beacon>()?.subscribe(Some(&prefix)))
            },
        },
        Method {
            name: "unsubscribe",
            parameters: &[],
            result: "nil",
            doc: "Receives no more beacons.",
            otherwise: None,
            run: |call| done(call.receiver::<Beacon>()?.subscribe(None)),
        },
        Method {
            name: "receive",
            parameters: &[TIMEOUT],
            result: "Tuple or nil",
            doc: "Waits for a beacon of another program that was subscribed to, and gives the \
                  address of its machine and its text. Gives nil when the time runs out.",
            otherwise: Some(|| Value::Nil),
            run: receive,
        },
        Method {
            name: "hostname",
            parameters: &[],
            result: "String",
            doc: "The address of this machine on the network of the beacon.",
            otherwise: None,
            run: |call| Ok(call.receiver::<Beacon>()?.hostname().to_string().into()),
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Publishes and receives no more. A stopped beacon stays so.",
            otherwise: None,
            run: |call| {
                call.receiver::<Beacon>()?.stop();
                Ok(Value::Nil)
            },
        },
    ],
};

impl Instance for Beacon {
    fn class(&self) -> &'static Class {
        &CLASS
    }
}

impl fmt::Display for Beacon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ZMQBeacon>")
    }
}

fn open(call: &Call) -> Result<Value, Error> {
    let port: u16 = call.get(0)?;
    if port == 0 {
        return Err(call.refuse(0));
    }
    // No interface has a name that is not UTF-8.
    let interface = call.named::<&[u8]>("interface").map(String::from_utf8_lossy);
    Ok(Value::Object(Object::new(Beacon::new(port, interface.as_deref())?)))
}

fn publish(call: &Call) -> Result<Value, Error> {
    let interval = match call.milliseconds("interval")? {
        Some(Some(interval)) if interval > Duration::ZERO => interval,
        _ => INTERVAL,
    };
    done(call.receiver::<Beacon>()?.publish(&call.frames()?.concat(), interval))
}

fn receive(call: &Call) -> Result<Value, Error> {
    let (address, frame) = call.receiver::<Beacon>()?.receive(&call.wait()?)?;
    Ok(Value::Tuple(vec![address.to_string().into(), frame.into()]))
}
