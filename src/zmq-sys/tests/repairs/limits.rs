//! Limits on the data that a peer may send.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use zmq_sys::additions::{
    ZMQ_MAX_HANDSHAKE_SIZE, ZMQ_MAX_HANDSHAKES, ZMQ_MAX_HANDSHAKES_OF_ADDRESS,
    ZMQ_MAX_MESSAGE_FRAMES,
};

use crate::counts::Counts;
use crate::monitor::Monitor;
use crate::options;
use crate::peer::{COMMAND, LONG, MORE, Peer, WEB_COMMAND, property};
use crate::shortage::alone;
use crate::wait::TIMEOUT;

fn bound(context: &zmq::Context, endpoint: &str, set: impl Fn(&zmq::Socket)) -> zmq::Socket {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    set(&pull);
    pull.bind(endpoint).unwrap();
    pull
}

/// Makes the properties of a READY command that has this many bytes, including its name.
fn properties(size: usize) -> Vec<u8> {
    let begin = property("Socket-Type", b"PUSH");
    let rest = size - begin.len() - property("X", b"").len() - 6;
    [begin, property("X", &vec![b'x'; rest])].concat()
}

/// Makes the header of a frame.
fn header(flags: u8, size: u64) -> Vec<u8> {
    [&[flags | LONG][..], &size.to_be_bytes()].concat()
}

#[test]
fn a_long_command_of_the_handshake_ends_the_connection() {
    let context = zmq::Context::new();
    let pull = bound(&context, "tcp://127.0.0.1:*", |_| {});
    let mut peer = Peer::connect(&pull);
    peer.greet("NULL");
    peer.command("READY", &properties(8192));
    assert!(peer.receive().unwrap().1.starts_with(b"\x05READY"));
    peer.send(0, &[0; 100_000]).unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap().len(), 100_000);

    // What is announced is enough.
    for size in [8193, 4 << 30] {
        let mut peer = Peer::connect(&pull);
        peer.greet("NULL");
        peer.0.write_all(&header(COMMAND, size)).unwrap();
        assert!(peer.ends(), "{size}");
    }
    // So it is for secured sockets.
    let keys = zmq::CurveKeyPair::new().unwrap();
    let curve = |pull: &zmq::Socket| {
        pull.set_curve_server(true).unwrap();
        pull.set_curve_secretkey(&keys.secret_key).unwrap();
    };
    let plain = |pull: &zmq::Socket| pull.set_plain_server(true).unwrap();
    for (mechanism, set) in [("CURVE", &curve as &dyn Fn(&_)), ("PLAIN", &plain)] {
        let pull = bound(&context, "tcp://127.0.0.1:*", set);
        let mut peer = Peer::connect(&pull);
        peer.greet(mechanism);
        peer.0.write_all(&header(COMMAND, 8193)).unwrap();
        assert!(peer.ends(), "{mechanism}");
    }
    // So it is over WebSockets.
    let pull = bound(&context, "ws://127.0.0.1:*", |_| {});
    let mut peer = Peer::connect(&pull);
    peer.upgrade().unwrap();
    let _ = peer.web(WEB_COMMAND, &[0; 8193]);
    assert!(peer.ends());
    // So it is for peers that know no commands: this is a routing id of ZMTP 2.0.
    let pull = bound(&context, "tcp://127.0.0.1:*", |_| {});
    let mut peer = Peer::connect(&pull);
    peer.0.write_all(b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x08").unwrap();
    peer.0.write_all(&header(0, 8193)).unwrap();
    assert!(peer.ends());
}

#[test]
fn the_limit_of_the_handshake_is_an_option() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let get = || options::get(&pull, ZMQ_MAX_HANDSHAKE_SIZE);
    let set = |value| options::set(&pull, ZMQ_MAX_HANDSHAKE_SIZE, value);
    assert_eq!(get(), Ok(8192));
    assert_eq!(set(1023), Err(zmq::Error::EINVAL));
    for (size, limit) in [(1024, 1024), (100_000, -1)] {
        set(limit).unwrap();
        assert_eq!(get(), Ok(limit));
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = Peer::connect(&pull);
        peer.greet("NULL");
        peer.command("READY", &properties(size));
        assert!(peer.receive().unwrap().1.starts_with(b"\x05READY"));
    }
}

#[test]
fn a_small_maxmsgsize_lets_the_handshake_through() {
    let context = zmq::Context::new();
    let keys = zmq::CurveKeyPair::new().unwrap();
    let curve = |socket: &zmq::Socket, serves: bool| {
        socket.set_curve_secretkey(&keys.secret_key).unwrap();
        if serves {
            socket.set_curve_server(true).unwrap();
        } else {
            socket.set_curve_publickey(&keys.public_key).unwrap();
            socket.set_curve_serverkey(&keys.public_key).unwrap();
        }
    };
    let null = |_: &zmq::Socket, _: bool| {};
    for transport in ["tcp", "ws", "ipc"] {
        for (name, secure) in [("null", &null as &dyn Fn(&_, _)), ("curve", &curve)] {
            let set = |socket: &zmq::Socket| {
                socket.set_maxmsgsize(10).unwrap();
                socket.set_identity(&[b'i'; 255]).unwrap();
                socket.set_heartbeat_ivl(10).unwrap();
                socket.set_heartbeat_timeout(TIMEOUT).unwrap();
                socket.set_linger(0).unwrap();
            };
            let wildcard = if transport == "ipc" { "ipc://*" } else { "127.0.0.1:*" };
            let wildcard = format!("{transport}://{}", wildcard.trim_start_matches("ipc://"));
            let router = context.socket(zmq::ROUTER).unwrap();
            router.set_rcvtimeo(TIMEOUT).unwrap();
            set(&router);
            secure(&router, true);
            router.bind(&wildcard).unwrap();
            let endpoint = router.get_last_endpoint().unwrap().unwrap();
            let dealer = context.socket(zmq::DEALER).unwrap();
            set(&dealer);
            secure(&dealer, false);
            dealer.connect(&endpoint).unwrap();
            dealer.send("0123456789", 0).unwrap();
            let received = router.recv_multipart(0).unwrap();
            assert_eq!(received[1], b"0123456789", "{transport} {name}");
            // One more is too many.
            let monitor = Monitor::of(&context, &router, &format!("small-{transport}-{name}"));
            dealer.send("0123456789a", 0).unwrap();
            assert!(monitor.wait(zmq_sys::ZMQ_EVENT_DISCONNECTED).is_some());
        }
    }
}

#[test]
fn a_websocket_has_to_finish_its_handshake_in_time() {
    let context = zmq::Context::new();
    let in_time = [50, 500, 5000].into_iter().any(|limit| {
        let set = |pull: &zmq::Socket| pull.set_handshake_ivl(limit).unwrap();
        let pull = bound(&context, "ws://127.0.0.1:*", set);
        let mut silent = Peer::connect(&pull);
        let mut upgraded = Peer::connect(&pull);
        let mut finished = Peer::connect(&pull);
        // A busy machine takes longer.
        if upgraded.upgrade().is_err() || finished.web_handshake("PUSH").is_err() {
            return false;
        }
        assert!(silent.ends());
        assert!(upgraded.ends());
        finished.web(0, b"hello").unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"hello");
        true
    });
    assert!(in_time);
}

#[test]
fn the_frames_of_a_message_count_together() {
    let context = zmq::Context::new();
    let pull = bound(&context, "tcp://127.0.0.1:*", |pull| pull.set_maxmsgsize(10).unwrap());
    let mut peer = Peer::of_type(&pull, "PUSH");
    for _ in 0..3 {
        peer.send(MORE, b"01234").unwrap();
        peer.send(MORE, b"").unwrap();
        peer.send(0, b"56789").unwrap();
        assert_eq!(pull.recv_multipart(0).unwrap().concat(), b"0123456789");
    }
    peer.send(MORE, b"01234").unwrap();
    peer.send(MORE, b"56789").unwrap();
    peer.send(MORE, b"a").unwrap();
    assert!(peer.ends());

    let pull = bound(&context, "ws://127.0.0.1:*", |pull| pull.set_maxmsgsize(10).unwrap());
    let mut peer = Peer::of_web(&pull, "PUSH");
    peer.web(MORE, b"01234").unwrap();
    peer.web(MORE, b"56789a").unwrap();
    assert!(peer.ends());

    // Whoever knows only ZMTP 1.0 has a byte of flags after the length.
    let pull = bound(&context, "tcp://127.0.0.1:*", |pull| pull.set_maxmsgsize(10).unwrap());
    let mut peer = Peer::connect(&pull);
    peer.0.write_all(b"\x01\0\x06\x0101234\x06\x0156789\x02\x01a").unwrap();
    assert!(peer.ends());
}

#[test]
fn the_frames_of_an_encrypted_message_count_together() {
    let context = zmq::Context::new();
    let keys = zmq::CurveKeyPair::new().unwrap();
    let pull = bound(&context, "tcp://127.0.0.1:*", |pull| {
        pull.set_maxmsgsize(100).unwrap();
        pull.set_curve_server(true).unwrap();
        pull.set_curve_secretkey(&keys.secret_key).unwrap();
    });
    let monitor = Monitor::of(&context, &pull, "encrypted");
    let push = context.socket(zmq::PUSH).unwrap();
    push.set_curve_publickey(&keys.public_key).unwrap();
    push.set_curve_secretkey(&keys.secret_key).unwrap();
    push.set_curve_serverkey(&keys.public_key).unwrap();
    push.set_linger(0).unwrap();
    push.connect(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
    push.send_multipart([&[0; 50][..], &[0; 50]], 0).unwrap();
    assert_eq!(pull.recv_multipart(0).unwrap().concat(), [0; 100]);
    push.send_multipart([&[0; 50][..], &[0; 50], &[0]], 0).unwrap();
    assert!(monitor.wait(zmq_sys::ZMQ_EVENT_DISCONNECTED).is_some());
}

#[test]
fn empty_frames_are_counted() {
    let context = zmq::Context::new();
    let empty = [MORE, 0];
    let pull = bound(&context, "tcp://127.0.0.1:*", |pull| pull.set_maxmsgsize(640).unwrap());
    let mut peer = Peer::of_type(&pull, "PUSH");
    peer.0.write_all(&empty.repeat(4096 + 10 - 1)).unwrap();
    peer.send(0, b"").unwrap();
    assert_eq!(pull.recv_multipart(0).unwrap().len(), 4096 + 10);
    peer.0.write_all(&empty.repeat(4096 + 10 + 1)).unwrap();
    assert!(peer.ends());
    let pull = bound(&context, "tcp://127.0.0.1:*", |pull| pull.set_maxmsgsize(-1).unwrap());
    let mut peer = Peer::of_type(&pull, "PUSH");
    peer.0.write_all(&empty.repeat(100_000)).unwrap();
    peer.send(0, b"").unwrap();
    assert_eq!(pull.recv_multipart(0).unwrap().len(), 100_001);
}

#[test]
fn the_number_of_frames_is_an_option() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    let get = || options::get(&pull, ZMQ_MAX_MESSAGE_FRAMES);
    let set = |value| options::set(&pull, ZMQ_MAX_MESSAGE_FRAMES, value);
    assert_eq!(get(), Ok(-1));
    assert_eq!(set(0), Err(zmq::Error::EINVAL));
    set(2).unwrap();
    assert_eq!(get(), Ok(2));
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = Peer::of_type(&pull, "PUSH");
    for _ in 0..2 {
        peer.send(MORE, b"one").unwrap();
        peer.send(0, b"two").unwrap();
        assert_eq!(pull.recv_multipart(0).unwrap().concat(), b"onetwo");
    }
    // Commands are no frames of a message.
    peer.send(MORE, b"one").unwrap();
    peer.command("PING", b"\0\0");
    peer.send(0, b"two").unwrap();
    assert_eq!(pull.recv_multipart(0).unwrap().concat(), b"onetwo");
    for _ in 0..3 {
        peer.send(MORE, b"frame").unwrap();
    }
    assert!(peer.ends());
}

/// Limits this process to this many more bytes of address space.
fn leave_memory(bytes: u64) {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').next().unwrap().parse().unwrap();
    // SAFETY: the limit is a whole one.
    unsafe {
        let page = libc::sysconf(libc::_SC_PAGESIZE) as u64;
        let limit = pages * page + bytes;
        let limit = libc::rlimit { rlim_cur: limit, rlim_max: libc::RLIM_INFINITY };
        assert_eq!(libc::setrlimit(libc::RLIMIT_AS, &raw const limit), 0);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_announced_length_reserves_nothing() {
    alone("limits::an_announced_length_reserves_nothing", || {
        let context = zmq::Context::new();
        let unlimited = |pull: &zmq::Socket| pull.set_maxmsgsize(-1).unwrap();
        let pull = bound(&context, "tcp://127.0.0.1:*", unlimited);
        let web = bound(&context, "ws://127.0.0.1:*", unlimited);
        let mut last = Peer::of_type(&pull, "PUSH");
        leave_memory(200 << 20);
        let mut idle = Vec::new();
        for _ in 0..10 {
            for size in [100 << 20, i64::MAX as u64] {
                let mut peer = Peer::of_type(&pull, "PUSH");
                peer.0.write_all(&[&*header(0, size), b"begin"].concat()).unwrap();
                idle.push(peer);
                let mut peer = Peer::of_web(&web, "PUSH");
                let length = size.to_be_bytes();
                let begin = b"\0\0\0\0\0begin";
                peer.0.write_all(&[b"\x82\xff", &length[..], begin].concat()).unwrap();
                idle.push(peer);
                let mut peer = Peer::connect(&pull);
                let length = (size - 1).to_be_bytes();
                peer.0.write_all(&[b"\x01\0\xff", &length[..], b"\0begin"].concat()).unwrap();
                idle.push(peer);
            }
        }
        last.send(0, &[7; 1000]).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), [7; 1000]);
        // All of them are there still.
        for peer in &mut idle {
            peer.0.set_nonblocking(true).unwrap();
            let mut bytes = [0; 1000];
            loop {
                match peer.0.read(&mut bytes) {
                    Ok(count) => assert_ne!(count, 0),
                    Err(error) => {
                        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                        break;
                    }
                }
            }
        }
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_connection_that_takes_all_memory_ends() {
    alone("limits::a_connection_that_takes_all_memory_ends", || {
        let context = zmq::Context::new();
        let unlimited = |pull: &zmq::Socket| pull.set_maxmsgsize(-1).unwrap();
        let pull = bound(&context, "tcp://127.0.0.1:*", unlimited);
        let mut last = Peer::of_type(&pull, "PUSH");
        let mut peer = Peer::of_type(&pull, "PUSH");
        let piece = vec![0; 1 << 20];
        leave_memory(100 << 20);
        peer.0.write_all(&header(0, 200 << 20)).unwrap();
        assert!((0..200).any(|_| peer.0.write_all(&piece).is_err()));
        last.send(0, &[7; 1000]).unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), [7; 1000]);
    });
}

#[test]
fn long_frames_arrive_whole() {
    let context = zmq::Context::new();
    // Just at the ends of pieces, and between them.
    let mebibyte = 1_usize << 20;
    let sizes = [0, 1, -1].map(|step| mebibyte.saturating_add_signed(step));
    let sizes = [sizes, sizes.map(|size| size * 2), sizes.map(|size| size * 5)].concat();
    let body = |size: usize| -> Vec<u8> {
        let pattern: Vec<u8> = (0..=250).collect();
        let mut body = pattern.repeat(size / pattern.len() + 1);
        body.truncate(size);
        body
    };
    let tcp = bound(&context, "tcp://127.0.0.1:*", |_| {});
    let web = bound(&context, "ws://127.0.0.1:*", |_| {});
    let mut old = Peer::connect(&tcp);
    thread::scope(|scope| {
        let (sizes, body, old) = (&sizes, &body, &mut old);
        let mut peer = Peer::of_type(&tcp, "PUSH");
        scope.spawn(move || sizes.iter().for_each(|&size| peer.send(0, &body(size)).unwrap()));
        let mut web_peer = Peer::of_web(&web, "PUSH");
        scope.spawn(move || sizes.iter().for_each(|&size| web_peer.web(0, &body(size)).unwrap()));
        for socket in [&tcp, &web] {
            for &size in sizes {
                assert!(socket.recv_bytes(0).unwrap() == body(size), "{size}");
            }
        }
        // As ZMTP 1.0 has it.
        scope.spawn(move || {
            old.0.write_all(b"\x01\0").unwrap();
            for &size in sizes {
                let length = (size as u64 + 1).to_be_bytes();
                old.0.write_all(&[b"\xff", &length[..], b"\0", &body(size)].concat()).unwrap();
            }
        });
        for &size in sizes {
            assert!(tcp.recv_bytes(0).unwrap() == body(size), "{size}");
        }
    });
}

#[test]
fn there_are_limits_by_default() {
    let context = zmq::Context::new();
    let pull = bound(&context, "tcp://127.0.0.1:*", |_| {});
    assert_eq!((pull.get_maxmsgsize(), pull.get_handshake_ivl()), (Ok(64 << 20), Ok(10_000)));
    let mut peer = Peer::of_type(&pull, "PUSH");
    peer.send(0, b"message").unwrap();
    assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
    peer.0.write_all(&header(0, (64 << 20) + 65)).unwrap();
    assert!(peer.ends());
    assert_eq!(Counts::of(&pull).oversized, 1);
}

#[test]
fn connections_without_a_handshake_are_limited() {
    for transport in ["tcp", "ws", "ipc"] {
        let context = zmq::Context::new();
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_rcvtimeo(TIMEOUT).unwrap();
        assert_eq!(options::get(&pull, ZMQ_MAX_HANDSHAKES), Ok(1000));
        assert_eq!(options::set(&pull, ZMQ_MAX_HANDSHAKES, 0), Err(zmq::Error::EINVAL));
        options::set(&pull, ZMQ_MAX_HANDSHAKES, 2).unwrap();
        let monitor = Monitor::of(&context, &pull, transport);
        let wildcard = if transport == "ipc" { "*" } else { "127.0.0.1:*" };
        pull.bind(&format!("{transport}://{wildcard}")).unwrap();
        let connect = || -> Box<dyn Read> {
            if transport != "ipc" {
                return Box::new(Peer::connect(&pull).0);
            }
            let endpoint = pull.get_last_endpoint().unwrap().unwrap();
            let stream = UnixStream::connect(endpoint.strip_prefix("ipc://").unwrap());
            Box::new(stream.unwrap())
        };
        let silent = [connect(), connect()];
        for _ in 0..2 {
            monitor.wait(zmq_sys::ZMQ_EVENT_ACCEPTED).unwrap();
        }
        let mut refused = connect();
        assert!(!matches!(refused.read(&mut [0; 100]), Ok(1..)));
        let reason = monitor.wait(zmq_sys::ZMQ_EVENT_ACCEPT_FAILED).unwrap();
        assert_eq!(reason, libc::EUSERS as u32);
        drop(silent);
    }
}

#[test]
fn one_address_leaves_room_for_others() {
    for transport in ["tcp", "ws"] {
        let context = zmq::Context::new();
        let pull = context.socket(zmq::PULL).unwrap();
        pull.set_rcvtimeo(TIMEOUT).unwrap();
        assert_eq!(options::get(&pull, ZMQ_MAX_HANDSHAKES_OF_ADDRESS), Ok(250));
        assert_eq!(options::set(&pull, ZMQ_MAX_HANDSHAKES_OF_ADDRESS, 0), Err(zmq::Error::EINVAL));
        options::set(&pull, ZMQ_MAX_HANDSHAKES_OF_ADDRESS, 2).unwrap();
        let monitor = Monitor::of(&context, &pull, transport);
        pull.bind(&format!("{transport}://127.0.0.1:*")).unwrap();
        let mut silent = vec![Peer::connect(&pull), Peer::connect(&pull)];
        for _ in 0..2 {
            monitor.wait(zmq_sys::ZMQ_EVENT_ACCEPTED).unwrap();
        }
        let mut refused = Peer::connect(&pull);
        assert!(refused.ends());
        let reason = monitor.wait(zmq_sys::ZMQ_EVENT_ACCEPT_FAILED).unwrap();
        assert_eq!(reason, libc::EDQUOT as u32);

        // Another address of this machine.
        if cfg!(target_os = "linux") && transport == "tcp" {
            let push = context.socket(zmq::PUSH).unwrap();
            push.set_linger(0).unwrap();
            let endpoint = pull.get_last_endpoint().unwrap().unwrap();
            push.connect(&endpoint.replace("tcp://", "tcp://127.0.0.2:0;")).unwrap();
            push.send("from another address", 0).unwrap();
            assert_eq!(pull.recv_bytes(0).unwrap(), b"from another address");
        }
        // The first address has room again when one of its connections has gone.
        drop(silent.pop());
        if transport == "tcp" {
            until_admitted(&pull);
        }
    }
}

#[test]
fn a_connection_that_ends_during_the_handshake_makes_room() {
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    options::set(&pull, ZMQ_MAX_HANDSHAKES, 1).unwrap();
    let monitor = Monitor::of(&context, &pull, "room");
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut peers = Vec::new();
    for _ in 0..3 {
        drop(Peer::connect(&pull));
        monitor.wait(zmq_sys::ZMQ_EVENT_DISCONNECTED).unwrap();
        // The session may end a little later than its connection.
        let mut peer = until_admitted(&pull);
        peer.command("READY", &property("Socket-Type", b"PUSH"));
        assert!(peer.receive().unwrap().1.starts_with(b"\x05READY"));
        peer.send(0, b"message").unwrap();
        assert_eq!(pull.recv_bytes(0).unwrap(), b"message");
        peers.push(peer);
    }
}

/// Connects and exchanges greetings, as soon as that is accepted.
fn until_admitted(socket: &zmq::Socket) -> Peer {
    for _ in 0..1000 {
        let mut peer = Peer::connect(socket);
        let mut greeting = [0; 64];
        greeting[..16].copy_from_slice(b"\xff\0\0\0\0\0\0\0\0\x7f\x03\x01NULL");
        let _ = peer.0.write_all(&greeting);
        if peer.0.read_exact(&mut greeting).is_ok() {
            return peer;
        }
        thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("nobody is admitted");
}
