//! The class of certificates for CURVE.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::arguments::{Bytes, FromValue};
use super::call::Call;
use super::object::{Instance, Object};
use super::table::{Class, Group, Method, Parameter, Sends, named, optional, required};
use super::value::{Kinds, Value, ValueRef};
use crate::core;
use crate::core::Error;
use crate::core::locked::locked;

const FILE: Parameter = required("file", Kinds::STRING, "the name of a file, a String");

const NAME: Parameter = required("name", Kinds::STRING, "a String of letters and digits");

/// The ways to pass a key.
pub(super) const KEY: Kinds = Kinds::STRING.or(Kinds::OBJECT);

/// Certificates.
pub(super) static CLASS: Class = Class {
    name: "ZMQCertificate",
    doc: "A CURVE key pair, or the public key of another party, with metadata about its owner. \
          Certificate files are compatible with czmq, and with pyzmq if the name ends in .key.",
    parent: None,
    constructor: Some(Method {
        name: "ZMQCertificate",
        parameters: &[
            optional("file", Kinds::STRING, "the name of a file, a String"),
            named("public", KEY, "a String of 40 characters or a ZMQFrame of 32 bytes"),
            named("secret", KEY, "a String of 40 characters or a ZMQFrame of 32 bytes"),
        ],
        result: "ZMQCertificate",
        doc: "Creates a new key pair; or loads a certificate from a file, including the secret \
              key if there is a file with `_secret` added to the name; or takes a public key, a \
              secret key, or both.",
        errors: "`ZMQSecurity` if a file cannot be read, a key is invalid, or the keys do not \
                 belong together",
        example: r#"
            var certificate = ZMQCertificate()
            print certificate.publickey().count()   // 40
        "#,
        sends: Sends::Nothing,
        otherwise: None,
        run: make,
    }),
    alias: None,
    groups: &[&FILES, &CONTENT],
    functions: &[],
};

static FILES: Group = Group {
    name: "files",
    doc: "Load and save.",
    see: "",
    methods: &[
        Method {
            name: "load",
            parameters: &[FILE],
            result: "nil",
            doc: "Replaces this certificate with the one in a file: the file with `_secret` added \
                  to the name if it exists, otherwise the named file, which usually holds only \
                  the public key.",
            errors: "`ZMQSecurity` if the file cannot be read or is not a certificate",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let loaded = load(call)?;
                *certificate(call)? = loaded;
                Ok(Value::Nil)
            },
        },
        Method {
            name: "save",
            parameters: &[FILE],
            result: "nil",
            doc: "Saves the certificate in two files: the named file with the public key, to be \
                  shared, and a file with `_secret` added to the name with both keys, readable \
                  only by its owner.",
            errors: "`ZMQSecurity` if the certificate has no secret key or a file cannot be \
                     written",
            example: r#"
                ZMQCertificate().save("server")
                var server = ZMQCertificate("server")
            "#,
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let name = call.file_to_write(0)?;
                call.host.policy().check_write(&core::Certificate::secret_file(name))?;
                certificate(call)?.save(name).map(|()| Value::Nil)
            },
        },
        Method {
            name: "savepublic",
            parameters: &[FILE],
            result: "nil",
            doc: "Saves the public key in exactly this file.",
            errors: "`ZMQSecurity` if the file cannot be written",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| certificate(call)?.save_public(call.file_to_write(0)?).map(|()| Value::Nil),
        },
        Method {
            name: "savesecret",
            parameters: &[FILE],
            result: "nil",
            doc: "Saves both keys in exactly this file, readable only by its owner.",
            errors: "`ZMQSecurity` if the certificate has no secret key or the file cannot be \
                     written",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| certificate(call)?.save_secret(call.file_to_write(0)?).map(|()| Value::Nil),
        },
    ],
};

static CONTENT: Group = Group {
    name: "content",
    doc: "Read and change the content.",
    see: "",
    methods: &[
        Method {
            name: "publickey",
            parameters: &[],
            result: "String",
            doc: "Returns the public key as a String of 40 characters in Z85.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| Ok(certificate(call)?.public().to_string().into()),
        },
        Method {
            name: "secretkey",
            parameters: &[],
            result: "String or nil",
            doc: "Returns the secret key as a String of 40 characters in Z85, or nil if the \
                  certificate has none.",
            errors: "",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Returns the metadata stored under a name, or nil if there is none.",
            errors: "",
            example: r#"
                var certificate = ZMQCertificate()
                certificate.setmeta("name", "Alice")
                print certificate.meta("name")   // Alice
            "#,
            sends: Sends::Nothing,
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
                    "a String of one line, or nil to remove it",
                ),
            ],
            result: "nil",
            doc: "Stores metadata about the owner under a name, or removes it if the value is \
                  nil.",
            errors: "`ZMQSecurity` if the name or value cannot be stored in a certificate file",
            example: "",
            sends: Sends::Nothing,
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
            doc: "Sets the public and secret key of a socket, as czmq does, without making it a \
                  server or a client. Call it before `bind` or `connect`. Use `secure` to set \
                  keys and role together.",
            errors: "`ZMQSecurity` if the certificate has no secret key or the socket is already \
                     bound or connected",
            example: "",
            sends: Sends::Nothing,
            otherwise: None,
            run: |call| {
                let socket: Arc<core::Socket> = call.get(0)?;
                let certificate = certificate(call)?.clone();
                socket.set_keys(&certificate).map(|()| Value::Nil)
            },
        },
    ],
};

/// A script's certificate.
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
    /// Writes the certificate without its secret key.
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
        (_, [None, None]) => load(call)?,
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

/// Loads a certificate, with a warning if other users can read its secret key.
fn load(call: &Call) -> Result<core::Certificate, Error> {
    let file = call.file_to_read(0)?;
    call.host.policy().check_read(&core::Certificate::secret_file(file))?;
    let loaded = core::Certificate::load(file)?;
    if let Some(exposure) = loaded.exposure(file) {
        call.host.warn(c"ZMQSecurity", &exposure);
    }
    Ok(loaded)
}

fn given<'a>(call: &Call<'a>, name: &str) -> Result<Option<&'a [u8]>, Error> {
    let value = call.given(name);
    value.map(|value| key(value).ok_or_else(|| call.wrong_named(name, value))).transpose()
}

/// Returns the bytes of a String or a ZMQFrame.
pub(super) fn key<'a>(value: &'a ValueRef<'a>) -> Option<&'a [u8]> {
    Bytes::from_value(value).map(|bytes| bytes.0)
}
