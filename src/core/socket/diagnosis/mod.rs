//! Explaining why nothing arrives at a socket, or why it has no peers.

mod endpoints;
mod facts;
mod messages;
mod reach;
pub mod reasons;

use std::time::Duration;

use super::Socket;
use crate::core::counted::Counted;
use crate::core::error::Error;
use facts::Facts;
use messages::Dropped;
use reasons::{DETACHED, Reason};

/// Sentences about a socket.
#[derive(Debug, Default)]
struct Findings(Vec<String>);

impl Findings {
    fn add(&mut self, reason: &Reason, values: &[(&str, &str)]) {
        let told = reason.tell(values);
        // Several connections may have the same problem.
        if !self.0.contains(&told) {
            self.0.push(told);
        }
    }
}

impl Socket {
    /// Returns how many peers the socket has and, separated by semicolons, the reasons why
    /// nothing may arrive: [`REASONS`](reasons::REASONS). To find out, it may try to
    /// connect to an endpoint that has no peer, which takes up to about a second each.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Busy`].
    pub fn diagnose(&self) -> Result<String, Error> {
        let facts = self.with(Facts::of)?;
        if facts.places.is_empty() {
            return Ok(DETACHED.tell(&[]));
        }
        let mut findings = Findings(vec![match facts.peers {
            Some(0) => "no peer".to_owned(),
            Some(count) => Counted(count, "peer").to_string(),
            None => "peers unknown, since this libzmq does not count them".to_owned(),
        }]);
        endpoints::examine(&facts, &mut findings);
        let full = self.dropped_full();
        let dropped = Dropped { full, unknown: self.dropped().saturating_sub(full) };
        messages::examine(&facts, &self.subscriptions()?, dropped, &mut findings);
        Ok(findings.0.join("; "))
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Returns the beginning of some bytes in quotation marks.
fn quoted(bytes: &[u8]) -> String {
    const LONGEST: usize = 32;
    let text = bytes[..bytes.len().min(LONGEST)].escape_ascii();
    let dots = if bytes.len() > LONGEST { "..." } else { "" };
    format!("\"{text}{dots}\"")
}

#[cfg(test)]
mod tests;
