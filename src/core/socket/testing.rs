//! Helpers of the unit tests.

use std::env;
use std::process::Command;
use std::sync::Arc;

use super::Socket;
use crate::core::message::Frame;
use crate::core::socket_type::SocketType;

/// Opens two sockets that are connected over inproc; the first one is bound.
pub fn pair(name: &str, one: SocketType, other: SocketType) -> (Arc<Socket>, Arc<Socket>) {
    let endpoint = format!("inproc://socket-{name}");
    (
        Socket::attached(one, &format!("@{endpoint}")).unwrap(),
        Socket::attached(other, &format!(">{endpoint}")).unwrap(),
    )
}

/// Lets a test run in a process of its own, which may have only so many descriptors open. It
/// is given its own name from `core`. Returns true in that process, and false elsewhere, once
/// the test has passed there.
pub fn alone(name: &str, descriptors: Option<u32>) -> bool {
    const ALONE: &str = "ZEROMQ_ALONE";
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let test = env::current_exe().unwrap();
    let mut process = match descriptors {
        None => Command::new(test),
        Some(count) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -n {count} && exec \"$@\""), "sh"]).arg(test);
            shell
        }
    };
    let output = process.args(["--exact", name]).env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}

/// Returns the frames as texts.
pub fn texts(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.as_text().unwrap()).collect()
}
