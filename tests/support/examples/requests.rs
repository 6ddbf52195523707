//! Requests and replies that go through brokers and survive failures.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::{DEADLINE, Example, endpoints, output, start};
use crate::support::{Host, Running};

pub const ALL: &[(&str, Example)] = &[
    ("broker", broker),
    ("balance", balance),
    ("lazy_pirate", lazy_pirate),
    ("paranoid_pirate", paranoid_pirate),
    ("majordomo", majordomo),
    ("freelance", freelance),
    ("binary_star", binary_star),
    ("titanic", titanic),
];

/// Runs a script repeatedly until it prints what is expected.
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

fn signal(running: &Running, name: &str) {
    let mut command = Command::new("kill");
    let status = command.arg(format!("-{name}")).arg(running.id().to_string()).status();
    assert!(status.unwrap().success());
}

/// Returns the lines Hello 1 to Hello `count`, each followed by `rest`.
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
    // The first one to connect has the first turn.
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

fn lazy_pirate(host: &dyn Host) {
    let [endpoint] = endpoints();
    let client = start(host, "lazy-pirate/client.morpho", &[&endpoint]);
    let server = start(host, "lazy-pirate/server.morpho", &[&endpoint]);
    let printed = output(client);
    let (replies, sent) = printed.trim_end().rsplit_once('\n').unwrap();
    let answers = (1..=6).map(|i| format!("Reply {i}: The answer to {i}\n")).collect::<String>();
    assert_eq!(replies, answers + "Request 7 has no reply: giving up");
    // On a busy machine there may be more tries.
    let sent: u32 = sent.strip_suffix(" messages were sent").unwrap().parse().unwrap();
    assert!((12..=7 * 4).contains(&sent), "{sent}");
    let mut lines: Vec<String> = output(server).lines().map(str::to_owned).collect();
    lines.dedup();
    assert_eq!(lines.remove(0), format!("Listening on {endpoint}"));
    let expected = "Request 1|Request 2|Request 3: a crash|Request 3|Request 4|\
                    Request 5: this takes a while|Request 5|Request 6|Request 7: the end";
    assert_eq!(lines.join("|"), expected);
}

fn paranoid_pirate(host: &dyn Host) {
    let [front, back] = endpoints();
    let queue = |replies| start(host, "paranoid-pirate/queue.morpho", &[&front, &back, replies]);
    let ask = |requests| output(start(host, "paranoid-pirate/client.morpho", &[&front, requests]));
    let worker = |arguments: &[&str]| start(host, "paranoid-pirate/worker.morpho", arguments);

    // A worker hangs, and another one does its work.
    let first = queue("6");
    let _ann = worker(&["Ann", &back, "2"]);
    assert_eq!(ask("2"), hellos(2, "Ann"));
    let bob = worker(&["Bob", &back]);
    assert_eq!(ask("4"), hellos(4, "Bob"));
    let told = output(first);
    for line in ["Worker Ann is ready\n", "Worker Bob is ready\n", "Worker Ann is gone\n"] {
        assert!(told.contains(line), "{told}");
    }

    // The queue is restarted, and then a worker dies.
    let second = queue("4");
    assert_eq!(ask("2"), hellos(2, "Bob"));
    drop(bob);
    let _cleo = worker(&["Cleo", &back]);
    assert_eq!(ask("2"), hellos(2, "Cleo"));
    let told = output(second);
    for line in ["Worker Bob is ready\n", "Worker Cleo is ready\n"] {
        assert!(told.contains(line), "{told}");
    }
}

fn majordomo(host: &dyn Host) {
    let [endpoint] = endpoints();
    let worker = |service| start(host, "majordomo/worker.morpho", &[service, &endpoint]);
    let ask = || {
        let expected: String = BACKWARDS
            .iter()
            .map(|(word, turned)| format!("{word} backwards is {turned}, length {}\n", word.len()))
            .collect();
        assert_eq!(output(start(host, "majordomo/client.morpho", &[&endpoint])), expected);
    };
    let services = |length: &str| {
        let expected = format!("backwards: 200\nlength: {length}\ntea: 404\n");
        until(host, "majordomo/services.morpho", &[&endpoint], |printed| printed == expected);
    };

    let broker = start(host, "majordomo/broker.morpho", &[&endpoint]);
    let _backwards = [(); 2].map(|()| worker("backwards"));
    let length = worker("length");
    ask();
    services("200");
    // A dead worker is detected.
    drop(length);
    services("404");
    // Workers return to a broker that was restarted.
    drop(broker);
    let _length = worker("length");
    let _broker = start(host, "majordomo/broker.morpho", &[&endpoint]);
    ask();
    services("200");
}

fn freelance(host: &dyn Host) {
    let [dead, slow, quick] = endpoints();
    let _slow = start(host, "freelance/server.morpho", &["Bob", &slow, "60000"]);
    let _quick = start(host, "freelance/server.morpho", &["Cleo", &quick]);
    let expected = hellos(5, "Cleo");
    until(host, "freelance/shotgun.morpho", &[&quick], |printed| printed == expected);
    for client in ["freelance/failover.morpho", "freelance/shotgun.morpho"] {
        assert_eq!(output(start(host, client, &[&dead, &slow, &quick])), expected, "{client}");
    }
}

fn binary_star(host: &dyn Host) {
    let [clients, clients_too, states, states_too] = endpoints();
    let primary =
        || start(host, "binary-star/server.morpho", &["primary", &clients, &states, &states_too]);
    let backup = || {
        start(host, "binary-star/server.morpho", &["backup", &clients_too, &states_too, &states])
    };
    let arguments = [&*clients, &clients_too, "2"];
    let served = |by: &str, other: &str| {
        let expected = hellos(2, &format!("the {by}, the other one being {other}"));
        until(host, "binary-star/client.morpho", &arguments, |printed| printed == expected);
    };

    let first = primary();
    let second = backup();
    served("primary", "passive");
    // A client that finds only the backup must not make it active while the primary is.
    let alone = start(host, "binary-star/client.morpho", &[&clients_too, &clients_too, "1"]);
    assert_eq!(output(alone), "Hello 1, says nobody\n");
    drop(first);
    served("backup", "silent");
    // The primary comes back and waits for its turn.
    let third = primary();
    served("backup", "passive");
    drop(second);
    served("primary", "silent");
    if cfg!(unix) {
        // One that was away and believes that it is active does not continue.
        let fourth = backup();
        served("primary", "passive");
        signal(&third, "STOP");
        served("backup", "silent");
        signal(&third, "CONT");
        for (server, role) in [(third, "primary"), (fourth, "backup")] {
            let told = output(server);
            assert!(told.ends_with(&format!("Both are active: the {role} ends\n")), "{told}");
        }
    }
}

fn titanic(host: &dyn Host) {
    let [endpoint] = endpoints();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let titanic = || start(host, "titanic/titanic.morpho", &[journal.to_str().unwrap(), &endpoint]);
    let order = |word| output(start(host, "titanic/request.morpho", &[word, &endpoint]));
    let fetch = |number| output(start(host, "titanic/reply.morpho", &[number, &endpoint]));

    // It crashes before the work is done,
    let _broker = start(host, "majordomo/broker.morpho", &[&endpoint]);
    let first = titanic();
    assert_eq!(order("stressed"), "The request has number 1\n");
    drop(first);
    let second = titanic();
    let worker = start(host, "majordomo/worker.morpho", &["backwards", &endpoint]);
    assert_eq!(fetch("1"), "The reply to request 1 is desserts\n");
    assert_eq!(fetch("1"), "There is no request 1\n");

    // and between that and the reply.
    assert_eq!(order("drawer"), "The request has number 2\n");
    let begin = Instant::now();
    while !fs::read_to_string(&journal).unwrap().contains("\nreward\n") {
        assert!(begin.elapsed() < DEADLINE);
        thread::sleep(Duration::from_millis(10));
    }
    drop((worker, second));
    let _third = titanic();
    assert_eq!(fetch("2"), "The reply to request 2 is reward\n");
    assert_eq!(fetch("2"), "There is no request 2\n");
}
