//! `zeromq proxy`: forwards messages between two sockets.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use serde_json::{Value, json};
use zeromq::core::proxy::{Proxy, Side, State, Stats, Traffic};
use zeromq::core::{Action, Error, Metric, Metrics, Socket, SocketType};

use super::arguments::LimitArguments;
use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::log::LogArguments;
use super::metrics::MetricsArguments;
use super::output;
use super::socket::{SetupArguments, set_options};

/// How long messages that have arrived before a signal are still forwarded.
const REST: Duration = Duration::from_secs(1);

/// How often to look after the proxy.
const ROUND: Duration = Duration::from_secs(1);

/// Forwards messages between two sockets, so that programs on both sides need to know only one
/// address.
///
/// Both sides bind unless > stands before an endpoint. It runs until Ctrl-C or SIGTERM; then it
/// forwards what has arrived. The arguments for security and --option apply to both sides.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  zeromq proxy forwarder tcp://*:5555 tcp://*:5556
  zeromq proxy queue tcp://*:5555 tcp://*:5556 --capture tcp://127.0.0.1:5559
  zeromq proxy streamer '>tcp://one:5557' tcp://*:5558 --stats 1000 | jq .to_backend.messages
  zeromq proxy forwarder tcp://*:5555 tcp://*:5556 --curve-certificate server \\
      --curve-accept clients --secure backend")]
pub struct Arguments {
    /// What it forwards.
    #[arg(value_enum)]
    kind: Kind,
    /// Where publications, tasks or requests come from.
    frontend: String,
    /// Where subscribers, workers or servers are.
    backend: String,
    /// Publishes a copy of each message here, for `zeromq sub`. It binds unless > stands before
    /// an endpoint.
    #[arg(long, value_name = "ENDPOINTS")]
    capture: Option<String>,
    /// Sets an option of the frontend only.
    #[arg(long, value_name = "NAME=VALUE")]
    frontend_option: Vec<String>,
    /// Sets an option of the backend only.
    #[arg(long, value_name = "NAME=VALUE")]
    backend_option: Vec<String>,
    /// The sides that the arguments for security apply to.
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = Sides::Both)]
    secure: Sides,
    /// Prints what was forwarded so far every MS milliseconds, as a line of JSON.
    #[arg(long, value_name = "MS")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    stats: Option<u64>,
    #[command(flatten)]
    metrics: MetricsArguments,
    #[command(flatten)]
    pub log: LogArguments,
    /// Reports nothing but errors.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    setup: SetupArguments,
}

/// What a proxy forwards.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Publications from publishers to subscribers, and subscriptions back (XSUB, XPUB).
    Forwarder,
    /// Tasks from pushers to pullers (PULL, PUSH).
    Streamer,
    /// Requests from clients to servers, and replies back (ROUTER, DEALER).
    Queue,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sides {
    Both,
    Frontend,
    Backend,
}

impl Kind {
    /// Returns the socket types of the frontend and the backend.
    fn sockets(self) -> [SocketType; 2] {
        match self {
            Kind::Forwarder => [SocketType::Xsub, SocketType::Xpub],
            Kind::Streamer => [SocketType::Pull, SocketType::Push],
            Kind::Queue => [SocketType::Router, SocketType::Dealer],
        }
    }
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    let limits = LimitArguments { count: None, timeout: None, quiet: arguments.quiet };
    let proxy = Arc::new(Proxy::new()?);
    let [frontend, backend] = arguments.kind.sockets();
    open(&proxy, Side::Frontend, frontend, arguments, &limits)?;
    open(&proxy, Side::Backend, backend, arguments, &limits)?;
    if let Some(endpoints) = &arguments.capture {
        proxy.capture(Some((SocketType::Pub, endpoints)), |_| Ok(()))?;
    }
    let counted = proxy.clone();
    arguments.metrics.serve(&limits, Arc::new(move || metrics(&counted)))?;
    let every = arguments.stats.map(Duration::from_millis);
    if every.is_some() {
        ending.watch_output();
    }
    let mut due = Instant::now();
    let mut result = Ok(());
    while proxy.state() != State::Stopped {
        due += every.unwrap_or(ROUND);
        match ending.sleep_until(due) {
            Ok(()) => {}
            Err(Error::Interrupted) => break,
            Err(error) => return Err(error.into()),
        }
        if every.is_some() {
            result = print(&proxy.stats()?);
            if result.is_err() {
                break;
            }
        }
    }
    if proxy.state() == State::Stopped {
        return Err(Failure::Error("the proxy has stopped by itself".to_owned()));
    }
    proxy.finish(REST)?;
    let stats = proxy.stats()?;
    let Stats { to_backend, to_frontend, capture_dropped } = stats;
    if !arguments.quiet {
        let dropped = to_backend.dropped + to_frontend.dropped;
        let (to_backend, to_frontend) = (to_backend.messages, to_frontend.messages);
        tracing::info!(
            to_backend,
            to_frontend,
            dropped,
            capture_dropped,
            "forwarded {to_backend} messages to the backend and {to_frontend} to the frontend, \
             dropped {dropped}, and {capture_dropped} copies"
        );
    }
    result
}

/// Opens a side of the proxy.
fn open(
    proxy: &Proxy,
    side: Side,
    socket_type: SocketType,
    arguments: &Arguments,
    limits: &LimitArguments,
) -> Outcome {
    let (name, other, endpoints, own) = match side {
        Side::Frontend => {
            ("frontend", Sides::Backend, &arguments.frontend, &arguments.frontend_option)
        }
        Side::Backend => {
            ("backend", Sides::Frontend, &arguments.backend, &arguments.backend_option)
        }
    };
    let apply = |socket: &Socket| {
        set_options(socket, "--option", &arguments.setup.options)?;
        set_options(socket, &format!("--{name}-option"), own)?;
        if arguments.secure == other { Ok(()) } else { arguments.setup.secure(socket, limits) }
    };
    let failure = RefCell::new(None);
    let prepare = |socket: &Arc<Socket>| {
        apply(socket).map_err(|error| {
            failure.replace(Some(error));
            Error::Interrupted
        })?;
        Ok(false)
    };
    let opened = proxy.set(side, socket_type, endpoints, &prepare);
    match (failure.take(), opened) {
        (Some(failure), _) => return Err(failure),
        (None, opened) => opened.map_err(super::socket::at_endpoint)?,
    }
    for (action, endpoint) in proxy.attached(side)?.unwrap_or_default() {
        if action == Action::Bind && !arguments.quiet {
            tracing::info!(side = name, endpoint, "{name} bound to {endpoint}");
        }
    }
    Ok(())
}

static MESSAGES: Metric =
    Metric::counter("zeromq_proxy_forwarded_messages", "Messages that were forwarded.");
static BYTES: Metric =
    Metric::counter("zeromq_proxy_forwarded_bytes", "Bytes of the frames of these messages.");
static DROPPED: Metric =
    Metric::counter("zeromq_proxy_dropped_messages", "Messages that no peer has accepted.");
static COPIES: Metric =
    Metric::counter("zeromq_proxy_dropped_copies", "Copies that were not captured.");

/// Returns the metrics of a proxy, none while it ends.
fn metrics(proxy: &Proxy) -> String {
    let mut metrics = Metrics::default();
    if let Ok(stats) = proxy.stats() {
        for (side, traffic) in [("backend", stats.to_backend), ("frontend", stats.to_frontend)] {
            let labels = [("to", side)];
            metrics.add(&MESSAGES, &labels, traffic.messages);
            metrics.add(&BYTES, &labels, traffic.bytes);
            metrics.add(&DROPPED, &labels, traffic.dropped);
        }
        metrics.add(&COPIES, &[], stats.capture_dropped);
    }
    for (name, side) in [("frontend", Side::Frontend), ("backend", Side::Backend)] {
        if let Ok(Some(statistics)) = proxy.statistics(side) {
            metrics.add_statistics(&[("side", name)], &statistics);
        }
    }
    metrics.to_string()
}

fn print(stats: &Stats) -> Outcome {
    let traffic = |traffic: &Traffic| -> Value {
        let Traffic { messages, bytes, dropped } = traffic;
        json!({ "messages": messages, "bytes": bytes, "dropped": dropped })
    };
    let line = json!({
        "time": output::now(),
        "to_backend": traffic(&stats.to_backend),
        "to_frontend": traffic(&stats.to_frontend),
        "capture_dropped": stats.capture_dropped,
    });
    output::write(format!("{line}\n").as_bytes())
}
