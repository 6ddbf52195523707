//! Every example runs, and prints what its readers are told. Examples of several
//! processes are started together, on endpoints of their own.

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use support::{Running, root, start};

const DEADLINE: Duration = Duration::from_secs(60);

/// Starts an example.
fn example(script: &str, arguments: &[&str]) -> Running {
    start(&root("examples").join(script), arguments)
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

#[test]
fn hello() {
    assert_eq!(output(example("hello.morpho", &[])), "Hello\nWorld!\n");
}

#[test]
fn request_reply() {
    let [endpoint] = endpoints();
    let client = example("request-reply/client.morpho", &[&endpoint]);
    let server = example("request-reply/server.morpho", &[&endpoint, "10"]);
    let lines = |text: &str| {
        (1..=10)
            .map(|i| format!("{text}\n").replace('#', &i.to_string()))
            .collect::<String>()
    };
    assert_eq!(output(client), lines("Reply #: World"));
    assert_eq!(output(server), lines("Received Hello #"));
}

#[test]
fn reversed() {
    assert_eq!(
        output(example("request-reply/reversed.morpho", &[])),
        "The client is bound: true\nWho is there?\nYour server\n"
    );
}

#[test]
fn publish_subscribe() {
    let [endpoint] = endpoints();
    let _publisher = example("publish-subscribe/publisher.morpho", &[&endpoint]);
    let subscriber = example("publish-subscribe/subscriber.morpho", &[&endpoint, "10"]);
    assert_eq!(
        output(subscriber),
        "Updates from 10001: 10\nThe average is plausible: true\n"
    );
}

#[test]
fn pipeline() {
    let [tasks, results, ready] = endpoints();
    let sink = example("pipeline/sink.morpho", &[&results]);
    let ventilator = example("pipeline/ventilator.morpho", &[&tasks, &ready, "8"]);
    let _workers = [(); 8].map(|()| example("pipeline/worker.morpho", &[&tasks, &results, &ready]));
    assert_eq!(
        output(ventilator),
        "8 workers are ready\n100 tasks are sent\n"
    );
    assert_eq!(output(sink), "The sum of the squares up to 100 is 338350\n");
}

#[test]
fn dealer_router() {
    let answers =
        |name: &str| format!("Answer to {name} 3\nAnswer to {name} 2\nAnswer to {name} 1\n");
    assert_eq!(
        output(example("dealer-router/asynchronous.morpho", &[])),
        answers("Alice") + &answers("Bob")
    );
}

#[test]
fn every_example_is_tested() {
    let tests = include_str!("examples.rs");
    let mut count = 0;
    visit(&root("examples"), &mut |script| {
        let name = script
            .strip_prefix(root("examples"))
            .unwrap()
            .to_str()
            .unwrap();
        assert!(tests.contains(&format!("\"{name}\"")), "{name} has no test");
        count += 1;
    });
    assert!(count > 0);
}

fn visit(folder: &Path, script: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, script);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "morpho")
        {
            script(&path);
        }
    }
}
