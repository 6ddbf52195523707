//! The network interface of a beacon, chosen as czmq does.

use std::env;
use std::net::Ipv4Addr;

use if_addrs::{IfAddr, Ifv4Addr, Interface, get_if_addrs};

use crate::core::error::Error;

/// The addresses that beacons are sent from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// The address of this machine.
    pub own: Ipv4Addr,
    /// The broadcast address.
    pub all: Ipv4Addr,
}

/// Returns the network of an interface, given by its name or address, or `*` for any.
/// By default it is the interface that the environment variable `ZSYS_INTERFACE` names,
/// or the first one that can broadcast.
///
/// # Errors
/// [`Error::Endpoint`] if there is no such interface, [`Error::Zmq`].
pub(super) fn network(interface: Option<&str>) -> Result<Network, Error> {
    let variable = env::var("ZSYS_INTERFACE").unwrap_or_default();
    let wanted = interface.unwrap_or(&variable);
    if wanted == "*" {
        return Ok(Network { own: Ipv4Addr::UNSPECIFIED, all: Ipv4Addr::BROADCAST });
    }
    let interfaces = get_if_addrs().map_err(|error| Error::from_io("getifaddrs", &error))?;
    choose(&interfaces, wanted).ok_or_else(|| match wanted {
        "" => Error::syntax(
            "interface",
            "this machine has none that can broadcast; name one with interface= or ZSYS_INTERFACE",
        ),
        wanted => Error::syntax(
            wanted,
            "there is no such network interface; use its name or its address, or *",
        ),
    })
}

fn choose(interfaces: &[Interface], wanted: &str) -> Option<Network> {
    interfaces.iter().find_map(|interface| {
        let IfAddr::V4(address) = &interface.addr else {
            return None;
        };
        let chosen = match wanted {
            "" => !interface.is_loopback() && address.broadcast.is_some(),
            wanted => interface.name == wanted || address.ip.to_string() == wanted,
        };
        chosen.then(|| Network { own: address.ip, all: broadcast(address) })
    })
}

/// The loopback interface has a broadcast address too, although it does not report one.
fn broadcast(address: &Ifv4Addr) -> Ipv4Addr {
    address.broadcast.unwrap_or(address.ip | !address.netmask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, ip: &str, netmask: &str, broadcast: Option<&str>) -> Interface {
        let mut interface = get_if_addrs().unwrap().remove(0);
        name.clone_into(&mut interface.name);
        interface.addr = IfAddr::V4(Ifv4Addr {
            ip: ip.parse().unwrap(),
            netmask: netmask.parse().unwrap(),
            prefixlen: 0,
            broadcast: broadcast.map(|address| address.parse().unwrap()),
        });
        interface
    }

    #[test]
    fn the_first_that_can_broadcast_is_chosen() {
        let interfaces = [
            interface("lo", "127.0.0.1", "255.0.0.0", None),
            interface("ppp0", "10.0.0.1", "255.255.255.255", None),
            interface("eth0", "192.168.1.7", "255.255.255.0", Some("192.168.1.255")),
            interface("eth1", "192.168.2.7", "255.255.255.0", Some("192.168.2.255")),
        ];
        let all = |wanted| choose(&interfaces, wanted).map(|network| network.all.to_string());
        assert_eq!(all("").unwrap(), "192.168.1.255");
        assert_eq!(all("eth1").unwrap(), "192.168.2.255");
        assert_eq!(all("192.168.2.7").unwrap(), "192.168.2.255");
        assert_eq!(all("lo").unwrap(), "127.255.255.255");
        assert_eq!(all("eth2"), None);
        assert_eq!(choose(&interfaces[..2], ""), None);
    }
}
