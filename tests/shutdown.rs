//! The shutdown of ZeroMQ in a process, and forks. This is one test, because a shutdown
//! affects all sockets of the process.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use zeromq::core::proxy::{Proxy, Side, State};
use zeromq::core::{Error, Poller, Ready, Socket, SocketType, Source, Wait, context, wait};

/// Much longer than the linger of one second.
const DEADLINE: Duration = Duration::from_secs(30);

fn soon() -> Wait<'static> {
    Wait::new(Some(DEADLINE))
}

#[test]
fn the_end_is_orderly() {
    everything_queued_is_sent();
    an_unreachable_peer_is_given_up();
    a_call_that_waits_elsewhere_ends();
    a_poller_elsewhere_ends();
    a_sleep_elsewhere_ends();
    routers_that_nobody_has_bound_end();
    a_proxy_ends();
    what_a_proxy_has_sent_arrives();
    #[cfg(unix)]
    a_fork_leaves_the_proxies_of_its_parent_alone();
    #[cfg(unix)]
    a_fork_leaves_the_sockets_of_its_parent_alone();
    #[cfg(unix)]
    a_fork_leaves_the_pollers_of_its_parent_alone();
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
    // A socket opened after the shutdown makes a new context.
    let push = Socket::attached(SocketType::Push, "tcp://127.0.0.1:1").unwrap();
    push.send(&["to nobody"], &soon()).unwrap();
    let start = Instant::now();
    drop(push);
    assert!(context::shutdown());
    assert!(start.elapsed() < DEADLINE);
    assert!(context::shutdown(), "without a context there is nothing to end");
}

/// Receives forever in a thread. Returns why that ended and whether the socket is
/// closed.
fn waiting(socket: Arc<Socket>) -> thread::JoinHandle<(Error, bool)> {
    let (asked, waits) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let tell = move || {
            // After the first time nobody is listening anymore.
            let _ = asked.send(());
            false
        };
        let error = socket.receive(&Wait::new(None).until(Some(&tell))).unwrap_err();
        (error, socket.is_closed())
    });
    waits.recv_timeout(DEADLINE).unwrap();
    waiting
}

fn a_call_that_waits_elsewhere_ends() {
    let pull = Socket::attached(SocketType::Pull, "inproc://shutdown").unwrap();
    let waiting = waiting(pull);
    assert!(context::shutdown());
    let (error, closed) = waiting.join().unwrap();
    assert!(matches!(error, Error::Terminated), "{error}");
    assert!(closed);
}

/// Makes a poller that waits for many sockets, and the sockets and their peers.
fn crowd(name: &str) -> (Poller<usize>, Vec<[Arc<Socket>; 2]>) {
    let poller = Poller::default();
    let pairs: Vec<_> = (0..20)
        .map(|index| {
            let endpoint = format!("inproc://{name}-{index}");
            let types = [SocketType::Pull, SocketType::Push];
            types.map(|socket_type| Socket::attached(socket_type, &endpoint).unwrap())
        })
        .collect();
    for (index, [pull, _]) in pairs.iter().enumerate() {
        poller.add(Source::Socket(pull.clone()), Ready::IN, index).unwrap();
    }
    (poller, pairs)
}

fn at_once() -> Wait<'static> {
    Wait::new(Some(Duration::ZERO))
}

fn a_poller_elsewhere_ends() {
    let (poller, pairs) = crowd("poller-shutdown");
    let (asked, waits) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let tell = move || {
            // After the first time nobody is listening anymore.
            let _ = asked.send(());
            false
        };
        let result = poller.wait(&Wait::new(None).until(Some(&tell)));
        (result, poller)
    });
    waits.recv_timeout(DEADLINE).unwrap();
    assert!(context::shutdown());
    let (result, poller) = waiting.join().unwrap();
    assert!(matches!(result, Err(Error::Terminated)), "{result:?}");
    assert!(poller.terminated());
    assert!(pairs.iter().flatten().all(|socket| socket.is_closed()));
    assert!(matches!(poller.wait(&soon()), Err(Error::Closed)));
}

fn a_sleep_elsewhere_ends() {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(wait::sleep(&Wait::new(None))));
    let start = Instant::now();
    // The first attempts may come before it has started.
    let result = loop {
        assert!(start.elapsed() < DEADLINE);
        assert!(context::shutdown());
        if let Ok(result) = end.recv_timeout(Duration::from_millis(10)) {
            break result;
        }
    };
    assert!(matches!(result, Err(Error::Terminated)), "{result:?}");
}

fn routers_that_nobody_has_bound_end() {
    let endpoint = ">inproc://shutdown-nobody";
    let routers = [(); 2].map(|()| Socket::attached(SocketType::Router, endpoint).unwrap());
    let waiting = routers.map(waiting);
    assert!(context::shutdown());
    for waiting in waiting {
        assert!(matches!(waiting.join().unwrap().0, Error::Terminated));
    }
}

fn proxy(front: &str, back: &str) -> Proxy {
    let proxy = Proxy::new().unwrap();
    let any = |_: &Arc<Socket>| Ok(false);
    proxy.set(Side::Frontend, SocketType::Pull, front, &any).unwrap();
    proxy.set(Side::Backend, SocketType::Push, back, &any).unwrap();
    proxy
}

fn a_proxy_ends() {
    let busy = proxy("inproc://ending-front", "inproc://ending-back");
    let paused = proxy("inproc://paused-front", "inproc://paused-back");
    paused.pause().unwrap();
    let dropped = proxy("inproc://dropped-front", "inproc://dropped-back");
    let push = Socket::attached(SocketType::Push, "inproc://ending-front").unwrap();
    let pull = Socket::attached(SocketType::Pull, ">inproc://ending-back").unwrap();
    let sending = thread::spawn(move || while push.send(&["x"], &soon()).is_ok() {});
    for _ in 0..100 {
        pull.receive(&soon()).unwrap();
    }
    let start = Instant::now();
    drop(dropped);
    assert!(context::shutdown());
    // No socket had anything to send over the network.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    sending.join().unwrap();
    assert_eq!([busy.state(), paused.state()], [State::Stopped; 2]);
    assert!(matches!(busy.pause(), Err(Error::Stopped { .. })));
    assert!(busy.stats().unwrap().to_backend.messages >= 100);
    assert!(busy.stop().is_ok());
    // The next one has its own context.
    assert_eq!(proxy("inproc://ending-front", "inproc://ending-back").state(), State::Running);
    assert!(context::shutdown());
}

fn what_a_proxy_has_sent_arrives() {
    let receiver = zmq::Context::new();
    let pull = receiver.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();

    let proxy = proxy("inproc://sent", &format!(">{endpoint}"));
    let push = Socket::attached(SocketType::Push, "inproc://sent").unwrap();
    for number in 0..1000 {
        push.send(&[number.to_string()], &soon()).unwrap();
    }
    let start = Instant::now();
    while proxy.stats().unwrap().to_backend.messages < 1000 {
        assert!(start.elapsed() < DEADLINE);
        thread::sleep(Duration::from_millis(1));
    }
    assert!(context::shutdown());
    for number in 0..1000 {
        assert_eq!(pull.recv_string(0).unwrap().unwrap(), number.to_string());
    }
}

#[cfg(unix)]
fn a_fork_leaves_the_proxies_of_its_parent_alone() {
    let parents = proxy("inproc://fork-front", "inproc://fork-back");
    context::forking();
    // SAFETY: the child only looks at its memory, works with a proxy of its own,
    // and ends with _exit.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: alarm takes any number of seconds.
            unsafe { libc::alarm(DEADLINE.as_secs() as u32) };
            context::forked();
            let dead =
                matches!(parents.pause(), Err(Error::Forked)) && parents.state() == State::Stopped;
            let dead = dead && parents.stop().is_ok();
            drop(parents);
            let own = proxy("inproc://fork-front", "inproc://fork-back");
            let right = dead && own.state() == State::Running && context::shutdown();
            // SAFETY: _exit takes any status.
            unsafe { libc::_exit(if right { 0 } else { 1 }) }
        }
        child => {
            context::parted();
            let mut status = 0;
            // SAFETY: child is a child of this process, status a place for an int.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    }
    assert_eq!(parents.state(), State::Running);
    parents.pause().unwrap();
    assert!(context::shutdown());
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
fn a_fork_leaves_the_pollers_of_its_parent_alone() {
    let (poller, pairs) = crowd("poller-fork");
    assert!(matches!(poller.wait(&at_once()), Err(Error::Again)));
    // One with a signal is closed; the child keeps its descriptor open.
    pairs[3][1].send(&["x"], &soon()).unwrap();
    let (release, released) = std::os::unix::net::UnixStream::pair().unwrap();
    context::forking();
    // SAFETY: the child only looks at its memory, works with sockets of its own, and ends
    // with _exit.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: alarm takes any number of seconds.
            unsafe { libc::alarm(DEADLINE.as_secs() as u32) };
            context::forked();
            drop(release);
            let dead = matches!(poller.wait(&at_once()), Err(Error::Closed));
            let (_, own) = crowd("poller-fork");
            for (index, [pull, push]) in own.iter().enumerate() {
                poller.add(Source::Socket(pull.clone()), Ready::IN, 100 + index).unwrap();
                push.send(&["x"], &soon()).unwrap();
            }
            let found = poller.wait_all(&soon()).is_ok_and(|found| found.len() == own.len());
            // Ends when the parent has closed the other end.
            let _ = std::io::Read::read(&mut &released, &mut [0]);
            drop(poller);
            let right = dead && found && context::shutdown();
            // SAFETY: _exit takes any status.
            unsafe { libc::_exit(if right { 0 } else { 1 }) }
        }
        child => {
            context::parted();
            pairs[3][0].close(None).unwrap();
            let brief = Wait::new(Some(Duration::from_millis(100)));
            assert!(matches!(poller.wait(&brief), Err(Error::Again)));
            for (index, [_, push]) in pairs.iter().enumerate().filter(|(index, _)| *index != 3) {
                push.send(&["x"], &soon()).unwrap();
                let found = poller.wait_all(&soon()).unwrap();
                assert!(found.iter().any(|(found, _)| *found == index));
            }
            drop(release);
            let mut status = 0;
            // SAFETY: child is a child of this process, status a place for an int.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    }
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
