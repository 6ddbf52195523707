//! `zeromq history`: shows what a history has.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::arguments::RangeArguments;
use super::block::Block;
use super::range::Range;
use super::source::{Source, readers};
use super::store::reader::{Event, Reader};
use crate::tools::arguments::{FormatArguments, frames_of};
use crate::tools::ending::Ending;
use crate::tools::failure::{Failure, Outcome};
use crate::tools::format::{Format, write_frame, write_message};
use crate::tools::output::write;
use crate::tools::units::written;

/// The number of bytes after which output is written.
const PORTION: usize = 1 << 16;

/// Shows what a history has: without an option, from when to when it reaches, and what is
/// missing.
///
/// A history can be read while it is recorded, also with sqlite3.
#[derive(clap::Args)]
#[command(override_usage = "zeromq history [OPTIONS] <FILE> [PREFIX]...")]
#[command(after_help = "Examples:
  zeromq history ticks.db
  zeromq history ticks.db --topics
  zeromq history ticks.db ANGEL_NSE_ --last 10
  zeromq history ticks.db --count --from -10m
  zeromq history ticks.db --messages --format json --from 2026-12-01T09:15:00Z | jq
  sqlite3 ticks.db \"SELECT * FROM history WHERE topic = 'ANGEL_NSE_SBIN_LTP' LIMIT 10\"

`zeromq help history` describes the tables.")]
pub struct Arguments {
    /// The history: a file or a folder.
    #[arg(value_name = "FILE", hide = true)]
    file: PathBuf,
    /// What the first frame of messages begins with.
    #[arg(value_name = "PREFIX", hide = true)]
    prefixes: Vec<OsString>,
    /// Shows all messages, each after its sequence and time.
    #[arg(long, group = "mode")]
    messages: bool,
    /// Shows the last N messages.
    #[arg(long, value_name = "N", group = "mode")]
    last: Option<u64>,
    /// Shows the number of messages of each topic. Messages of one frame have no topic.
    #[arg(long, group = "mode")]
    topics: bool,
    /// Shows the number of messages.
    #[arg(long, group = "mode")]
    count: bool,
    /// Shows when recorders began and ended, and where messages are missing.
    #[arg(long, group = "mode")]
    events: bool,
    #[command(flatten)]
    range: RangeArguments,
    #[command(flatten)]
    format: FormatArguments,
}

pub fn run(arguments: &Arguments, ending: &Ending) -> Outcome {
    ending.watch_output();
    let range = arguments.range.range(frames_of(Format::Text, &arguments.prefixes)?);
    let show = Show { arguments, ending };
    if arguments.messages {
        return show.messages(range);
    }
    match arguments.last {
        Some(count) => show.last(count, range),
        None if arguments.topics => show.topics(&range),
        None if arguments.count => show.count(&range),
        None if arguments.events => show.events(),
        None => show.summary(&range),
    }
}

struct Show<'a> {
    arguments: &'a Arguments,
    ending: &'a Ending,
}

impl Show<'_> {
    fn format(&self) -> Format {
        self.arguments.format.format
    }

    fn readers(&self) -> Outcome<Vec<Reader>> {
        Ok(readers(&self.arguments.file)?)
    }

    fn messages(&self, range: Range) -> Outcome {
        let mut source = Source::open(&self.arguments.file, range)?;
        let (mut block, mut out) = (Block::default(), Vec::new());
        while source.read(&mut block)? {
            for message in block.messages() {
                let frames: Vec<&[u8]> = message.frames().collect();
                self.write_message(message.sequence, message.time, &frames, &mut out);
                if out.len() >= PORTION {
                    write(&out)?;
                    out.clear();
                }
            }
            block.clear();
            if self.ending.is_asked() {
                return Err(Failure::Stopped);
            }
        }
        write(&out)
    }

    fn write_message(&self, sequence: i64, time: i64, frames: &[&[u8]], out: &mut Vec<u8>) {
        match self.format() {
            Format::Raw => write_message(Format::Raw, None, frames, out),
            Format::Json => {
                let head = format!(
                    "{{\"sequence\":{sequence},\"time\":\"{}\",\"frames\":[",
                    written(time)
                );
                out.extend_from_slice(head.as_bytes());
                for (index, frame) in frames.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_frame(Format::Json, frame, out);
                }
                out.extend_from_slice(b"]}\n");
            }
            format => {
                let stamp = format!("{sequence}\t{}", written(time));
                write_message(format, Some(&stamp), frames, out);
            }
        }
    }

    fn last(&self, count: u64, mut range: Range) -> Outcome {
        let mut left = count;
        for reader in self.readers()?.iter().rev() {
            if left == 0 {
                break;
            }
            if let Some((first, found)) = reader.last(left, &range)? {
                left -= found;
                range.from = first;
                // The next file is older.
                if left > 0 {
                    range.from = i64::MIN;
                }
            }
        }
        self.messages(range)
    }

    fn counts(&self, range: &Range) -> Outcome<BTreeMap<Option<Vec<u8>>, u64>> {
        let mut counts = BTreeMap::new();
        for reader in self.readers()? {
            reader.count(range, &mut counts)?;
        }
        Ok(counts)
    }

    fn topics(&self, range: &Range) -> Outcome {
        let mut out = Vec::new();
        for (topic, count) in self.counts(range)? {
            match (self.format(), topic) {
                (Format::Json, topic) => {
                    out.extend_from_slice(b"{\"topic\":");
                    match topic {
                        Some(topic) => write_frame(Format::Json, &topic, &mut out),
                        None => out.extend_from_slice(b"null"),
                    }
                    out.extend_from_slice(format!(",\"count\":{count}}}\n").as_bytes());
                }
                (Format::Raw, _) => {
                    return Err(Failure::usage("--topics does not go with the format raw"));
                }
                (format, topic) => {
                    out.extend_from_slice(format!("{count}\t").as_bytes());
                    match topic {
                        Some(topic) => write_frame(format, &topic, &mut out),
                        None => out.extend_from_slice(b"(one frame)"),
                    }
                    out.push(b'\n');
                }
            }
        }
        write(&out)
    }

    fn count(&self, range: &Range) -> Outcome {
        let total: u64 = self.counts(range)?.values().sum();
        write(format!("{total}\n").as_bytes())
    }

    fn all_events(&self) -> Outcome<Vec<Event>> {
        let mut events = Vec::new();
        for reader in self.readers()? {
            events.extend(reader.events()?);
        }
        Ok(events)
    }

    fn events(&self) -> Outcome {
        let mut out = String::new();
        for Event { time, sequence, kind, count, text } in self.all_events()? {
            let time = written(time);
            out.push_str(&match self.format() {
                Format::Json => {
                    let event = serde_json::json!({
                        "time": time, "after": sequence, "kind": kind, "count": count, "text": text
                    });
                    format!("{event}\n")
                }
                _ => format!("{time}\tafter {sequence}\t{kind}\t{count}\t{text}\n"),
            });
        }
        write(out.as_bytes())
    }

    fn summary(&self, range: &Range) -> Outcome {
        let extents: Vec<_> =
            self.readers()?.iter().map(Reader::extent).collect::<Result<Vec<_>, _>>()?;
        let mut extents = extents.into_iter().flatten();
        let first = extents.next();
        let last = extents.last().or(first);
        let counts = self.counts(range)?;
        let missing = |kind: &str, events: &[Event]| -> i64 {
            events.iter().filter(|event| event.kind == kind).map(|event| event.count).sum()
        };
        let events = self.all_events()?;
        let kills = events.iter().filter(|event| event.kind == "killed").count();
        let facts = serde_json::json!({
            "messages": counts.values().sum::<u64>(),
            "topics": counts.keys().flatten().count(),
            "first": first.map(|extent| extent.first.0),
            "last": last.map(|extent| extent.last.0),
            "from": first.map(|extent| written(extent.first.1)),
            "to": last.map(|extent| written(extent.last.1)),
            "dropped": missing("dropped", &events),
            "missed": missing("missed", &events),
            "deleted": missing("deleted", &events),
            "killed": kills,
        });
        if self.format() == Format::Json {
            return write(format!("{facts}\n").as_bytes());
        }
        let mut out = String::new();
        for (name, value) in facts.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            out.push_str(&format!("{name}\t{value}\n"));
        }
        write(out.as_bytes())
    }
}
