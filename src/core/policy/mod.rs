//! What scripts may do. A host that runs scripts that it does not trust gives them a policy:
//! rules that name the endpoints, files and options that they may use, and limits. Whatever
//! no rule permits is refused with [`Error::Policy`].

mod address;
mod count;
mod file;
mod rules;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::context;
use super::counted::Counted;
use super::endpoint::{AUTHENTICATOR, Action};
use super::error::{Error, Excerpt};
use count::Count;
use rules::Rules;

/// The longest linger under a policy that does not name the option linger: the end of the
/// process waits for it.
const LONGEST_LINGER: Duration = Duration::from_secs(30);

/// The highest high-water mark under a policy that limits memory and does not name the
/// option, because the memory of short messages is not counted.
const HIGHEST_MARK: i64 = 10_000;

/// Options that reach beyond the socket, so that a policy has to name them: `use_fd` takes
/// any descriptor of the process, `bindtodevice` chooses a network.
const REACHING: [&str; 2] = ["use_fd", "bindtodevice"];

/// Something that concerns more than the objects of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Settings and calls for all sockets of the process, and its reaction to Ctrl-C and SIGTERM.
    Process,
    /// The authenticator, which decides for all servers of the process.
    Authenticator,
    /// Waiting for descriptors of the process that are not sockets of the library.
    Descriptors,
}

impl Right {
    const ALL: [Right; 3] = [Right::Process, Right::Authenticator, Right::Descriptors];

    /// Returns its name in rules.
    fn name(self) -> &'static str {
        match self {
            Right::Process => "process",
            Right::Authenticator => "authenticator",
            Right::Descriptors => "descriptors",
        }
    }
}

/// What scripts may do. The default permits everything.
#[derive(Clone, Debug, Default)]
pub struct Policy(Option<Arc<Rules>>);

/// One of the sockets or descriptors that a policy permits. It becomes free when this is
/// dropped.
#[derive(Debug)]
pub(in crate::core) struct Slot {
    rules: Arc<Rules>,
    of: fn(&Rules) -> &Count,
    generation: u32,
}

impl Drop for Slot {
    fn drop(&mut self) {
        (self.of)(&self.rules).subtract(self.generation);
    }
}

impl Policy {
    /// A policy that permits everything.
    pub const OPEN: Policy = Policy(None);

    /// Parses the rules of a policy, which are described in `help policy`.
    ///
    /// # Errors
    /// [`Error::Policy`] names the rule that is not one.
    pub fn parse(text: &str) -> Result<Policy, Error> {
        Ok(Policy(Some(Arc::new(Rules::parse(text)?))))
    }

    /// Returns a policy that permits nothing, because its rules could not be read.
    pub fn unusable(reason: &Error) -> Policy {
        let rules = Rules { unusable: Some(reason.to_string()), ..Rules::default() };
        Policy(Some(Arc::new(rules)))
    }

    /// Returns true if it permits everything.
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the options that its rules name.
    pub fn option_names(&self) -> &[String] {
        self.0.as_ref().and_then(|rules| rules.options.as_deref()).unwrap_or_default()
    }

    /// Returns the most bytes that the messages of the process may occupy.
    pub fn memory(&self) -> Option<i64> {
        self.0.as_ref()?.memory
    }

    /// Runs a check on the rules. If there are none, everything is permitted.
    fn check(&self, check: impl FnOnce(&Arc<Rules>) -> Result<(), Error>) -> Result<(), Error> {
        match &self.0 {
            None => Ok(()),
            Some(rules) => match &rules.unusable {
                Some(reason) => Err(Error::Policy { what: reason.clone() }),
                None => check(rules),
            },
        }
    }

    /// Counts a socket, or what takes as much: a beacon, and the thread of a proxy.
    ///
    /// # Errors
    /// [`Error::Policy`] if there are as many as the policy permits.
    pub(in crate::core) fn open_socket(&self) -> Result<Option<Slot>, Error> {
        self.take(|rules| &rules.open)
    }

    /// Counts the descriptor of a poller, which it can do without. There may be as many as
    /// sockets.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub(in crate::core) fn open_watcher(&self) -> Result<Option<Slot>, Error> {
        self.take(|rules| &rules.watching)
    }

    fn take(&self, of: fn(&Rules) -> &Count) -> Result<Option<Slot>, Error> {
        // The sockets of the process that this one was forked from are closed here.
        let generation = context::generation();
        self.check(|rules| {
            let most = rules.sockets.unwrap_or(u32::MAX);
            if of(rules).add(generation, most) {
                return Ok(());
            }
            let most = Counted(most, "socket");
            let what = format!("the policy permits {most}, and as many are open: close one first");
            Err(Error::Policy { what })
        })?;
        Ok(self.0.clone().map(|rules| Slot { rules, of, generation }))
    }

    /// Checks an endpoint before it is bound or connected.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub(in crate::core) fn check_endpoint(
        &self,
        action: Action,
        endpoint: &str,
    ) -> Result<(), Error> {
        self.check(|rules| {
            if endpoint == AUTHENTICATOR {
                return permitted(rules, Right::Authenticator);
            }
            match rules.permits(action, endpoint) {
                true => Ok(()),
                false => Err(refused(rules::keyword(action), endpoint)),
            }
        })
    }

    /// Checks an option before it is set; `number` is its value if that is a number.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub(in crate::core) fn check_option(
        &self,
        name: &str,
        number: Option<i64>,
    ) -> Result<(), Error> {
        self.check(|rules| {
            let unusual = |mark: i64| !(1..=HIGHEST_MARK).contains(&mark);
            let guarded = match name {
                "sndhwm" | "rcvhwm" => rules.memory.is_some() && number.is_some_and(unusual),
                "memory_limit" => rules.memory.is_some(),
                name => REACHING.contains(&name),
            };
            match rules.names(name).unwrap_or(!guarded) {
                true => Ok(()),
                false => Err(refused("options", name)),
            }
        })?;
        match (name, number) {
            ("linger", Some(ms)) => {
                self.check_linger(u64::try_from(ms).ok().map(Duration::from_millis))
            }
            _ => Ok(()),
        }
    }

    /// Checks how long a socket may keep sending after it is closed; `None` is forever.
    ///
    /// # Errors
    /// [`Error::Policy`] if it is longer than 30 seconds and the policy does not name the
    /// option linger.
    pub(in crate::core) fn check_linger(&self, linger: Option<Duration>) -> Result<(), Error> {
        self.check(|rules| {
            let short = linger.is_some_and(|linger| linger <= LONGEST_LINGER);
            if short || rules.names("linger") == Some(true) {
                return Ok(());
            }
            Err(refused("options", "linger"))
        })
    }

    /// Checks something that concerns more than the objects of a script.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub fn check_right(&self, right: Right) -> Result<(), Error> {
        self.check(|rules| permitted(rules, right))
    }

    /// Checks the UDP port of a beacon.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub(in crate::core) fn check_beacon(&self, port: u16) -> Result<(), Error> {
        self.check(|rules| match rules.beacons.iter().any(|ports| ports.contains(&port)) {
            true => Ok(()),
            false => Err(refused("beacon", &port.to_string())),
        })
    }

    /// Checks a file or directory before it is read.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub fn check_read(&self, name: &str) -> Result<(), Error> {
        self.check(|rules| match file::is_readable(Path::new(name), &rules.read) {
            true => Ok(()),
            false => Err(refused("read", name)),
        })
    }

    /// Checks a file before it is written.
    ///
    /// # Errors
    /// [`Error::Policy`].
    pub fn check_write(&self, name: &str) -> Result<(), Error> {
        self.check(|rules| match file::is_writable(Path::new(name), &rules.write) {
            true => Ok(()),
            false => Err(refused("write", name)),
        })
    }
}

fn permitted(rules: &Rules, right: Right) -> Result<(), Error> {
    if rules.rights.contains(&right) { Ok(()) } else { Err(refused("allow", right.name())) }
}

/// Returns the error that names the rule which is missing.
fn refused(keyword: &str, what: &str) -> Error {
    let what =
        format!("no rule of the policy permits this: it would be '{keyword} {}'", Excerpt(what));
    Error::Policy { what }
}

#[cfg(test)]
mod tests;
