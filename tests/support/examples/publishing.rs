//! Publishers and subscribers.

use std::thread;

use super::{Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[
    ("envelopes", envelopes),
    ("last_value_cache", last_value_cache),
    ("high_water_marks", high_water_marks),
    ("nodrop", nodrop),
    ("conflate", conflate),
    ("snail", snail),
    ("clone", clone),
    ("ephemeral", ephemeral),
    ("espresso", espresso),
];

fn envelopes(host: &dyn Host) {
    let [endpoint] = endpoints();
    let subscriber = |topic| start(host, "envelopes/subscriber.morpho", &[&endpoint, "2", topic]);
    let (weather, sport) = (subscriber("weather."), subscriber("sport"));
    let publisher = start(host, "envelopes/publisher.morpho", &[&endpoint]);
    assert_eq!(output(weather), "weather.oslo [ rain, 8 ]\nweather.rome [ sun, 21 ]\n");
    assert_eq!(output(sport), "sport [ a draw in Rome ]\nsports cars [ a red one ]\n");
    assert_eq!(output(publisher), format!("Publishing on {endpoint}\nThe news is published\n"));
}

fn last_value_cache(host: &dyn Host) {
    let [source, readers] = endpoints();
    let _cache = start(host, "last-value-cache/cache.morpho", &[&source, &readers]);
    let _publisher = start(host, "last-value-cache/publisher.morpho", &[&source, "20"]);
    let subscriber = || {
        let subscriber = start(host, "last-value-cache/subscriber.morpho", &[&readers, "20"]);
        let output = output(subscriber);
        let name = |line: &&str| *line == "ABC.name: The ABC Company";
        assert!(output.lines().any(|line| name(&line)), "{output}");
        let lines = output.lines().filter(|line| !name(line));
        let prices: Vec<u32> =
            lines.map(|line| line.strip_prefix("ABC.price: ").unwrap().parse().unwrap()).collect();
        // The last value may come twice, followed by all later ones.
        assert!(prices.is_sorted_by(|one, next| *next == *one || *next == one + 1), "{prices:?}");
        prices[0]
    };
    let early = subscriber();
    // The name was published once, long before this one started.
    assert!(subscriber() > early);
}

fn high_water_marks(host: &dyn Host) {
    assert_eq!(
        output(start(host, "slow-subscriber/marks.morpho", &[])),
        "100 messages are published, and nobody has waited\n\
         The subscriber has got 20, the last is number 20\n\
         The subscriber has got 1, the last is number 101\n\
         It has missed 80\n"
    );
}

fn nodrop(host: &dyn Host) {
    assert_eq!(
        output(start(host, "slow-subscriber/nodrop.morpho", &[])),
        "For number 21 there was no room\ntrue\n21\n"
    );
}

fn conflate(host: &dyn Host) {
    assert_eq!(
        output(start(host, "slow-subscriber/conflate.morpho", &[])),
        "temperature 1\ntemperature 100\ntemperature 2\nnil\n"
    );
}

fn snail(host: &dyn Host) {
    let [endpoint] = endpoints();
    let _publisher = start(host, "slow-subscriber/publisher.morpho", &[&endpoint]);
    assert_eq!(
        output(start(host, "slow-subscriber/snail.morpho", &[&endpoint])),
        "Too slow: this message is more than half a second old\n"
    );
}

fn clone(host: &dyn Host) {
    let [snapshots, updates, changes] = endpoints();
    let _server = start(host, "clone/server.morpho", &[&snapshots, &updates, &changes]);
    let client =
        |count| start(host, "clone/client.morpho", &["/counts/", count, &snapshots, &updates]);
    let early = client("12");
    let _writer = start(host, "clone/writer.morpho", &["bob", "-1", &changes]);
    let end = count(&output(early), 12);
    // This one starts with what the others know.
    assert!(count(&output(client("5")), 5) >= end + 5);
}

/// Checks that a client has seen all counted numbers, each of them once. The snapshot
/// has the earlier ones. Returns the last one.
fn count(output: &str, changes: usize) -> usize {
    let copied = |line: &str| line.strip_prefix("/counts/bob is ").map(str::to_owned);
    let copy: Vec<String> = output.lines().filter_map(copied).collect();
    let begin = copy.first().map_or(0, |number| number.parse().unwrap());
    let end = begin + changes;
    let mut expected = String::new();
    for i in begin.max(1)..=end {
        let verb = if i == begin { "is" } else { "=" };
        expected += &format!("/counts/bob {verb} {i}\n");
    }
    assert_eq!(output, expected);
    end
}

fn ephemeral(host: &dyn Host) {
    let [snapshots, updates, changes] = endpoints();
    let _server = start(host, "clone/server.morpho", &[&snapshots, &updates, &changes]);
    let client =
        |count| start(host, "clone/client.morpho", &["/writers/", count, &snapshots, &updates]);
    let watcher = client("2");
    let watcher = thread::spawn(|| output(watcher));
    let wait = |text| while output(client("0")) != text {};
    while !watcher.is_finished() {
        let writer = start(host, "clone/writer.morpho", &["bob", "-1", &changes]);
        wait("/writers/bob is here\n");
        drop(writer);
        wait("");
    }
    let seen = watcher.join().unwrap();
    assert!(
        [
            "/writers/bob = here\n/writers/bob is gone\n",
            // The snapshot was taken while it was there.
            "/writers/bob is here\n/writers/bob is gone\n/writers/bob = here\n",
        ]
        .contains(&&*seen),
        "{seen}"
    );
}

fn espresso(host: &dyn Host) {
    let [publishers, subscribers] = endpoints();
    let forwarder = start(host, "espresso/forwarder.morpho", &[&publishers, &subscribers, "5"]);
    let publisher = start(host, "espresso/publisher.morpho", &[&publishers]);
    let subscriber = start(host, "espresso/subscriber.morpho", &[&subscribers]);
    assert_eq!(output(subscriber), "espresso 1\nespresso 2\nespresso 3\n");
    assert_eq!(output(publisher), "3 of tea, 3 of espresso\n");
    assert_eq!(
        output(forwarder),
        format!(
            "Listening on {publishers} for publishers, on {subscribers} for subscribers\n\
             subscribed: espresso\n\
             published: [ espresso, 1 ]\n\
             published: [ espresso, 2 ]\n\
             published: [ espresso, 3 ]\n\
             taken back: espresso\n"
        )
    );
}
