//! Addresses on their way back to the system. libzmq gives an address back some
//! time after unbind or close have returned; a bind to it waits for that, so
//! that scripts can close one socket and bind the next.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long libzmq may take to give an address back.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a bind looks again.
const PAUSE: Duration = Duration::from_millis(1);

static RELEASED: Mutex<Vec<Released>> = Mutex::new(Vec::new());

pub(super) struct Released {
    port: String,
    at: Instant,
}

/// The port of an endpoint, which two sockets of a machine cannot have at the same time.
/// The name of an ipc endpoint is free at once.
fn port(endpoint: &str) -> Option<&str> {
    let (_, port) = endpoint.strip_prefix("tcp://")?.rsplit_once(':')?;
    Some(port)
}

/// What locks the addresses.
pub(super) type Lock = MutexGuard<'static, Vec<Released>>;

pub(super) fn lock() -> Lock {
    RELEASED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes that libzmq was just told to give an endpoint back.
pub(super) fn note(endpoint: &str) {
    if let Some(port) = port(endpoint) {
        let at = Instant::now();
        let mut released = lock();
        released.retain(|released| released.at + PATIENCE > at);
        released.push(Released { port: port.to_owned(), at });
    }
}

/// Binds an endpoint by `bind`, after it was given back.
pub(super) fn bound(endpoint: &str, bind: impl Fn() -> zmq::Result<()>) -> zmq::Result<()> {
    let Some((port, end)) = expected(endpoint) else {
        return bind();
    };
    loop {
        match bind() {
            Err(zmq::Error::EADDRINUSE) if Instant::now() < end => thread::sleep(PAUSE),
            result => {
                // Whoever finds it taken from now on need not wait.
                lock().retain(|released| released.port != port);
                return result;
            }
        }
    }
}

/// Until when the address of an endpoint may still be on its way back.
fn expected(endpoint: &str) -> Option<(&str, Instant)> {
    let port = port(endpoint)?;
    let released = lock();
    let last = released.iter().rfind(|released| released.port == port)?;
    Some((port, last.at + PATIENCE))
}
