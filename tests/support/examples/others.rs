//! Patterns of pipelines, security, other protocols and discovery.

use super::{Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[("kill_signal", kill_signal)];

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
