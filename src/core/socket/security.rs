//! Securing a socket before it is attached: CURVE keys, PLAIN passwords, or only the
//! addresses of its peers.

use super::Socket;
use super::open::Open;
use crate::core::curve::Certificate;
use crate::core::curve::key::{PublicKey, security};
use crate::core::error::Error;

/// The security role of a socket.
#[derive(Debug)]
pub enum Role<'a> {
    /// A server for clients that know its public key.
    CurveServer(&'a Certificate),
    /// A client of the server with this public key.
    CurveClient(&'a Certificate, PublicKey),
    /// A server for users whose passwords the authenticator knows.
    PlainServer,
    /// A user with a password.
    PlainClient {
        /// The user name, 1 to 255 bytes.
        username: &'a str,
        /// The password, 1 to 255 bytes.
        password: &'a str,
    },
    /// A server that asks the authenticator only about addresses.
    Null,
}

impl Socket {
    /// Secures all endpoints that the socket is attached to later. A server with a
    /// domain passes it to the authenticator and accepts nobody while there is none.
    ///
    /// # Errors
    /// [`Error::Security`] if the socket is already attached, a certificate has no
    /// secret key, a user name, password or domain has the wrong length, or a client
    /// has a domain.
    pub fn secure(&self, role: &Role, domain: Option<&str>) -> Result<(), Error> {
        self.with(|open| {
            if open.attached {
                return Err(security(
                    "the socket is already bound or connected; secure a new socket before you \
                     bind or connect it",
                ));
            }
            if let Some(domain) = domain {
                check_domain(role, domain)?;
            }
            apply(open, role)?;
            domain.map_or(Ok(()), |domain| enforce(open, domain))
        })
    }

    /// Sets the keys of a certificate, without a role, which options then set.
    ///
    /// # Errors
    /// The errors of [`secure`](Socket::secure).
    pub fn set_keys(&self, certificate: &Certificate) -> Result<(), Error> {
        self.with(|open| {
            if open.attached {
                return Err(security(
                    "the socket is already bound or connected; set its keys \
                                     before that",
                ));
            }
            keys(open, certificate)
        })
    }
}

fn check_domain(role: &Role, domain: &str) -> Result<(), Error> {
    if let Role::CurveClient(..) | Role::PlainClient { .. } = role {
        return Err(Error::Domain);
    }
    if domain.is_empty() || domain.len() > 254 {
        return Err(security("a domain must have 1 to 254 bytes"));
    }
    Ok(())
}

fn apply(open: &Open, role: &Role) -> Result<(), Error> {
    let socket = &open.socket;
    match role {
        Role::CurveServer(certificate) => {
            keys(open, certificate)?;
            set("curve_server", socket.set_curve_server(true))
        }
        Role::CurveClient(certificate, server) => {
            set("curve_serverkey", socket.set_curve_serverkey(server.as_bytes()))?;
            keys(open, certificate)
        }
        Role::PlainServer => set("plain_server", socket.set_plain_server(true)),
        Role::PlainClient { username, password } => {
            check_word("username", username)?;
            check_word("password", password)?;
            set("plain_username", socket.set_plain_username(Some(username)))?;
            set("plain_password", socket.set_plain_password(Some(password)))
        }
        // This resets what was set before.
        Role::Null => set("plain_server", socket.set_plain_server(false)),
    }
}

/// Sets the domain of a server, which then accepts nobody without the authenticator.
fn enforce(open: &mut Open, domain: &str) -> Result<(), Error> {
    set("zap_domain", open.socket.set_zap_domain(domain))?;
    set("zap_enforce_domain", open.enforce_domain())
}

fn keys(open: &Open, certificate: &Certificate) -> Result<(), Error> {
    let secret = certificate.secret()?;
    set("curve_publickey", open.socket.set_curve_publickey(certificate.public().as_bytes()))?;
    set("curve_secretkey", open.socket.set_curve_secretkey(secret.as_bytes()))
}

fn check_word(what: &'static str, word: &str) -> Result<(), Error> {
    match word.len() {
        1..=255 => Ok(()),
        size => Err(Error::Login { what, size }),
    }
}

fn set(option: &'static str, result: zmq::Result<()>) -> Result<(), Error> {
    result.map_err(|error| Error::from_zmq(option, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{SocketType, Wait};
    use std::time::Duration;

    #[test]
    fn a_nameless_server_that_enforces_domains_does_not_end_the_process() {
        let server = Socket::new(SocketType::Pull).unwrap();
        server.secure(&Role::PlainServer, None).unwrap();
        let set = |open: &mut Open| {
            open.enforce_domain().unwrap();
            Ok(())
        };
        server.with(set).unwrap();
        let port = server.bind("tcp://127.0.0.1:*").unwrap();
        let client = Socket::new(SocketType::Push).unwrap();
        client.secure(&Role::PlainClient { username: "a", password: "b" }, None).unwrap();
        client.connect(&format!("tcp://127.0.0.1:{port}")).unwrap();
        // Without an authenticator nobody is accepted.
        let brief = Wait::new(Some(Duration::from_millis(200)));
        assert!(matches!(server.receive(&brief), Err(Error::Again)));
    }

    #[test]
    fn a_client_comes_to_exactly_its_server() {
        let certificate = Certificate::new().unwrap();
        let server = Socket::new(SocketType::Pull).unwrap();
        server.secure(&Role::CurveServer(&certificate), None).unwrap();
        let port = server.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = format!("tcp://127.0.0.1:{port}");
        let connect = |key: PublicKey, text: &str| {
            let own = Certificate::new().unwrap();
            let client = Socket::new(SocketType::Push).unwrap();
            client.secure(&Role::CurveClient(&own, key), None).unwrap();
            client.connect(&endpoint).unwrap();
            // A refused client has no peer to send to, or waits until the timeout.
            let _ = client.send(&[text], &Wait::new(Some(Duration::from_millis(100))));
            client
        };
        let _lost = connect(Certificate::new().unwrap().public(), "lost");
        let _right = connect(certificate.public(), "right");
        let soon = Wait::new(Some(Duration::from_secs(20)));
        assert_eq!(server.receive(&soon).unwrap().as_text(), Some("right"));
        let brief = Wait::new(Some(Duration::from_millis(100)));
        assert!(matches!(server.receive(&brief), Err(Error::Again)));
    }
}
