//! `zeromq bench`: measures latency and throughput.

use std::fs;
use std::io::{self, IsTerminal};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use zeromq::core::{Error, Message, OptionValue, Socket, SocketType, Wait, context};

use super::arguments::{LimitArguments, Report, nothing_more};
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::output;
use super::socket::{Connection, SocketArguments};

/// How many round trips are made before those that are measured.
const WARMUP: u64 = 500;

/// The percentiles that are shown.
const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 99.99];

/// How many messages pass until the progress is shown again.
const STEP: u64 = 1 << 10;

/// Measures latency or throughput, and prints what was measured and on what.
///
/// Without ENDPOINTS it measures between two processes of its own.
#[derive(Args)]
#[command(after_help = "Examples:
  zeromq bench latency
  zeromq bench throughput --size 1000 --transport ipc --format json
  zeromq bench throughput --pub
On two machines:
  zeromq rep tcp://*:5555 --echo --quiet
  zeromq bench latency tcp://other:5555
  zeromq bench throughput tcp://*:5557
  zeromq bench throughput tcp://other:5557 --send")]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measures the round trips of requests to a server that replies with the request, such as
    /// `zeromq rep --echo`.
    #[command(override_usage = "zeromq bench latency [OPTIONS] [ENDPOINTS]")]
    #[command(after_help = "Example: zeromq bench latency tcp://localhost:5555 --size 1000")]
    Latency {
        /// How many round trips are measured.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20_000)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        count: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Measures how fast messages arrive from a pusher or, with --pub, from a publisher. It
    /// binds unless > stands before an endpoint.
    #[command(override_usage = "zeromq bench throughput [OPTIONS] [ENDPOINTS]")]
    #[command(after_help = "Example: zeromq bench throughput tcp://*:5557 --count 100000")]
    Throughput {
        /// How many messages are measured.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 1_000_000)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        count: u64,
        /// Is the sender for another `zeromq bench throughput`. It connects unless @ stands
        /// before an endpoint.
        #[arg(long)]
        send: bool,
        /// Measures a publisher and a subscriber instead of a pusher and a puller. The publisher
        /// waits for the subscriber and does not drop messages, so all of them are measured.
        #[arg(long = "pub")]
        publishes: bool,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Args)]
struct Common {
    /// The other process; without it, one is started.
    #[arg(value_name = "ENDPOINTS", hide = true)]
    rest: Vec<std::ffi::OsString>,
    /// The size of a message in bytes.
    #[arg(short, long, value_name = "BYTES", default_value_t = 100)]
    size: usize,
    /// How the two processes of its own are connected.
    #[arg(long, value_enum, default_value_t = Transport::Tcp)]
    transport: Transport,
    /// How the result is printed: text or json.
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Report::Text)]
    #[arg(hide_possible_values = true)]
    format: Report,
    /// The longest wait for a message or for room in a queue, in milliseconds. Then the exit
    /// code is 124.
    #[arg(short, long, value_name = "MS", default_value_t = 10_000)]
    timeout: u64,
    /// Reports nothing but errors and the result.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connection: SocketArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Transport {
    Tcp,
    Ipc,
}

impl Transport {
    fn endpoint(self) -> &'static str {
        match self {
            Transport::Tcp => "@tcp://127.0.0.1:*",
            Transport::Ipc => "@ipc://*",
        }
    }
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    match &arguments.what {
        What::Latency { count, common } => latency(*count, common, ending),
        What::Throughput { count, send, publishes, common } => {
            let pattern = if *publishes { &PUBLISHING } else { &PIPELINE };
            match send {
                true => send_all(*count, pattern, common, ending),
                false => throughput(*count, pattern, common, ending),
            }
        }
    }
}

/// The sockets between which throughput is measured.
struct Pattern {
    sender: SocketType,
    receiver: SocketType,
    name: &'static str,
}

static PIPELINE: Pattern =
    Pattern { sender: SocketType::Push, receiver: SocketType::Pull, name: "push and pull" };

static PUBLISHING: Pattern =
    Pattern { sender: SocketType::Pub, receiver: SocketType::Sub, name: "pub and sub" };

impl Common {
    /// Opens the socket of this side, and starts the other side unless there is one.
    fn open(&self, socket_type: SocketType, peer: &[&str]) -> Outcome<(Connection, Option<Peer>)> {
        let mut limits = self.limits();
        let SocketArguments { bind, connect, .. } = &self.connection;
        let own = self.rest.is_empty() && bind.is_empty() && connect.is_empty();
        let (endpoints, others) = match own {
            true => (Some(self.transport.endpoint()), &self.rest[..]),
            false => self.connection.endpoints(&self.rest)?,
        };
        nothing_more(others)?;
        limits.quiet |= own;
        let connection =
            self.connection.open(socket_type, endpoints, &limits, |socket| match socket_type {
                SocketType::Sub => Ok(socket.subscribe(b"")?),
                _ => Ok(()),
            })?;
        let peer = match own {
            true => Some(Peer::start(peer, &endpoint_of(&connection.socket)?)?),
            false => None,
        };
        Ok((connection, peer))
    }

    fn limits(&self) -> LimitArguments {
        LimitArguments { count: None, timeout: Some(self.timeout), quiet: self.quiet }
    }

    fn wait<'a>(&self, ending: &'a Ending) -> Wait<'a> {
        ending.wait(Some(Duration::from_millis(self.timeout)))
    }

    fn progress(&self, count: u64) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {eta}");
        ProgressBar::new(count).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }
}

fn endpoint_of(socket: &Socket) -> Outcome<String> {
    let missing = || Failure::Error("the socket has no endpoint".to_owned());
    socket.endpoint()?.ok_or_else(missing)
}

/// Another process of this program, which ends with this value.
struct Peer(Child);

impl Peer {
    fn start(arguments: &[&str], endpoint: &str) -> Outcome<Peer> {
        let failed = |error: io::Error| {
            Failure::Error(format!("the other process cannot be started: {error}"))
        };
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(arguments).arg("--connect").arg(endpoint);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        // Ctrl-C in a terminal ends it through this process.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map(Peer).map_err(failed)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn latency(count: u64, common: &Common, ending: &Ending) -> Outcome {
    let (connection, peer) = common.open(SocketType::Req, &["rep", "--echo", "--quiet"])?;
    let socket = &connection.socket;
    let wait = common.wait(ending);
    let request = vec![b'x'; common.size];
    let mut reply = Message::default();
    let mut round_trip = || {
        let start = Instant::now();
        socket.send(&[&request], &wait)?;
        socket.receive_into(&mut reply, &wait)?;
        Ok(start.elapsed())
    };
    let fail = |error| match error {
        Error::Again => connection.timed_out("no reply within the timeout"),
        error => Failure::from(error),
    };
    for _ in 0..WARMUP {
        round_trip().map_err(fail)?;
    }
    let mut times = histogram()?;
    let progress = common.progress(count);
    let start = Instant::now();
    let mut result = Ok(());
    for number in 0..count {
        match round_trip() {
            Ok(time) => times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
            Err(error) => {
                result = Err(fail(error));
                break;
            }
        }
        if number % STEP == 0 {
            progress.set_position(number);
        }
        if ending.is_asked() {
            result = Err(Failure::Stopped);
            break;
        }
    }
    let took = start.elapsed();
    progress.finish_and_clear();
    let micros = |nanos: f64| (nanos / 10.0).round() / 100.0;
    let percentiles = PERCENTILES.map(|at| (at, micros(times.value_at_percentile(at) as f64)));
    let endpoint = endpoint_of(socket)?;
    match common.format {
        Report::Json => {
            let percentiles = percentiles.map(|(at, time)| (at.to_string(), json!(time)));
            print_json(json!({
                "measured": "latency",
                "endpoint": endpoint,
                "own_processes": peer.is_some(),
                "size_bytes": common.size,
                "round_trips": times.len(),
                "seconds": took.as_secs_f64(),
                "round_trip_us": {
                    "min": micros(times.min() as f64),
                    "mean": micros(times.mean()),
                    "percentiles": Value::Object(percentiles.into_iter().collect()),
                    "max": micros(times.max() as f64),
                },
                "machine": Machine::this().json(),
            }))?;
        }
        Report::Text => {
            let mut text = format!(
                "{} round trips of {} bytes, request and reply {} {endpoint}, in {:.3} s\n",
                times.len(),
                common.size,
                place(peer.as_ref()),
                took.as_secs_f64()
            );
            text.push_str(&format!("  {:>8} {:>10.2} us\n", "least", micros(times.min() as f64)));
            text.push_str(&format!("  {:>8} {:>10.2} us\n", "mean", micros(times.mean())));
            for (at, time) in percentiles {
                text.push_str(&format!("  {:>8} {time:>10.2} us\n", format!("{at} %")));
            }
            text.push_str(&format!("  {:>8} {:>10.2} us\n", "most", micros(times.max() as f64)));
            print_text(text)?;
        }
    }
    result
}

fn histogram() -> Outcome<Histogram<u64>> {
    // Three digits, up to an hour.
    Histogram::new_with_max(3_600_000_000_000, 3).map_err(|error| Failure::Error(error.to_string()))
}

fn throughput(count: u64, pattern: &Pattern, common: &Common, ending: &Ending) -> Outcome {
    let (size, number) = (common.size.to_string(), (count + 1).to_string());
    let mut sender = vec!["bench", "throughput", "--send", "--size", &size, "--count", &number];
    let timeout = common.timeout.to_string();
    sender.extend(["--timeout", &timeout]);
    if pattern.sender == SocketType::Pub {
        sender.push("--pub");
    }
    let (connection, peer) = common.open(pattern.receiver, &sender)?;
    let socket = &connection.socket;
    let wait = common.wait(ending);
    let mut message = Message::default();
    let progress = common.progress(count);
    let (mut received, mut bytes) = (0, 0);
    let mut result = Ok(());
    let mut start = None;
    while received < count {
        match socket.receive_into(&mut message, &wait) {
            Ok(()) => {}
            Err(Error::Again) => {
                let text = format!("no message has arrived within the timeout, after {received}");
                result = Err(connection.timed_out(&text));
                break;
            }
            Err(error) => {
                result = Err(error.into());
                break;
            }
        }
        // The clock starts at the first message, which is not counted.
        if start.is_none() {
            start = Some(Instant::now());
            continue;
        }
        received += 1;
        bytes += message.bytes() as u64;
        if received % STEP == 0 {
            progress.set_position(received);
            if ending.is_asked() {
                result = Err(Failure::Stopped);
                break;
            }
        }
    }
    let took = start.map_or(Duration::ZERO, |start| start.elapsed()).as_secs_f64();
    progress.finish_and_clear();
    if received == 0 {
        return result;
    }
    let (rate, volume) = (received as f64 / took, bytes as f64 / took / 1e6);
    let endpoint = endpoint_of(socket)?;
    match common.format {
        Report::Json => print_json(json!({
            "measured": "throughput",
            "sockets": [pattern.sender.name(), pattern.receiver.name()],
            "endpoint": endpoint,
            "own_processes": peer.is_some(),
            "messages": received,
            "bytes": bytes,
            "seconds": took,
            "messages_per_second": rate.round(),
            "megabytes_per_second": (volume * 100.0).round() / 100.0,
            "machine": Machine::this().json(),
        }))?,
        Report::Text => print_text(format!(
            "{received} messages of {} bytes, {} {} {endpoint}, in {took:.3} s\n  \
             {rate:>10.0} messages/s\n  {volume:>10.2} MB/s\n",
            bytes / received,
            pattern.name,
            place(peer.as_ref())
        ))?,
    }
    result
}

fn send_all(count: u64, pattern: &Pattern, common: &Common, ending: &Ending) -> Outcome {
    let (endpoints, others) = common.connection.endpoints(&common.rest)?;
    nothing_more(others)?;
    let limits = common.limits();
    let publishes = pattern.sender == SocketType::Pub;
    let connection = common.connection.open(pattern.sender, endpoints, &limits, |socket| {
        if publishes {
            socket.set_option("xpub_nodrop", &OptionValue::Bool(true))?;
        }
        Ok(())
    })?;
    let wait = common.wait(ending);
    if publishes {
        match connection.socket.wait_for_subscribers(1, None, &wait) {
            Ok(()) => {}
            Err(Error::Again) => {
                return Err(connection.timed_out("nobody has subscribed within the timeout"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let body = vec![b'x'; common.size];
    let progress = common.progress(count);
    for number in 0..count {
        match connection.socket.send(&[&body], &wait) {
            Ok(()) => {}
            Err(Error::Again) => {
                return Err(connection.timed_out("no peer has accepted a message in time"));
            }
            Err(error) => return Err(error.into()),
        }
        if number % STEP == 0 {
            progress.set_position(number);
            if ending.is_asked() {
                return Err(Failure::Stopped);
            }
        }
    }
    progress.finish_and_clear();
    connection.finish(ending, limits.timeout())
}

fn place(peer: Option<&Peer>) -> &'static str {
    if peer.is_some() { "between two processes over" } else { "over" }
}

/// What a measurement was made on.
struct Machine {
    cpu: String,
    cpus: usize,
    load: Option<f64>,
    system: String,
}

impl Machine {
    fn this() -> Machine {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let cpuinfo = read("/proc/cpuinfo");
        let mut models = cpuinfo.lines().filter(|line| line.starts_with("model name"));
        let model = models.next().and_then(|line| line.split_once(": "));
        let release = read("/proc/sys/kernel/osrelease");
        let system = format!("{} {}", std::env::consts::OS, release.trim_end());
        Machine {
            cpu: model.map_or(std::env::consts::ARCH, |(_, model)| model).to_owned(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()),
            system: system.trim_end().to_owned(),
        }
    }

    fn json(&self) -> Value {
        let Machine { cpu, cpus, load, system } = self;
        json!({
            "cpu": cpu,
            "cpus": cpus,
            "load": load,
            "system": system,
            "zeromq": env!("CARGO_PKG_VERSION"),
            "libzmq": context::version(),
        })
    }
}

fn print_json(value: Value) -> Outcome {
    output::write(format!("{value}\n").as_bytes())
}

fn print_text(mut text: String) -> Outcome {
    let Machine { cpu, cpus, load, system } = Machine::this();
    let load = load.map_or(String::new(), |load| format!(", load {load}"));
    text.push_str(&format!(
        "on {cpu}, {cpus} CPUs{load}, {system}, zeromq {}, libzmq {}\n",
        env!("CARGO_PKG_VERSION"),
        context::version()
    ));
    output::write(text.as_bytes())
}
