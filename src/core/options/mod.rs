//! The options of sockets. Each has one row with its name, the values it accepts, the
//! socket types that support it and when it takes effect. Documentation and checks are
//! derived from these rows.

mod access;
mod common;
mod errors;
mod patterns;
mod row;
mod security;
mod transports;
mod value;

pub use row::{Access, Kind, Needs, Row, When};
pub use value::{OptionValue, Sample};

use super::error::Error;

/// The least similarity of a name that is suggested.
const NEAR: f64 = 0.8;

/// Returns the rows of all options, grouped by topic.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [common::ROWS, patterns::ROWS, transports::ROWS, security::ROWS].into_iter().flatten()
}

/// Returns the row of an option, by its name in libzmq without `ZMQ_`, in upper or
/// lower case, or by an older name.
///
/// # Errors
/// [`Error::Option`] if there is no such option; it suggests similar names.
pub fn find(name: &str) -> Result<&'static Row, Error> {
    let lower = name.to_ascii_lowercase();
    let name = lower.strip_prefix("zmq_").unwrap_or(&lower);
    rows()
        .find(|row| row.name == name || row.aliases.contains(&name))
        .ok_or_else(|| errors::unknown(name, &near(name)))
}

/// Returns the names most similar to `name`, best match first.
fn near(name: &str) -> Vec<&'static str> {
    let names = rows().flat_map(|row| [row.name].into_iter().chain(row.aliases.iter().copied()));
    let mut near: Vec<(f64, &str)> = names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > NEAR)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().map(|(_, known)| known).take(3).collect()
}

#[cfg(test)]
mod tests;
