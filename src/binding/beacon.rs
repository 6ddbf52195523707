//! The class of beacons.

use std::fmt;
use std::time::Duration;

use super::arguments::TIMEOUT;
use super::call::Call;
use super::object::{Instance, Object};
use super::socket::done;
use super::table::{Class, Group, Method, Sends, named, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core::{Beacon, Error};

/// The default interval between beacons, as in czmq.
const INTERVAL: Duration = Duration::from_secs(1);

/// Beacons.
pub(super) static CLASS: Class = Class {
    name: "ZMQBeacon",
    doc: "Finds other programs on the local network by broadcasting short texts over UDP.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQBeacon",
        parameters: &[
            required("port", Kinds::INT, "an Int from 1 to 65535"),
            named("interface", Kinds::STRING, "the name or address of a network interface, or *"),
        ],
        result: "ZMQBeacon",
        doc: "Opens a beacon on a UDP port, which several programs on a machine can share. It \
              uses the network interface with the given name or address, or any interface for \
              \"*\". By default it uses the interface named by the environment variable \
              `ZSYS_INTERFACE`, or else the first one that can broadcast. \"127.0.0.1\" stays on \
              this machine.",
        errors: "`ZMQErr` if there is no such interface or the port cannot be opened",
        example: "",
        sends: Sends::Nothing,
        otherwise: None,
        run: open,
    }),
    alias: None,
    groups: &[&BEACONS],
    functions: &[],
};

static BEACONS: Group = Group {
    name: "beacons",
    doc: "Broadcast and receive.",
    see: "",
    methods: &[
        Method {
            name: "publish",
            parameters: &[
                required("text", Kinds::STRING.or(Kinds::OBJECT), "a String of 1 to 255 bytes"),
                named("interval", Kinds::INT.or(Kinds::FLOAT), "1 or more milliseconds"),
            ],
            result: "nil",
            doc: "Broadcasts the text immediately, and then every `interval=` milliseconds \
                  (default 1000), until `silence`, `stop` or another `publish` is called.",
            errors: "`ZMQClosed` if the beacon was stopped",
            example: r#"
                var beacon = ZMQBeacon(9999, interface="127.0.0.1")
                beacon.publish("weather tcp://${beacon.hostname()}:5556")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: publish,
        },
        Method {
            name: "silence",
            parameters: &[],
            result: "nil",
            doc: "Stops broadcasting.",
            errors: "`ZMQClosed` if the beacon was stopped",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Starts receiving beacons of other programs that start with the prefix. Replaces \
                  the previous prefix. Nothing is received before the first call.",
            errors: "`ZMQClosed` if the beacon was stopped",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Stops receiving beacons.",
            errors: "`ZMQClosed` if the beacon was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| done(call.receiver::<Beacon>()?.subscribe(None)),
        },
        Method {
            name: "receive",
            parameters: &[TIMEOUT],
            result: "Tuple or nil",
            doc: "Waits for a beacon of another program that matches the subscription. Returns a \
                  Tuple of the sender's IP address and the text. Beacons with the same text as \
                  this program's own are ignored.",
            errors: "`ZMQClosed` if the beacon was stopped",
            example: "",
            sends: Sends::Nothing,
            otherwise: Some(|| Value::Nil),
            run: receive,
        },
        Method {
            name: "hostname",
            parameters: &[],
            result: "String",
            doc: "Returns the IP address of this machine on the beacon's network.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(call.receiver::<Beacon>()?.hostname().to_string().into()),
        },
        Method {
            name: "stop",
            parameters: &[],
            result: "nil",
            doc: "Stops broadcasting and receiving and frees the port. A stopped beacon cannot be \
                  restarted.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
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
    let beacon = Beacon::under(call.host.policy(), port, interface.as_deref())?;
    Ok(Value::Object(Object::new(beacon)))
}

fn publish(call: &Call) -> Result<Value, Error> {
    let interval = match call.given("interval") {
        None => INTERVAL,
        Some(ValueRef::Int(1..)) | Some(ValueRef::Float(1.0..)) => {
            // More than a Duration holds is forever.
            call.milliseconds("interval")?.flatten().unwrap_or(Duration::MAX)
        }
        Some(value) => return Err(call.wrong_named("interval", value)),
    };
    done(call.receiver::<Beacon>()?.publish(&call.frames()?.concat(), interval))
}

fn receive(call: &Call) -> Result<Value, Error> {
    let (address, frame) = call.receiver::<Beacon>()?.receive(&call.wait()?)?;
    Ok(Value::Tuple(vec![address.to_string().into(), frame.into()]))
}
