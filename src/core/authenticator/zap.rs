//! The messages between a server and its authenticator: ZAP 1.0 (RFC 27).

use crate::core::curve::key::PublicKey;

const VERSION: &[u8] = b"1.0";

/// The request of a client that wants to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The domain of the server: its option `zap_domain`.
    pub domain: String,
    /// The IP address of the client, or what libzmq reports about an ipc peer.
    pub address: String,
    /// The credentials of the client.
    pub credentials: Credentials,
}

/// The credentials of a client.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// None.
    Null,
    /// A password, which is sent unencrypted.
    Plain {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// A key pair with this public key.
    Curve(PublicKey),
    /// A mechanism that this authenticator does not support.
    Other(String),
}

impl std::fmt::Debug for Credentials {
    /// Omits the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.mechanism(), self.user())
    }
}

impl Credentials {
    /// Returns the name of the mechanism, such as "CURVE".
    pub fn mechanism(&self) -> &str {
        match self {
            Credentials::Null => "NULL",
            Credentials::Plain { .. } => "PLAIN",
            Credentials::Curve(_) => "CURVE",
            Credentials::Other(mechanism) => mechanism,
        }
    }

    /// Returns the user name, the public key as text, or an empty string.
    pub fn user(&self) -> String {
        match self {
            Credentials::Null | Credentials::Other(_) => String::new(),
            Credentials::Plain { username, .. } => username.clone(),
            Credentials::Curve(key) => key.to_string(),
        }
    }
}

/// A message from a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// A request and its id.
    Request(Vec<u8>, Request),
    /// A message with an id that is not a valid request, and the reason.
    Malformed(Vec<u8>, &'static str),
    /// A message that cannot be answered.
    Noise,
}

/// Parses a message without its envelope.
pub(crate) fn parse(frames: &[impl AsRef<[u8]>]) -> Call {
    let frame = |index: usize| frames.get(index).map_or(&b""[..], AsRef::as_ref);
    let text = |index: usize| String::from_utf8(frame(index).to_vec());
    if frames.len() < 2 {
        return Call::Noise;
    }
    let id = frame(1).to_vec();
    if frame(0) != VERSION {
        return Call::Malformed(id, "this version of ZAP is not known");
    }
    if frames.len() < 6 {
        return Call::Malformed(id, "the request has too few frames");
    }
    let (Ok(domain), Ok(address), Ok(mechanism)) = (text(2), text(3), text(5)) else {
        return Call::Malformed(id, "the domain, address or mechanism is not text");
    };
    let credentials = match (&*mechanism, frames.len() - 6) {
        ("NULL", 0) => Credentials::Null,
        ("PLAIN", 2) => match (text(6), text(7)) {
            (Ok(username), Ok(password)) => Credentials::Plain { username, password },
            _ => return Call::Malformed(id, "the user name or password is not text"),
        },
        ("CURVE", 1) if frame(6).len() == 32 => match PublicKey::new(frame(6)) {
            Ok(key) => Credentials::Curve(key),
            Err(_) => return Call::Malformed(id, "the key is not a key"),
        },
        ("NULL" | "PLAIN" | "CURVE", _) => {
            return Call::Malformed(id, "the credentials are not those of the mechanism");
        }
        _ => Credentials::Other(mechanism),
    };
    Call::Request(id, Request { domain, address, credentials })
}

/// The reply to a server.
pub(crate) enum Verdict<'a> {
    /// 200: the client is accepted; its messages get these properties.
    Accepted { user: &'a str, meta: &'a [(String, String)] },
    /// 300: a temporary failure with its reason; the client tries again.
    Later(&'a str),
    /// 400: the client is refused, with the reason.
    Refused(&'a str),
    /// 500: the authenticator failed.
    Failed,
}

/// Builds the reply to the request with this id.
pub(crate) fn reply(id: Vec<u8>, verdict: &Verdict) -> [Vec<u8>; 6] {
    let (status, text, user, meta) = match verdict {
        Verdict::Accepted { user, meta } => ("200", "OK", *user, metadata(meta)),
        Verdict::Later(why) => ("300", *why, "", Vec::new()),
        Verdict::Refused(why) => ("400", *why, "", Vec::new()),
        Verdict::Failed => ("500", "the authenticator failed", "", Vec::new()),
    };
    // A short string, by the RFC.
    let text = &text[..text.floor_char_boundary(255)];
    [VERSION, &id, status.as_bytes(), text.as_bytes(), user.as_bytes(), &meta].map(<[u8]>::to_vec)
}

/// Encodes names and values as in ZMTP (RFC 23): one byte for the length of the name,
/// four for that of the value.
fn metadata(meta: &[(String, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in meta {
        let (Ok(short), Ok(long)) = (u8::try_from(name.len()), u32::try_from(value.len())) else {
            // Certificates do not contain such names.
            continue;
        };
        bytes.push(short);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&long.to_be_bytes());
        bytes.extend_from_slice(value.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let key = [7; 32];
        let head: [&[u8]; 5] = [b"1.0", b"9", b"global", b"127.0.0.1", b""];
        let call = |rest: &[&[u8]]| parse(&[&head[..], rest].concat());
        let request = |credentials| {
            let (domain, address) = ("global".to_owned(), "127.0.0.1".to_owned());
            Call::Request(b"9".to_vec(), Request { domain, address, credentials })
        };
        assert_eq!(call(&[b"NULL"]), request(Credentials::Null));
        let plain = Credentials::Plain { username: "a".to_owned(), password: "b".to_owned() };
        assert_eq!(call(&[b"PLAIN", b"a", b"b"]), request(plain.clone()));
        assert_eq!(format!("{plain:?}"), "PLAIN \"a\"", "the password is not shown");
        let curve = Credentials::Curve(PublicKey::new(&key).unwrap());
        assert_eq!(call(&[b"CURVE", &key]), request(curve));
        let other = Credentials::Other("GSSAPI".to_owned());
        assert_eq!(call(&[b"GSSAPI", b"me"]), request(other));
        assert_eq!(call(&[b"XYZ"]), request(Credentials::Other("XYZ".to_owned())));
    }

    #[test]
    fn what_is_no_request_is_answered_if_it_can_be() {
        let malformed =
            |frames: &[&[u8]]| matches!(parse(frames), Call::Malformed(id, _) if id == b"9");
        let bad = b"\xff";
        for frames in [
            &[&b"2.0"[..], b"9", b"", b"", b"", b"NULL"][..],
            &[b"1.0", b"9"],
            &[b"1.0", b"9", b"", b"", b""],
            &[b"1.0", b"9", bad, b"", b"", b"NULL"],
            &[b"1.0", b"9", b"", b"", b"", bad],
            &[b"1.0", b"9", b"", b"", b"", b"NULL", b"x"],
            &[b"1.0", b"9", b"", b"", b"", b"PLAIN", b"x"],
            &[b"1.0", b"9", b"", b"", b"", b"PLAIN", bad, b"x"],
            &[b"1.0", b"9", b"", b"", b"", b"CURVE", b"short"],
            &[b"1.0", b"9", b"", b"", b"", b"CURVE"],
        ] {
            assert!(malformed(frames), "{frames:?}");
        }
        assert_eq!(parse(&[b"1.0"]), Call::Noise);
        assert_eq!(parse(&[] as &[&[u8]]), Call::Noise);
    }

    #[test]
    fn replies_are_as_in_the_rfc() {
        let meta = [("name".to_owned(), "Jo".to_owned())];
        let reply_ok = reply(b"9".to_vec(), &Verdict::Accepted { user: "joe", meta: &meta });
        let expected: [&[u8]; 6] = [b"1.0", b"9", b"200", b"OK", b"joe", b"\x04name\0\0\0\x02Jo"];
        assert_eq!(reply_ok, expected.map(<[u8]>::to_vec));
        let long = "\u{e9}".repeat(200);
        let refused = reply(b"9".to_vec(), &Verdict::Refused(&long));
        assert_eq!((&*refused[2], refused[3].len()), (&b"400"[..], 254));
        assert!(refused[4].is_empty() && refused[5].is_empty());
        assert_eq!(reply(Vec::new(), &Verdict::Failed)[2], b"500");
    }
}
