//! The system calls that sockets make.

use std::cell::Cell;
use std::ffi::{c_int, c_long};

use crate::wait::TIMEOUT;

thread_local! {
    /// How often this thread has called `poll` and `getpid`.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    CALLS.set(CALLS.get() + 1);
}

// libzmq is linked statically, so these replace the functions of the C library that it
// would call.

/// # Safety
/// As for the function of the C library.
#[unsafe(no_mangle)]
unsafe extern "C" fn poll(fds: *mut libc::pollfd, count_: libc::nfds_t, timeout: c_int) -> c_int {
    count();
    let wait = libc::timespec {
        tv_sec: c_long::from(timeout) / 1000,
        tv_nsec: c_long::from(timeout) % 1000 * 1_000_000,
    };
    let wait = if timeout < 0 { std::ptr::null() } else { &raw const wait };
    // SAFETY: guaranteed by the caller; the time is valid during the call.
    unsafe { libc::ppoll(fds, count_, wait, std::ptr::null()) }
}

#[unsafe(no_mangle)]
extern "C" fn getpid() -> libc::pid_t {
    count();
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::syscall(libc::SYS_getpid) as libc::pid_t }
}

#[test]
fn a_round_trip_costs_only_its_signals() {
    let context = zmq::Context::new();
    let reply = context.socket(zmq::REP).unwrap();
    reply.bind("inproc://calls").unwrap();
    let request = context.socket(zmq::REQ).unwrap();
    request.connect("inproc://calls").unwrap();
    let round_trip = || {
        request.send("question", zmq::DONTWAIT).unwrap();
        assert_eq!(reply.recv_bytes(zmq::DONTWAIT).unwrap(), b"question");
        reply.send("answer", zmq::DONTWAIT).unwrap();
        assert_eq!(request.recv_bytes(zmq::DONTWAIT).unwrap(), b"answer");
    };
    round_trip();
    CALLS.set(0);
    (0..100).for_each(|_| round_trip());
    assert_eq!(CALLS.get(), 0, "calls of poll and getpid in 100 round trips");
    assert_eq!(reply.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
    assert_eq!(CALLS.get(), 0, "calls of poll and getpid for an empty queue");
}

#[test]
fn a_blocking_call_polls_once_for_each_signal() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("inproc://blocking").unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect("inproc://blocking").unwrap();
    pull.set_rcvtimeo(1).unwrap();
    assert_eq!(pull.recv_bytes(0), Err(zmq::Error::EAGAIN));
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    push.send("m", 0).unwrap();
    CALLS.set(0);
    assert_eq!(pull.recv_bytes(0).unwrap(), b"m");
    assert_eq!(CALLS.get(), 0, "the signal had already been sent");
}

#[test]
fn a_forked_child_leaves_the_signals_to_its_parent() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind("inproc://forked").unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    push.connect("inproc://forked").unwrap();
    push.send("m", 0).unwrap();
    // SAFETY: the child only calls libzmq and ends at once.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let received = pull.recv_bytes(zmq::DONTWAIT);
        let code = i32::from(received != Err(zmq::Error::EINTR));
        // SAFETY: it ends the child without running anything of the parent's.
        unsafe { libc::_exit(code) };
    }
    let mut status = -1;
    // SAFETY: the status is valid during the call.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child got something else than EINTR");
    assert_eq!(pull.recv_bytes(zmq::DONTWAIT).unwrap(), b"m");
}
