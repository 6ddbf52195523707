//! Requests and replies that go through brokers, and that get over what fails.

use std::time::Instant;

use super::{DEADLINE, Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[("broker", broker), ("balance", balance)];

/// Runs a script again and again, until it prints what is waited for.
fn until(host: &dyn Host, script: &str, arguments: &[&str], done: impl Fn(&str) -> bool) {
    let begin = Instant::now();
    loop {
        let printed = output(start(host, script, arguments));
        if done(&printed) {
            return;
        }
        assert!(begin.elapsed() < DEADLINE, "{script} prints {printed}");
    }
}

/// The lines Hello 1 to Hello `count`, each with something behind it.
fn hellos(count: usize, rest: &str) -> String {
    (1..=count).map(|i| format!("Hello {i}, says {rest}\n")).collect()
}

const BACKWARDS: [(&str, &str); 6] = [
    ("star", "rats"),
    ("live", "evil"),
    ("drawer", "reward"),
    ("stressed", "desserts"),
    ("reviled", "deliver"),
    ("diaper", "repaid"),
];

fn broker(host: &dyn Host) {
    let [front, back] = endpoints();
    let _queue = start(host, "broker/queue.morpho", &[&front, &back]);
    let _workers = [(); 2].map(|()| start(host, "broker/worker.morpho", &[&back]));
    let clients = [(); 2].map(|()| start(host, "broker/client.morpho", &[&front]));
    let expected: String =
        BACKWARDS.iter().map(|(word, turned)| format!("{word} backwards is {turned}\n")).collect();
    for client in clients {
        assert_eq!(output(client), expected);
    }
}

fn balance(host: &dyn Host) {
    let [front, back] = endpoints();
    let _broker = start(host, "broker/balance.morpho", &[&front, &back, "2"]);
    let worker = |name| start(host, "broker/ready-worker.morpho", &[name, &back]);
    let _workers = ["Ann", "Bob"].map(worker);
    let printed = output(start(host, "broker/client.morpho", &[&front]));
    // Whoever came first has the first turn.
    let expected = |first: &str, second: &str| {
        let names = [first, second].into_iter().cycle();
        let lines = BACKWARDS.iter().zip(names);
        lines
            .map(|((word, turned), name)| format!("{word} backwards is {turned}, says {name}\n"))
            .collect::<String>()
    };
    assert!(
        [expected("Ann", "Bob"), expected("Bob", "Ann")].contains(&printed),
        "the turns are {printed}"
    );
}
