//! Examples of pipelines, security, other protocols and discovery.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::{DEADLINE, Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[
    ("kill_signal", kill_signal),
    ("plain", plain),
    ("stonehouse", stonehouse),
    ("ironhouse", ironhouse),
    ("web_server", web_server),
    ("discovery", discovery),
];

fn kill_signal(host: &dyn Host) {
    let [tasks, results, control] = endpoints();
    let sink = start(host, "kill-signal/sink.morpho", &[&results, &control, "3"]);
    let ventilator = start(host, "kill-signal/ventilator.morpho", &[&tasks, "3"]);
    let worker = || start(host, "kill-signal/worker.morpho", &[&tasks, &results, &control]);
    let workers = [(); 3].map(|()| worker());
    assert_eq!(output(ventilator), format!("Listening on {tasks}\n100 tasks are sent\n"));
    assert_eq!(
        output(sink),
        format!(
            "Listening on {results} and {control}\nThe sum of the squares up to 100 is 338350\n"
        )
    );
    let done = workers.map(|worker| {
        let output = output(worker);
        let count = output.strip_prefix("KILL after ").unwrap().strip_suffix(" tasks\n");
        count.unwrap().parse::<u32>().unwrap()
    });
    assert_eq!(done.iter().sum::<u32>(), 100);
}

fn plain(host: &dyn Host) {
    assert_eq!(
        output(start(host, "ironhouse/plain.morpho", &[])),
        "mallory is refused\nalice is refused\nHello from alice\n"
    );
}

fn stonehouse(host: &dyn Host) {
    assert_eq!(
        output(start(host, "ironhouse/stonehouse.morpho", &[])),
        "Who reads this?\nWe do, and nobody else\n"
    );
}

fn ironhouse(host: &dyn Host) {
    let keys = tempfile::tempdir().unwrap();
    fs::create_dir(keys.path().join("clients")).unwrap();
    let keys = keys.path().to_str().unwrap();
    let shown = output(start(host, "ironhouse/certificates.morpho", &[keys]));
    assert_eq!(shown.matches("<ZMQCertificate: ").count(), 3, "{shown}");
    let [endpoint] = endpoints();
    let server = start(host, "ironhouse/server.morpho", &[keys, &endpoint, "1"]);
    let client = |name| output(start(host, "ironhouse/client.morpho", &[name, keys, &endpoint]));
    let refused = client("mallory");
    assert!(refused.starts_with("Not let in: the server's authenticator"), "{refused}");
    assert_eq!(client("alice"), "Welcome, alice\n");
    let seen = output(server);
    // Mallory may have tried more than once.
    let refused = seen
        .strip_prefix(&format!("Listening on {endpoint}\n"))
        .unwrap()
        .strip_suffix("alice: Hello\n")
        .unwrap()
        .replace("A client from 127.0.0.1 is refused\n", "!");
    assert!(!refused.is_empty() && refused.chars().all(|letter| letter == '!'), "{seen}");
}

fn web_server(host: &dyn Host) {
    let [endpoint] = endpoints();
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let server = start(host, "web-server/server.morpho", &[&endpoint, "9"]);
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begin.elapsed() < DEADLINE);
        thread::sleep(Duration::from_millis(10));
    }
    let connect = || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    };
    let answer = |mut stream: TcpStream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let ask = |request: &[u8]| {
        let mut stream = connect();
        stream.write_all(request).unwrap();
        answer(stream)
    };
    let page = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        body.to_owned()
    };
    let hello = |answer: &str| assert!(page(answer).starts_with("<h1>Hello</h1>"), "{answer}");

    hello(&ask(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"));
    assert!(ask(b"GET /nothing HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 Not Found\r\n"));
    let answered = ask(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b");
    assert!(answered.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{answered}");
    for nonsense in [&b"rubbish\r\n\r\n"[..], b"\x00\xff\xfe \x80\0\r\n\r\n"] {
        assert!(ask(nonsense).starts_with("HTTP/1.1 400 Bad Request\r\n"));
    }

    // Clients that send nothing, or not enough.
    drop(connect());
    let mut half = connect();
    half.write_all(b"GET / HT").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let mut gone = connect();
    gone.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    drop(gone);

    // One that sends too much: its answer may be lost, because it does not listen.
    let mut endless = connect();
    let _ = endless.write_all(&vec![b'x'; 1 << 20]);
    let mut answered = Vec::new();
    let _ = endless.read_to_end(&mut answered);
    let start = b"HTTP/1.1 431 Request Header Fields Too Large\r\n";
    assert!(answered.is_empty() || answered.starts_with(start), "{answered:?}");

    // Two at once, one of them in pieces.
    let mut slow = connect();
    let (last, first) = b"GET /about HTTP/1.1\r\n\r\n".split_last().unwrap();
    for byte in first {
        slow.write_all(&[*byte]).unwrap();
    }
    hello(&ask(b"GET / HTTP/1.0\n\n"));
    slow.write_all(&[*last]).unwrap();
    assert!(page(&answer(slow)).contains("stream socket"));

    // And after all that.
    hello(&ask(b"GET / HTTP/1.1\r\n\r\n"));
    assert_eq!(output(server), format!("Listening on {endpoint}\n"));
}

fn discovery(host: &dyn Host) {
    // A port that is free for TCP is as good as any for UDP.
    let [endpoint] = endpoints();
    let port = endpoint.rsplit(':').next().unwrap();
    let names = ["alice", "bob", "carol"];
    let peers = names.map(|name| start(host, "discovery/peer.morpho", &[name, "2", port]));
    for (peer, name) in peers.into_iter().zip(names) {
        let output = output(peer);
        let mut lines: Vec<&str> = output.lines().collect();
        lines.sort_unstable();
        let others = names.iter().filter(|other| **other != name);
        let expected: Vec<String> = others
            .clone()
            .map(|other| format!("{name} finds {other}"))
            .chain(others.map(|other| format!("{name} hears: Hello from {other}")))
            .collect();
        assert_eq!(lines, expected);
    }
}
