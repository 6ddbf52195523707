//! The endpoints that a rule names. An endpoint is read as libzmq reads it; where the two
//! could differ, it is not permitted.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ipnet::IpNet;

use super::file;
use super::rules;
use crate::core::endpoint::{self, Target};

/// Names of inproc endpoints that the library uses itself begin with this. A rule covers
/// them only if it spells it out.
const OWN: &str = "zeromq";

/// The endpoints that a rule names.
#[derive(Debug)]
pub(super) enum Pattern {
    /// Addresses and ports of a transport, such as `tcp`.
    Network { transport: String, host: Host, ports: RangeInclusive<u16> },
    /// A file, or all files below a folder.
    File { path: PathBuf, below: bool },
    /// Texts after `transport://`: one, or all that begin with it.
    Text { transport: String, text: String, more: bool },
}

/// The host of a network endpoint.
#[derive(Debug)]
pub(super) enum Host {
    /// Any host, and all interfaces.
    Any,
    /// Addresses, which have to be written as such.
    Network(IpNet),
    /// A name, which stands for what it resolves to.
    Name(String),
}

impl Pattern {
    /// Parses the endpoint of a rule.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let expected = || format!("expected an endpoint such as tcp://127.0.0.1:*, got {text}");
        let (transport, rest) = text.split_once("://").ok_or_else(expected)?;
        if transport.is_empty() || rest.is_empty() {
            return Err(expected());
        }
        let transport = transport.to_owned();
        if is_network(&transport) {
            let (host, ports) = rest.rsplit_once(':').ok_or_else(expected)?;
            let host = Host::parse(host).ok_or_else(expected)?;
            return Ok(Pattern::Network { transport, host, ports: rules::ports(ports)? });
        }
        if transport == "ipc" && rest != "*" && !rest.starts_with('@') {
            let folder = rest.strip_suffix("/*").filter(|folder| !folder.is_empty());
            let path = PathBuf::from(folder.unwrap_or(rest));
            return match path.is_absolute() && !rest[..rest.len() - 1].contains('*') {
                true => Ok(Pattern::File { path, below: folder.is_some() }),
                false => Err("expected an absolute path, as in ipc:///run/bus/*".to_owned()),
            };
        }
        let stem = rest.strip_suffix('*');
        let (text, more) = (stem.unwrap_or(rest).to_owned(), stem.is_some());
        Ok(Pattern::Text { transport, text, more })
    }

    /// Returns whether it covers an endpoint of one address.
    pub fn permits(&self, endpoint: &str) -> bool {
        let Some((transport, address)) = endpoint.split_once("://") else {
            return false;
        };
        match self {
            Pattern::Network { transport: own, host, ports } if own == transport => {
                let parts = match transport {
                    "tcp" => tcp(endpoint),
                    _ => websocket(address),
                };
                parts.is_some_and(|(name, range)| {
                    host.covers(name)
                        && ports.contains(range.start())
                        && ports.contains(range.end())
                })
            }
            Pattern::File { path, below } if transport == "ipc" => {
                // libzmq chooses the path of whatever begins with a star.
                !address.starts_with(['@', '*']) && file::is_socket(address, path, *below)
            }
            Pattern::Text { transport: own, text, more } if own == transport => match more {
                false => address == text,
                true => {
                    let spelled = !address.starts_with(OWN) || text.starts_with(OWN);
                    address.starts_with(text.as_str()) && (transport != "inproc" || spelled)
                }
            },
            _ => false,
        }
    }
}

fn is_network(transport: &str) -> bool {
    matches!(transport, "tcp" | "ws" | "wss")
}

/// Returns the host and the ports of a TCP endpoint.
fn tcp(endpoint: &str) -> Option<(&str, RangeInclusive<u16>)> {
    let address = endpoint.strip_prefix("tcp://")?;
    let (host, _) = address.rsplit_once(':')?;
    let ports = match endpoint::bind_target(endpoint).ok()? {
        // The system chooses any.
        Target::Fixed(0) => 0..=u16::MAX,
        Target::Fixed(port) => port..=port,
        Target::Free { ports, .. } => ports,
    };
    Some((host, ports))
}

/// Returns the host and the port of a WebSocket endpoint without `ws://`. libzmq takes what
/// is before the last colon as the host, so a path must not contain one.
fn websocket(address: &str) -> Option<(&str, RangeInclusive<u16>)> {
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    if path.contains([':', ';']) {
        return None;
    }
    let (host, port) = authority.rsplit_once(':')?;
    if port == "*" || port == "0" {
        return Some((host, 0..=u16::MAX));
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port != 0)?;
    Some((host, port..=port))
}

impl Host {
    fn parse(text: &str) -> Option<Host> {
        if text == "*" {
            return Some(Host::Any);
        }
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        if let Some(address) = numeric(address) {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            let length = length.map_or(Some(whole), |length| length.parse().ok())?;
            return IpNet::new(address, length).ok().map(Host::Network);
        }
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let named = length.is_none() && !text.is_empty() && text.chars().all(name);
        named.then(|| Host::Name(text.to_ascii_lowercase()))
    }

    /// Returns whether it covers the host of an endpoint. All interfaces, and the address
    /// 0.0.0.0, which stands for this machine in a connect, are covered only by `*`.
    fn covers(&self, host: &str) -> bool {
        // libzmq would take what follows as the address.
        if host.contains(';') {
            return false;
        }
        match (self, numeric(host)) {
            (Host::Any, _) => true,
            (Host::Network(network), Some(address)) => {
                !address.is_unspecified() && network.contains(&address)
            }
            (Host::Name(name), None) => host.eq_ignore_ascii_case(name),
            _ => false,
        }
    }
}

/// Returns the address that a host is, if it is written as one; IPv4 in IPv6 is IPv4.
/// Other forms that the system would accept, such as 127.1, are names here.
fn numeric(host: &str) -> Option<IpAddr> {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // A scope may follow: fe80::1%eth0.
    let address = inner.split('%').next().unwrap_or(inner);
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}
