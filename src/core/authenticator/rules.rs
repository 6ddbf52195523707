//! The rules of an authenticator: addresses, passwords and keys.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::credentials::{Admission, Keys, Passwords};
use super::zap::{Credentials, Request};
use crate::core::curve::key::security;
use crate::core::error::{Error, Excerpt};

/// The rules of an authenticator.
#[derive(Default)]
pub(crate) struct Rules {
    allowed: Vec<Origin>,
    denied: Vec<Origin>,
    passwords: HashMap<Domain, Passwords>,
    keys: HashMap<Domain, Keys>,
}

/// A domain, or `None` for domains without a rule of their own.
type Domain = Option<String>;

/// The addresses that clients come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Network(IpNet),
    /// Another process on this machine, over ipc.
    Ipc,
}

impl Rules {
    pub fn allow(&mut self, origins: Vec<Origin>) {
        self.allowed.extend(origins);
    }

    pub fn deny(&mut self, origins: Vec<Origin>) {
        self.denied.extend(origins);
    }

    pub fn plain(&mut self, domain: Domain, passwords: Passwords) {
        self.passwords.insert(domain, passwords);
    }

    pub fn curve(&mut self, domain: Domain, keys: Keys) {
        self.keys.insert(domain, keys);
    }

    /// Checks the address of a client.
    ///
    /// # Errors
    /// The reason for refusing it.
    pub fn check_address(&self, address: &str) -> Result<(), String> {
        let matches = |origins: &[Origin]| origins.iter().any(|origin| origin.has(address));
        if matches(&self.denied) {
            Err("the address is denied".to_owned())
        } else if self.allowed.is_empty() || matches(&self.allowed) {
            Ok(())
        } else {
            Err("the address is not allowed".to_owned())
        }
    }

    /// Checks the credentials of a client.
    ///
    /// # Errors
    /// The reason for refusing them.
    pub fn check_credentials(&mut self, request: &Request) -> Result<Admission, String> {
        let domain = &request.domain;
        let admitted = |reason: &str| Admission { reason: reason.to_owned(), meta: Vec::new() };
        match &request.credentials {
            Credentials::Null => Ok(admitted("the address is not refused")),
            Credentials::Plain { username, password } => {
                let passwords = rule(&mut self.passwords, domain)
                    .ok_or("no passwords are set for the domain; call plain")?;
                if passwords.has(username, password)? {
                    Ok(admitted("the password is right"))
                } else {
                    Err("the user name or the password is wrong".to_owned())
                }
            }
            Credentials::Curve(key) => rule(&mut self.keys, domain)
                .ok_or("no keys are set for the domain; call curve")?
                .find(key),
            Credentials::Other(_) => Err("the mechanism is not supported".to_owned()),
        }
    }
}

/// Returns the rule of a domain, or the rule for all domains.
fn rule<'a, T>(rules: &'a mut HashMap<Domain, T>, domain: &str) -> Option<&'a mut T> {
    let own = Some(domain.to_owned());
    let domain = if rules.contains_key(&own) { own } else { None };
    rules.get_mut(&domain)
}

/// Returns the IPv4 network that a network of IPv4 addresses in IPv6 is.
fn canonical(network: IpNet) -> IpNet {
    let inner = match network {
        IpNet::V6(network) => {
            let length = network.prefix_len().checked_sub(96);
            network.addr().to_ipv4_mapped().zip(length)
        }
        IpNet::V4(_) => None,
    };
    inner.and_then(|(address, length)| IpNet::new(address.into(), length).ok()).unwrap_or(network)
}

impl Origin {
    /// Parses an address, a network such as "10.0.0.0/8", or "ipc".
    ///
    /// # Errors
    /// [`Error::Security`] for anything else.
    pub fn parse(text: &str) -> Result<Origin, Error> {
        if text == "ipc" {
            return Ok(Origin::Ipc);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Origin::Network(address.to_canonical().into()));
        }
        let network: Result<IpNet, _> = text.parse();
        network.map(|network| Origin::Network(canonical(network.trunc()))).map_err(|_| {
            security(format!(
                "{} is not an address such as 192.168.1.10 or ::1, a network such as 10.0.0.0/8, \
                 or ipc",
                if text.is_empty() { Excerpt("\"\"") } else { Excerpt(text) }
            ))
        })
    }

    fn has(&self, address: &str) -> bool {
        // A link-local address ends with a % and its interface.
        let number = address.split_once('%').map_or(address, |(number, _)| number);
        match (self, number.parse::<IpAddr>()) {
            (Origin::Network(network), Ok(address)) => match (network, address.to_canonical()) {
                // Every IPv4 address is one of IPv6, too, and peers may have either.
                (IpNet::V6(network), IpAddr::V4(address)) => {
                    network.contains(&address.to_ipv6_mapped())
                }
                (_, address) => network.contains(&address),
            },
            // libzmq reports the path and the process ids, or nothing.
            (Origin::Ipc, Err(_)) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(list: &[&str]) -> Vec<Origin> {
        list.iter().map(|text| Origin::parse(text).unwrap()).collect()
    }

    #[test]
    fn addresses_are_in_networks() {
        let mut rules = Rules::default();
        assert_eq!(rules.check_address("10.1.2.3"), Ok(()));
        rules.deny(origins(&["10.1.2.0/24", "fe80::/10"]));
        let allowed = |rules: &Rules, address| rules.check_address(address).is_ok();
        assert!(!allowed(&rules, "10.1.2.3"));
        assert!(!allowed(&rules, "::ffff:10.1.2.3"), "an IPv4 address in IPv6 clothes");
        assert!(!allowed(&rules, "fe80::1%eth0"));
        assert!(allowed(&rules, "10.1.3.3"));
        rules.allow(origins(&["10.0.0.0/8", "::1", "ipc"]));
        assert!(allowed(&rules, "10.1.3.3"));
        assert!(!allowed(&rules, "10.1.2.3"), "deny goes before allow");
        assert!(!allowed(&rules, "11.0.0.1"));
        assert!(allowed(&rules, "::1"));
        assert!(allowed(&rules, ":1000:1000:4711"), "a peer over ipc");
        assert!(allowed(&rules, ""));
    }

    #[test]
    fn networks_of_ipv6_contain_their_ipv4_addresses() {
        let denied = |rule: &str, address: &str| {
            let mut rules = Rules::default();
            rules.deny(origins(&[rule]));
            rules.check_address(address).is_err()
        };
        for rule in ["::ffff:0:0/96", "::/0", "::/80", "::ffff:127.0.0.0/104", "0.0.0.0/0"] {
            for address in ["127.0.0.1", "::ffff:127.0.0.1"] {
                assert!(denied(rule, address), "{rule} {address}");
            }
        }
        for (rule, address) in [
            ("::ffff:0:0/96", "::1"),
            ("0.0.0.0/0", "::1"),
            ("::ffff:127.0.0.0/104", "128.0.0.1"),
            ("::/96", "127.0.0.1"),
            ("::1/128", "0.0.0.1"),
            ("fe80::/10", "127.0.0.1"),
        ] {
            assert!(!denied(rule, address), "{rule} {address}");
        }
        let all = Origin::parse("0.0.0.0/0").unwrap();
        assert_eq!(Origin::parse("::ffff:10.1.2.3/96").unwrap(), all);
    }

    #[test]
    fn a_second_call_adds_to_the_list() {
        let mut rules = Rules::default();
        let allowed = |rules: &Rules, address| rules.check_address(address).is_ok();
        rules.allow(origins(&["10.0.0.1"]));
        rules.allow(origins(&["10.0.0.2"]));
        assert!(allowed(&rules, "10.0.0.1") && allowed(&rules, "10.0.0.2"));
        assert!(!allowed(&rules, "10.0.0.3"));
        rules.deny(origins(&["10.0.0.1"]));
        rules.deny(origins(&["10.0.0.2"]));
        assert!(!allowed(&rules, "10.0.0.1") && !allowed(&rules, "10.0.0.2"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0", "::1/129", "IPC", "10.0.0.1 "] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        // Bits beyond the mask are ignored.
        assert_eq!(Origin::parse("10.1.2.3/8").unwrap(), Origin::parse("10.0.0.0/8").unwrap());
    }

    fn plain(domain: &str, username: &str, password: &str) -> Request {
        let [domain, username, password] = [domain, username, password].map(str::to_owned);
        let credentials = Credentials::Plain { username, password };
        Request { domain, address: "127.0.0.1".to_owned(), credentials }
    }

    fn table(entries: &[(&str, &str)]) -> Passwords {
        let own = |(name, word): &(&str, &str)| ((*name).to_owned(), (*word).to_owned());
        Passwords::table(entries.iter().map(own).collect())
    }

    #[test]
    fn a_domain_has_its_own_passwords_or_those_of_all() {
        let mut rules = Rules::default();
        let right = |rules: &mut Rules, domain, name, word| {
            rules.check_credentials(&plain(domain, name, word)).is_ok()
        };
        assert!(!right(&mut rules, "", "a", "1"), "without passwords nobody is known");
        rules.plain(None, table(&[("a", "1"), ("", "")]));
        rules.plain(Some("inner".to_owned()), table(&[("b", "2")]));
        assert!(right(&mut rules, "", "a", "1"));
        assert!(right(&mut rules, "outer", "a", "1"));
        assert!(!right(&mut rules, "inner", "a", "1"));
        assert!(right(&mut rules, "inner", "b", "2"));
        for (name, word) in [("a", "2"), ("a", ""), ("a", "11"), ("x", ""), ("x", "1")] {
            assert!(!right(&mut rules, "", name, word), "{name} {word}");
        }
    }
}
