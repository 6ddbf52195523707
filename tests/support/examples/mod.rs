//! The examples and their expected output. Examples with several processes are started
//! together, on their own endpoints.

mod basics;
#[cfg(unix)]
mod market;
mod others;
mod publishing;
mod requests;

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

use super::{Host, Running, root};

const DEADLINE: Duration = Duration::from_secs(60);

/// Runs an example on a host and checks its output.
pub type Example = fn(&dyn Host);

/// Returns all examples by name.
pub fn all() -> impl Iterator<Item = &'static (&'static str, Example)> {
    [
        basics::ALL,
        requests::ALL,
        #[cfg(unix)]
        market::ALL,
        publishing::ALL,
        others::ALL,
    ]
    .into_iter()
    .flatten()
}

/// Runs the example with this name.
pub fn run(host: &dyn Host, name: &str) {
    let (_, example) = all().find(|(known, _)| *known == name).unwrap();
    example(host);
}

/// Starts an example.
fn start(host: &dyn Host, script: &str, arguments: &[&str]) -> Running {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    host.start(&root("examples").join(script), &arguments)
}

/// Returns the output of an example until it ends.
fn output(running: Running) -> String {
    let finished = running.finish(DEADLINE);
    assert_eq!(finished.status, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.stderr, "");
    finished.stdout
}

/// Returns different TCP endpoints that were free a moment ago, for one test. If this
/// machine has more than one loopback address, no other test has the same ones.
pub fn endpoints<const N: usize>() -> [String; N] {
    static TESTS: AtomicU8 = AtomicU8::new(1);
    let address = if cfg!(target_os = "linux") {
        let [.., high, low] = process::id().to_be_bytes();
        Ipv4Addr::new(127, high, low, TESTS.fetch_add(1, Relaxed))
    } else {
        Ipv4Addr::LOCALHOST
    };
    let listeners = [(); N].map(|()| TcpListener::bind((address, 0)).unwrap());
    listeners.map(|listener| format!("tcp://{}", listener.local_addr().unwrap()))
}
