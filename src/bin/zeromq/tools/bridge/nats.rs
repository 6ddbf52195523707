//! The connection to NATS: its arguments, its events, and the runtime that async-nats needs.

use std::collections::HashSet;
use std::future::Future;
use std::panic;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr, ServerError};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use zeromq::core::{Metric, Metrics};

use crate::tools::arguments::LimitArguments;
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};

/// The pause between attempts to connect, which grows to the second one.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(2);

/// How often the client asks whether the server is still there. After the second answer that
/// is missing it connects again.
const PING: Duration = Duration::from_secs(5);

/// The longest wait for an answer.
pub const ANSWER: Duration = Duration::from_secs(5);

/// How often waits look whether to end.
pub const TICK: Duration = Duration::from_millis(50);

/// The pause between two reports of the same kind.
const RARELY: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
#[command(next_help_heading = "NATS")]
pub struct NatsArguments {
    /// The servers, a list separated by commas. One that answers names the others of its cluster.
    #[arg(long, value_name = "URLS", default_value = "nats://localhost:4222")]
    nats: String,
    /// Logs in with a user and a password: a file with one line `name=password`.
    #[arg(long, value_name = "FILE")]
    nats_login: Option<PathBuf>,
    /// Logs in with a token: a file with one line.
    #[arg(long, value_name = "FILE", conflicts_with = "nats_login")]
    nats_token: Option<PathBuf>,
    /// Logs in with credentials, a file that nsc has made.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["nats_login", "nats_token"])]
    nats_creds: Option<PathBuf>,
    /// Connects only with TLS. Without this, the server decides.
    #[arg(long)]
    nats_tls: bool,
    /// Trusts only servers whose certificates these authorities have signed, a PEM file,
    /// instead of those that the system trusts.
    #[arg(long, value_name = "FILE")]
    nats_ca: Option<PathBuf>,
    /// The certificate of this client for TLS, a PEM file.
    #[arg(long, value_name = "FILE", requires = "nats_key")]
    nats_certificate: Option<PathBuf>,
    /// The secret key of this certificate, a PEM file.
    #[arg(long, value_name = "FILE", requires = "nats_certificate")]
    nats_key: Option<PathBuf>,
}

/// Returns a runtime with one thread, the one that waits for it. From now on, what ends the
/// client of NATS is not printed.
pub fn runtime() -> Outcome<Runtime> {
    // The client of NATS ends in this way at what it does not expect. It is replaced then.
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains("async-nats")) {
            usual(panic);
        }
    }));
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Error(format!("no runtime can be made: {error}")))
}

/// Waits for a task as long as the command should not end.
///
/// # Errors
/// [`Failure::Stopped`] if it should.
pub async fn unless_asked<T>(ending: &Ending, task: impl Future<Output = T>) -> Outcome<T> {
    let asked = async {
        while !ending.is_asked() {
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::select! {
        result = task => Ok(result),
        () = asked => Err(Failure::Stopped),
    }
}

/// Returns true if a client does not work anymore, which it does not tell: it has met something
/// that it did not expect.
pub async fn has_ended(client: &Client) -> bool {
    let flushed = tokio::time::timeout(TICK, client.flush()).await;
    matches!(flushed, Ok(Err(_)))
}

/// How many subjects are remembered that this user may not publish.
const DENIED: usize = 1000;

/// What is known about the connection.
pub struct Link {
    connected: watch::Sender<bool>,
    connections: AtomicU64,
    /// The subjects that this user may not publish, as far as the server has said so.
    denied: Mutex<HashSet<String>>,
    quiet: bool,
    reported: Rarely,
}

/// Something that should not happen too often.
#[derive(Default)]
pub struct Rarely(Mutex<Option<Instant>>);

impl Rarely {
    /// Returns true if it has not happened for a while, and now happens.
    pub fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= RARELY);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

static CONNECTED: Metric = Metric::gauge("zeromq_bridge_connected", "1 if NATS is connected.");
static RECONNECTS: Metric =
    Metric::counter("zeromq_bridge_reconnects", "Connections to NATS after the first one.");

impl Link {
    pub fn new(limits: &LimitArguments) -> Arc<Link> {
        Arc::new(Link {
            connected: watch::Sender::new(false),
            connections: AtomicU64::new(0),
            denied: Mutex::default(),
            quiet: limits.quiet,
            reported: Rarely::default(),
        })
    }

    /// Returns whether there is a connection, now and later.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// Returns how often the connection was made again.
    pub fn reconnects(&self) -> u64 {
        self.connections.load(Relaxed).saturating_sub(1)
    }

    /// Returns true if the server has said that this user may not publish a subject.
    pub fn is_denied(&self, subject: &str) -> bool {
        self.lock_denied().contains(subject)
    }

    fn lock_denied(&self) -> MutexGuard<'_, HashSet<String>> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the connection is lost.
    pub fn lose(&self) {
        if self.connected.send_replace(false) && !self.quiet {
            tracing::warn!("the connection to NATS is lost");
        }
    }

    /// Adds what is known to the metrics.
    pub fn describe(&self, metrics: &mut Metrics) {
        metrics.add(&CONNECTED, &[], u8::from(*self.connected.borrow()));
        metrics.add(&RECONNECTS, &[], self.reconnects());
    }

    fn record(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.connected.send_replace(true);
                // It may have other permissions now.
                self.lock_denied().clear();
                if self.connections.fetch_add(1, Relaxed) > 0 && !self.quiet {
                    tracing::info!(reconnects = self.reconnects(), "connected to NATS again");
                }
            }
            Event::Disconnected | Event::Closed => self.lose(),
            // It is told at each attempt.
            Event::ServerError(_) | Event::ClientError(_) => {
                if let Event::ServerError(ServerError::Other(text)) = event
                    && let Some(subject) = denied_subject(text)
                {
                    let mut denied = self.lock_denied();
                    if denied.len() == DENIED {
                        denied.clear();
                    }
                    denied.insert(subject.to_owned());
                }
                if !self.quiet && self.reported.is_due() {
                    tracing::warn!("NATS: {event}");
                }
            }
            Event::LameDuckMode | Event::Draining | Event::SlowConsumer(_) => {
                if !self.quiet {
                    tracing::warn!("NATS: {event}");
                }
            }
        }
    }
}

/// Returns the subject that a server does not let this user publish, if it says so.
fn denied_subject(text: &str) -> Option<&str> {
    let (_, subject) = text.split_once("Permissions Violation for Publish to \"")?;
    subject.strip_suffix('"')
}

impl NatsArguments {
    /// Connects, and waits for a server if there is none, for as long as is asked for.
    ///
    /// # Errors
    /// [`Failure::Timeout`] if there is none in time, [`Failure::Error`] if it does not accept
    /// this client.
    pub async fn connect(
        &self,
        link: &Arc<Link>,
        limits: &LimitArguments,
        timeout: Option<Duration>,
        ending: &Ending,
    ) -> Outcome<Client> {
        let servers = self.servers()?;
        let options = self.options(link).await?;
        let end = timeout.map(|timeout| Instant::now() + timeout);
        let mut told = false;
        loop {
            let connecting = options.clone().connect(&servers[..]);
            let error = match unless_asked(ending, connecting).await? {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            let problem = format!("{}: {}", self.nats, reason(&error));
            if matches!(
                error.kind(),
                ConnectErrorKind::Authentication
                    | ConnectErrorKind::AuthorizationViolation
                    | ConnectErrorKind::ServerParse
                    | ConnectErrorKind::Tls
            ) {
                return Err(Failure::Error(format!("NATS at {problem}")));
            }
            if end.is_some_and(|end| Instant::now() >= end) {
                return Err(Failure::Timeout(format!("no NATS at {problem}")));
            }
            if !std::mem::replace(&mut told, true) {
                limits.note(&format!("waiting for NATS at {problem}"));
            }
            unless_asked(ending, tokio::time::sleep(10 * SOON)).await?;
        }
    }

    fn servers(&self) -> Outcome<Vec<ServerAddr>> {
        let parse = |url: &str| {
            // Whoever may list processes would read it.
            if url.contains('@') {
                return Err(Failure::usage(
                    "--nats: a login does not belong there; write it into a file for --nats-login \
                     or --nats-token",
                ));
            }
            url.trim().parse::<ServerAddr>().map_err(|error| {
                Failure::usage(format!("--nats {url}: {error}; expected nats://host:4222"))
            })
        };
        self.nats.split(',').map(parse).collect()
    }

    async fn options(&self, link: &Arc<Link>) -> Outcome<ConnectOptions> {
        let link = link.clone();
        let mut options = ConnectOptions::new()
            .name("zeromq bridge")
            .ping_interval(PING)
            .connection_timeout(ANSWER)
            .request_timeout(Some(ANSWER))
            .reconnect_delay_callback(|attempts| {
                LATER.min(SOON.saturating_mul(u32::try_from(attempts).unwrap_or(u32::MAX)))
            })
            .event_callback(move |event| {
                link.record(&event);
                std::future::ready(())
            });
        if let Some(file) = &self.nats_login {
            let text = line_of(file)?;
            let (user, password) = text.split_once('=').ok_or_else(|| {
                Failure::Error(format!("{}: expected one line name=password", file.display()))
            })?;
            options = options.user_and_password(user.to_owned(), password.to_owned());
        }
        if let Some(file) = &self.nats_token {
            options = options.token(line_of(file)?);
        }
        if let Some(file) = &self.nats_creds {
            options = options.credentials_file(file).await.map_err(|error| {
                Failure::Error(format!("{} cannot be used: {error}", file.display()))
            })?;
        }
        if let Some(file) = &self.nats_ca {
            options = options.add_root_certificates(file.clone());
        }
        if let (Some(certificate), Some(key)) = (&self.nats_certificate, &self.nats_key) {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        Ok(options.require_tls(self.nats_tls))
    }
}

/// Returns the line in a file.
fn line_of(file: &std::path::Path) -> Outcome<String> {
    let text = crate::files::read_text(file)
        .map_err(|error| Failure::Error(format!("{} cannot be read: {error}", file.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Parses the name of a stream or of a group.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<String, String> {
    let is_wrong = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
    match text {
        "" => Err("expected a name".to_owned()),
        text if text.contains(is_wrong) => {
            Err("a name has no spaces and none of . * > / \\".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

/// Returns an error with its causes.
pub fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors repeat their cause.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
