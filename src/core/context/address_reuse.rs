//! Addresses that are being released. libzmq releases an address some time after unbind
//! or close has returned. A bind to such an address waits for that, so that scripts can
//! close one socket and bind the next.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use crate::core::locked::locked;
use std::thread;
use std::time::{Duration, Instant};

/// How long libzmq may take to release an address.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a waiting bind retries.
const PAUSE: Duration = Duration::from_millis(1);

static RELEASED: Mutex<Vec<Released>> = Mutex::new(Vec::new());

pub(super) struct Released {
    address: Address,
    at: Instant,
}

/// A resource that only one socket of a machine can have at a time.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Port(String),
    Path(String),
}

impl Address {
    fn of(endpoint: &str) -> Option<Address> {
        match endpoint.split_once("://")? {
            ("tcp", address) => {
                let (_, port) = address.rsplit_once(':')?;
                Some(Address::Port(port.to_owned()))
            }
            ("ipc", path) => Some(Address::Path(path.to_owned())),
            _ => None,
        }
    }
}

/// The lock of the addresses.
pub(super) type Lock = MutexGuard<'static, Vec<Released>>;

pub(super) fn lock() -> Lock {
    locked(&RELEASED)
}

/// Records that libzmq was just told to release an endpoint.
pub(in crate::core) fn note(endpoint: &str) {
    if let Some(address) = Address::of(endpoint) {
        let at = Instant::now();
        let mut released = lock();
        released.retain(|released| released.at + PATIENCE > at);
        released.push(Released { address, at });
    }
}

/// Binds an endpoint with `bind`, after it was released.
pub(in crate::core) fn bound(
    endpoint: &str,
    bind: impl Fn() -> zmq::Result<()>,
) -> zmq::Result<()> {
    let Some((address, end)) = expected(endpoint) else {
        return bind();
    };
    if let Address::Path(path) = &address {
        // The old file is about to be removed; wait, so that it does not take the new
        // one with it.
        while Path::new(path).exists() && Instant::now() < end {
            thread::sleep(PAUSE);
        }
    }
    loop {
        match bind() {
            Err(zmq::Error::EADDRINUSE) if Instant::now() < end => thread::sleep(PAUSE),
            result => {
                // Later binds that find it taken need not wait.
                lock().retain(|released| released.address != address);
                return result;
            }
        }
    }
}

/// Returns until when the address of an endpoint may still be in the process of being
/// released.
fn expected(endpoint: &str) -> Option<(Address, Instant)> {
    let address = Address::of(endpoint)?;
    let released = lock();
    let last = released.iter().rfind(|released| released.address == address)?;
    Some((address, last.at + PATIENCE))
}
