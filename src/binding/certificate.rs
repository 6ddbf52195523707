//! The class of certificates for CURVE.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::arguments::{Bytes, FromValue};
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, named, optional, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core;
use crate::core::Error;
use crate::core::locked::locked;

const FILE: Parameter = required("file", Kinds::STRING, "a String: the name of a file");

const NAME: Parameter = required("name", Kinds::STRING, "a String of letters and digits");

/// What a key is given as.
pub(super) const KEY: Kinds = Kinds::STRING.or(Kinds::OBJECT);

/// Certificates.
pub(super) static CLASS: Class = Class {
    name: "ZMQCertificate",
    doc: "A key pair for CURVE, or the public key of somebody else, with what is said about its \
          owner. The files are those of czmq, and with a name that ends in .key those of pyzmq.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQCertificate",
        parameters: &[
            optional("file", Kinds::STRING, "a String: the name of a file"),
            named("public", KEY, "a String of 40 characters or a ZMQFrame of 32 bytes"),
            named("secret", KEY, "a String of 40 characters or a ZMQFrame of 32 bytes"),
        ],
        result: "ZMQCertificate",
        doc: "Makes a new key pair; or loads the certificate of a file, with the secret key of \
              file_secret if there is one; or takes a public key, a secret key or both.",
        otherwise: None,
        run: make,
    }),
    alias: None,
    groups: &[&FILES, &CONTENT],
    functions: &[],
};

static FILES: Group = Group {
    name: "files",
    doc: "Certificates in files.",
    methods: &[
        Method {
            name: "load",
            parameters: &[FILE],
            result: "nil",
            doc: "Becomes the certificate of a file: of file_secret, if there is one, and else of \
                  file, which has the public key only.",
            otherwise: None,
            run: |call| {
                let loaded = core::Certificate::load(call.text(0)?)?;
                *certificate(call)? = loaded;
                Ok(Value::Nil)
            },
        },
        Method {
            name: "save",
            parameters: &[FILE],
            result: "nil",
            doc: "Saves two files: file with the public key, to give away, and file_secret with \
                  both keys, which only the owner may read.",
            otherwise: None,
            run: |call| certificate(call)?.save(call.text(0)?).map(|()| Value::Nil),
        },
        Method {
            name: "savepublic",
            parameters: &[FILE],
            result: "nil",
            doc: "Saves the public key in exactly this file.",
            otherwise: None,
            run: |call| certificate(call)?.save_public(call.text(0)?).map(|()| Value::Nil),
        },
        Method {
            name: "savesecret",
            parameters: &[FILE],
            result: "nil",
            doc: "Saves both keys in exactly this file, which only the owner may read.",
            otherwise: None,
            run: |call| certificate(call)?.save_secret(call.text(0)?).map(|()| Value::Nil),
        },
    ],
};

static CONTENT: Group = Group {
    name: "content",
    doc: "What a certificate says.",
    methods: &[
        Method {
            name: "publickey",
            parameters: &[],
            result: "String",
            doc: "The public key, as 40 characters of Z85.",
            otherwise: None,
            run: |call| Ok(certificate(call)?.public().to_string().into()),
        },
        Method {
            name: "secretkey",
            parameters: &[],
            result: "String or nil",
            doc: "The secret key, as 40 characters of Z85; nil if the certificate has none.",
            otherwise: None,
            run: |call| {
                let certificate = certificate(call)?;
                Ok(certificate.secret().ok().map(|secret| secret.to_text().to_string()).into())
            },
        },
        Method {
            name: "meta",
            parameters: &[NAME],
            result: "String or nil",
            doc: "What is said under a name about the owner; nil if nothing is.",
            otherwise: None,
            run: |call| Ok(certificate(call)?.meta(call.text(0)?).map(str::to_owned).into()),
        },
        Method {
            name: "setmeta",
            parameters: &[
                NAME,
                required(
                    "value",
                    Kinds::STRING.or(Kinds::NIL),
                    "a String of one line, or nil for nothing",
                ),
            ],
            result: "nil",
            doc: "Says something under a name about the owner, or no longer.",
            otherwise: None,
            run: |call| {
                let value = call.bytes(1).map(|_| call.text(1)).transpose()?;
                certificate(call)?.set_meta(call.text(0)?, value).map(|()| Value::Nil)
            },
        },
        Method {
            name: "apply",
            parameters: &[required("socket", Kinds::OBJECT, "a socket")],
            result: "nil",
            doc: "Gives a socket both keys, as in czmq, before it is bound or connected. What it is \
                  to its peers is left to options; secure does both.",
            otherwise: None,
            run: |call| {
                let socket: Arc<core::Socket> = call.get(0)?;
                let certificate = certificate(call)?.clone();
                socket.set_keys(&certificate).map(|()| Value::Nil)
            },
        },
    ],
};

/// A certificate of a script.
#[derive(Debug)]
pub(super) struct Certificate(Mutex<core::Certificate>);

impl Certificate {
    pub fn lock(&self) -> MutexGuard<'_, core::Certificate> {
        locked(&self.0)
    }
}

impl Instance for Certificate {
    fn class(&self) -> &'static Class {
        &CLASS
    }
}

impl fmt::Display for Certificate {
    /// Never the secret key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}: {}>", CLASS.name, self.lock().public())
    }
}

fn certificate<'a>(call: &Call<'a>) -> Result<MutexGuard<'a, core::Certificate>, Error> {
    Ok(call.receiver::<Certificate>()?.lock())
}

fn make(call: &Call) -> Result<Value, Error> {
    let keys = [given(call, "public")?, given(call, "secret")?];
    let certificate = match (call.values(), keys) {
        ([], [None, None]) => core::Certificate::new()?,
        ([], [public, secret]) => core::Certificate::from_keys(public, secret)?,
        (_, [None, None]) => core::Certificate::load(call.text(0)?)?,
        _ => {
            return Err(Error::Argument {
                place: "named arguments public= and secret=".to_owned(),
                expected: "no file with them".into(),
                got: "both".to_owned(),
            });
        }
    };
    Ok(Value::Object(Object::new(Certificate(Mutex::new(certificate)))))
}

fn given<'a>(call: &Call<'a>, name: &str) -> Result<Option<&'a [u8]>, Error> {
    let value = call.given(name);
    value.map(|value| key(value).ok_or_else(|| call.wrong_named(name, value))).transpose()
}

/// The bytes of a String or a ZMQFrame.
pub(super) fn key<'a>(value: &'a ValueRef<'a>) -> Option<&'a [u8]> {
    Bytes::from_value(value).map(|bytes| bytes.0)
}
