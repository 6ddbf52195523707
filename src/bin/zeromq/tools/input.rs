//! Reading messages from the standard input, line by line, until it ends or the command
//! should.

use std::fs::File;
use std::io::{self, Read};

use zeromq::core::{Descriptor, Error, Poller, Ready, Source};

use super::ending::Ending;
use super::failure::{Failure, Outcome};
use super::format::{Format, message_of};

/// How many bytes are read at once.
const CHUNK: usize = 1 << 16;

/// The standard input as a sequence of messages.
pub struct Input {
    format: Format,
    stdin: File,
    poller: Poller<()>,
    buffer: Vec<u8>,
    /// Where the next line begins in the buffer.
    start: usize,
    /// How much of the buffer is known to have no end of a line.
    searched: usize,
    line: u64,
    ended: bool,
}

impl Input {
    /// # Errors
    /// [`Failure::Error`] if there is no standard input.
    pub fn new(format: Format) -> Outcome<Input> {
        let stdin = stdin().map_err(|error| unreadable(&error))?;
        let poller = Poller::default();
        #[cfg(unix)]
        {
            let descriptor: Descriptor = std::os::fd::AsRawFd::as_raw_fd(&stdin);
            poller.add(Source::Descriptor(descriptor), Ready::IN, ())?;
        }
        Ok(Input {
            format,
            stdin,
            poller,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            line: 0,
            ended: false,
        })
    }

    /// Returns the frames of the next message; `None` at the end of the input, or once the
    /// command should end and all lines that were read have been returned.
    ///
    /// # Errors
    /// [`Failure::Error`] if a line is not a message, or the input cannot be read.
    pub fn next(&mut self, ending: &Ending) -> Outcome<Option<Vec<Vec<u8>>>> {
        loop {
            let format = self.format;
            if let Some(line) = self.take_line() {
                let message = message_of(format, line);
                match message.map_err(|problem| self.wrong(&problem))? {
                    Some(frames) => return Ok(Some(frames)),
                    None => continue,
                }
            }
            if self.ended || ending.is_asked() {
                return Ok(None);
            }
            match self.poller.wait(&ending.wait(None)) {
                Ok(_) => self.read()?,
                Err(Error::Interrupted) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns true if all of the input was read.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    fn read(&mut self) -> Outcome {
        self.buffer.drain(..self.start);
        (self.searched, self.start) = (self.searched - self.start, 0);
        let end = self.buffer.len();
        self.buffer.resize(end + CHUNK, 0);
        let count = match self.stdin.read(&mut self.buffer[end..]) {
            Ok(count) => {
                self.ended = count == 0;
                count
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(unreadable(&error)),
        };
        self.buffer.truncate(end + count);
        Ok(())
    }

    /// Takes the next complete line out of the buffer. The last one may lack its end.
    fn take_line(&mut self) -> Option<&[u8]> {
        let whole = self.format == Format::Raw;
        let rest = &self.buffer[self.searched..];
        let found = if whole { None } else { rest.iter().position(|byte| *byte == b'\n') };
        let start = self.start;
        let (end, next) = match found {
            Some(index) => (self.searched + index, self.searched + index + 1),
            None => {
                self.searched = self.buffer.len();
                // Raw input is one message, also if it is empty.
                let some = start < self.buffer.len() || (whole && self.line == 0);
                if !self.ended || !some {
                    return None;
                }
                (self.buffer.len(), self.buffer.len())
            }
        };
        (self.start, self.searched) = (next, next);
        self.line += 1;
        Some(&self.buffer[start..end])
    }

    fn wrong(&self, problem: &str) -> Failure {
        match self.format {
            Format::Raw => Failure::Error(problem.to_owned()),
            _ => Failure::Error(format!("line {} of the input: {problem}", self.line)),
        }
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::Error(format!("the standard input cannot be read: {error}"))
}

/// Returns the standard input without the buffer of the standard library, which hides what
/// was read from a poller.
#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}
