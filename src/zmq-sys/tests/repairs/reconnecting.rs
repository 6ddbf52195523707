//! Connections that are lost, refused or rejected, and made again.

use std::net::TcpListener;

use zmq_sys as sys;

use crate::monitor::Monitor;

/// An endpoint where nobody listens yet.
fn free(transport: &str, folder: &std::path::Path) -> String {
    if transport == "ipc" {
        return format!("ipc://{}/socket", folder.display());
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("{transport}://{}", listener.local_addr().unwrap())
}

#[test]
fn an_interval_of_zero_reconnects() {
    let folder = tempfile::tempdir().unwrap();
    for transport in ["tcp", "ipc", "ws"] {
        for most in [0, 20] {
            let context = zmq::Context::new();
            let endpoint = free(transport, folder.path());
            let push = context.socket(zmq::PUSH).unwrap();
            push.set_reconnect_ivl(0).unwrap();
            push.set_reconnect_ivl_max(most).unwrap();
            push.set_linger(0).unwrap();
            let monitor = Monitor::of(&context, &push, &format!("zero-{transport}-{most}"));
            push.connect(&endpoint).unwrap();
            monitor.wait(sys::ZMQ_EVENT_CONNECT_RETRIED).unwrap();
            // Once it was not there yet, and once it went.
            for _ in 0..2 {
                let pull = context.socket(zmq::PULL).unwrap();
                pull.set_rcvtimeo(5000).unwrap();
                pull.bind(&endpoint).unwrap();
                monitor.wait(sys::ZMQ_EVENT_HANDSHAKE_SUCCEEDED).unwrap();
                push.send("hello", 0).unwrap();
                assert_eq!(pull.recv_bytes(0).unwrap(), b"hello", "{endpoint}");
                drop(pull);
                monitor.wait(sys::ZMQ_EVENT_DISCONNECTED).unwrap();
                let _ = std::fs::remove_file(folder.path().join("socket"));
            }
        }
    }
}

#[test]
fn an_interval_of_zero_does_not_spin() {
    let folder = tempfile::tempdir().unwrap();
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    push.set_reconnect_ivl(0).unwrap();
    push.set_linger(0).unwrap();
    let monitor = Monitor::of(&context, &push, "spin");
    push.connect(&free("tcp", folder.path())).unwrap();
    let waits: Vec<_> =
        (0..9).map(|_| monitor.wait(sys::ZMQ_EVENT_CONNECT_RETRIED).unwrap()).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 100, 100]);
}

#[test]
fn an_interval_of_minus_one_is_never() {
    let folder = tempfile::tempdir().unwrap();
    let context = zmq::Context::new();
    let push = context.socket(zmq::PUSH).unwrap();
    push.set_reconnect_ivl(-1).unwrap();
    push.set_linger(0).unwrap();
    let monitor = Monitor::of(&context, &push, "never");
    push.connect(&free("tcp", folder.path())).unwrap();
    monitor.wait(sys::ZMQ_EVENT_CLOSED).unwrap();
    drop(push);
    assert_eq!(monitor.next().unwrap().0, sys::ZMQ_EVENT_MONITOR_STOPPED);
}
