//! What a command tells about itself, on the standard error: as lines for people, or with
//! `--log` as lines with time, level and fields. Messages of a bus never go there.

use std::fmt;
use std::io;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

/// How a command that runs for a long time tells what happens.
#[derive(clap::Args)]
pub struct LogArguments {
    /// Reports with time, level and fields on the standard error, in lines of text or json. See
    /// `zeromq help logs`.
    #[arg(long, value_enum, value_name = "FORMAT")]
    #[arg(hide_possible_values = true)]
    log: Option<LogFormat>,
}

/// The format of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// 2026-12-01T09:15:00.123456Z  INFO bound to tcp://0.0.0.0:5556
    Text,
    /// {"timestamp":"2026-12-01T09:15:00.123456Z","level":"INFO","message":"bound to ..."}
    Json,
}

impl LogArguments {
    /// Returns the format, if there is to be a log.
    pub fn format(&self) -> Option<LogFormat> {
        self.log
    }
}

/// Writes events to the standard error from now on. Those of crates are in a log only, and
/// only from warnings on.
pub fn start(format: Option<LogFormat>) {
    let others = if format.is_some() { LevelFilter::WARN } else { LevelFilter::OFF };
    let targets = Targets::new().with_target("zeromq", Level::INFO).with_default(others);
    // Nobody can be told that nobody can be told.
    let lines = layer().with_writer(io::stderr).log_internal_errors(false).with_ansi(false);
    let lines = match format {
        None => lines.event_format(Plain).boxed(),
        Some(LogFormat::Text) => lines.with_target(false).boxed(),
        Some(LogFormat::Json) => lines
            .json()
            .flatten_event(true)
            .with_target(false)
            .with_current_span(false)
            .with_span_list(false)
            .boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(targets));
    // There is none yet, because each process runs one command.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// The format for people: only the text, and what it is if it is no news.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Line::default();
        event.record(&mut line);
        match *event.metadata().level() {
            Level::ERROR => write!(writer, "zeromq {}: ", line.command)?,
            Level::WARN => writer.write_str("warning: ")?,
            _ => {}
        }
        writeln!(writer, "{}", line.message)
    }
}

/// What the format for people shows of an event.
#[derive(Default)]
struct Line {
    message: String,
    command: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "command" {
            value.clone_into(&mut self.command);
        }
    }
}
