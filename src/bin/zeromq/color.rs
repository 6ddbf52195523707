//! Whether an output shows colors. `anstream` removes them from the text of this program
//! where it does not; the text of scripts, which stays as it is, asks here.

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};

/// True for a terminal with colors, unless `NO_COLOR` and similar variables say otherwise.
pub fn of(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}
