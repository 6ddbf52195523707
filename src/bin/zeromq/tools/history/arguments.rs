//! Arguments of the commands that read a history.

use super::range::Range;
use crate::tools::units::Moment;

/// Which messages of a history are meant.
#[derive(clap::Args)]
pub struct RangeArguments {
    /// Begins at this message: a sequence number, a time (2026-12-01T09:15:00Z), or how long
    /// ago (-10m).
    #[arg(long, value_name = "SEQUENCE|TIME", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// Ends after this message.
    #[arg(long, value_name = "SEQUENCE|TIME", allow_hyphen_values = true)]
    to: Option<Moment>,
}

impl RangeArguments {
    /// Returns the range of messages whose topics begin with a prefix.
    pub fn range(&self, prefixes: Vec<Vec<u8>>) -> Range {
        let mut range = Range { prefixes, ..Range::default() };
        match self.from {
            Some(Moment::Sequence(sequence)) => range.from = sequence,
            Some(Moment::Time(time)) => range.from_time = time,
            None => {}
        }
        match self.to {
            Some(Moment::Sequence(sequence)) => range.to = sequence,
            Some(Moment::Time(time)) => range.to_time = time,
            None => {}
        }
        range
    }
}
