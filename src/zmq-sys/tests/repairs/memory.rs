//! The memory that sockets take.

use std::process::Command;

const SOCKETS: usize = 500;

/// The repaired libzmq takes about 2700 bytes, and 900 more with large mailboxes.
const LIMIT: usize = 3200;

fn in_use() -> usize {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::mallinfo2() }.uordblks
}

#[test]
fn an_idle_socket_takes_little_memory() {
    // A process of its own, in which no other test allocates memory, with one heap.
    let measured = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "memory::of_idle_sockets"])
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&measured.stdout);
    let bytes = output.lines().find_map(|line| line.split_once("bytes: "));
    let bytes: usize = bytes.unwrap_or_else(|| panic!("{measured:?}")).1.parse().unwrap();
    assert!(bytes <= LIMIT, "an idle socket takes {bytes} bytes");
}

#[test]
#[ignore = "run by the test of idle sockets, in a process of its own"]
fn of_idle_sockets() {
    let context = zmq::Context::new();
    let mut sockets = Vec::with_capacity(SOCKETS);
    // The context makes its threads and tables.
    sockets.push(context.socket(zmq::PULL).unwrap());
    let before = in_use();
    sockets.extend((1..SOCKETS).map(|_| context.socket(zmq::PULL).unwrap()));
    println!("bytes: {}", (in_use() - before) / (SOCKETS - 1));
}
