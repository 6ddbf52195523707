//! Addresses that are being released. libzmq releases an address some time after unbind
//! or close has returned. A bind to such an address waits for that, so that scripts can
//! close one socket and bind the next.

use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::core::endpoint;
use crate::core::locked::locked;

/// The maximum time for libzmq to release an address.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// The interval at which a waiting bind retries.
const PAUSE: Duration = Duration::from_millis(1);

static RELEASED: Mutex<Vec<Released>> = Mutex::new(Vec::new());

pub(super) struct Released {
    name: String,
    at: Instant,
}

/// Returns what only one socket of a computer can have at a time: the port of an endpoint,
/// or a name of ipc that begins with `@`. The file of an ipc endpoint is free at once.
fn unique(endpoint: &str) -> Option<&str> {
    let name = endpoint.strip_prefix("ipc://").filter(|name| name.starts_with('@'));
    let port = || Some(endpoint::network_address(endpoint)?.rsplit_once(':')?.1);
    name.or_else(port)
}

/// The lock of the addresses.
pub(super) type Lock = MutexGuard<'static, Vec<Released>>;

pub(super) fn lock() -> Lock {
    locked(&RELEASED)
}

/// Records that libzmq was just told to release an endpoint.
pub(in crate::core) fn record_release(endpoint: &str) {
    if let Some(name) = unique(endpoint) {
        let at = Instant::now();
        let mut released = lock();
        released.retain(|released| released.at + RELEASE_TIMEOUT > at);
        released.push(Released { name: name.to_owned(), at });
    }
}

/// Binds an endpoint with `bind`, after it was released.
pub(in crate::core) fn bind_when_released(
    endpoint: &str,
    bind: impl Fn() -> zmq::Result<()>,
) -> zmq::Result<()> {
    let Some((name, end)) = expected(endpoint) else {
        return bind();
    };
    loop {
        match bind() {
            Err(zmq::Error::EADDRINUSE) if Instant::now() < end => thread::sleep(PAUSE),
            result => {
                // Later binds that find it taken need not wait.
                lock().retain(|released| released.name != name);
                return result;
            }
        }
    }
}

/// Returns until when the address of an endpoint may still be in the process of being
/// released.
fn expected(endpoint: &str) -> Option<(&str, Instant)> {
    let name = unique(endpoint)?;
    let released = lock();
    let last = released.iter().rfind(|released| released.name == name)?;
    Some((name, last.at + RELEASE_TIMEOUT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_socket_has_is_known_for_each_transport() {
        for (endpoint, known) in [
            ("tcp://127.0.0.1:5555", Some("5555")),
            ("tcp://[::1]:5555", Some("5555")),
            ("ws://127.0.0.1:5555", Some("5555")),
            ("ws://127.0.0.1:5555/", Some("5555")),
            ("ws://127.0.0.1:5555/a/b:1", Some("5555")),
            ("ipc:///tmp/a:5555", None),
            ("ipc://@a:5555", Some("@a:5555")),
            ("inproc://a:5555", None),
        ] {
            assert_eq!(unique(endpoint), known, "{endpoint}");
        }
    }
}
