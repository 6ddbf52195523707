//! The basic patterns.

use super::{Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[
    ("hello", hello),
    ("request_reply", request_reply),
    ("reversed", reversed),
    ("publish_subscribe", publish_subscribe),
    ("pipeline", pipeline),
    ("sweep", sweep),
    ("dealer_router", dealer_router),
];

fn hello(host: &dyn Host) {
    assert_eq!(output(start(host, "hello.morpho", &[])), "Hello\nWorld!\n");
}

fn request_reply(host: &dyn Host) {
    let [endpoint] = endpoints();
    let client = start(host, "request-reply/client.morpho", &[&endpoint]);
    let server = start(host, "request-reply/server.morpho", &[&endpoint, "10"]);
    let lines = |text: &str| {
        (1..=10).map(|i| format!("{text}\n").replace('#', &i.to_string())).collect::<String>()
    };
    assert_eq!(output(client), lines("Reply #: World"));
    assert_eq!(output(server), format!("Listening on {endpoint}\n{}", lines("Received Hello #")));
}

fn reversed(host: &dyn Host) {
    assert_eq!(
        output(start(host, "request-reply/reversed.morpho", &[])),
        "The client is bound: true\nWho is there?\nYour server\n"
    );
}

fn publish_subscribe(host: &dyn Host) {
    let [endpoint] = endpoints();
    let _publisher = start(host, "publish-subscribe/publisher.morpho", &[&endpoint]);
    let subscriber = start(host, "publish-subscribe/subscriber.morpho", &[&endpoint, "10"]);
    assert_eq!(output(subscriber), "Updates from 10001: 10\nThe average is plausible: true\n");
}

fn pipeline(host: &dyn Host) {
    let [tasks, results] = endpoints();
    let sink = start(host, "pipeline/sink.morpho", &[&results]);
    let ventilator = start(host, "pipeline/ventilator.morpho", &[&tasks, "8"]);
    let worker = || start(host, "pipeline/worker.morpho", &[&tasks, &results]);
    let _workers = [(); 8].map(|()| worker());
    assert_eq!(
        output(ventilator),
        format!("Waiting for 8 workers on {tasks}\n100 tasks are sent\n")
    );
    assert_eq!(
        output(sink),
        format!("Listening on {results}\nThe sum of the squares up to 100 is 338350\n")
    );
}

fn sweep(host: &dyn Host) {
    let [endpoint] = endpoints();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("results.txt");
    // What an earlier sweep has found, until it was killed.
    std::fs::write(&file, "0 0.08 0.5 .\n1 0.16 0.6 .\n2 0.24 0.").unwrap();
    let place = folder.path().to_str().unwrap();
    let sweep = start(host, "sweep/sweep.morpho", &[place, &endpoint]);
    let worker = || start(host, "sweep/worker.morpho", &[&endpoint]);
    // One is killed when it is dropped.
    let (killed, first, second) = (worker(), worker(), worker());
    let end = std::time::Instant::now() + super::DEADLINE;
    while std::fs::read_to_string(&file).unwrap().lines().count() < 10 {
        assert!(std::time::Instant::now() < end, "there are no results");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    drop(killed);
    let shown = output(sweep);
    let begin = format!(
        "2 of 100 points are known\nListening on {endpoint} for workers\n100 points, 0 failed, "
    );
    assert!(shown.starts_with(&begin), "{shown}");
    // A worker that has started too late waits for the next sweep.
    if shown.contains(" 3 workers, ") {
        assert_eq!([output(first), output(second)], ["", ""]);
    }
    let plot = std::fs::read_to_string(folder.path().join("resonance.svg")).unwrap();
    assert!(plot.matches("<polyline").count() == 5 && plot.ends_with("</svg>\n"), "{plot}");
}

fn dealer_router(host: &dyn Host) {
    let answers =
        |name: &str| format!("Answer to {name} 3\nAnswer to {name} 2\nAnswer to {name} 1\n");
    assert_eq!(
        output(start(host, "dealer-router/asynchronous.morpho", &[])),
        answers("Alice") + &answers("Bob")
    );
}
