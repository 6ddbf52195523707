//! The authenticator of a process: malformed requests, shutdown, and forks. This is one
//! test, because a process has only one authenticator.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use zeromq::core::Role;
use zeromq::core::{Authenticator, Certificate, Error, Frame, Socket, SocketType, Wait, context};

const DEADLINE: Duration = Duration::from_secs(30);

fn soon() -> Wait<'static> {
    Wait::new(Some(DEADLINE))
}

#[test]
fn an_authenticator_serves_and_ends() {
    what_is_no_request_does_no_harm();
    somebody_else_decides();
    who_does_not_decide_refuses();
    it_ends_with_zeromq();
    it_goes_on_without_being_held();
    #[cfg(unix)]
    a_fork_has_its_own();
    #[cfg(unix)]
    forks_in_the_middle_of_requests_do_not_hang();
    assert!(context::shutdown());
}

fn texts(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.as_text().unwrap()).collect()
}

fn what_is_no_request_does_no_harm() {
    let authenticator = Authenticator::start().unwrap();
    assert!(Authenticator::start().is_err());
    let asking = Socket::attached(SocketType::Dealer, "inproc://zeromq.zap.01").unwrap();
    // First those that get no answer, then one that does.
    for noise in [&["x"][..], &["", "x"], &["", ""], &["a", "b", "c"], &["", "1.0"], &[""]] {
        asking.send(noise, &soon()).unwrap();
    }
    asking.send(&["", "1.0", "7", "d", "1.2.3.4", "", "PLAIN", "a", "b", "c"], &soon()).unwrap();
    let reply = asking.receive_all(&soon()).unwrap();
    assert_eq!(
        texts(&reply),
        ["", "1.0", "7", "400", "the credentials are not those of the mechanism", "", ""]
    );
    asking.send(&["", "1.0", "8", "d", "1.2.3.4", "", "NULL"], &soon()).unwrap();
    assert_eq!(texts(&asking.receive_all(&soon()).unwrap()), ["", "1.0", "8", "200", "OK", "", ""]);
    authenticator.deny(&["1.2.3.0/24"]).unwrap();
    asking.send(&["", "1.0", "9", "d", "1.2.3.4", "", "NULL"], &soon()).unwrap();
    let reply = asking.receive_all(&soon()).unwrap();
    assert_eq!(texts(&reply)[3..5], ["400", "the address is denied"]);
    let log = authenticator.log().unwrap();
    assert_eq!(log.iter().map(|entry| entry.accepted).collect::<Vec<_>>(), [true, false]);
    for number in 0..300 {
        let id = number.to_string();
        asking.send(&["", "1.0", &id, "d", "::1", "", "NULL"], &soon()).unwrap();
        assert_eq!(texts(&asking.receive_all(&soon()).unwrap())[2], id);
    }
    assert_eq!(authenticator.log().unwrap().len(), 256, "it does not grow for ever");
    authenticator.stop();
    assert!(authenticator.allow(&["::1"]).is_err());
}

fn ask(asking: &Socket, id: &str) {
    asking.send(&["", "1.0", id, "", "::1", "", "PLAIN", "joe", id], &soon()).unwrap();
}

fn somebody_else_decides() {
    let authenticator = Authenticator::start().unwrap();
    authenticator.plain(None, vec![("joe".to_owned(), "1".to_owned())]).unwrap();
    authenticator.ask(Some("the script")).unwrap();
    let asking = Socket::attached(SocketType::Dealer, "inproc://zeromq.zap.01").unwrap();
    ask(&asking, "1");
    ask(&asking, "2");
    let start = Instant::now();
    let mut questions = Vec::new();
    while questions.len() < 2 && start.elapsed() < DEADLINE {
        questions.extend(authenticator.question());
        thread::yield_now();
    }
    let known: Vec<bool> = questions.iter().map(|question| question.known.is_ok()).collect();
    assert_eq!(known, [true, false]);
    // In any order, and regardless of what the rules say.
    authenticator.answer(&questions[1], true);
    assert_eq!(texts(&asking.receive_all(&soon()).unwrap())[2..], ["2", "200", "OK", "joe", ""]);
    authenticator.answer(&questions[0], false);
    let reply = asking.receive_all(&soon()).unwrap();
    assert_eq!(texts(&reply)[2..], ["1", "400", "the script refused it", "", ""]);
    authenticator.answer(&questions[0], true);
    authenticator.ask(None).unwrap();
    ask(&asking, "1");
    assert_eq!(texts(&asking.receive_all(&soon()).unwrap())[3], "200");
    authenticator.stop();
}

fn who_does_not_decide_refuses() {
    let authenticator = Authenticator::start().unwrap();
    authenticator.ask(Some("the script")).unwrap();
    let asking = Socket::attached(SocketType::Dealer, "inproc://zeromq.zap.01").unwrap();
    ask(&asking, "1");
    let reply = asking.receive_all(&soon()).unwrap();
    assert_eq!(texts(&reply)[3..5], ["300", "the script did not decide in time"]);
    assert!(authenticator.question().is_none(), "it is not asked about any more");
    drop(authenticator);
    ask(&asking, "2");
    let reply = asking.receive_all(&soon()).unwrap();
    assert_eq!(texts(&reply)[3..5], ["400", "nobody is left to decide"]);
    Authenticator::start().unwrap().stop();
}

fn it_ends_with_zeromq() {
    let authenticator = Authenticator::start().unwrap();
    let start = Instant::now();
    assert!(context::shutdown());
    assert!(start.elapsed() < DEADLINE / 10);
    assert!(!authenticator.is_running());
    authenticator.stop();
    let next = Authenticator::start().unwrap();
    assert!(next.is_running() && !authenticator.is_running());
    // The first is dropped before and after the second.
    drop(authenticator);
    assert!(next.is_running());
    next.stop();
}

/// Makes a server that accepts clients known to the authenticator, and a client.
fn pair(own: &Certificate) -> (Arc<Socket>, Arc<Socket>) {
    let certificate = Certificate::new().unwrap();
    let server = Socket::new(SocketType::Pull).unwrap();
    server.secure(&Role::CurveServer(&certificate), Some("tests")).unwrap();
    let port = server.bind("tcp://127.0.0.1:*").unwrap();
    let client = Socket::new(SocketType::Push).unwrap();
    client.secure(&Role::CurveClient(own, certificate.public()), None).unwrap();
    client.connect(&format!("tcp://127.0.0.1:{port}")).unwrap();
    (server, client)
}

fn it_goes_on_without_being_held() {
    let own = Certificate::new().unwrap();
    Authenticator::start().unwrap().curve(None, std::slice::from_ref(&own)).unwrap();
    let (server, client) = pair(&own);
    client.send(&["known"], &soon()).unwrap();
    let frame = server.receive(&soon()).unwrap();
    assert_eq!(frame.property("User-Id"), Some(&*own.public().to_string()));
    assert_eq!(frame.property("a\0b"), None);
    // The new one knows nobody.
    let next = Authenticator::start().unwrap();
    let (server, _client) = pair(&own);
    let brief = Wait::new(Some(Duration::from_millis(100)));
    assert!(matches!(server.receive(&brief), Err(Error::Again)));
    next.stop();
}

#[cfg(unix)]
fn forked(child: impl FnOnce() -> bool) {
    context::forking();
    // SAFETY: the child only works with what it makes itself, and ends with _exit.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: alarm takes any number of seconds.
            unsafe { libc::alarm(DEADLINE.as_secs() as u32) };
            context::forked();
            let right = child();
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
}

#[cfg(unix)]
fn a_fork_has_its_own() {
    let parent = Authenticator::start().unwrap();
    forked(|| {
        parent.stop();
        let dead = !parent.is_running()
            && parent.log().is_err()
            && parent.allow(&["::1"]).is_err()
            && parent.question().is_none();
        let own = Authenticator::start();
        let serves = own.as_ref().is_ok_and(|own| own.is_running() && own.curve_any(None).is_ok());
        let came = {
            let (server, client) = pair(&Certificate::new().unwrap());
            client.send(&["x"], &soon()).is_ok() && server.receive(&soon()).is_ok()
        };
        drop(parent.log());
        dead && serves && came && context::shutdown()
    });
    assert!(parent.is_running());
    parent.allow(&["::1"]).unwrap();
    parent.stop();
}

#[cfg(unix)]
fn forks_in_the_middle_of_requests_do_not_hang() {
    let parent = Arc::new(Authenticator::start().unwrap());
    let asking = Socket::attached(SocketType::Dealer, "inproc://zeromq.zap.01").unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let rules = Arc::clone(&parent);
    let busy = thread::spawn(move || {
        let mut number = 0;
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            number += 1;
            ask(&asking, &number.to_string());
            asking.receive_all(&soon()).unwrap();
            rules.plain(None, vec![("joe".to_owned(), number.to_string())]).unwrap();
        }
    });
    for _ in 0..50 {
        let parent = Arc::clone(&parent);
        forked(move || {
            drop(parent);
            let own = Authenticator::start();
            own.is_ok_and(|own| {
                own.stop();
                !own.is_running()
            }) && context::shutdown()
        });
    }
    drop(stop);
    busy.join().unwrap();
    parent.stop();
}
