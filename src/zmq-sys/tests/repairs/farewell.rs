//! Messages whose sender ends.

use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use crate::peer::{COMMAND, Peer, property};
use crate::wait::{DEADLINE, TIMEOUT, go_on, until};

/// More messages than a queue has room for.
const MANY: u32 = 900;

/// The high-water mark of the receivers here.
const MARK: i32 = 10;

#[test]
fn what_arrived_before_the_peer_ended_is_received() {
    let context = zmq::Context::new();
    let pull = full_whose_peer_has_ended(&context, |_| {});
    for number in 0..MANY {
        assert_eq!(pull.recv_bytes(0).unwrap(), message(number));
    }
    assert_eq!(pull.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
}

#[test]
fn a_heartbeat_after_the_peer_ended_does_nothing() {
    let context = zmq::Context::new();
    let pull = full_whose_peer_has_ended(&context, |pull| {
        pull.set_heartbeat_ivl(20).unwrap();
        pull.set_heartbeat_timeout(60_000).unwrap();
    });
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(60) {
        settle(&context);
    }
    for number in 0..MANY {
        assert_eq!(pull.recv_bytes(0).unwrap(), message(number));
    }
}

#[test]
fn a_full_receiver_ends_after_its_peer_has_ended() {
    let context = zmq::Context::new();
    // Else a failure would wait for it.
    std::mem::forget(context.clone());
    let pull = full_whose_peer_has_ended(&context, |_| {});
    assert_eq!(pull.recv_bytes(0).unwrap(), message(0));
    pull.set_linger(-1).unwrap();
    let end = ended(&context, pull);
    assert_eq!(end.poll(zmq::POLLIN, DEADLINE.as_millis() as i64), Ok(1));
}

#[test]
fn what_arrived_before_the_end_is_received_with_immediate() {
    received_after_the_end(|receiver| receiver.set_immediate(true));
}

#[test]
fn what_arrived_before_the_end_is_received_without_reconnecting() {
    received_after_the_end(|receiver| receiver.set_reconnect_ivl(-1));
}

fn received_after_the_end(prepare: impl Fn(&zmq::Socket) -> zmq::Result<()>) {
    let pairs = [(zmq::PULL, zmq::PUSH), (zmq::DEALER, zmq::DEALER), (zmq::PAIR, zmq::PAIR)];
    for (kind, peer) in pairs {
        for endpoint in ["ipc://*", "tcp://127.0.0.1:*"] {
            let context = zmq::Context::new();
            let receiver = context.socket(kind).unwrap();
            receiver.set_rcvtimeo(TIMEOUT).unwrap();
            prepare(&receiver).unwrap();
            {
                let context = zmq::Context::new();
                let sender = context.socket(peer).unwrap();
                sender.bind(endpoint).unwrap();
                receiver.connect(&sender.get_last_endpoint().unwrap().unwrap()).unwrap();
                for number in 0..3 {
                    sender.send(message(number), 0).unwrap();
                }
                // The socket learns of its connection before that ends.
                assert_eq!(receiver.recv_bytes(0).unwrap(), message(0));
            }
            // There is nobody to send to; a PULL cannot send anyway.
            assert!(until(|| receiver.send("", zmq::DONTWAIT).is_err()));
            settle(&context);
            go_on(&receiver);
            for number in 1..3 {
                assert_eq!(receiver.recv_bytes(0).unwrap(), message(number));
            }
            assert_eq!(receiver.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
        }
    }
}

#[test]
fn a_router_may_change_the_option_immediate() {
    for immediate in [true, false] {
        let context = zmq::Context::new();
        let router = context.socket(zmq::ROUTER).unwrap();
        router.set_rcvtimeo(TIMEOUT).unwrap();
        router.set_immediate(immediate).unwrap();
        {
            let context = zmq::Context::new();
            let dealer = context.socket(zmq::DEALER).unwrap();
            dealer.bind("ipc://*").unwrap();
            router.connect(&dealer.get_last_endpoint().unwrap().unwrap()).unwrap();
            router.set_immediate(!immediate).unwrap();
            dealer.send("", 0).unwrap();
            router.recv_multipart(0).unwrap();
        }
        settle(&context);
        go_on(&router);
    }
}

/// Makes a PULL socket whose queue is full, and whose only peer has sent everything and
/// ended.
fn full_whose_peer_has_ended(
    context: &zmq::Context,
    prepare: impl Fn(&zmq::Socket),
) -> zmq::Socket {
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvhwm(MARK).unwrap();
    pull.set_rcvtimeo(TIMEOUT).unwrap();
    prepare(&pull);
    pull.bind("ipc://*").unwrap();
    {
        let context = zmq::Context::new();
        let push = context.socket(zmq::PUSH).unwrap();
        push.connect(&pull.get_last_endpoint().unwrap().unwrap()).unwrap();
        for number in 0..MANY {
            push.send(message(number), 0).unwrap();
        }
        // Dropped in turn; a context ends once all is sent.
    }
    settle(context);
    pull
}

/// Makes a message that is long enough for a queue of them to fill more than one buffer.
fn message(number: u32) -> Vec<u8> {
    number.to_be_bytes().repeat(10)
}

/// Waits until the I/O thread of a context has noticed everything that has happened so far.
pub fn settle(context: &zmq::Context) {
    let rep = context.socket(zmq::REP).unwrap();
    let req = context.socket(zmq::REQ).unwrap();
    for socket in [&rep, &req] {
        socket.set_rcvtimeo(TIMEOUT).unwrap();
    }
    rep.bind("tcp://127.0.0.1:*").unwrap();
    req.connect(&rep.get_last_endpoint().unwrap().unwrap()).unwrap();
    req.send("", 0).unwrap();
    rep.recv_bytes(0).unwrap();
}

/// Closes a socket, and returns one that receives a message once it has ended.
fn ended(context: &zmq::Context, socket: zmq::Socket) -> zmq::Socket {
    let end = context.socket(zmq::PAIR).unwrap();
    socket.monitor("inproc://ended", zmq::SocketEvent::MONITOR_STOPPED as i32).unwrap();
    end.connect("inproc://ended").unwrap();
    end
}

#[test]
fn the_last_batch_is_written_before_a_connection_ends() {
    // How much of the last batch the system takes differs.
    for count in (60..=100).step_by(4) {
        let context = zmq::Context::new();
        let push = context.socket(zmq::PUSH).unwrap();
        push.set_sndbuf(1).unwrap();
        push.set_linger(-1).unwrap();
        let (listener, endpoint) = listens_with_a_small_buffer();
        push.connect(&endpoint).unwrap();
        let mut peer = Peer(listener.accept().unwrap().0);
        peer.0.set_read_timeout(Some(DEADLINE)).unwrap();
        peer.greet("NULL");
        peer.command("READY", &property("Socket-Type", b"PULL"));
        assert_eq!(peer.receive().unwrap().0, COMMAND);
        for number in 0..count {
            push.send(message(number).repeat(5), zmq::DONTWAIT).unwrap();
        }
        drop(push);
        for number in 0..count {
            assert_eq!(peer.receive().unwrap(), (0, message(number).repeat(5)));
            if number % 10 == 0 {
                // A fast peer would have taken all in time.
                thread::sleep(Duration::from_millis(1));
            }
        }
        assert!(peer.ends());
    }
}

/// Listens for connections with small receive buffers.
fn listens_with_a_small_buffer() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let size: libc::c_int = 8192;
    // SAFETY: the descriptor is open, and the value is as long as is said.
    let result = unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw const size).cast(),
            size_of_val(&size) as libc::socklen_t,
        )
    };
    assert_eq!(result, 0);
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    (listener, endpoint)
}
