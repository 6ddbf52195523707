//! A large array that is published to many subscribers is in the memory of the publisher
//! once, not once per subscriber.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::time::Duration;

use support::start;

const DEADLINE: Duration = Duration::from_secs(120);
const SUBSCRIBERS: usize = 50;

/// Two megabytes of numbers.
const PUBLISHER: &str = r#"
import zeromq
var test = ZMQPair(System.arguments()[0])
var publisher = ZMQPublisher("@tcp://127.0.0.1:*")
var m = Matrix(500, 500)
for (i in 0...500) m[i, i] = i
test.send(publisher.lastendpoint())
print publisher.waitforsubscribers(50, timeout=100000)
test.send("ready")
test.receive()
publisher.sendarray(m)
test.receive()
"#;

#[test]
fn subscribers_share_the_memory_of_an_array() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("publisher.morpho");
    fs::write(&script, PUBLISHER).unwrap();
    let context = zmq::Context::new();
    let socket = |kind: zmq::SocketType| {
        let socket = context.socket(kind).unwrap();
        socket.set_rcvtimeo(DEADLINE.as_millis() as i32).unwrap();
        socket
    };
    let pair = socket(zmq::PAIR);
    pair.bind("tcp://127.0.0.1:*").unwrap();
    let publisher = start(&script, &[pair.get_last_endpoint().unwrap().unwrap()]);

    let endpoint = receive(&pair).pop().unwrap();
    let subscribers: Vec<zmq::Socket> = (0..SUBSCRIBERS)
        .map(|_| {
            let subscriber = socket(zmq::SUB);
            subscriber.connect(std::str::from_utf8(&endpoint).unwrap()).unwrap();
            subscriber.set_subscribe(b"").unwrap();
            subscriber
        })
        .collect();
    assert_eq!(receive(&pair), [b"ready"]);
    let before = peak(publisher.id());
    pair.send("go", 0).unwrap();
    for subscriber in &subscribers {
        let message = receive(subscriber);
        assert_eq!(message[0], br#"{"dtype": "float64", "shape": [500, 500]}"#);
        assert_eq!(message[1].len(), 2_000_000);
        assert_eq!(message[1][1_999_992..], 499_f64.to_le_bytes());
    }
    let grown = peak(publisher.id()) - before;
    pair.send("end", 0).unwrap();
    let finished = publisher.finish(DEADLINE);
    assert_eq!(finished.stdout, "true\n", "{}", finished.stderr);
    println!("{grown} KB more for {SUBSCRIBERS} subscribers, of 1954 KB each");
    assert!(grown < 16_000, "{grown} KB");
}

/// Child processes that end interrupt a wait.
fn receive(socket: &zmq::Socket) -> Vec<Vec<u8>> {
    loop {
        match socket.recv_multipart(0) {
            Err(zmq::Error::EINTR) => {}
            received => return received.unwrap(),
        }
    }
}

/// Returns the most memory that a process has had so far, in kilobytes.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
