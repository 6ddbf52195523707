//! `zeromq top`: the rates, gaps and lags of a bus, refreshed in place.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde_json::{Value, json};
use zeromq::core::{Error, Gaps, Message, Metric, Metrics, Socket, SocketType, Wait};

use super::arguments::{LimitArguments, Report, frames_of};
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::format::{Format, write_frame};
use super::log::LogArguments;
use super::metrics::MetricsArguments;
use super::output;
use super::socket::SocketArguments;

/// The maximum number of topics that are shown apart. Messages without a topic, whose first
/// frame is their body, would take all memory otherwise.
const TOPICS: usize = 1 << 16;

/// The width of a topic in characters; longer ones are cut.
const WIDTH: usize = 32;

/// How many topics are shown where nothing tells the height of a terminal.
const ROWS: usize = 20;

/// How many topics have metrics of their own, those that came first. Each one is a time series
/// that Prometheus keeps.
const SERIES: usize = 1000;

/// Shows how many messages pass over a bus, which are missing, and how late they are.
///
/// It subscribes to publishers like `zeromq sub`; the topic of a message is its first frame.
/// MISSED counts messages that were lost on the way, if the publishers number their messages
/// (setsequence). LAG needs the time in each message, which --lag finds; clocks of different
/// machines must be synchronized. On a terminal the table is refreshed in place, elsewhere each
/// interval is a block of lines or, with --format json, one line.
#[derive(clap::Args)]
#[command(override_usage = "zeromq top [OPTIONS] <ENDPOINTS> [PREFIX]...
       zeromq top [OPTIONS] --bind <ENDPOINTS> [PREFIX]...")]
#[command(after_help = "Examples:
  zeromq top tcp://localhost:5556
  zeromq top tcp://localhost:5551,tcp://localhost:5553 ANGEL_ --lag 2.3
  zeromq top tcp://localhost:5556 --lag 2/timestamp --format json | jq .total.rate
  zeromq top tcp://localhost:5556 --metrics 9466 --every 5000 > /dev/null")]
pub struct Arguments {
    /// Where the publishers are, and the prefixes of the topics to subscribe to.
    #[arg(value_name = "ENDPOINTS [PREFIX]...", hide = true)]
    rest: Vec<OsString>,
    /// Where a message has its time: frame 2 is `2`, its third word `2.3`, and a member of the
    /// JSON in it `2/member`. The time is RFC 3339 or the number of seconds, milliseconds,
    /// microseconds or nanoseconds since 1970.
    #[arg(long, value_name = "PLACE")]
    lag: Option<Place>,
    /// Refreshes every MS milliseconds.
    #[arg(short, long, value_name = "MS", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Shows at most N topics, those with most messages first [default: what fits].
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Ends after N intervals.
    #[arg(short = 'n', long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How it is written: text or json.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Report::Text)]
    #[arg(hide_possible_values = true)]
    format: Report,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    pub log: LogArguments,
    /// Reports nothing but errors and the table.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connection: SocketArguments,
}

/// Where a message has its time.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// The index of the frame.
    frame: usize,
    within: Within,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Within {
    Whole,
    /// The index of a word.
    Word(usize),
    /// A JSON pointer (RFC 6901).
    Json(String),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        let wrong = || "expected a frame such as 2, 2.3 or 2/member; the first is 1".to_owned();
        let index = |text: &str| match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(number - 1),
            _ => Err(wrong()),
        };
        let end = text.find(['.', '/']).unwrap_or(text.len());
        let within = match text[end..].strip_prefix('.') {
            Some(word) => Within::Word(index(word)?),
            None if end == text.len() => Within::Whole,
            None => Within::Json(text[end..].to_owned()),
        };
        Ok(Place { frame: index(&text[..end])?, within })
    }
}

impl Place {
    /// Returns the time of a message in seconds since 1970.
    fn time(&self, message: &Message) -> Option<f64> {
        let frame = message.frame(self.frame)?;
        match &self.within {
            Within::Whole => seconds(std::str::from_utf8(frame).ok()?.trim()),
            Within::Word(index) => {
                seconds(std::str::from_utf8(frame).ok()?.split_whitespace().nth(*index)?)
            }
            Within::Json(pointer) => {
                match serde_json::from_slice::<Value>(frame).ok()?.pointer(pointer)? {
                    Value::String(text) => seconds(text),
                    Value::Number(number) => scaled(number.as_f64()?),
                    _ => None,
                }
            }
        }
    }
}

/// Parses a time.
fn seconds(text: &str) -> Option<f64> {
    match text.parse::<f64>() {
        Ok(number) => scaled(number),
        Err(_) => text.parse::<Timestamp>().ok().map(|time| time.as_nanosecond() as f64 / 1e9),
    }
}

/// Returns a time in seconds, whatever its unit: those of this century do not overlap.
fn scaled(number: f64) -> Option<f64> {
    let units = [(1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)];
    let (_, unit) = units.iter().find(|(limit, _)| number.abs() < *limit)?;
    Some(number / unit)
}

/// What is known about a topic, or all of them.
#[derive(Default)]
struct Tally {
    /// How many topics were known before this one.
    number: usize,
    messages: u64,
    bytes: u64,
    missed: u64,
    /// In this interval.
    new_messages: u64,
    new_bytes: u64,
    new_missed: u64,
    /// In seconds.
    most_lag: Option<f64>,
    last: Option<Instant>,
}

impl Tally {
    fn add(&mut self, bytes: u64, missed: u64, lag: Option<f64>, now: Instant) {
        self.messages += 1;
        self.new_messages += 1;
        self.bytes += bytes;
        self.new_bytes += bytes;
        self.missed = self.missed.saturating_add(missed);
        self.new_missed = self.new_missed.saturating_add(missed);
        self.most_lag = [self.most_lag, lag].into_iter().flatten().reduce(f64::max);
        self.last = Some(now);
    }

    /// Begins the next interval.
    fn next(&mut self) {
        (self.new_messages, self.new_bytes, self.new_missed) = (0, 0, 0);
        self.most_lag = None;
    }
}

struct Bus {
    topics: HashMap<Vec<u8>, Tally>,
    /// Messages of topics beyond the maximum.
    others: Tally,
    total: Tally,
    gaps: Gaps,
    /// Of this interval, in microseconds.
    lags: Histogram<u64>,
}

impl Bus {
    fn new() -> Outcome<Bus> {
        // Three digits, up to a day.
        let lags = Histogram::new_with_max(86_400_000_000, 3);
        Ok(Bus {
            topics: HashMap::new(),
            // They have no metrics of their own.
            others: Tally { number: usize::MAX, ..Tally::default() },
            total: Tally::default(),
            gaps: Gaps::default(),
            lags: lags.map_err(|error| Failure::Error(error.to_string()))?,
        })
    }

    fn record(&mut self, message: &Message, place: Option<&Place>) {
        let now = Instant::now();
        let lag = place.and_then(|place| place.time(message)).map(|time| {
            let now = Timestamp::now().as_nanosecond() as f64 / 1e9;
            (now - time).max(0.0)
        });
        if let Some(lag) = lag {
            self.lags.saturating_record((lag * 1e6) as u64);
        }
        let topic = message.frame(0).unwrap_or_default();
        let full = self.topics.len() >= TOPICS;
        let tally = match self.topics.get_mut(topic) {
            Some(tally) => tally,
            None if full => &mut self.others,
            None => {
                let number = self.topics.len();
                let new = Tally { number, ..Tally::default() };
                self.topics.entry(topic.to_vec()).or_insert(new)
            }
        };
        let before = self.gaps.missed();
        if let [_, .., last] = message.frames() {
            self.gaps.record(topic, last);
        }
        let missed = self.gaps.missed() - before;
        let bytes = message.bytes() as u64;
        tally.add(bytes, missed, lag, now);
        self.total.add(bytes, missed, lag, now);
    }

    /// Begins the next interval.
    fn next(&mut self) {
        self.topics.values_mut().for_each(Tally::next);
        self.others.next();
        self.total.next();
        self.lags.reset();
    }

    /// Returns the topics, those with most messages first.
    fn sorted(&self) -> Vec<(String, &Tally)> {
        let topics = self.topics.iter().map(|(topic, tally)| {
            let mut name = Vec::new();
            write_frame(Format::Text, topic, &mut name);
            (String::from_utf8_lossy(&name).into_owned(), tally)
        });
        let mut topics: Vec<(String, &Tally)> = topics.collect();
        if self.others.messages > 0 {
            topics.push(("(others)".to_owned(), &self.others));
        }
        topics.sort_unstable_by(|(one, a), (other, b)| {
            let key = |tally: &Tally| (tally.new_messages, tally.messages);
            key(b).cmp(&key(a)).then_with(|| one.cmp(other))
        });
        topics
    }
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let Arguments { connection, lag, .. } = arguments;
    let limits = LimitArguments { count: None, timeout: None, quiet: arguments.quiet };
    let (endpoints, prefixes) = connection.endpoints(&arguments.rest)?;
    let mut prefixes = frames_of(Format::Text, prefixes)?;
    if prefixes.is_empty() {
        prefixes.push(Vec::new());
    }
    let connection = connection.open(SocketType::Sub, endpoints, &limits, |socket| {
        prefixes.iter().try_for_each(|prefix| Ok(socket.subscribe(prefix)?))
    })?;
    let socket = &connection.socket;
    ending.watch_output();
    let measured = Arc::new(Mutex::new(Metrics::default().to_string()));
    let served = measured.clone();
    let text = move || served.lock().unwrap_or_else(PoisonError::into_inner).clone();
    arguments.metrics.serve(&limits, Arc::new(text))?;
    let in_place = arguments.format == Report::Text && io::stdout().is_terminal();
    let every = Duration::from_millis(arguments.every);
    let mut bus = Bus::new()?;
    let mut message = Message::default();
    let mut since = Instant::now();
    let mut rounds = 0;
    while !ending.is_asked() && arguments.count != Some(rounds) {
        let due = since + every;
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match socket.receive_into(&mut message, &Wait::new(Some(left)).until(Some(ending))) {
                Ok(()) => bus.record(&message, lag.as_ref()),
                Err(Error::Again) => break,
                Err(Error::Interrupted) => break,
                Err(error) => return Err(error.into()),
            }
            if ending.is_asked() {
                break;
            }
        }
        let passed = since.elapsed().as_secs_f64().max(1e-3);
        since = Instant::now();
        let shown = match arguments.format {
            Report::Json => lines_of_json(&bus, socket, passed, arguments.rows)?,
            Report::Text => table(&bus, socket, passed, arguments, in_place)?,
        };
        if arguments.metrics.is_on() {
            let new = metrics(&bus, socket)?;
            *measured.lock().unwrap_or_else(PoisonError::into_inner) = new;
        }
        output::write(shown.as_bytes())?;
        bus.next();
        rounds += 1;
    }
    match arguments.count {
        Some(count) if rounds < count => Err(Failure::Stopped),
        _ => Ok(()),
    }
}

/// A metric of a topic or of all, and what it shows.
type Row = (&'static Metric, fn(&Tally) -> u64);

static OF_ALL: [Row; 3] = [
    (&Metric::counter("zeromq_top_messages", "Messages that have passed."), |tally| tally.messages),
    (&Metric::counter("zeromq_top_bytes", "Bytes of the frames of these messages."), |tally| {
        tally.bytes
    }),
    (
        &Metric::counter("zeromq_top_missed_messages", "Messages that were lost on the way."),
        |tally| tally.missed,
    ),
];
static OF_TOPIC: [Row; 3] = [
    (&Metric::counter("zeromq_top_topic_messages", "Messages of a topic."), |tally| tally.messages),
    (
        &Metric::counter("zeromq_top_topic_bytes", "Bytes of the frames of these messages."),
        |tally| tally.bytes,
    ),
    (
        &Metric::counter("zeromq_top_topic_missed_messages", "Messages of a topic that were lost."),
        |tally| tally.missed,
    ),
];
static KNOWN: Metric = Metric::gauge("zeromq_top_topics", "Topics that were seen, up to 65536.");
static LAG: Metric = Metric::gauge("zeromq_top_lag_seconds", "Lags in the last interval.");

/// Returns the metrics at the end of an interval.
fn metrics(bus: &Bus, socket: &Socket) -> Outcome<String> {
    let mut metrics = Metrics::default();
    metrics.add_statistics(&[], &socket.statistics()?);
    for (metric, value) in &OF_ALL {
        metrics.add(metric, &[], value(&bus.total));
    }
    metrics.add(&KNOWN, &[], bus.topics.len());
    for (quantile, percentile) in [("0.5", 50.0), ("0.99", 99.0), ("1", 100.0)] {
        if !bus.lags.is_empty() {
            let lag = bus.lags.value_at_percentile(percentile) as f64 / 1e6;
            metrics.add(&LAG, &[("quantile", quantile)], lag);
        }
    }
    for (name, tally) in bus.sorted() {
        for (metric, value) in &OF_TOPIC {
            if tally.number < SERIES && tally.messages > 0 {
                metrics.add(metric, &[("topic", &name)], value(tally));
            }
        }
    }
    Ok(metrics.to_string())
}

/// Returns an interval as a line of JSON.
fn lines_of_json(bus: &Bus, socket: &Socket, passed: f64, rows: Option<usize>) -> Outcome<String> {
    let tally = |tally: &Tally| {
        json!({
            "messages": tally.messages,
            "bytes": tally.bytes,
            "missed": tally.missed,
            "rate": rounded(tally.new_messages as f64 / passed),
            "byte_rate": rounded(tally.new_bytes as f64 / passed),
            "new_missed": tally.new_missed,
            "age_ms": tally.last.map(|last| last.elapsed().as_millis() as u64),
            "lag_ms": tally.most_lag.map(|lag| rounded(lag * 1e3)),
        })
    };
    let topics = bus.sorted().into_iter().take(rows.unwrap_or(usize::MAX));
    let topics = topics.map(|(name, known)| (name, tally(known))).collect();
    let statistics = socket.statistics()?;
    let lag = |at: f64| rounded(bus.lags.value_at_percentile(at) as f64 / 1e3);
    let lags = (!bus.lags.is_empty())
        .then(|| json!({ "p50": lag(50.0), "p99": lag(99.0), "max": lag(100.0) }));
    let value = json!({
        "time": output::now(),
        "seconds": rounded(passed),
        "peers": statistics.peers,
        "connections": statistics.connections,
        "disconnections": statistics.disconnections,
        "total": tally(&bus.total),
        "lag_ms": lags,
        "topics": Value::Object(topics),
    });
    Ok(format!("{value}\n"))
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// Returns an interval as a table.
fn table(
    bus: &Bus,
    socket: &Socket,
    passed: f64,
    arguments: &Arguments,
    in_place: bool,
) -> Outcome<String> {
    let statistics = socket.statistics()?;
    let peers = statistics.peers.map_or("unknown".to_owned(), |peers| peers.to_string());
    let mut text = format!(
        "{}  peers {peers}, {} connected and {} lost so far\n",
        &output::now()[..19],
        statistics.connections,
        statistics.disconnections
    );
    if !bus.lags.is_empty() {
        let lag = |at: f64| bus.lags.value_at_percentile(at) as f64 / 1e3;
        let (half, most, all) = (lag(50.0), lag(99.0), lag(100.0));
        let _ = writeln!(text, "lag in ms: half {half:.1}, 99 % {most:.1}, all below {all:.1}");
    }
    let _ = writeln!(
        text,
        "{:WIDTH$} {:>10} {:>10} {:>12} {:>9} {:>8} {:>9}",
        "TOPIC", "MSGS/S", "KB/S", "MESSAGES", "MISSED", "AGE S", "LAG MS"
    );
    row(&mut text, "(all)", &bus.total, passed);
    let topics = bus.sorted();
    let height = match terminal_size::terminal_size() {
        Some((_, height)) if in_place => usize::from(height.0).saturating_sub(6),
        _ => ROWS,
    };
    let rows = arguments.rows.unwrap_or(height);
    for (name, tally) in topics.iter().take(rows) {
        row(&mut text, name, tally, passed);
    }
    if topics.len() > rows {
        let _ = writeln!(text, "and {} more topics", topics.len() - rows);
    }
    if !in_place {
        text.push('\n');
        return Ok(text);
    }
    // To the upper left corner; what was there before is overwritten or erased.
    Ok(format!("\x1b[H{}\x1b[J", text.replace('\n', "\x1b[K\n")))
}

fn row(text: &mut String, name: &str, tally: &Tally, passed: f64) {
    let mut name: String = name.to_owned();
    if let Some((end, _)) = name.char_indices().nth(WIDTH) {
        name.truncate(end);
        name.pop();
        name.push('…');
    }
    let age = tally.last.map_or("-".to_owned(), |last| decimal(last.elapsed().as_secs_f64()));
    let lag = tally.most_lag.map_or("-".to_owned(), |lag| decimal(lag * 1e3));
    let _ = writeln!(
        text,
        "{name:WIDTH$} {:>10.0} {:>10.1} {:>12} {:>9} {age:>8} {lag:>9}",
        tally.new_messages as f64 / passed,
        tally.new_bytes as f64 / passed / 1e3,
        tally.messages,
        tally.missed,
    );
}

fn decimal(number: f64) -> String {
    format!("{number:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_times_are_read() {
        let place = |text: &str| text.parse::<Place>();
        assert_eq!(place("2"), Ok(Place { frame: 1, within: Within::Whole }));
        assert_eq!(place("2.3"), Ok(Place { frame: 1, within: Within::Word(2) }));
        let json = Within::Json("/a/b".to_owned());
        assert_eq!(place("1/a/b"), Ok(Place { frame: 0, within: json }));
        for wrong in ["", "0", "x", "2.", "2.0", "2.x", "/a", ".1", "-1"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
        let mut message = Message::default();
        message.push(b"topic").unwrap();
        message.push(b"1 2 1706505600.5").unwrap();
        message.push(b"{\"a\":{\"b\":1706505600500},\"c\":\"2024-01-29T05:20:00.5Z\"}").unwrap();
        message.push(b"1706505600500000").unwrap();
        message.push(b"1706505600500000000\n").unwrap();
        for known in ["2.3", "3/a/b", "3/c", "4", "5"] {
            let time = place(known).unwrap().time(&message).unwrap();
            assert!((time - 1_706_505_600.5).abs() < 1e-3, "{known}: {time}");
        }
        for unknown in ["1", "2", "2.4", "3", "3/a", "3/x", "6"] {
            assert_eq!(place(unknown).unwrap().time(&message), None, "{unknown}");
        }
    }
}
