//! The syntax of endpoints, as in czmq: lists of `[@|>]transport://address` separated
//! by commas, with `*` and `!` for ports to search.
//!
//! Some input that czmq accepts although it cannot work is an error here: a port above
//! 65535, text after the port, an empty item, a range that ends before it starts.

use std::net::Ipv6Addr;
use std::ops::RangeInclusive;

use super::error::Error;
use super::socket_type::SocketType::{self, *};

/// The endpoint where servers ask about their clients (RFC 27).
pub(super) const AUTHENTICATOR: &str = "inproc://zeromq.zap.01";

/// The longest endpoint that czmq accepts, in bytes.
const LONGEST: usize = 255;

/// The dynamic ports of IANA (RFC 6335).
const DYNAMIC: RangeInclusive<u16> = 49152..=65535;

/// The action for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Bind it, so that peers can connect.
    Bind,
    /// Connect it to a peer.
    Connect,
}

impl SocketType {
    /// Returns whether an endpoint without a prefix is bound or connected, as in czmq.
    pub fn default_action(self) -> Action {
        match self {
            Pub | Rep | Router | Pull | Xpub => Action::Bind,
            Sub | Req | Dealer | Push | Xsub | Pair | Stream => Action::Connect,
        }
    }
}

/// An endpoint of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The action that its prefix requests: `@` binds, `>` connects.
    pub action: Option<Action>,
    /// The endpoint without its prefix.
    pub endpoint: &'a str,
}

/// The address to bind.
#[derive(Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The endpoint as it is, with its TCP port, or 0 if it has none.
    Fixed(u16),
    /// The first free one of several TCP ports.
    Free {
        /// The endpoint before the colon of the port.
        host: &'a str,
        /// The ports to try.
        ports: RangeInclusive<u16>,
        /// True to start at a random port instead of the first.
        random: bool,
    },
}

/// Splits a list at its commas. Spaces around items and one trailing comma are ignored.
/// An empty list has no items.
///
/// # Errors
/// [`Error::Endpoint`] if an item is empty, is too long, contains control characters,
/// or has no transport.
pub fn items(list: &str) -> Result<Vec<Item<'_>>, Error> {
    if list.trim().is_empty() {
        return Ok(Vec::new());
    }
    let items = list.strip_suffix(',').unwrap_or(list);
    items.split(',').map(|item| parse(list, item)).collect()
}

fn parse<'a>(list: &str, item: &'a str) -> Result<Item<'a>, Error> {
    let item = item.trim();
    let (action, endpoint) = match item.as_bytes().first() {
        Some(b'@') => (Some(Action::Bind), &item[1..]),
        Some(b'>') => (Some(Action::Connect), &item[1..]),
        Some(_) => (None, item),
        None => return Err(Error::syntax(list, "an item of the list is empty")),
    };
    if endpoint.len() > LONGEST {
        return Err(Error::syntax(endpoint, "it is longer than 255 bytes"));
    }
    if endpoint.contains(char::is_control) {
        return Err(Error::syntax(endpoint, "it contains a control character"));
    }
    match endpoint.split_once("://") {
        Some((transport, address)) if is_name(transport) && !address.is_empty() => {
            Ok(Item { action, endpoint })
        }
        _ => Err(Error::syntax(
            endpoint,
            "an endpoint is transport://address, as in tcp://localhost:5555",
        )),
    }
}

/// Returns true for a valid transport name, which is in lower case.
fn is_name(transport: &str) -> bool {
    !transport.is_empty() && transport.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Returns how to bind an endpoint.
///
/// # Errors
/// [`Error::Endpoint`] if the part after the last colon of a TCP endpoint is neither a
/// port nor a range of ports to search.
pub fn bind_target(endpoint: &str) -> Result<Target<'_>, Error> {
    let Some((host, port)) = tcp(endpoint)? else {
        return Ok(Target::Fixed(0));
    };
    let Some(range) = port.strip_prefix(['*', '!']) else {
        return number(endpoint, port).map(Target::Fixed);
    };
    Ok(Target::Free { host, ports: ports(endpoint, range)?, random: port.starts_with('!') })
}

/// Returns the bound endpoint with what the system has chosen for its wildcard: the port, or
/// the file of ipc. `resolved` is the endpoint as libzmq reports it.
pub(crate) fn filled_in(written: &str, resolved: &str) -> String {
    if written == "ipc://*" {
        return resolved.to_owned();
    }
    let end = |endpoint| network_address(endpoint).and_then(|address| address.rsplit_once(':'));
    match (end(written), end(resolved)) {
        (Some((host, wildcard @ ("*" | "0"))), Some((_, port))) => {
            written.replacen(&format!("{host}:{wildcard}"), &format!("{host}:{port}"), 1)
        }
        _ => written.to_owned(),
    }
}

/// Checks an endpoint to connect to.
///
/// # Errors
/// [`Error::Endpoint`] if a TCP endpoint has no port, or a range of ports to search.
pub fn check_connect(endpoint: &str) -> Result<(), Error> {
    match tcp(endpoint)? {
        None => Ok(()),
        Some((_, port)) if port.starts_with(['*', '!']) => Err(Error::syntax(
            endpoint,
            "connect needs the port that the peer is bound to; only bind can choose a free one",
        )),
        Some(("tcp://*", _)) => Err(Error::syntax(
            endpoint,
            "connect needs the name or address of a host; only bind accepts *",
        )),
        Some((_, port)) => match number(endpoint, port)? {
            0 => Err(Error::syntax(endpoint, "port 0 cannot be connected to")),
            _ => Ok(()),
        },
    }
}

/// Returns the address in an endpoint that has a port: one of TCP, or of a WebSocket without
/// its path.
pub(crate) fn network_address(endpoint: &str) -> Option<&str> {
    let mut transports = ["tcp://", "ws://", "wss://"].iter();
    let address = transports.find_map(|transport| endpoint.strip_prefix(transport))?;
    // libzmq reports the path "/" if there is none.
    address.split('/').next()
}

/// Returns true if an endpoint names an IPv6 address, at either end of the connection.
pub(crate) fn is_ipv6(endpoint: &str) -> bool {
    let Some(address) = network_address(endpoint) else {
        return false;
    };
    // tcp://source;destination
    address.split(';').any(|end| {
        let host = end.rsplit_once(':').map_or(end, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        // A scope may follow: fe80::1%eth0.
        host.split('%').next().unwrap_or_default().parse::<Ipv6Addr>().is_ok()
    })
}

/// Returns the parts of a TCP endpoint before and after its last colon.
fn tcp(endpoint: &str) -> Result<Option<(&str, &str)>, Error> {
    let Some(address) = endpoint.strip_prefix("tcp://") else {
        return Ok(None);
    };
    if address.contains(char::is_whitespace) {
        return Err(Error::syntax(endpoint, "it contains a space"));
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() => {
            Ok(Some((&endpoint[.."tcp://".len() + host.len()], port)))
        }
        Some(_) => Err(Error::syntax(
            endpoint,
            "the host is missing, as in tcp://*:5555 or tcp://localhost:5555",
        )),
        None => Err(Error::syntax(endpoint, "the port is missing, as in tcp://localhost:5555")),
    }
}

fn number(endpoint: &str, port: &str) -> Result<u16, Error> {
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::syntax(
            endpoint,
            format!("'{port}' is not a port: expected 0 to 65535, *, ! or a range *[first-last]"),
        ));
    }
    port.parse().map_err(|_| Error::syntax(endpoint, format!("port {port} is above 65535")))
}

/// Parses `""` or `"[first-last]"`, where either end may be omitted.
fn ports(endpoint: &str, range: &str) -> Result<RangeInclusive<u16>, Error> {
    if range.is_empty() {
        return Ok(DYNAMIC);
    }
    let ends = range
        .strip_prefix('[')
        .and_then(|range| range.strip_suffix(']'))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = ends else {
        return Err(Error::syntax(
            endpoint,
            format!("'{range}' is not a range of ports: expected [first-last]"),
        ));
    };
    let end = |text: &str, default: u16| match text {
        "" => Ok(default),
        text => number(endpoint, text),
    };
    let (first, last) = (end(first, *DYNAMIC.start())?, end(last, *DYNAMIC.end())?);
    if first == 0 || first > last {
        return Err(Error::syntax(endpoint, format!("there are no ports from {first} to {last}")));
    }
    Ok(first..=last)
}

/// Returns the ports of a range, each once, starting at the first or at a random one.
pub(super) fn search(ports: RangeInclusive<u16>, random: bool) -> impl Iterator<Item = u16> {
    let (first, last) = (*ports.start(), *ports.end());
    let start = if random { fastrand::u16(first..=last) } else { first };
    (start..=last).chain(first..start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<(Option<Action>, &str)> {
        let items = items(text).unwrap();
        items.iter().map(|i| (i.action, i.endpoint)).collect()
    }

    #[test]
    fn lists_are_cut_at_commas() {
        assert_eq!(list(""), []);
        assert_eq!(list("  "), []);
        assert_eq!(
            list("@tcp://*:1,>inproc://a, ipc://b c ,"),
            [
                (Some(Action::Bind), "tcp://*:1"),
                (Some(Action::Connect), "inproc://a"),
                (None, "ipc://b c"),
            ]
        );
    }

    #[test]
    fn bad_items_are_refused() {
        let long = format!("inproc://{}", "x".repeat(255));
        for text in [
            ",",
            "a",
            ",inproc://a",
            "inproc://a,,inproc://b",
            "inproc://a,,",
            "@",
            "inproc://a,@",
            "@@inproc://a",
            "inproc://",
            "://a",
            "TCP://a:1",
            "inproc://a\0b",
            "inproc://a\nb",
            &long,
        ] {
            assert!(items(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ports_to_bind() {
        let free = |host, ports, random| Target::Free { host, ports, random };
        for (endpoint, target) in [
            ("tcp://a:5555", Target::Fixed(5555)),
            ("tcp://a:0", Target::Fixed(0)),
            ("tcp://[::1]:65535", Target::Fixed(65535)),
            ("inproc://a:99999", Target::Fixed(0)),
            ("tcp://*:*", free("tcp://*", DYNAMIC, false)),
            ("tcp://[::]:!", free("tcp://[::]", DYNAMIC, true)),
            ("tcp://a:*[-]", free("tcp://a", DYNAMIC, false)),
            ("tcp://a:*[60000-]", free("tcp://a", 60000..=65535, false)),
            ("tcp://a:![-60000]", free("tcp://a", 49152..=60000, true)),
            ("tcp://a:![1-1]", free("tcp://a", 1..=1, true)),
        ] {
            assert_eq!(bind_target(endpoint).unwrap(), target, "{endpoint}");
        }
        for endpoint in [
            "tcp://a",
            "tcp://:5555",
            "tcp://a:",
            "tcp://a:65536",
            "tcp://a:70000",
            "tcp://a:5802x",
            "tcp://a:-1",
            "tcp://a: 5",
            "tcp://a :5",
            "tcp://a:*[]",
            "tcp://a:*[abc]",
            "tcp://a:*[2-1]",
            "tcp://a:*[0-5]",
            "tcp://a:*[1-70000]",
            "tcp://a:*5",
            "tcp://a:**",
            "tcp://[::1]",
            "tcp://a:99999999999999999999",
        ] {
            assert!(bind_target(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn ports_to_connect() {
        for endpoint in ["tcp://a:1", "tcp://[::1]:65535", "inproc://*:*", "ipc:///tmp/*"] {
            check_connect(endpoint).unwrap();
        }
        for endpoint in
            ["tcp://a:0", "tcp://a:*", "tcp://a:!", "tcp://nowhere", "tcp://*:1", "tcp://a:65536"]
        {
            assert!(check_connect(endpoint).is_err(), "{endpoint}");
        }
    }

    #[test]
    fn addresses_of_ipv6_are_known() {
        for endpoint in [
            "tcp://[::1]:5555",
            "tcp://::1:5555",
            "tcp://[::]:*",
            "tcp://[fe80::1%eth0]:5555",
            "tcp://[::1]:0;127.0.0.1:5555",
            "tcp://127.0.0.1:0;[::1]:5555",
            "ws://[::1]:80/path",
        ] {
            assert!(is_ipv6(endpoint), "{endpoint}");
        }
        for endpoint in [
            "tcp://*:1",
            "tcp://127.0.0.1:1",
            "tcp://localhost:1",
            "ipc://[::1]:1",
            "inproc://::1:1",
        ] {
            assert!(!is_ipv6(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn a_search_visits_each_port_once() {
        assert_eq!(search(7..=9, false).collect::<Vec<_>>(), [7, 8, 9]);
        let mut random: Vec<u16> = search(65000..=65535, true).collect();
        random.sort_unstable();
        assert_eq!(random, (65000..=65535).collect::<Vec<_>>());
        assert_eq!(search(5..=5, true).collect::<Vec<_>>(), [5]);
    }
}
