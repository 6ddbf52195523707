//! Explaining why a socket has no peers.

use std::fmt::Write;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::Socket;
use crate::core::context;
use crate::core::error::Error;
use crate::core::statistics::Attachment;

/// The maximum time for resolving a name and connecting to an address.
const RESOLVE: Duration = Duration::from_secs(1);
const REACH: Duration = Duration::from_millis(300);

impl Socket {
    /// Returns a sentence about the peers: how many there are, or why there are none.
    /// To find out, it may try to connect to a TCP endpoint, which takes up to about a
    /// second.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn diagnose(&self) -> Result<String, Error> {
        let (peers, failure, attachments, waiting) = self.with(|open| {
            open.refresh()?;
            let connections = open.connections()?;
            let peers = connections.as_ref().map(|known| open.with_inproc(known.peers));
            let attachments = open.attachments();
            let failure = connections.and_then(|known| known.last_failure).map(|(ago, event)| {
                let place = match attachments.len() {
                    1 => String::new(),
                    _ => format!(" at {}", event.endpoint),
                };
                format!("the last handshake{place} failed {} ago: {}", seconds(ago), event.reason())
            });
            let waits = |at: &Attachment| context::waits(&at.endpoint, open.id);
            let waiting: Vec<bool> = attachments.iter().map(waits).collect();
            Ok((peers, failure, attachments, waiting))
        })?;
        if attachments.is_empty() {
            return Ok("no endpoint yet: bind or connect it first".to_owned());
        }
        let mut text = match peers {
            Some(0) => "no peer".to_owned(),
            Some(1) => return Ok("1 peer".to_owned()),
            Some(count) => return Ok(format!("{count} peers")),
            None => "peers unknown: this libzmq does not count them".to_owned(),
        };
        for (attachment, waits) in attachments.iter().zip(waiting) {
            let Attachment { bound, endpoint, age } = attachment;
            let doing = if *bound { "bound to" } else { "connecting to" };
            let _ = write!(text, "; {doing} {endpoint} for {}", seconds(*age));
            let why = if *bound {
                "nobody is connected".to_owned()
            } else if waits {
                "nothing is bound to this name".to_owned()
            } else if failure.is_some() {
                continue;
            } else {
                obstacle(endpoint)
            };
            let _ = write!(text, ": {why}");
        }
        if let Some(failure) = failure {
            let _ = write!(text, "; {failure}");
        }
        Ok(text)
    }
}

/// Returns why an endpoint may be unreachable, as far as this side can tell.
fn obstacle(endpoint: &str) -> String {
    match endpoint.split_once("://") {
        Some(("tcp", address)) => tcp_obstacle(address),
        Some(("ipc", path)) if !path.starts_with('@') && !Path::new(path).exists() => {
            "there is no such file".to_owned()
        }
        _ => "no answer yet".to_owned(),
    }
}

fn tcp_obstacle(address: &str) -> String {
    // The part before a semicolon is the source address.
    let address = address.rsplit(';').next().unwrap_or(address).to_owned();
    let (tell, told) = mpsc::channel();
    let resolve = {
        let address = address.clone();
        move || {
            let found = address.to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
            // If it took too long, nobody is listening anymore.
            let _ = tell.send(found.unwrap_or_default());
        }
    };
    if thread::Builder::new().name("zeromq-resolve".to_owned()).spawn(resolve).is_err() {
        return "no answer yet".to_owned();
    }
    let Ok(addresses) = told.recv_timeout(RESOLVE) else {
        return "resolving the name takes too long".to_owned();
    };
    let Some(first) = addresses.iter().find(|a| a.is_ipv4()).or(addresses.first()) else {
        return "the name cannot be resolved".to_owned();
    };
    match TcpStream::connect_timeout(first, REACH) {
        Ok(_) => "something listens there, but the handshake is not done yet".to_owned(),
        Err(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                "connection refused, nothing listens there".to_owned()
            }
            std::io::ErrorKind::TimedOut => "no answer from the host".to_owned(),
            _ => error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
        },
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};

    #[test]
    #[cfg_attr(not(libzmq_repaired), ignore = "libzmq does not count peers")]
    fn a_socket_without_peers_tells_why() {
        let tell = |endpoints: &str| {
            let socket = Socket::attached(Push, endpoints).unwrap();
            socket.diagnose().unwrap()
        };
        assert!(tell("").starts_with("no endpoint yet"));
        let refused = tell("tcp://127.0.0.1:1");
        assert!(refused.ends_with("s: connection refused, nothing listens there"), "{refused}");
        assert!(tell("inproc://peers-nobody").ends_with(": nothing is bound to this name"));
        assert!(tell("ipc:///tmp/no/such/file").ends_with(": there is no such file"));
        assert!(tell("@inproc://peers-diagnosed").ends_with(": nobody is connected"));
        let pull = Socket::attached(Pull, "@tcp://127.0.0.1:*,@inproc://peers-one").unwrap();
        let _push = Socket::attached(Push, "inproc://peers-one").unwrap();
        assert_eq!(pull.diagnose().unwrap(), "1 peer");
    }
}
