//! The options of sockets: one row for each, with its name, what it takes, which
//! sockets it is for and when it takes effect. Everything that is told about an
//! option, and everything that is checked before libzmq sees it, is read there.

mod access;
mod fault;
mod links;
mod patterns;
mod row;
mod security;
mod transports;
mod value;

pub use row::{Access, Kind, Needs, Row, When};
pub use value::{OptionValue, Sample};

use super::error::Error;

/// Names that are farther from what was asked for are not suggested.
const NEAR: f64 = 0.8;

/// The rows of all options, by what they are about.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [links::ROWS, patterns::ROWS, transports::ROWS, security::ROWS].into_iter().flatten()
}

/// The row of an option, by its name in libzmq without `ZMQ_`, in any case, or by
/// an older name.
///
/// # Errors
/// [`Error::Option`] when there is none; it tells names that are near.
pub fn find(name: &str) -> Result<&'static Row, Error> {
    let lower = name.to_ascii_lowercase();
    let name = lower.strip_prefix("zmq_").unwrap_or(&lower);
    rows()
        .find(|row| row.name == name || row.aliases.contains(&name))
        .ok_or_else(|| fault::unknown(name, &near(name)))
}

/// The names that are most like `name`, the likest first.
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
