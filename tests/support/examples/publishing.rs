//! Publishers and subscribers.

use super::{Example, endpoints, output, start};
use crate::support::Host;

pub const ALL: &[(&str, Example)] = &[("envelopes", envelopes)];

fn envelopes(host: &dyn Host) {
    let [endpoint] = endpoints();
    let subscriber = |topic| start(host, "envelopes/subscriber.morpho", &[&endpoint, "2", topic]);
    let (weather, sport) = (subscriber("weather."), subscriber("sport"));
    let publisher = start(host, "envelopes/publisher.morpho", &[&endpoint]);
    assert_eq!(output(weather), "weather.oslo [ rain, 8 ]\nweather.rome [ sun, 21 ]\n");
    assert_eq!(output(sport), "sport [ a draw in Rome ]\nsports cars [ a red one ]\n");
    assert_eq!(output(publisher), "The news are published\n");
}
