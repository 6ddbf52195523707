//! Metrics as text in the OpenMetrics format, which Prometheus and other monitoring systems
//! read.
//!
//! ```
//! use zeromq::core::metrics::{Metric, Metrics};
//!
//! static ORDERS: Metric = Metric::counter("shop_orders", "Orders that were accepted.");
//!
//! let mut metrics = Metrics::default();
//! metrics.add(&ORDERS, &[("city", "Pune")], 3);
//! let text = metrics.to_string();
//! assert!(text.ends_with("\nshop_orders_total{city=\"Pune\"} 3\n# EOF\n"));
//! ```

use std::fmt::{self, Write};

use super::context;
use super::socket::sockets;
use super::statistics::{Counters, Statistics};

/// The media type of the text, for HTTP.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A metric: a number that is observed over time, in one or several places.
#[derive(Debug)]
pub struct Metric {
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
}

impl Metric {
    /// Defines a metric that only grows. Its name has no `_total` at its end, and its unit, if
    /// it has one: `sent_bytes`.
    pub const fn counter(name: &'static str, help: &'static str) -> Metric {
        Metric { name, kind: Kind::Counter, help }
    }

    /// Defines a metric that grows and shrinks.
    pub const fn gauge(name: &'static str, help: &'static str) -> Metric {
        Metric { name, kind: Kind::Gauge, help }
    }
}

/// The values of metrics at one time.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Each metric, with its lines.
    families: Vec<(&'static Metric, String)>,
}

impl Metrics {
    /// Adds a value of a metric. Its labels tell where it was observed; each set of labels can
    /// be used once per metric.
    pub fn add(
        &mut self,
        metric: &'static Metric,
        labels: &[(&str, &str)],
        value: impl fmt::Display,
    ) {
        let found = self.families.iter().position(|(known, _)| known.name == metric.name);
        let index = found.unwrap_or_else(|| {
            self.families.push((metric, String::new()));
            self.families.len() - 1
        });
        let lines = &mut self.families[index].1;
        lines.push_str(metric.name);
        if metric.kind == Kind::Counter {
            lines.push_str("_total");
        }
        for (index, (name, value)) in labels.iter().enumerate() {
            lines.push(if index == 0 { '{' } else { ',' });
            lines.push_str(name);
            lines.push_str("=\"");
            escape(value, lines);
            lines.push('"');
        }
        if !labels.is_empty() {
            lines.push('}');
        }
        // Writing to a String does not fail.
        let _ = writeln!(lines, " {value}");
    }

    /// Adds the statistics of a socket.
    pub fn add_statistics(&mut self, labels: &[(&str, &str)], statistics: &Statistics) {
        self.add_counters(labels, &statistics.counters);
        for (metric, value) in OF_A_SOCKET {
            if let Some(value) = value(statistics) {
                self.add(metric, labels, value);
            }
        }
    }

    fn add_counters(&mut self, labels: &[(&str, &str)], counters: &Counters) {
        for (metric, value) in COUNTERS {
            self.add(metric, labels, value(counters));
        }
    }

    /// Adds the statistics of all sockets of the process. A socket that is in a call of another
    /// thread is only counted. Closed sockets have the label `socket="closed"`, so that sums
    /// do not shrink.
    pub fn add_sockets(&mut self) {
        let (mut open, mut busy) = (0, 0);
        for socket in sockets().iter().filter(|socket| !socket.is_closed()) {
            let (Ok(statistics), Ok(attachments), Ok(number)) =
                (socket.statistics(), socket.attachments(), socket.number())
            else {
                busy += 1;
                continue;
            };
            open += 1;
            let number = number.to_string();
            let endpoint = attachments.first().map_or("", |first| first.endpoint.as_str());
            let labels = [
                ("socket", &*number),
                ("type", socket.socket_type().name()),
                ("endpoint", endpoint),
            ];
            self.add_statistics(&labels, &statistics);
        }
        self.add(&SOCKETS, &[("state", "open")], open);
        self.add(&SOCKETS, &[("state", "busy")], busy);
        self.add_counters(&[("socket", "closed")], &context::closed_counters());
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (metric, lines) in &self.families {
            let Metric { name, kind, help } = metric;
            let kind = match kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            writeln!(f, "# HELP {name} {help}")?;
            writeln!(f, "# TYPE {name} {kind}")?;
            for unit in ["bytes", "seconds"] {
                if name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_')) {
                    writeln!(f, "# UNIT {name} {unit}")?;
                }
            }
            f.write_str(lines)?;
        }
        f.write_str("# EOF\n")
    }
}

/// Escapes the value of a label.
fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
}

static SOCKETS: Metric =
    Metric::gauge("zeromq_sockets", "Sockets that are open, or busy in a call of another thread.");

/// A metric, and its value for a socket.
type Row<T, V> = (&'static Metric, fn(&T) -> V);

/// What sockets count, also after they are closed.
static COUNTERS: [Row<Counters, u64>; 6] = [
    (&Metric::counter("zeromq_sent_messages", "Messages that were sent."), |counters| {
        counters.messages_sent
    }),
    (&Metric::counter("zeromq_sent_bytes", "Bytes of the frames of these messages."), |counters| {
        counters.bytes_sent
    }),
    (&Metric::counter("zeromq_received_messages", "Messages that were received."), |counters| {
        counters.messages_received
    }),
    (
        &Metric::counter("zeromq_received_bytes", "Bytes of the frames of these messages."),
        |counters| counters.bytes_received,
    ),
    (&Metric::counter("zeromq_expired_sends", "Sends that timed out."), |counters| {
        counters.expired
    }),
    (
        &Metric::counter("zeromq_unroutable_messages", "Messages to unknown routing ids."),
        |counters| counters.unroutable,
    ),
];

/// What only open sockets tell.
static OF_A_SOCKET: [Row<Statistics, Option<u64>>; 8] = [
    (&Metric::gauge("zeromq_peers", "Current peers."), |statistics| {
        statistics.peers.map(|peers| peers as u64)
    }),
    (
        &Metric::counter("zeromq_connections", "Connections so far, including reconnects."),
        |statistics| Some(statistics.connections),
    ),
    (&Metric::counter("zeromq_disconnections", "Connections that have ended."), |statistics| {
        Some(statistics.disconnections)
    }),
    (
        &Metric::counter("zeromq_failed_handshakes", "Connections that failed in the handshake."),
        |statistics| Some(statistics.failures),
    ),
    (
        &Metric::counter("zeromq_refused_connections", "Connections that were not accepted."),
        |statistics| Some(statistics.refusals),
    ),
    (
        &Metric::counter("zeromq_oversized", "Connections that ended at a limit of sizes."),
        |statistics| Some(statistics.oversized),
    ),
    (
        &Metric::gauge("zeromq_subscriptions", "Prefixes that the peers of a PUB subscribe to."),
        |statistics| statistics.subscriptions.map(|prefixes| prefixes as u64),
    ),
    (
        &Metric::counter("zeromq_dropped_messages", "Messages that a ROUTER has dropped."),
        |statistics| statistics.dropped,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::SocketType::{Pull, Push};
    use crate::core::{Socket, Wait};
    use std::collections::{HashMap, HashSet};
    use std::time::Duration;

    fn is_name(name: &str) -> bool {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    /// Checks the rules of the format, and returns the value of each sample.
    fn parse(text: &str) -> HashMap<String, u64> {
        let mut lines = text.strip_suffix("# EOF\n").expect("an end").lines().peekable();
        let (mut families, mut samples) = (HashSet::new(), HashMap::new());
        while let Some(help) = lines.next() {
            let (name, help) = help.strip_prefix("# HELP ").unwrap().split_once(' ').unwrap();
            assert!(is_name(name) && help.ends_with('.') && families.insert(name.to_owned()));
            let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
            let suffix = if kind == "counter" { "_total" } else { "" };
            assert!(kind == "counter" || kind == "gauge");
            if let Some(unit) = lines.next_if(|line| line.starts_with("# UNIT ")) {
                let unit = unit.strip_prefix(&format!("# UNIT {name} ")).unwrap();
                assert!(name.ends_with(&format!("_{unit}")));
            }
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                let (sample_name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
                assert_eq!(sample_name, format!("{name}{suffix}"));
                assert!(labels.ends_with('}'));
                assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none());
            }
        }
        samples
    }

    #[test]
    fn what_sockets_have_done_is_told_in_the_format() {
        let wait = Wait::new(Some(Duration::from_secs(20)));
        let pull = Socket::attached(Pull, "inproc://metrics").unwrap();
        let push = Socket::attached(Push, "inproc://metrics").unwrap();
        push.send(&["abc"], &wait).unwrap();
        pull.receive(&wait).unwrap();
        let mut metrics = Metrics::default();
        metrics.add_sockets();
        let samples = parse(&metrics.to_string());
        let sample = |metric: &str, socket: &Socket| {
            let name = socket.socket_type().name();
            let number = socket.number().unwrap();
            samples[&format!(
                "{metric}{{socket=\"{number}\",type=\"{name}\",endpoint=\"inproc://metrics\"}}"
            )]
        };
        assert_eq!(sample("zeromq_sent_messages_total", &push), 1);
        assert_eq!(sample("zeromq_sent_bytes_total", &push), 3);
        assert_eq!(sample("zeromq_received_bytes_total", &pull), 3);
        assert!(samples["zeromq_sockets{state=\"open\"}"] >= 2);
        assert!(samples.contains_key("zeromq_sent_messages_total{socket=\"closed\"}"));
    }

    #[test]
    fn labels_are_escaped() {
        static GAUGE: Metric = Metric::gauge("x", "X.");
        let mut metrics = Metrics::default();
        metrics.add(&GAUGE, &[("a", "\\ \" \n \u{e4}"), ("b", "")], 7);
        metrics.add(&GAUGE, &[], 0.5);
        let text = metrics.to_string();
        let expected = "# HELP x X.\n# TYPE x gauge\n\
                        x{a=\"\\\\ \\\" \\n \u{e4}\",b=\"\"} 7\nx 0.5\n# EOF\n";
        assert_eq!(text, expected);
        assert_eq!(Metrics::default().to_string(), "# EOF\n");
    }
}
