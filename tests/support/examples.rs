//! The examples, and what their readers are told that they print. Examples of
//! several processes are started together, on endpoints of their own.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::time::Duration;

use super::{Host, Running, root};

const DEADLINE: Duration = Duration::from_secs(60);

/// Runs an example on a host, and looks at what it prints.
type Example = fn(&dyn Host);

/// All of them, by name.
pub const ALL: [(&str, Example); 6] = [
    ("hello", hello),
    ("request_reply", request_reply),
    ("reversed", reversed),
    ("publish_subscribe", publish_subscribe),
    ("pipeline", pipeline),
    ("dealer_router", dealer_router),
];

/// Starts an example.
fn start(host: &dyn Host, script: &str, arguments: &[&str]) -> Running {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    host.start(&root("examples").join(script), &arguments)
}

/// What an example prints until it ends.
fn output(running: Running) -> String {
    let finished = running.finish(DEADLINE);
    assert_eq!(
        finished.status,
        Some(0),
        "{}{}",
        finished.stdout,
        finished.stderr
    );
    assert_eq!(finished.stderr, "");
    finished.stdout
}

/// TCP endpoints that were free a moment ago, all different.
fn endpoints<const N: usize>() -> [String; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| format!("tcp://{}", listener.local_addr().unwrap()))
}

pub fn hello(host: &dyn Host) {
    assert_eq!(output(start(host, "hello.morpho", &[])), "Hello\nWorld!\n");
}

pub fn request_reply(host: &dyn Host) {
    let [endpoint] = endpoints();
    let client = start(host, "request-reply/client.morpho", &[&endpoint]);
    let server = start(host, "request-reply/server.morpho", &[&endpoint, "10"]);
    let lines = |text: &str| {
        (1..=10)
            .map(|i| format!("{text}\n").replace('#', &i.to_string()))
            .collect::<String>()
    };
    assert_eq!(output(client), lines("Reply #: World"));
    assert_eq!(output(server), lines("Received Hello #"));
}

pub fn reversed(host: &dyn Host) {
    assert_eq!(
        output(start(host, "request-reply/reversed.morpho", &[])),
        "The client is bound: true\nWho is there?\nYour server\n"
    );
}

pub fn publish_subscribe(host: &dyn Host) {
    let [endpoint] = endpoints();
    let _publisher = start(host, "publish-subscribe/publisher.morpho", &[&endpoint]);
    let subscriber = start(
        host,
        "publish-subscribe/subscriber.morpho",
        &[&endpoint, "10"],
    );
    assert_eq!(
        output(subscriber),
        "Updates from 10001: 10\nThe average is plausible: true\n"
    );
}

pub fn pipeline(host: &dyn Host) {
    let [tasks, results, ready] = endpoints();
    let sink = start(host, "pipeline/sink.morpho", &[&results]);
    let ventilator = start(host, "pipeline/ventilator.morpho", &[&tasks, &ready, "8"]);
    let worker = || start(host, "pipeline/worker.morpho", &[&tasks, &results, &ready]);
    let _workers = [(); 8].map(|()| worker());
    assert_eq!(
        output(ventilator),
        "8 workers are ready\n100 tasks are sent\n"
    );
    assert_eq!(output(sink), "The sum of the squares up to 100 is 338350\n");
}

pub fn dealer_router(host: &dyn Host) {
    let answers =
        |name: &str| format!("Answer to {name} 3\nAnswer to {name} 2\nAnswer to {name} 1\n");
    assert_eq!(
        output(start(host, "dealer-router/asynchronous.morpho", &[])),
        answers("Alice") + &answers("Bob")
    );
}
