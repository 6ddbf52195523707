//! The basic patterns.

use super::{Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[
    ("hello", hello),
    ("request_reply", request_reply),
    ("reversed", reversed),
    ("publish_subscribe", publish_subscribe),
    ("pipeline", pipeline),
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
    assert_eq!(output(server), lines("Received Hello #"));
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
    assert_eq!(output(ventilator), "Waiting for 8 workers\n100 tasks are sent\n");
    assert_eq!(output(sink), "The sum of the squares up to 100 is 338350\n");
}

fn dealer_router(host: &dyn Host) {
    let answers =
        |name: &str| format!("Answer to {name} 3\nAnswer to {name} 2\nAnswer to {name} 1\n");
    assert_eq!(
        output(start(host, "dealer-router/asynchronous.morpho", &[])),
        answers("Alice") + &answers("Bob")
    );
}
