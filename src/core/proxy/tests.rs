use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::core::message::Frame;
use crate::core::socket::testing::{alone, texts};
use crate::core::{OptionValue, Wait};
use SocketType::*;

const LONG: Duration = Duration::from_secs(20);
const SOON: Wait = Wait::new(Some(LONG));
const NOW: Wait = Wait::new(Some(Duration::ZERO));
const BRIEF: Wait = Wait::new(Some(Duration::from_millis(100)));

fn any(_: &Arc<Socket>) -> Result<bool, Error> {
    Ok(false)
}

fn front(name: &str) -> String {
    format!("inproc://proxy-{name}-front")
}

fn back(name: &str) -> String {
    format!("inproc://proxy-{name}-back")
}

/// Makes a proxy and a socket connected to each of its sides.
fn proxy(name: &str, types: [SocketType; 4]) -> (Proxy, Arc<Socket>, Arc<Socket>) {
    let [front_type, back_type, one, other] = types;
    let proxy = Proxy::new().unwrap();
    proxy.set(Side::Frontend, front_type, &front(name), &any).unwrap();
    proxy.set(Side::Backend, back_type, &back(name), &any).unwrap();
    (proxy, connected(one, &front(name)), connected(other, &back(name)))
}

fn connected(socket_type: SocketType, endpoint: &str) -> Arc<Socket> {
    Socket::attached(socket_type, &format!(">{endpoint}")).unwrap()
}

fn pipeline(name: &str) -> (Proxy, Arc<Socket>, Arc<Socket>) {
    proxy(name, [Pull, Push, Push, Pull])
}

fn text(socket: &Socket) -> String {
    socket.receive(&SOON).unwrap().as_text().unwrap().to_owned()
}

/// Retries until `holds` returns true.
fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < end);
        thread::yield_now();
    }
}

#[test]
fn requests_and_replies_keep_their_frames() {
    let (proxy, client, server) = proxy("queue", [Router, Dealer, Req, Rep]);
    assert_eq!(proxy.state(), State::Running);
    for _ in 0..3 {
        client.send(&["a", "", "c"], &SOON).unwrap();
        assert_eq!(texts(&server.receive_all(&SOON).unwrap()), ["a", "", "c"]);
        server.send(&["d", "e"], &SOON).unwrap();
        assert_eq!(texts(&client.receive_all(&SOON).unwrap()), ["d", "e"]);
    }
    let stats = proxy.stats().unwrap();
    // The routing id of five bytes is a frame too.
    assert_eq!(stats.to_backend, Traffic { messages: 3, bytes: 21, dropped: 0 });
    assert_eq!(stats.to_frontend, Traffic { messages: 3, bytes: 21, dropped: 0 });
}

#[test]
fn what_was_read_is_forwarded_however_much_memory_messages_take() {
    const NAME: &str = "what_was_read_is_forwarded_however_much_memory_messages_take";
    // What the messages of other tests take is not limited.
    if !alone(&format!("core::proxy::tests::{NAME}"), None) {
        return;
    }
    let limit =
        |socket: &Socket| socket.set_option("memory_limit", &OptionValue::Int(1_000_000)).map(drop);
    let limited = |socket: &Arc<Socket>| limit(socket).map(|()| false);
    let (front, back, capture) = (front("memory"), back("memory"), "inproc://proxy-memory-capture");
    let proxy = Proxy::new().unwrap();
    proxy.set(Side::Frontend, Router, &front, &limited).unwrap();
    proxy.set(Side::Backend, Dealer, &back, &limited).unwrap();
    let copies = Socket::attached(Pull, &format!("@{capture}")).unwrap();
    proxy.capture(Some((Push, capture)), limit).unwrap();
    let (client, server) = (connected(Dealer, &front), connected(Dealer, &back));
    client.send(&["first"], &SOON).unwrap();
    let id = server.receive_all(&SOON).unwrap().swap_remove(0);
    assert_eq!(texts(&copies.receive_all(&SOON).unwrap()[1..]), ["first"]);
    let held = Frame::copied(&[0; 2_000_000]).unwrap();
    client.send(&["there"], &SOON).unwrap();
    assert_eq!(texts(&server.receive_all(&SOON).unwrap()[1..]), ["there"]);
    server.send(&[&*id, b"back"], &SOON).unwrap();
    assert_eq!(text(&client), "back");
    assert_eq!(proxy.stats().unwrap().capture_dropped, 2, "copies would take more");
    // Nor does it end when it subscribes.
    let proxy = Proxy::new().unwrap();
    proxy.set(Side::Backend, Push, &self::back("subscribing"), &limited).unwrap();
    proxy.set(Side::Frontend, Xsub, &self::front("subscribing"), &limited).unwrap();
    let publisher = connected(Xpub, &self::front("subscribing"));
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01");
    drop(held);
}

#[test]
fn nothing_is_read_while_messages_take_too_much_memory() {
    const NAME: &str = "nothing_is_read_while_messages_take_too_much_memory";
    if !alone(&format!("core::proxy::tests::{NAME}"), None) {
        return;
    }
    let limited = |socket: &Arc<Socket>| {
        socket.set_option("memory_limit", &OptionValue::Int(1_000_000)).map(|_| false)
    };
    let proxy = Proxy::new().unwrap();
    proxy.set(Side::Frontend, Pull, "tcp://127.0.0.1:*", &limited).unwrap();
    proxy.set(Side::Backend, Push, &back("unread-memory"), &limited).unwrap();
    let port = proxy.port(Side::Frontend).unwrap().unwrap();
    let push = connected(Push, &format!("tcp://127.0.0.1:{port}"));
    let pull = connected(Pull, &back("unread-memory"));
    push.send(&["first"], &SOON).unwrap();
    assert_eq!(text(&pull), "first");
    let held = Frame::copied(&[0; 2_000_000]).unwrap();
    push.send(&["second"], &SOON).unwrap();
    assert!(matches!(pull.receive(&BRIEF), Err(Error::Again)));
    drop(held);
    assert_eq!(text(&pull), "second");
}

#[test]
fn lockstep_works_too() {
    let (_proxy, client, server) = proxy("lockstep", [Rep, Req, Req, Rep]);
    let other = connected(Req, &front("lockstep"));
    for _ in 0..3 {
        client.send(&["1"], &SOON).unwrap();
        other.send(&["2"], &SOON).unwrap();
        for _ in 0..2 {
            let request = text(&server);
            server.send(&[request], &SOON).unwrap();
        }
        assert_eq!((text(&client).as_str(), text(&other).as_str()), ("1", "2"));
    }
}

#[test]
fn subscriptions_go_through() {
    let (proxy, publisher, subscriber) = proxy("forwarder", [Xsub, Xpub, Xpub, Sub]);
    subscriber.subscribe(b"a").unwrap();
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01a");
    publisher.send(&["b"], &SOON).unwrap();
    publisher.send(&["a", "1"], &SOON).unwrap();
    assert_eq!(texts(&subscriber.receive_all(&SOON).unwrap()), ["a", "1"]);
    // A new frontend receives the subscriptions of the old one.
    proxy.set(Side::Frontend, Xsub, &front("forwarder-new"), &any).unwrap();
    let publisher = connected(Xpub, &front("forwarder-new"));
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01a");
    // A new backend has no subscribers yet.
    proxy.set(Side::Backend, Xpub, &back("forwarder-new"), &any).unwrap();
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x00a");
    let subscriber = connected(Sub, &back("forwarder-new"));
    subscriber.subscribe(b"").unwrap();
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01");
}

#[test]
fn a_prefix_without_an_end_goes_nowhere() {
    let proxy = Proxy::new().unwrap();
    proxy.set(Side::Frontend, Xsub, &front("endless"), &any).unwrap();
    proxy.set(Side::Backend, Xpub, "tcp://127.0.0.1:*", &any).unwrap();
    let publisher = connected(Xpub, &front("endless"));
    let endpoint = format!("tcp://127.0.0.1:{}", proxy.port(Side::Backend).unwrap().unwrap());
    let stranger = move || {
        let socket = zmq::Context::new().socket(zmq::XSUB).unwrap();
        socket.connect(&endpoint).unwrap();
        socket.send(vec![1; 8000], 0).unwrap();
        socket.send("\x01short", 0).unwrap();
        // libzmq also recurses when it closes this socket, on a smaller stack.
        std::mem::forget(socket);
    };
    // libzmq recurses for each byte of the prefix.
    let stranger = thread::Builder::new().stack_size(256 << 20).spawn(stranger).unwrap();
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01short");
    assert_eq!(proxy.stats().unwrap().to_frontend.dropped, 1);
    stranger.join().unwrap();
}

#[test]
fn without_an_xpub_everything_is_subscribed() {
    for (name, front_type) in [("sub-pub", Sub), ("xsub-pub", Xsub)] {
        let (_proxy, publisher, subscriber) = proxy(name, [front_type, Pub, Xpub, Sub]);
        assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01");
        subscriber.subscribe(b"").unwrap();
        until(|| {
            publisher.send(&["x"], &SOON).unwrap();
            subscriber.receive(&NOW).is_ok()
        });
    }
    let proxy = Proxy::new().unwrap();
    let some = |socket: &Arc<Socket>| socket.subscribe(b"some").map(|()| true);
    proxy.set(Side::Frontend, Sub, &front("some"), &some).unwrap();
    let publisher = connected(Xpub, &front("some"));
    assert_eq!(&*publisher.receive(&SOON).unwrap(), b"\x01some");
    assert!(matches!(publisher.receive(&BRIEF), Err(Error::Again)));
}

#[test]
fn a_pause_loses_nothing() {
    let (proxy, push, pull) = pipeline("pause");
    proxy.pause().unwrap();
    assert_eq!(proxy.state(), State::Paused);
    for number in 0..100 {
        push.send(&[number.to_string()], &SOON).unwrap();
    }
    assert!(matches!(pull.receive(&BRIEF), Err(Error::Again)));
    assert_eq!(proxy.stats().unwrap().to_backend.messages, 0);
    proxy.resume().unwrap();
    for number in 0..100 {
        assert_eq!(text(&pull), number.to_string());
    }
}

#[test]
fn a_full_side_loses_nothing() {
    let (proxy, push, pull) = pipeline("full");
    let mut sent = 0;
    // Until every queue on the way is full.
    while push.send(&[sent.to_string(), "x".to_owned()], &BRIEF).is_ok() {
        sent += 1;
    }
    assert!(sent >= 2000, "{sent}");
    for number in 0..sent {
        let message = pull.receive_all(&SOON).unwrap();
        assert_eq!(texts(&message), [number.to_string().as_str(), "x"]);
    }
    assert_eq!(proxy.stats().unwrap().to_backend.messages, sent);
}

#[test]
fn nothing_is_taken_that_nobody_can_have() {
    let proxy = Proxy::new().unwrap();
    proxy.set(Side::Frontend, Pull, &front("untaken"), &any).unwrap();
    let push = connected(Push, &front("untaken"));
    push.send(&["x"], &SOON).unwrap();
    assert_eq!(proxy.state(), State::Waiting);
    proxy.set(Side::Backend, Push, &back("untaken"), &any).unwrap();
    // The message must stay with the frontend, although the backend was just set.
    assert_eq!(proxy.stats().unwrap().to_backend.messages, 0);
    let pull = connected(Pull, &back("untaken"));
    assert_eq!(text(&pull), "x");
}

#[test]
fn stop_frees_the_addresses() {
    let (proxy, _push, _pull) = pipeline("stop");
    // A random port, which tests that bind the first free one do not use.
    proxy.set(Side::Frontend, Pull, "tcp://127.0.0.1:!", &any).unwrap();
    let port = proxy.port(Side::Frontend).unwrap().unwrap();
    assert!(port >= 49152);
    assert_eq!(proxy.endpoints(Side::Frontend).unwrap().unwrap(), "tcp://127.0.0.1:!");
    proxy.stop().unwrap();
    proxy.stop().unwrap();
    assert_eq!(proxy.state(), State::Stopped);
    let tcp = Socket::new(Pull).unwrap();
    tcp.bind(&format!("tcp://127.0.0.1:{port}")).unwrap();
    tcp.bind(&back("stop")).unwrap();
    assert!(matches!(proxy.pause(), Err(Error::Stopped { .. })));
    assert!(matches!(proxy.endpoints(Side::Frontend), Err(Error::Stopped { .. })));
    assert!(proxy.stats().is_ok());
}

#[test]
fn a_drop_ends_it() {
    let (proxy, push, _pull) = pipeline("drop");
    push.send(&["x"], &SOON).unwrap();
    let link = Arc::downgrade(&proxy.0);
    let start = Instant::now();
    drop(proxy);
    assert!(start.elapsed() < Duration::from_secs(1));
    until(|| link.strong_count() == 0);
    Socket::attached(Pull, &format!("@{}", front("drop"))).unwrap();
}

#[test]
fn a_side_is_replaced() {
    let (proxy, push, pull) = pipeline("replace");
    push.send(&["1"], &SOON).unwrap();
    assert_eq!(text(&pull), "1");
    // Replaced by one at the same address.
    proxy.set(Side::Backend, Push, &back("replace"), &any).unwrap();
    let pull = connected(Pull, &back("replace"));
    push.send(&["2"], &SOON).unwrap();
    assert_eq!(text(&pull), "2");
    // Replaced by one of another type at another address: a random port, which tests
    // that bind the first free one do not use.
    proxy.set(Side::Backend, Pub, "tcp://127.0.0.1:!", &any).unwrap();
    let port = proxy.port(Side::Backend).unwrap().unwrap();
    let subscriber = Socket::attached(Sub, &format!("tcp://127.0.0.1:{port}")).unwrap();
    subscriber.subscribe(b"").unwrap();
    until(|| {
        push.send(&["3"], &SOON).unwrap();
        subscriber.receive(&NOW).is_ok()
    });
    // Replaced by one at the same port, spelled differently.
    proxy.set(Side::Backend, Push, &format!("tcp://*:{port}"), &any).unwrap();
    assert_eq!(proxy.port(Side::Backend).unwrap(), Some(port));
}

#[test]
fn a_side_that_cannot_be_replaced_stays() {
    let (proxy, push, pull) = pipeline("stays");
    let taken = Socket::attached(Pull, "@inproc://proxy-taken").unwrap();
    for (socket_type, endpoints) in [
        (Push, ""),
        (Push, "nonsense"),
        (Push, "tcp://nowhere.invalid:1"),
        (Push, ">tcp://127.0.0.1:0"),
        (Push, "tcp://*:99999"),
        (Pull, "inproc://proxy-fine"),
        (Stream, "inproc://proxy-fine"),
        (Req, "inproc://proxy-fine"),
    ] {
        let error = proxy.set(Side::Backend, socket_type, endpoints, &any).unwrap_err();
        let code = error.code();
        assert!(matches!(code, crate::core::Code::Endpoint | crate::core::Code::Argument));
        push.send(&["x"], &SOON).unwrap();
        assert_eq!(text(&pull), "x");
    }
    assert_eq!(proxy.endpoints(Side::Backend).unwrap().unwrap(), back("stays"));
    // The address may be in use by the old socket, so the old socket has to go.
    assert!(proxy.set(Side::Backend, Push, "inproc://proxy-taken", &any).is_err());
    assert_eq!(proxy.endpoints(Side::Backend).unwrap(), None);
    assert_eq!(proxy.state(), State::Waiting);
    drop(taken);
    proxy.set(Side::Backend, Push, "inproc://proxy-taken", &any).unwrap();
}

#[test]
fn a_capture_gets_copies() {
    let (proxy, client, server) = proxy("capture", [Dealer, Dealer, Dealer, Dealer]);
    let captured = Socket::attached(Pull, "@inproc://proxy-captured").unwrap();
    proxy.capture(Some((Push, "inproc://proxy-captured")), |_| Ok(())).unwrap();
    let long = "long".repeat(1000);
    client.send(&["there", long.as_str()], &SOON).unwrap();
    assert_eq!(texts(&server.receive_all(&SOON).unwrap()), ["there", long.as_str()]);
    server.send(&["back"], &SOON).unwrap();
    assert_eq!(text(&client), "back");
    assert_eq!(texts(&captured.receive_all(&SOON).unwrap()), ["there", long.as_str()]);
    assert_eq!(text(&captured), "back");
    assert!(proxy.capture(Some((Req, "inproc://proxy-captured")), |_| Ok(())).is_err());
    assert!(proxy.capture(Some((Push, "nonsense")), |_| Ok(())).is_err());
    proxy.capture(None, |_| Ok(())).unwrap();
    client.send(&["unseen"], &SOON).unwrap();
    assert_eq!(text(&server), "unseen");
    assert!(matches!(captured.receive(&BRIEF), Err(Error::Again)));
}

#[test]
fn a_capture_that_nobody_reads_stops_nothing() {
    let (proxy, push, pull) = pipeline("unread");
    let unread = Socket::attached(Pull, "@inproc://proxy-unread").unwrap();
    proxy.capture(Some((Push, "inproc://proxy-unread")), |_| Ok(())).unwrap();
    for number in 0..5000 {
        push.send(&[number.to_string(), "x".to_owned()], &SOON).unwrap();
        assert_eq!(pull.receive_all(&SOON).unwrap().len(), 2);
    }
    let dropped = proxy.stats().unwrap().capture_dropped;
    assert!(dropped >= 1000, "{dropped}");
    // Copies that arrive are complete.
    let mut whole = 0;
    while let Ok(message) = unread.receive_all(&NOW) {
        assert_eq!(message.len(), 2);
        whole += 1;
    }
    assert_eq!(whole + dropped, 5000);
}

#[test]
fn both_directions_have_their_turn() {
    let context = zmq::Context::new();
    let pair = |name: &str| {
        let [one, other] = [zmq::PAIR, zmq::PAIR].map(|raw| {
            let socket = context.socket(raw).unwrap();
            socket.set_sndhwm(0).unwrap();
            socket.set_rcvhwm(0).unwrap();
            socket
        });
        one.bind(name).unwrap();
        other.connect(name).unwrap();
        (one, other)
    };
    let ((one, mut front), (other, mut back)) = (pair("inproc://one"), pair("inproc://other"));
    for _ in 0..2500 {
        one.send("x", 0).unwrap();
    }
    for _ in 0..10 {
        one.send(vec![0; 3 << 20], 0).unwrap();
    }
    let (counters, uncaptured) = (stats::Counters::default(), stats::Counters::default());
    let mut direction = direction::Direction::new();
    let mut turn = || {
        direction
            .turn(&mut route::Route {
                from: &mut front,
                to: &mut back,
                kind: route::Kind::Messages,
                counters: &counters,
                capture: None,
                uncaptured: &uncaptured,
            })
            .unwrap();
        direction.waits.source
    };
    // A limited number of messages or bytes, then the other direction.
    assert_eq!([turn(), turn(), turn(), turn()], [false, false, false, false]);
    let mut came = 0;
    while other.recv_bytes(zmq::DONTWAIT).is_ok() {
        came += 1;
    }
    assert_eq!(came, 2500 + 3 + 3);
    until(&mut turn);
}

#[test]
fn a_peer_that_takes_nothing_does_not_stop_the_others() {
    let (proxy, stuck, server) = proxy("stuck", [Router, Dealer, Dealer, Rep]);
    // More than both queues of its replies hold, but less than the queues of the server
    // hold, which would drop the rest.
    const REQUESTS: usize = 2500;
    let mut sent = 0;
    let mut answered = 0;
    let mut answer = || {
        while let Ok(request) = server.receive(&NOW) {
            server.send(&[&*request], &SOON).unwrap();
            answered += 1;
        }
        answered
    };
    until(|| {
        sent += usize::from(sent < REQUESTS && stuck.send(&["", "x"], &NOW).is_ok());
        answer() == REQUESTS
    });
    let client = connected(Req, &front("stuck"));
    client.send(&["hello"], &SOON).unwrap();
    until(|| {
        answer();
        client.receive(&NOW).is_ok()
    });
    assert!(proxy.stats().unwrap().to_frontend.dropped > 0);
    // It receives in order the replies that there was room for, once it looks.
    assert!(stuck.receive(&SOON).is_ok());
}

#[test]
fn faults_are_made_on_purpose() {
    let (proxy, push, pull) = pipeline("faults");
    let send = |count: usize| {
        for number in 0..count {
            push.send(&[number.to_string(), "tail".to_owned()], &SOON).unwrap();
        }
    };
    let set = |faults: Faults| proxy.set_faults(faults).unwrap();
    set(Faults { drop: 1.0, ..Faults::default() });
    send(5);
    until(|| proxy.stats().unwrap().to_backend.dropped == 5);
    set(Faults { duplicate: 1.0, ..Faults::default() });
    send(1);
    for _ in 0..2 {
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["0", "tail"]);
    }
    set(Faults { cut: 1.0, ..Faults::default() });
    send(1);
    assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["0"]);
    push.send(&["four"], &SOON).unwrap();
    assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["fo"]);
    let delay = Duration::from_millis(50);
    set(Faults { delay, ..Faults::default() });
    let start = Instant::now();
    send(3);
    for number in 0..3 {
        assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), [&number.to_string(), "tail"]);
    }
    assert!(start.elapsed() >= delay);
    set(Faults::default());
    send(1);
    assert_eq!(texts(&pull.receive_all(&SOON).unwrap()), ["0", "tail"]);
    for chance in [-0.1, 1.1, f64::NAN] {
        assert!(proxy.set_faults(Faults { drop: chance, ..Faults::default() }).is_err());
    }
}

#[test]
fn the_same_seed_makes_the_same_faults() {
    let run = |name: &str| {
        let (proxy, push, pull) = pipeline(name);
        proxy.set_faults(Faults { drop: 0.5, seed: Some(7), ..Faults::default() }).unwrap();
        for number in 0..100 {
            push.send(&[number.to_string()], &SOON).unwrap();
        }
        until(|| {
            let stats = proxy.stats().unwrap().to_backend;
            stats.messages + stats.dropped == 100
        });
        let mut came = Vec::new();
        while let Ok(message) = pull.receive(&BRIEF) {
            came.push(message.as_text().unwrap().to_owned());
        }
        came
    };
    let came = run("seed-1");
    assert!((20..80).contains(&came.len()), "{came:?}");
    assert_eq!(came, run("seed-2"));
}

#[test]
fn a_proxy_that_finishes_forwards_what_has_arrived() {
    let (proxy, push, pull) = pipeline("finish");
    proxy.set(Side::Frontend, Pull, "tcp://127.0.0.1:*,inproc://proxy-finish-front", &any).unwrap();
    let attached = proxy.attached(Side::Frontend).unwrap().unwrap();
    assert!(attached[0].0 == Action::Bind && !attached[0].1.ends_with('*'), "{attached:?}");
    drop(push);
    let (push, idle) = (connected(Push, &attached[1].1), connected(Push, &attached[0].1));
    idle.wait_for_peers(1, &SOON).unwrap();
    // More than one turn of a direction.
    let many = 1500;
    for number in 0..many {
        push.send(&[number.to_string()], &SOON).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(|| (0..many).for_each(|number| assert_eq!(text(&pull), number.to_string())));
        proxy.finish(LONG).unwrap();
    });
    assert_eq!(proxy.state(), State::Stopped);
    assert_eq!(proxy.stats().unwrap().to_backend.messages, many);
    proxy.finish(LONG).unwrap();
}
