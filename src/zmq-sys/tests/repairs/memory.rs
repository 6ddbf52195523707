//! The memory that sockets take.

use crate::unseen::measured;

const SOCKETS: usize = 500;

/// The repaired libzmq takes about 2700 bytes, and 900 more with large mailboxes.
const LIMIT: usize = 3200;

#[test]
fn an_idle_socket_takes_little_memory() {
    measured("memory::an_idle_socket_takes_little_memory", |memory| {
        let context = zmq::Context::new();
        let mut sockets = Vec::with_capacity(SOCKETS);
        // The context makes its threads and tables.
        sockets.push(context.socket(zmq::PULL).unwrap());
        let before = memory();
        sockets.extend((1..SOCKETS).map(|_| context.socket(zmq::PULL).unwrap()));
        let bytes = (memory() - before) / (SOCKETS - 1);
        assert!(bytes <= LIMIT, "an idle socket takes {bytes} bytes");
    });
}
