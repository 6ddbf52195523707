//! Addresses on their way back to the system. libzmq gives an address back some
//! time after unbind or close have returned; a bind to it waits for that, so
//! that scripts can close one socket and bind the next.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use crate::core::locked::locked;
use std::thread;
use std::time::{Duration, Instant};

/// How long libzmq may take to give an address back.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a bind looks again.
const PAUSE: Duration = Duration::from_millis(1);

static RELEASED: Mutex<Vec<Released>> = Mutex::new(Vec::new());

pub(super) struct Released {
    address: Address,
    at: Instant,
}

/// What two sockets of a machine cannot have at the same time.
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

/// What locks the addresses.
pub(super) type Lock = MutexGuard<'static, Vec<Released>>;

pub(super) fn lock() -> Lock {
    locked(&RELEASED)
}

/// Notes that libzmq was just told to give an endpoint back.
pub(in crate::core) fn note(endpoint: &str) {
    if let Some(address) = Address::of(endpoint) {
        let at = Instant::now();
        let mut released = lock();
        released.retain(|released| released.at + PATIENCE > at);
        released.push(Released { address, at });
    }
}

/// Binds an endpoint by `bind`, after it was given back.
pub(in crate::core) fn bound(
    endpoint: &str,
    bind: impl Fn() -> zmq::Result<()>,
) -> zmq::Result<()> {
    let Some((address, end)) = expected(endpoint) else {
        return bind();
    };
    if let Address::Path(path) = &address {
        // The file that is about to be removed must not be the new one.
        while Path::new(path).exists() && Instant::now() < end {
            thread::sleep(PAUSE);
        }
    }
    loop {
        match bind() {
            Err(zmq::Error::EADDRINUSE) if Instant::now() < end => thread::sleep(PAUSE),
            result => {
                // Whoever finds it taken from now on need not wait.
                lock().retain(|released| released.address != address);
                return result;
            }
        }
    }
}

/// Until when the address of an endpoint may still be on its way back.
fn expected(endpoint: &str) -> Option<(Address, Instant)> {
    let address = Address::of(endpoint)?;
    let released = lock();
    let last = released.iter().rfind(|released| released.address == address)?;
    Some((address, last.at + PATIENCE))
}
