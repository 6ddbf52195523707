//! Writing messages to the standard output.

use std::io::{ErrorKind, Write};

use jiff::Timestamp;

use super::arguments::{FormatArguments, ShowArguments};
use super::failure::{Failure, Outcome};
use super::format::{Format, write_frame, write_message};

/// Writes messages in a format. Each is written as soon as it is known.
pub struct Output {
    format: Format,
    frames: bool,
    stamp: bool,
    buffer: Vec<u8>,
}

impl Output {
    /// # Errors
    /// [`Failure::Usage`] if the format cannot show what the arguments ask for.
    pub fn new(format: &FormatArguments, show: &ShowArguments) -> Outcome<Output> {
        let format = format.format;
        let (frames, stamp) = (show.frames, show.stamp);
        if frames && !matches!(format, Format::Text | Format::Hex) {
            return Err(Failure::usage("--frames goes with the formats text and hex"));
        }
        if stamp && format == Format::Raw {
            return Err(Failure::usage("--stamp does not go with the format raw"));
        }
        Ok(Output { format, frames, stamp, buffer: Vec::new() })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// [`Failure::Stopped`] if nobody reads the output, [`Failure::Error`] if it cannot be
    /// written.
    pub fn write<F: AsRef<[u8]>>(&mut self, frames: &[F]) -> Outcome {
        let stamp = self.stamp.then(now);
        self.buffer.clear();
        if self.frames {
            self.list(stamp.as_deref(), frames);
        } else {
            write_message(self.format, stamp.as_deref(), frames, &mut self.buffer);
        }
        write(&self.buffer)
    }

    /// Lists the frames of a message.
    fn list<F: AsRef<[u8]>>(&mut self, stamp: Option<&str>, frames: &[F]) {
        for (index, frame) in frames.iter().enumerate() {
            let frame = frame.as_ref();
            if let Some(stamp) = stamp {
                self.buffer.extend_from_slice(stamp.as_bytes());
                self.buffer.push(b'\t');
            }
            let head = format!("{}/{}\t{}\t", index + 1, frames.len(), frame.len());
            self.buffer.extend_from_slice(head.as_bytes());
            write_frame(self.format, frame, &mut self.buffer);
            self.buffer.push(b'\n');
        }
    }
}

/// Returns the time as it is written, in UTC: "2026-12-01T12:00:00.123456Z".
pub fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

/// Writes bytes to the standard output.
///
/// # Errors
/// [`Failure::Stopped`] if nobody reads it, [`Failure::Error`] if it cannot be written.
pub fn write(bytes: &[u8]) -> Outcome {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::Stopped,
        _ => Failure::Error(format!("the output cannot be written: {error}")),
    })
}
