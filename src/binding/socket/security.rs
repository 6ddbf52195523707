//! Securing a socket.

use crate::binding::call::Call;
use crate::binding::certificate::{self, Certificate};
use crate::binding::table::{Group, Method, Parameter, Sends, named, optional};
use crate::binding::value::{Kinds, Value, ValueRef};
use crate::core;
use crate::core::Error;
use crate::core::curve::key::PublicKey;
use crate::core::socket::security::Role;

pub(in crate::binding) const SERVERKEY: Parameter = named(
    "serverkey",
    certificate::KEY.or(Kinds::NIL),
    "the key of the server: a ZMQCertificate, or a String of 40 characters",
);

pub(in crate::binding) const DOMAIN: Parameter =
    named("domain", Kinds::STRING.or(Kinds::NIL), "a String; for servers only");

/// The parameters of `secure`, here and elsewhere.
pub(in crate::binding) const PARAMETERS: [Parameter; 6] = [
    optional("certificate", Kinds::OBJECT.or(Kinds::NIL), "a ZMQCertificate"),
    SERVERKEY,
    named("username", Kinds::STRING.or(Kinds::NIL), "a String"),
    named("password", Kinds::STRING.or(Kinds::NIL), "a String"),
    named("plain", Kinds::BOOL, "true for a server that requires passwords"),
    DOMAIN,
];

pub(super) static GROUP: Group = Group {
    name: "security",
    doc: "Encrypt and authenticate.",
    see: "security",
    methods: &[Method {
        name: "secure",
        parameters: &PARAMETERS,
        result: "nil",
        doc: "Sets the security of a socket that is not bound or connected yet. A certificate \
              alone makes it a CURVE server. `serverkey=` makes it a CURVE client, with the given \
              certificate or a new one. `username=` and `password=` make it a PLAIN client; \
              `plain=true` makes it a PLAIN server. `domain=` names a server for the rules of \
              ZMQAuth; alone it makes a server whose clients are checked by address only.",
        errors: "`ZMQSecurity` if the socket is already bound or connected, if the certificate \
                 has no secret key, if a name or password is not 1 to 255 bytes long, or if a \
                 client has a domain",
        example: r#"
            var server = ZMQReply()
            server.secure(ZMQCertificate())
            server.bind("tcp://127.0.0.1:*")
        "#,
        sends: Sends::Nothing,
        otherwise: None,
        run: |call| {
            let socket = call.socket()?;
            with_role(call, |role, domain| socket.secure(role, domain)).map(|()| Value::Nil)
        },
    }],
};

/// Calls `apply` with the role and the domain that the arguments of `secure` describe.
pub(in crate::binding) fn with_role(
    call: &Call,
    apply: impl Fn(&Role, Option<&str>) -> Result<(), Error>,
) -> Result<(), Error> {
    let certificate = match call.values() {
        [] | [ValueRef::Nil] => None,
        [ValueRef::Object(object, _), ..] if object.get::<Certificate>().is_some() => {
            // A copy, so that nothing is locked while the socket is.
            object.get::<Certificate>().map(|certificate| certificate.lock().clone())
        }
        [value, ..] => return Err(call.wrong(0, value.to_string())),
    };
    let server = server_key(call)?;
    let (username, password) = (call.given_text("username")?, call.given_text("password")?);
    let plain = matches!(call.given("plain"), Some(ValueRef::Bool(true)));
    let domain = call.given_text("domain")?;

    let own = match (&certificate, server) {
        (None, Some(_)) => Some(core::Certificate::new()?),
        _ => certificate,
    };
    let role = match (&own, server, username, password, plain) {
        (Some(own), None, None, None, false) => Role::CurveServer(own),
        (Some(own), Some(server), None, None, false) => Role::CurveClient(own, server),
        (None, None, Some(username), Some(password), false) => {
            Role::PlainClient { username, password }
        }
        (None, None, None, None, true) => Role::PlainServer,
        (None, None, None, None, false) if domain.is_some() => Role::Null,
        _ => {
            return Err(Error::Argument {
                place: "arguments".to_owned(),
                expected: "a certificate, serverkey=, both of them, username= with password=, \
                           plain=true or domain="
                    .into(),
                got: if own.is_none() { "none of them" } else { "more than that" }.to_owned(),
            });
        }
    };
    apply(&role, domain)
}

/// Returns the key in `serverkey=`.
pub(in crate::binding) fn server_key(call: &Call) -> Result<Option<PublicKey>, Error> {
    let Some(value) = call.given(SERVERKEY.name) else {
        return Ok(None);
    };
    if let ValueRef::Object(object, _) = value
        && let Some(certificate) = object.get::<Certificate>()
    {
        return Ok(Some(certificate.lock().public()));
    }
    match certificate::key(value) {
        Some(key) => PublicKey::new(key).map(Some),
        None => Err(call.wrong_named("serverkey", value)),
    }
}
