//! The class that stands for ZeroMQ itself.

mod interrupts;
mod process;
mod setup;

use super::arguments::Bytes;
use super::object::Object;
use super::socket;
use super::table::{Class, Method, Parameter, Sends, required};
use super::value::{Kinds, Value};
use crate::core::Report;
use crate::core::counted::Counted;
use crate::core::curve::key::SecretKey;
use crate::core::curve::z85;
use crate::core::{self, Frame, Right, context};

const KEY: Parameter = required(
    "secret",
    Kinds::STRING.or(Kinds::OBJECT),
    "a key: a String of 40 characters or a ZMQFrame of 32 bytes",
);

/// ZeroMQ itself.
pub(super) static CLASS: Class = Class {
    name: "ZMQ",
    doc: "Functions that concern all sockets of the program: errors, settings, keys and time.",
    parent: None,
    constructor: None,
    alias: None,
    groups: &[],
    functions: &[
        Method {
            name: "version",
            parameters: &[],
            result: "String",
            doc: "Returns the version of libzmq.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Returns true if libzmq was built with a capability: \"curve\", \"ipc\", \"ws\", \
                  \"pgm\", \"norm\", \"tipc\", \"gssapi\", \"vmci\" or \"draft\".",
            errors: "",
            example: r#"
                print ZMQ.has("curve")   // true
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(Value::Bool(context::has(call.text(0)?))),
        },
        Method {
            name: "lasterror",
            parameters: &[],
            result: "Dictionary or nil",
            doc: "Returns the last error in this thread as a Dictionary with \"tag\", \"message\" \
                  and \"operation\"; with \"endpoint\" if the error concerns one; and with the \
                  \"name\" and \"number\" of the system error if there is one. Returns nil if \
                  there was no error.",
            errors: "",
            example: r#"
                try { ZMQReply("tcp://nowhere") } catch {
                  "ZMQErr": print "failed"   // failed
                }
                print ZMQ.lasterror()["operation"]   // ZMQReply
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |_| Ok(Report::last().map(Value::from).into()),
        },
        Method {
            name: "setstrict",
            parameters: &[required("strict", Kinds::BOOL, "true or false")],
            result: "nil",
            doc: "Turns strict mode on or off for every socket that has no setting of its own. In \
                  strict mode a timeout raises `ZMQTimeout` and a call out of turn raises \
                  `ZMQState`.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                call.permitted(Right::Process)?;
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
            doc: "Returns a new key pair for CURVE: a Tuple of the public key and the secret key, \
                  each a String of 40 characters.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Returns the public key that belongs to a secret key.",
            errors: "`ZMQSecurity` if the key is invalid",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Encodes bytes as text in Z85: five characters for every four bytes.",
            errors: "",
            example: r#"
                print ZMQ.z85encode("zero")   // Ds.bn
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let Bytes(bytes) = call.get(0)?;
                let text = z85::encode(bytes);
                Ok(text
                    .ok_or_else(|| call.wrong(0, Counted(bytes.len(), "byte").to_string()))?
                    .into())
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
            doc: "Decodes text in Z85 into bytes.",
            errors: "`ZMQArgs` if the text is not valid Z85",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let bytes = call.bytes(0).and_then(z85::decode);
                let bytes = bytes.ok_or_else(|| call.wrong(0, "something else".to_owned()))?;
                Ok(Value::Object(Object::new(Frame::from(bytes))))
            },
        },
        process::SOCKETS,
        process::STATS,
        process::METRICS,
        process::SHUTDOWN,
        process::SLEEP,
        process::CLOCK,
        process::PIPE,
    ],
};
