//! Tries an endpoint as a peer would, to find out why it cannot be reached. It sends the
//! beginning of a greeting (RFC 23). A ZeroMQ socket answers with its complete greeting,
//! which names its security.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The maximum time for resolving a name, connecting to an address, and the answer.
const RESOLVE: Duration = Duration::from_secs(1);
const REACH: Duration = Duration::from_millis(300);

/// A signature and the version 3.
const GREETING: &[u8] = &[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3];

/// What a client of a WebSocket begins with (RFC 45). A socket that is secured in another way
/// closes the connection.
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: zeromq\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: ZWS2.0/NULL,ZWS2.0/PLAIN,ZWS2.0/CURVE\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The most bytes of an answer to it.
const LONGEST: usize = 1024;

/// The size of a greeting, and where it names its mechanism.
const WHOLE: usize = 64;
const MECHANISM: std::ops::Range<usize> = 12..32;

/// What there is at an endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    NoFile,
    /// The connection is refused.
    Refused,
    /// The socket does not use IPv6, and the endpoint needs it.
    Ipv6Off,
    /// A name that cannot be resolved.
    NameUnknown(String),
    /// A network interface that there is not.
    NoInterface(String),
    NameSlow(String),
    NoAnswer,
    /// An error of the system.
    Failed(String),
    /// A ZeroMQ socket, and the name of its mechanism, if that is known.
    ZeroMq(Option<String>),
    /// It sent these bytes.
    Other(Vec<u8>),
    /// It does not answer, or closes the connection.
    Silent,
    /// A transport that is not tried.
    Unknown,
}

/// Returns what there is at an endpoint for a socket that does or does not use IPv6.
pub(super) fn reach(endpoint: &str, ipv6: bool) -> Found {
    match endpoint.split_once("://") {
        Some(("tcp", address)) => tcp(address, ipv6, greet),
        Some(("ws", address)) => tcp(address.split('/').next().unwrap_or_default(), ipv6, upgrade),
        Some(("ipc", path)) => ipc(path),
        _ => Found::Unknown,
    }
}

/// Returns the host and the port of an address. The part before a semicolon is the source
/// address, and an IPv6 address may be in brackets.
fn parts(address: &str) -> Option<(&str, u16)> {
    let address = address.rsplit(';').next().unwrap_or(address);
    let (host, port) = address.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    Some((bare.unwrap_or(host), port.parse().ok()?))
}

/// Tries an address, and returns what `ask` finds there.
fn tcp(address: &str, ipv6: bool, ask: fn(TcpStream) -> Found) -> Found {
    let Some((host, port)) = parts(address) else {
        return Found::Unknown;
    };
    if host.contains(':') && !ipv6 {
        return Found::Ipv6Off;
    }
    let name = host.to_owned();
    let resolve = move || {
        #[cfg(test)]
        tests::hang_at(&name);
        let found = (&*name, port).to_socket_addrs();
        found.map(Iterator::collect::<Vec<SocketAddr>>).unwrap_or_default()
    };
    let Some(addresses) = within(RESOLVE, resolve) else {
        return Found::NameSlow(host.to_owned());
    };
    let usable = |address: &&SocketAddr| ipv6 || address.is_ipv4();
    // libzmq uses the first address, too.
    match (addresses.iter().find(usable), addresses.is_empty()) {
        (Some(address), _) => match TcpStream::connect_timeout(address, REACH) {
            Ok(stream) => {
                let _ = stream.set_read_timeout(Some(REACH));
                ask(stream)
            }
            Err(error) => failed(&error),
        },
        // The interface of a link-local address follows it: fe80::1%eth0.
        (None, true) => match host.split_once('%') {
            Some((address, name)) if address.parse::<Ipv6Addr>().is_ok() => {
                Found::NoInterface(name.to_owned())
            }
            _ => Found::NameUnknown(host.to_owned()),
        },
        (None, false) => Found::Ipv6Off,
    }
}

#[cfg(unix)]
fn ipc(path: &str) -> Found {
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};

    let address = match path.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => UnixAddr::from_abstract_name(name),
        #[cfg(not(target_os = "linux"))]
        Some(_) => return Found::Unknown,
        None if !Path::new(path).exists() => return Found::NoFile,
        None => UnixAddr::from_pathname(path),
    };
    let Ok(address) = address else {
        return Found::Unknown;
    };
    // It waits if too many clients already do.
    let connect = move || {
        let stream = UnixStream::connect_addr(&address)?;
        stream.set_read_timeout(Some(REACH))?;
        Ok(stream)
    };
    match within(REACH, connect) {
        Some(Ok(stream)) => greet(stream),
        Some(Err(error)) => failed(&error),
        None => Found::NoAnswer,
    }
}

#[cfg(not(unix))]
fn ipc(path: &str) -> Found {
    if Path::new(path).exists() { Found::Unknown } else { Found::NoFile }
}

fn failed(error: &std::io::Error) -> Found {
    match error.kind() {
        ErrorKind::ConnectionRefused => Found::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Found::NoAnswer,
        // "Network is unreachable (os error 101)": the number does not help a user.
        _ => Found::Failed(
            error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
        ),
    }
}

/// Greets what listens, and returns what it answers.
fn greet(mut stream: impl Read + Write) -> Found {
    if stream.write_all(GREETING).is_err() {
        return Found::Silent;
    }
    let end = Instant::now() + REACH;
    let (mut answer, mut size) = ([0; WHOLE], 0);
    while size < WHOLE && Instant::now() < end {
        match stream.read(&mut answer[size..]) {
            Ok(0) | Err(_) => break,
            Ok(read) => size += read,
        }
    }
    judge(&answer[..size])
}

/// Asks a server to speak ZeroMQ over WebSocket, and returns what it answers.
fn upgrade(mut stream: TcpStream) -> Found {
    if stream.write_all(UPGRADE).is_err() {
        return Found::Silent;
    }
    let mut answer = Vec::new();
    let end = Instant::now() + REACH;
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < LONGEST && Instant::now() < end {
        let mut part = [0; LONGEST];
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(size) => answer.extend(&part[..size]),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    if text.starts_with("HTTP/1.1 101") {
        let named = text.split_once("Sec-WebSocket-Protocol: ZWS2.0/");
        let name = named.and_then(|(_, rest)| rest.split_once("\r\n"));
        return Found::ZeroMq(name.map(|(name, _)| name.to_owned()));
    }
    if answer.is_empty() { Found::Silent } else { Found::Other(answer) }
}

/// Returns what sent these bytes.
fn judge(answer: &[u8]) -> Found {
    match answer {
        [] => Found::Silent,
        // Peers of ZMTP 1.0 begin with the size of their routing id and a flag.
        [0xff, ..] | [1..=254, 0, ..] => {
            let name = answer.get(MECHANISM).filter(|_| answer.len() == WHOLE);
            let name = name.map(|name| name.split(|byte| *byte == 0).next().unwrap_or_default());
            Found::ZeroMq(name.map(|name| String::from_utf8_lossy(name).into_owned()))
        }
        other => Found::Other(other.to_owned()),
    }
}

/// Returns what `call` returns, if it does so within the time.
fn within<T: Send + 'static>(
    time: Duration,
    call: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = mpsc::channel();
    let call = move || {
        // If it took too long, nobody is listening anymore.
        let _ = tell.send(call());
    };
    thread::Builder::new().name("zeromq-reach".to_owned()).spawn(call).ok()?;
    told.recv_timeout(time).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A name whose resolver does not answer in time.
    pub const HANGING: &str = "hangs.invalid";

    pub fn hang_at(name: &str) {
        if name == HANGING {
            thread::sleep(2 * RESOLVE);
        }
    }

    #[test]
    fn addresses_have_a_host_and_a_port() {
        assert_eq!(parts("localhost:80"), Some(("localhost", 80)));
        assert_eq!(parts("[fe80::1%eth0]:80"), Some(("fe80::1%eth0", 80)));
        assert_eq!(parts("eth0:0;10.0.0.1:80"), Some(("10.0.0.1", 80)));
        assert_eq!(parts("localhost:http"), None);
    }

    #[test]
    fn an_answer_tells_who_sent_it() {
        let mut greeting = [0; WHOLE];
        greeting[0] = 0xff;
        greeting[12..17].copy_from_slice(b"CURVE");
        assert_eq!(judge(&greeting), Found::ZeroMq(Some("CURVE".to_owned())));
        assert_eq!(judge(&greeting[..10]), Found::ZeroMq(None));
        assert_eq!(judge(b"HTTP"), Found::Other(b"HTTP".to_vec()));
        assert_eq!(judge(b""), Found::Silent);
    }

    #[test]
    fn an_endpoint_is_tried_as_a_peer_would() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        // The system accepts the connection, but nobody reads from it.
        assert_eq!(reach(&endpoint, false), Found::Silent);
        drop(listener);
        assert_eq!(reach(&endpoint, false), Found::Refused);
        assert_eq!(reach("tcp://[::1]:1", false), Found::Ipv6Off);
        assert_eq!(reach("ipc:///no/such/file", false), Found::NoFile);
        assert_eq!(reach("ws://127.0.0.1:1/path", false), Found::Refused);
        assert_eq!(reach("wss://127.0.0.1:1", false), Found::Unknown);
        // An address that is valid on one link only is no name.
        assert!(!matches!(reach("tcp://[fe80::1%lo]:1", true), Found::NameUnknown(_)));
        let none = Found::NoInterface("nosuch".to_owned());
        assert_eq!(reach("tcp://[fe80::1%nosuch]:1", true), none);
    }
}
