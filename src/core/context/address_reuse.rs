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
    port: String,
    at: Instant,
}

/// Returns the port of an endpoint, which only one socket of a computer can have at a time.
/// The path of an ipc endpoint is free at once.
fn port(endpoint: &str) -> Option<&str> {
    let (_, port) = endpoint::network_address(endpoint)?.rsplit_once(':')?;
    Some(port)
}

/// The lock of the addresses.
pub(super) type Lock = MutexGuard<'static, Vec<Released>>;

pub(super) fn lock() -> Lock {
    locked(&RELEASED)
}

/// Records that libzmq was just told to release an endpoint.
pub(in crate::core) fn record_release(endpoint: &str) {
    if let Some(port) = port(endpoint) {
        let at = Instant::now();
        let mut released = lock();
        released.retain(|released| released.at + RELEASE_TIMEOUT > at);
        released.push(Released { port: port.to_owned(), at });
    }
}

/// Binds an endpoint with `bind`, after it was released.
pub(in crate::core) fn bind_when_released(
    endpoint: &str,
    bind: impl Fn() -> zmq::Result<()>,
) -> zmq::Result<()> {
    let Some((port, end)) = expected(endpoint) else {
        return bind();
    };
    loop {
        match bind() {
            Err(zmq::Error::EADDRINUSE) if Instant::now() < end => thread::sleep(PAUSE),
            result => {
                // Later binds that find it taken need not wait.
                lock().retain(|released| released.port != port);
                return result;
            }
        }
    }
}

/// Returns until when the address of an endpoint may still be in the process of being
/// released.
fn expected(endpoint: &str) -> Option<(&str, Instant)> {
    let port = port(endpoint)?;
    let released = lock();
    let last = released.iter().rfind(|released| released.port == port)?;
    Some((port, last.at + RELEASE_TIMEOUT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_each_transport_is_known() {
        for (endpoint, known) in [
            ("tcp://127.0.0.1:5555", Some("5555")),
            ("tcp://[::1]:5555", Some("5555")),
            ("ws://127.0.0.1:5555", Some("5555")),
            ("ws://127.0.0.1:5555/", Some("5555")),
            ("ws://127.0.0.1:5555/a/b:1", Some("5555")),
            ("ipc:///tmp/a:5555", None),
            ("inproc://a:5555", None),
        ] {
            assert_eq!(port(endpoint), known, "{endpoint}");
        }
    }
}
