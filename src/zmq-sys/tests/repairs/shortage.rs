//! Running out of descriptors. Each test runs in its own process, because it would affect
//! other tests.

use std::env;
use std::ffi::{c_int, c_void};
use std::io::Write;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use zmq_sys as sys;

use crate::monitor::Monitor;
use crate::wait::TIMEOUT;

/// Runs a test in its own process.
pub fn alone(name: &str, test: fn()) {
    const ALONE: &str = "ZMQ_SYS_TEST_ALONE";
    if env::var_os(ALONE).is_some() {
        return test();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    let output = command.args([name, "--exact", "--nocapture"]).env(ALONE, "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn set_limit(count: libc::rlim_t) -> libc::rlim_t {
    let mut limit = MaybeUninit::uninit();
    // SAFETY: the limit is read before it is written.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()), 0);
        let mut limit = limit.assume_init();
        let before = limit.rlim_cur;
        limit.rlim_cur = count;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
        before
    }
}

/// Leaves only this many descriptors, until it is dropped.
struct Left(libc::rlim_t);

impl Left {
    fn only(count: usize) -> Left {
        let dup = || {
            // SAFETY: the descriptor is new, or none.
            unsafe {
                let descriptor = libc::dup(2);
                assert!(descriptor >= 0);
                OwnedFd::from_raw_fd(descriptor)
            }
        };
        let taken: Vec<OwnedFd> = (0..=count).map(|_| dup()).collect();
        Left(set_limit(taken[count].as_raw_fd() as libc::rlim_t))
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        set_limit(self.0);
    }
}

#[test]
fn a_bind_without_descriptors_fails() {
    alone("shortage::a_bind_without_descriptors_fails", || {
        let context = zmq::Context::new();
        // Closing one takes its time.
        let mut kept = Vec::new();
        for endpoint in ["tcp://127.0.0.1:*", "tcp://lo:*", "ws://127.0.0.1:*", "ipc://*"] {
            let socket = context.socket(zmq::PULL).unwrap();
            {
                let _left = Left::only(0);
                assert_eq!(socket.bind(endpoint), Err(zmq::Error::EMFILE), "{endpoint}");
            }
            let _left = Left::only(1);
            assert_eq!(socket.bind(endpoint), Ok(()), "{endpoint}");
            kept.push(socket);
        }
    });
}

#[test]
fn a_connection_from_an_address_waits_for_descriptors() {
    alone("shortage::a_connection_from_an_address_waits_for_descriptors", || {
        let context = zmq::Context::new();
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_rcvtimeo(TIMEOUT).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = pull.get_last_endpoint().unwrap().unwrap();
        let push = context.socket(zmq::PUSH).unwrap();
        push.set_reconnect_ivl(10).unwrap();
        let monitor = Monitor::of(&context, &push, "waits");
        {
            let _left = Left::only(0);
            push.connect(&endpoint.replace("tcp://", "tcp://127.0.0.1:0;")).unwrap();
            for _ in 0..3 {
                monitor.wait(sys::ZMQ_EVENT_CONNECT_RETRIED).unwrap();
            }
        }
        push.send("hello", 0).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"hello");
    });
}

/// Makes a PULL listener that cannot accept a waiting connection for some time, and then can
/// again. Returns how long it took until this number of attempts had failed.
fn listener_waits(endpoint: &str, attempts: usize) -> Duration {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    let monitor = Monitor::of(&context, &pull, "listener");
    pull.bind(endpoint).unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();
    let push = context.socket(zmq::PUSH).unwrap();
    let begin = Instant::now();
    {
        // The one of the connecting side.
        let _left = Left::only(1);
        push.connect(&endpoint).unwrap();
        for _ in 0..attempts {
            let reason = monitor.wait(sys::ZMQ_EVENT_ACCEPT_FAILED).unwrap();
            assert_eq!(reason, libc::EMFILE as u32);
        }
    }
    let took = begin.elapsed();
    push.send("hello", 0).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"hello");
    // Nothing is to be closed later, when descriptors are counted again.
    drop((push, pull));
    monitor.wait(sys::ZMQ_EVENT_MONITOR_STOPPED).unwrap();
    took
}

#[test]
fn an_ipc_listener_waits_for_descriptors() {
    alone("shortage::an_ipc_listener_waits_for_descriptors", || {
        listener_waits("ipc://*", 1);
    });
}

#[test]
fn a_listener_without_descriptors_rests() {
    alone("shortage::a_listener_without_descriptors_rests", || {
        for endpoint in ["tcp://127.0.0.1:*", "ws://127.0.0.1:*", "ipc://*"] {
            // A pause of 50 ms follows each attempt.
            let took = listener_waits(endpoint, 5);
            assert!(took > Duration::from_millis(150), "{endpoint}: {took:?}");
        }
    });
}

#[test]
fn a_listener_that_rests_can_be_closed() {
    alone("shortage::a_listener_that_rests_can_be_closed", || {
        let context = zmq::Context::new();
        let pull = context.socket(zmq::PULL).unwrap();
        let monitor = Monitor::of(&context, &pull, "closed");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        pull.bind(&format!("ipc://{}", path.display())).unwrap();
        let _left = Left::only(1);
        let mut stream = UnixStream::connect(&path).unwrap();
        monitor.wait(sys::ZMQ_EVENT_ACCEPT_FAILED).unwrap();
        drop(pull);
        monitor.wait(sys::ZMQ_EVENT_MONITOR_STOPPED).unwrap();
        assert!(stream.write_all(b"x").is_err());
    });
}

/// How many calls of `recv` and of `send` are still to fail.
#[cfg(target_os = "linux")]
static FAILING: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// Lets a call fail, if it is to fail, with this error.
#[cfg(target_os = "linux")]
fn fails(call: usize, error: c_int) -> bool {
    let left = |count: usize| count.checked_sub(1);
    let fails = FAILING[call].fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok();
    if fails {
        // SAFETY: the number belongs to this thread.
        unsafe { *libc::__errno_location() = error };
    }
    fails
}

// libzmq is linked statically, so these replace the functions of the C library that it
// would call.

/// # Safety
/// As for the function of the C library.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
unsafe extern "C" fn recv(fd: c_int, data: *mut c_void, size: usize, flags: c_int) -> isize {
    if fails(0, libc::ENOMEM) {
        return -1;
    }
    // SAFETY: guaranteed by the caller; nobody asks for the address.
    unsafe { libc::recvfrom(fd, data, size, flags, ptr::null_mut(), ptr::null_mut()) }
}

/// # Safety
/// As for the function of the C library.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
unsafe extern "C" fn send(fd: c_int, data: *const c_void, size: usize, flags: c_int) -> isize {
    let error = if FAILING[1].load(Ordering::SeqCst).is_multiple_of(2) {
        libc::ENOMEM
    } else {
        libc::ENOBUFS
    };
    if fails(1, error) {
        return -1;
    }
    // SAFETY: guaranteed by the caller; there is no address.
    unsafe { libc::sendto(fd, data, size, flags, ptr::null(), 0) }
}

#[test]
#[cfg(target_os = "linux")]
fn a_connection_survives_a_lack_of_network_memory() {
    alone("shortage::a_connection_survives_a_lack_of_network_memory", || {
        let context = zmq::Context::new();
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_rcvtimeo(TIMEOUT).unwrap();
        let push = context.socket(zmq::PUSH).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        push.connect(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
        for call in [&FAILING[..1], &FAILING[1..], &FAILING] {
            push.send("before", 0).unwrap();
            assert_eq!(pull.recv_bytes(0).unwrap(), b"before");
            call.iter().for_each(|left| left.store(10, Ordering::SeqCst));
            push.send("message", 0).unwrap();
            assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
            assert!(call.iter().all(|left| left.load(Ordering::SeqCst) == 0));
        }
    });
}
