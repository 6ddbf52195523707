//! The memory that sockets take, and its limit.

use std::io::{ErrorKind, Write};
use std::thread;
use std::time::Duration;

use zmq_sys::additions::{ZMQ_MAX_QUEUED_BYTES, ZMQ_MEMORY_LIMIT};

use crate::options;
use crate::peer::{LONG, Peer};
use crate::unseen::measured;
use crate::wait::{TIMEOUT, until};

const SOCKETS: usize = 1000;

/// The repaired libzmq takes about 3000 bytes, and 900 more with large mailboxes.
const LIMIT: usize = 3400;

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

const LARGE: usize = 100_000;

/// Makes a frame as it is sent.
fn frame(size: usize) -> Vec<u8> {
    [&[LONG][..], &(size as u64).to_be_bytes(), &vec![b'm'; size]].concat()
}

fn limited(context: &zmq::Context, socket_type: zmq::SocketType, limit: i64) -> zmq::Socket {
    let socket = context.socket(socket_type).unwrap();
    socket.set_rcvtimeo(TIMEOUT).unwrap();
    options::set_bytes(&socket, ZMQ_MEMORY_LIMIT, &limit.to_ne_bytes()).unwrap();
    socket
}

/// Sends messages to a socket that does not receive, until it no longer reads, and checks how
/// much memory they take there. Then all of them are received.
fn check_flood(pull: &zmq::Socket, memory: fn() -> usize) {
    const MESSAGES: usize = 600;
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = Peer::of_type(pull, "PUSH");
    peer.0.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let before = memory();
    let all: Vec<u8> = (0..MESSAGES).flat_map(|_| frame(LARGE)).collect();
    let own = memory() - before;
    let mut rest = &all[..];
    // Until the buffers of the system are full, too.
    loop {
        match peer.0.write(rest) {
            Ok(sent) => rest = &rest[sent..],
            Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(!rest.is_empty());
    let held = memory() - before - own;
    assert!(held < 4_000_000, "{held} bytes");
    // Nothing is lost.
    peer.0.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| peer.0.write_all(rest).unwrap());
        for number in 0..MESSAGES {
            assert_eq!(pull.recv_bytes(0).map(|m| m.len()), Ok(LARGE), "{number}");
        }
    });
}

fn queueing(context: &zmq::Context, limit: i64) -> zmq::Socket {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    options::set_bytes(&pull, ZMQ_MAX_QUEUED_BYTES, &limit.to_ne_bytes()).unwrap();
    pull
}

#[test]
fn a_socket_reads_no_more_than_its_limit() {
    measured("memory::a_socket_reads_no_more_than_its_limit", |memory| {
        let context = zmq::Context::new();
        check_flood(&limited(&context, zmq::PULL, 2_000_000), memory);
    });
}

#[test]
fn bytes_of_a_peer_that_wait_are_limited() {
    measured("memory::bytes_of_a_peer_that_wait_are_limited", |memory| {
        let context = zmq::Context::new();
        check_flood(&queueing(&context, 2_000_000), memory);
    });
}

#[test]
fn messages_pass_however_small_the_limit_of_bytes_is() {
    let context = zmq::Context::new();
    for connects in [false, true] {
        let (pull, push) = (queueing(&context, 1), context.socket(zmq::PUSH).unwrap());
        let (bound, other) = if connects { (&push, &pull) } else { (&pull, &push) };
        bound.bind("tcp://127.0.0.1:*").unwrap();
        other.connect(&bound.get_last_endpoint().unwrap().unwrap()).unwrap();
        for size in [0, 1, LARGE, 33, 34] {
            for more in [zmq::SNDMORE, 0] {
                push.send(vec![b'm'; size], more).unwrap();
            }
        }
        for size in [0, 1, LARGE, 33, 34] {
            let sizes: Vec<_> =
                pull.recv_multipart(0).unwrap().iter().map(|frame| frame.len()).collect();
            assert_eq!(sizes, [size, size]);
        }
    }
}

#[test]
fn a_socket_sends_no_more_than_its_limit() {
    measured("memory::a_socket_sends_no_more_than_its_limit", |_| {
        let context = zmq::Context::new();
        let push = limited(&context, zmq::PUSH, 1_000_000);
        let pull = context.socket(zmq::PULL).unwrap();
        pull.bind("inproc://limited").unwrap();
        push.connect("inproc://limited").unwrap();
        let send = |more| push.send(vec![b'm'; LARGE], zmq::DONTWAIT | more);
        assert_eq!(send(zmq::SNDMORE), Ok(()));
        for _ in 0..10 {
            assert_eq!(send(zmq::SNDMORE), Ok(()));
        }
        // What has begun is sent to its end.
        assert_eq!(send(0), Ok(()));
        assert_eq!(send(0), Err(zmq::Error::ENOBUFS));
        assert_eq!(push.send("short", zmq::DONTWAIT), Err(zmq::Error::ENOBUFS));
        assert_eq!(pull.recv_multipart(zmq::DONTWAIT).unwrap().len(), 12);
        assert_eq!(send(0), Ok(()));
    });
}

#[test]
fn a_message_that_has_begun_arrives_whole() {
    measured("memory::a_message_that_has_begun_arrives_whole", |_| {
        let context = zmq::Context::new();
        let pull = limited(&context, zmq::PULL, 1_000_000);
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = Peer::of_type(&pull, "PUSH");
        peer.0.write_all(&frame(1_500_000)).unwrap();
        assert_eq!(pull.recv_bytes(0).map(|m| m.len()), Ok(1_500_000));
        let _ = peer.0.write_all(&frame(10_000_000));
        assert!(peer.ends());
    });
}

/// Returns how many bytes the messages of the process take.
fn occupied(socket: &zmq::Socket) -> i64 {
    let values = options::get_bytes(socket, ZMQ_MEMORY_LIMIT, 16).unwrap();
    i64::from_ne_bytes(values[8..].try_into().unwrap())
}

#[test]
fn connections_that_send_nothing_do_not_use_up_the_limit() {
    measured("memory::connections_that_send_nothing_do_not_use_up_the_limit", |_| {
        let context = zmq::Context::new();
        let pull = limited(&context, zmq::PULL, 500_000);
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peers: Vec<Peer> = (0..100).map(|_| Peer::of_type(&pull, "PUSH")).collect();
        for peer in &mut peers {
            let text = [b'm'; 100];
            peer.send(0, &text).unwrap();
            assert_eq!(pull.recv_bytes(0), Ok(text.to_vec()), "{}", occupied(&pull));
        }
        assert!(occupied(&pull) < 100_000, "{}", occupied(&pull));
    });
}

#[test]
fn what_was_there_before_the_limit_is_not_subtracted() {
    measured("memory::what_was_there_before_the_limit_is_not_subtracted", |_| {
        let early = zmq::Message::with_size(10_000_000);
        let context = zmq::Context::new();
        let pull = limited(&context, zmq::PULL, 1_000_000);
        assert_eq!(occupied(&pull), 0);
        let late = zmq::Message::with_size(1_000_000);
        drop(early);
        assert!(occupied(&pull) >= 1_000_000, "{}", occupied(&pull));
        drop(late);
        assert_eq!(occupied(&pull), 0);
        // Data of the program, which is counted, and bytes that messages share.
        let boxed = zmq::Message::from(vec![b'm'; 2_000_000]);
        assert!(occupied(&pull) >= 2_000_000, "{}", occupied(&pull));
        drop(boxed);
        assert_eq!(occupied(&pull), 0);
    });
}

/// Returns the processor time that the threads of this process have used.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let time = |task: std::path::PathBuf| {
        let text = std::fs::read_to_string(task.join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    Duration::from_nanos(tasks.map(time).sum())
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_that_ends_while_its_connection_waits_for_memory_is_received_later() {
    const NAME: &str =
        "memory::a_peer_that_ends_while_its_connection_waits_for_memory_is_received_later";
    measured(NAME, |_| {
        let context = zmq::Context::new();
        let pull = limited(&context, zmq::PULL, 1_000_000);
        pull.bind("ipc://*").unwrap();
        let mut peer = Peer::of_ipc(&pull, "PUSH");
        peer.write_all(b"\0\x05first").unwrap();
        assert_eq!(pull.recv_bytes(0), Ok(b"first".to_vec()));
        let held = zmq::Message::with_size(2_000_000);
        for number in 0..50 {
            peer.write_all(&frame(1000 + number)).unwrap();
        }
        drop(peer);
        let before = processor_time();
        thread::sleep(Duration::from_secs(2));
        let used = processor_time() - before;
        assert!(used < Duration::from_millis(50), "waiting has used {used:?}");
        assert_eq!(pull.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
        drop(held);
        for number in 0..50 {
            assert_eq!(pull.recv_bytes(0).map(|m| m.len()), Ok(1000 + number));
        }
    });
}

#[test]
fn a_connection_that_waits_for_memory_survives_heartbeats() {
    measured("memory::a_connection_that_waits_for_memory_survives_heartbeats", |_| {
        let context = zmq::Context::new();
        let pull = limited(&context, zmq::PULL, 1_000_000);
        pull.set_heartbeat_ivl(20).unwrap();
        pull.set_heartbeat_timeout(2000).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = Peer::of_type(&pull, "PUSH");
        let held = zmq::Message::with_size(2_000_000);
        // It may be silent for no longer than 2 s.
        peer.command("PING", &[0, 20]);
        for _ in 0..50 {
            thread::sleep(Duration::from_millis(100));
            peer.command("PONG", &[]);
        }
        peer.send(0, b"message").unwrap();
        drop(held);
        assert_eq!(pull.recv_bytes(0), Ok(b"message".to_vec()));
    });
}

#[test]
fn a_peer_that_stops_within_a_message_does_not_keep_the_memory_forever() {
    const NAME: &str =
        "memory::a_peer_that_stops_within_a_message_does_not_keep_the_memory_forever";
    measured(NAME, |_| {
        let context = zmq::Context::new();
        let pull = limited(&context, zmq::PULL, 1_000_000);
        pull.set_rcvtimeo(TIMEOUT).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut honest = Peer::of_type(&pull, "PUSH");
        let mut slow = Peer::of_type(&pull, "PUSH");
        let begun = frame(4_000_000);
        slow.0.write_all(&begun[..1_000_000]).unwrap();
        assert!(until(|| occupied(&pull) > 1_000_000));
        honest.send(0, b"message").unwrap();
        assert_eq!(pull.recv_bytes(0), Ok(b"message".to_vec()));
        assert!(slow.ends());
    });
}
