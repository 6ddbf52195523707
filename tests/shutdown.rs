//! The end of ZeroMQ in a process, and what a fork leaves of it. One test, as
//! the end is one for all sockets of the process.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeromq::core::{Error, Socket, SocketType, Wait, context};

/// Far more than the linger of a second.
const DEADLINE: Duration = Duration::from_secs(30);

fn soon() -> Wait<'static> {
    Wait::new(Some(DEADLINE))
}

#[test]
fn the_end_is_orderly() {
    everything_queued_is_sent();
    an_unreachable_peer_is_given_up();
    a_call_that_waits_elsewhere_ends();
    #[cfg(unix)]
    a_fork_leaves_the_sockets_of_its_parent_alone();
    #[cfg(unix)]
    a_fork_in_the_middle_of_calls_elsewhere_does_not_hang();
}

fn everything_queued_is_sent() {
    let receiver = zmq::Context::new();
    let pull = receiver.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();

    let push = Socket::attached(SocketType::Push, &endpoint).unwrap();
    for number in 0..1000 {
        push.send(&[number.to_string()], &soon()).unwrap();
    }
    assert!(context::shutdown());
    assert!(push.is_closed());
    assert!(matches!(push.send(&["late"], &soon()), Err(Error::Closed)));
    for number in 0..1000 {
        assert_eq!(pull.recv_string(0).unwrap().unwrap(), number.to_string());
    }
}

fn an_unreachable_peer_is_given_up() {
    // A socket opened after the end makes a new context.
    let push = Socket::attached(SocketType::Push, "tcp://127.0.0.1:1").unwrap();
    push.send(&["to nobody"], &soon()).unwrap();
    let start = Instant::now();
    drop(push);
    assert!(context::shutdown());
    assert!(start.elapsed() < DEADLINE);
    assert!(context::shutdown(), "without a context there is nothing to end");
}

fn a_call_that_waits_elsewhere_ends() {
    let pull = Socket::attached(SocketType::Pull, "inproc://shutdown").unwrap();
    let (asked, waits) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let tell = move || {
            // Nobody listens any more after the first time.
            let _ = asked.send(());
            false
        };
        let error = pull.receive(&Wait::new(None).until(Some(&tell))).unwrap_err();
        (error, pull.is_closed())
    });
    waits.recv_timeout(DEADLINE).unwrap();
    assert!(context::shutdown());
    let (error, closed) = waiting.join().unwrap();
    assert!(matches!(error, Error::Terminated), "{error}");
    assert!(closed);
}

#[cfg(unix)]
fn a_fork_leaves_the_sockets_of_its_parent_alone() {
    let pull = Socket::attached(SocketType::Pull, "inproc://fork").unwrap();
    let push = Socket::attached(SocketType::Push, "inproc://fork").unwrap();
    // SAFETY: the child only looks at its memory, works with sockets of its own,
    // and ends with _exit.
    match unsafe { libc::fork() } {
        0 => {
            context::forked();
            let right = child(&pull);
            drop(pull);
            let ended = context::shutdown();
            // SAFETY: _exit takes any status.
            unsafe { libc::_exit(if right && ended { 0 } else { 1 }) }
        }
        child => {
            let mut status = 0;
            // SAFETY: child is a child of this process, status a place for an int.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    }
    push.send(&["still here"], &soon()).unwrap();
    assert_eq!(pull.receive(&soon()).unwrap().as_text(), Some("still here"));
    assert!(context::shutdown());
}

#[cfg(unix)]
fn a_fork_in_the_middle_of_calls_elsewhere_does_not_hang() {
    let (stop, stopped) = mpsc::channel::<()>();
    let busy = thread::spawn(move || {
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            // There may be too many that are still being closed.
            drop(Socket::new(SocketType::Pair));
        }
    });
    for _ in 0..100 {
        context::forking();
        // SAFETY: the child only works with a socket of its own, and ends with _exit.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: alarm takes any number of seconds.
                unsafe { libc::alarm(DEADLINE.as_secs() as u32) };
                context::forked();
                drop(Socket::new(SocketType::Pair));
                // SAFETY: _exit takes any status.
                unsafe { libc::_exit(0) }
            }
            child => {
                context::parted();
                let mut status = 0;
                // SAFETY: child is a child of this process, status a place for an int.
                assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
                assert_eq!(status, 0);
            }
        }
    }
    drop(stop);
    busy.join().unwrap();
    assert!(context::shutdown());
}

#[cfg(unix)]
fn child(pull: &Socket) -> bool {
    let dead = matches!(pull.receive(&soon()), Err(Error::Forked)) && pull.is_closed();
    let (Ok(pull), Ok(push)) = (
        Socket::attached(SocketType::Pull, "inproc://fork"),
        Socket::attached(SocketType::Push, "inproc://fork"),
    ) else {
        return false;
    };
    let sent = push.send(&["own"], &soon()).is_ok();
    dead && sent && pull.receive(&soon()).is_ok_and(|frame| frame.as_text() == Some("own"))
}
