//! Patterns of pipelines, security, other protocols and discovery.

use std::fs;

use super::{Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[
    ("kill_signal", kill_signal),
    ("plain", plain),
    ("stonehouse", stonehouse),
    ("ironhouse", ironhouse),
];

fn kill_signal(host: &dyn Host) {
    let [tasks, results, control] = endpoints();
    let sink = start(host, "kill-signal/sink.morpho", &[&results, &control, "3"]);
    let ventilator = start(host, "kill-signal/ventilator.morpho", &[&tasks, "3"]);
    let worker = || start(host, "kill-signal/worker.morpho", &[&tasks, &results, &control]);
    let workers = [(); 3].map(|()| worker());
    assert_eq!(output(ventilator), "100 tasks are sent\n");
    assert_eq!(output(sink), "The sum of the squares up to 100 is 338350\n");
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
    assert!(refused.starts_with("Not let in: the authenticator of the server"), "{refused}");
    assert_eq!(client("alice"), "Welcome, alice\n");
    let seen = output(server);
    // Mallory may have tried more than once.
    let refused = seen
        .strip_suffix("alice: Hello\n")
        .unwrap()
        .replace("A client from 127.0.0.1 is refused\n", "!");
    assert!(!refused.is_empty() && refused.chars().all(|letter| letter == '!'), "{seen}");
}
