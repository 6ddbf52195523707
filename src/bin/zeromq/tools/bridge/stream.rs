//! The stream that messages are stored in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::Client;
use async_nats::jetstream::context::{
    CreateStreamError, CreateStreamErrorKind, GetStreamError, GetStreamErrorKind,
};
use async_nats::jetstream::stream::{Config, StorageType, Stream};
use async_nats::jetstream::{Context, ContextBuilder, ErrorCode};
use clap::ValueEnum;

use super::nats::{ANSWER, Link, NatsArguments, reason, unless_asked};
use crate::tools::arguments::LimitArguments;
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::units;

/// The pause between two attempts to find a stream, which a cluster may not serve yet.
const PAUSE: Duration = Duration::from_millis(500);

/// How a stream is made if it is missing.
#[derive(clap::Args)]
#[command(next_help_heading = "Stream")]
pub struct CreateArguments {
    /// Makes the stream if it is missing.
    #[arg(long)]
    create: bool,
    /// The subjects of a new stream, a list separated by commas, such as `ANGEL.>,DHAN.>`
    /// [default: what begins with the tokens that the template has before topics].
    #[arg(long, value_name = "SUBJECTS", value_delimiter = ',', requires = "create")]
    subjects: Vec<String>,
    /// How many servers store a new stream. Three survive the loss of one.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "create")]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
    replicas: u8,
    /// Where a new stream is stored: file or memory.
    #[arg(long, value_enum, value_name = "WHERE", default_value_t = Storage::File)]
    #[arg(hide_possible_values = true, requires = "create")]
    storage: Storage,
    /// Removes messages from a new stream that are older than AGE.
    #[arg(long, value_name = "AGE", value_parser = units::interval, requires = "create")]
    max_age: Option<Duration>,
    /// Removes the oldest messages from a new stream that is larger than SIZE.
    #[arg(long, value_name = "SIZE", value_parser = units::size, requires = "create")]
    max_size: Option<u64>,
    /// How long a new stream remembers messages, to remove those that are sent again.
    #[arg(long, value_name = "INTERVAL", value_parser = units::interval, requires = "create")]
    #[arg(default_value = "2m")]
    duplicates: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Storage {
    File,
    Memory,
}

impl CreateArguments {
    /// Returns what to make, if a missing stream is to be made.
    ///
    /// # Errors
    /// [`Failure::Usage`] if its subjects are not known.
    pub fn config(&self, name: &str, pattern: Option<String>) -> Outcome<Option<Config>> {
        if !self.create {
            return Ok(None);
        }
        let subjects = match (&self.subjects[..], pattern) {
            ([], Some(pattern)) => vec![pattern],
            ([], None) => {
                return Err(Failure::usage(
                    "--create needs --subjects, because topics decide on the first token of \
                     subjects; or give them a first token: --subject 'ticks.{topic}'",
                ));
            }
            (subjects, _) => subjects.to_vec(),
        };
        Ok(Some(Config {
            name: name.to_owned(),
            subjects,
            num_replicas: self.replicas.into(),
            storage: match self.storage {
                Storage::File => StorageType::File,
                Storage::Memory => StorageType::Memory,
            },
            max_age: self.max_age.unwrap_or_default(),
            max_bytes: self.max_size.map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX)),
            max_messages: -1,
            duplicate_window: match self.max_age {
                Some(age) => self.duplicates.min(age),
                None => self.duplicates,
            },
            ..Config::default()
        }))
    }
}

/// A connection to NATS, and a stream to read.
pub struct Source {
    pub client: Client,
    pub context: Context,
    pub stream: Stream,
}

/// Connects to NATS, and finds a stream. Waits while there is no server.
///
/// # Errors
/// Those of `NatsArguments::connect` and of `open`.
pub async fn find(
    nats: &NatsArguments,
    name: &str,
    link: &Arc<Link>,
    limits: &LimitArguments,
    timeout: Option<Duration>,
    ending: &Ending,
) -> Outcome<Source> {
    let client = nats.connect(link, limits, timeout, ending).await?;
    let context = ContextBuilder::new().timeout(ANSWER).build(client.clone());
    let stream = open(&context, name, None, limits, timeout, ending).await?;
    Ok(Source { client, context, stream })
}

/// Why a stream is not found.
enum Problem {
    /// It will not be found later either.
    Lasting(String),
    /// A cluster may have no leader yet, for example.
    Passing(String),
    Missing,
}

/// Finds a stream, or makes it. Waits while JetStream does not answer.
///
/// # Errors
/// [`Failure::Error`] if it is missing or cannot be made, [`Failure::Timeout`] if JetStream
/// does not answer in time.
pub async fn open(
    context: &Context,
    name: &str,
    config: Option<Config>,
    limits: &LimitArguments,
    timeout: Option<Duration>,
    ending: &Ending,
) -> Outcome<Stream> {
    let end = timeout.map(|timeout| Instant::now() + timeout);
    let mut told = false;
    loop {
        let found = match unless_asked(ending, context.get_stream(name)).await? {
            Err(error) => Err(Problem::from(error)),
            Ok(stream) => Ok(stream),
        };
        let found = match (found, &config) {
            (Err(Problem::Missing), Some(config)) => {
                let made = unless_asked(ending, context.create_stream(config.clone())).await?;
                made.map(|stream| (stream, true)).map_err(Problem::from)
            }
            (found, _) => found.map(|stream| (stream, false)),
        };
        let problem = match found {
            Ok((stream, made)) => {
                if made {
                    limits.note(&format!("made the stream {name}"));
                }
                return Ok(stream);
            }
            Err(Problem::Missing) => {
                return Err(Failure::Error(format!(
                    "there is no stream {name}; `zeromq bridge out --create` makes it, or `nats \
                     stream add`"
                )));
            }
            Err(Problem::Lasting(text)) => {
                return Err(Failure::Error(format!("the stream {name}: {text}")));
            }
            Err(Problem::Passing(text)) => text,
        };
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(Failure::Timeout(format!("JetStream does not answer: {problem}")));
        }
        if !std::mem::replace(&mut told, true) {
            limits.note(&format!("waiting for JetStream, which a server has with -js: {problem}"));
        }
        unless_asked(ending, tokio::time::sleep(PAUSE)).await?;
    }
}

/// Returns whether JetStream may answer otherwise later.
fn of_server(error: &async_nats::jetstream::Error) -> Problem {
    match error.error_code() {
        ErrorCode::STREAM_NOT_FOUND => Problem::Missing,
        // Others may join the cluster.
        ErrorCode::CLUSTER_NO_PEERS => Problem::Passing(error.to_string()),
        ErrorCode::JETSTREAM_NOT_ENABLED
        | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT
        | ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED => Problem::Lasting(error.to_string()),
        _ if error.code() >= 500 => Problem::Passing(error.to_string()),
        _ => Problem::Lasting(error.to_string()),
    }
}

impl From<GetStreamError> for Problem {
    fn from(error: GetStreamError) -> Problem {
        match error.kind() {
            GetStreamErrorKind::JetStream(error) => of_server(&error),
            GetStreamErrorKind::Request => Problem::Passing(reason(&error)),
            _ => Problem::Lasting(reason(&error)),
        }
    }
}

impl From<CreateStreamError> for Problem {
    fn from(error: CreateStreamError) -> Problem {
        match error.kind() {
            // Not enough servers may be there yet.
            CreateStreamErrorKind::JetStream(error) => of_server(&error),
            CreateStreamErrorKind::TimedOut | CreateStreamErrorKind::JetStreamUnavailable => {
                Problem::Passing(reason(&error))
            }
            _ => Problem::Lasting(reason(&error)),
        }
    }
}
