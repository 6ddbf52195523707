//! Which messages of a history are meant.

/// A range of messages. All limits apply, and include the message with that value.
#[derive(Clone, Debug)]
pub struct Range {
    /// The first sequence.
    pub from: i64,
    /// The last sequence.
    pub to: i64,
    /// The first time, in nanoseconds since 1970.
    pub from_time: i64,
    /// The last time.
    pub to_time: i64,
    /// What the first frame begins with; all messages are meant if there is none.
    pub prefixes: Vec<Vec<u8>>,
}

impl Default for Range {
    /// All messages.
    fn default() -> Range {
        Range {
            from: i64::MIN,
            to: i64::MAX,
            from_time: i64::MIN,
            to_time: i64::MAX,
            prefixes: Vec::new(),
        }
    }
}

impl Range {
    /// Returns true if messages whose first frame is this one are meant.
    pub fn has_topic(&self, first: &[u8]) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| first.starts_with(prefix))
    }

    /// Returns true if messages of this time are meant.
    pub fn has_time(&self, time: i64) -> bool {
        (self.from_time..=self.to_time).contains(&time)
    }
}
