//! The interface for virtual machines as a state machine; see `calls`.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeromq::capi::library::zeromq_shutdown;

use crate::{calls, folder};

/// After how many inputs the sockets that linger are ended.
const OFTEN: usize = 100;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The input is the kind of host and what it calls.
pub fn run(input: &[u8]) {
    folder::enter();
    calls::calls(input, None, || ());
    COUNT.set(COUNT.get() + 1);
    if COUNT.get().is_multiple_of(OFTEN) {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(zeromq_shutdown()));
        // A socket may linger for ever, if a script wants that.
        let _ = end.recv_timeout(Duration::from_secs(2));
    }
}
