//! The class that stands for ZeroMQ itself.

mod interrupts;
mod process;
mod setup;

use super::arguments::Bytes;
use super::object::Object;
use super::socket;
use super::table::{Class, Method, Parameter, required};
use super::value::{Kinds, Value};
use crate::core::Failure;
use crate::core::curve::key::SecretKey;
use crate::core::curve::z85;
use crate::core::{self, Frame, context};

const KEY: Parameter = required(
    "secret",
    Kinds::STRING.or(Kinds::OBJECT),
    "a key: a String of 40 characters or a ZMQFrame of 32 bytes",
);

/// ZeroMQ itself.
pub(super) static CLASS: Class = Class {
    name: "ZMQ",
    doc: "ZeroMQ itself: its version, what it can do, what went wrong last.",
    parent: None,
    constructor: None,
    alias: None,
    groups: &[],
    functions: &[
        Method {
            name: "version",
            parameters: &[],
            result: "String",
            doc: "The version of libzmq.",
            otherwise: None,
            run: |_| Ok(context::version().into()),
        },
        Method {
            name: "has",
            parameters: &[required(
                "name",
                Kinds::STRING,
                "a String: \"curve\", \"ipc\", \"ws\" and so on",
            )],
            result: "Bool",
            doc: "Whether libzmq was built with a capability: curve, ipc, ws, pgm, norm, tipc, \
                  gssapi, vmci or draft.",
            otherwise: None,
            run: |call| Ok(Value::Bool(context::has(call.text(0)?))),
        },
        Method {
            name: "lasterror",
            parameters: &[],
            result: "Dictionary or nil",
            doc: "What went wrong last in this thread: tag, message, operation, and where there is \
                  one the endpoint, and the name and number of the system's error.",
            otherwise: None,
            run: |_| Ok(Failure::last().map(Value::from).into()),
        },
        Method {
            name: "setstrict",
            parameters: &[required("strict", Kinds::BOOL, "true or false")],
            result: "nil",
            doc: "Whether it is an error on every socket when time runs out (ZMQTimeout) or when \
                  a message is out of order (ZMQState), in place of false or nil. A socket's own \
                  setstrict goes before.",
            otherwise: None,
            run: |call| {
                socket::Socket::set_all_strict(call.flag(0));
                Ok(Value::Nil)
            },
        },
        setup::SETDEFAULTS,
        setup::SETCONTEXT,
        setup::CONTEXT,
        setup::CAPABILITIES,
        interrupts::CATCH,
        interrupts::INTERRUPTED,
        Method {
            name: "curvekeypair",
            parameters: &[],
            result: "Tuple",
            doc: "A new key pair for CURVE: the public and the secret key, each a String of 40 \
                  characters.",
            otherwise: None,
            run: |_| {
                let pair = core::Certificate::new()?;
                let secret = pair.secret()?.to_text().to_string();
                Ok(Value::Tuple(vec![pair.public().to_string().into(), secret.into()]))
            },
        },
        Method {
            name: "curvepublic",
            parameters: &[KEY],
            result: "String",
            doc: "The public key that belongs to a secret key.",
            otherwise: None,
            run: |call| {
                let Bytes(key) = call.get(0)?;
                Ok(SecretKey::new(key)?.public()?.to_string().into())
            },
        },
        Method {
            name: "z85encode",
            parameters: &[required(
                "bytes",
                Kinds::STRING.or(Kinds::OBJECT),
                "a String or ZMQFrame, its length divisible by 4",
            )],
            result: "String",
            doc: "Bytes as text in the alphabet Z85: five characters for four bytes.",
            otherwise: None,
            run: |call| {
                let Bytes(bytes) = call.get(0)?;
                let text = z85::encode(bytes);
                Ok(text.ok_or_else(|| call.wrong(0, format!("{} bytes", bytes.len())))?.into())
            },
        },
        Method {
            name: "z85decode",
            parameters: &[required(
                "text",
                Kinds::STRING,
                "a String in the alphabet Z85, its length divisible by 5",
            )],
            result: "ZMQFrame",
            doc: "The bytes that a text in the alphabet Z85 stands for.",
            otherwise: None,
            run: |call| {
                let bytes = call.bytes(0).and_then(z85::decode);
                let bytes = bytes.ok_or_else(|| call.wrong(0, "something else".to_owned()))?;
                Ok(Value::Object(Object::new(Frame::from(bytes))))
            },
        },
        process::SOCKETS,
        process::STATS,
        process::SHUTDOWN,
        process::SLEEP,
        process::CLOCK,
        process::PIPE,
    ],
};
