//! `File`: reads and writes text files line by line.

use std::cell::RefCell;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::rc::Rc;

use super::{ANY, Builtin, row};
use crate::host::error::{self, Outcome, error, unsupported};
use crate::host::interpreter::Interpreter;
use crate::host::value::Value;

/// The size of the write buffer in bytes, as in Morpho.
const BUFFER: usize = 4096;

/// A script's file. Buffered output is written when it is dropped.
pub struct File {
    name: Rc<str>,
    stream: RefCell<Stream>,
}

enum Stream {
    Reading { from: BufReader<fs::File>, at_end: bool },
    Writing(BufWriter<fs::File>),
    Closed,
}

pub static TABLE: &[Builtin] = &[
    row("close", 0, 0, |_, this, _| with(this, Value::Nil, |file| Ok(file.close()))),
    row("lines", 0, 0, |_, this, _| with(this, Value::Nil, File::lines)),
    row("readall", 0, 0, |_, this, _| with(this, Value::Nil, File::read_all)),
    row("readline", 0, 0, |_, this, _| with(this, Value::Nil, File::read_line)),
    row("readchar", 0, 0, |_, this, _| with(this, Value::Nil, File::read_character)),
    row("write", 0, ANY, |_, this, a| with(this, Value::Nil, |file| file.write(a))),
    row("filename", 0, 0, |_, this, _| {
        with(this, Value::Nil, |file| Ok(Value::String(file.name.clone())))
    }),
    row("relativepath", 0, 0, |interpreter, this, _| {
        with(this, Value::Nil, |file| Ok(Value::string(path(interpreter, &file.name))))
    }),
    row("eof", 0, 0, |_, this, _| with(this, Value::Bool(false), |file| Ok(file.is_at_end()))),
];

/// `File(name)` or `File(name, mode)`.
pub fn open(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    let (name, mode) = match arguments {
        [] => return Err(error::FILE_MISSING.into()),
        [Value::String(name)] => (name, "read"),
        [Value::String(name), Value::String(mode)] => (name, &**mode),
        [Value::String(_), _] => return Err(error::FILE_MODE.into()),
        _ => return Err(error::FILE_NAME.into()),
    };
    let mut options = OpenOptions::new();
    // Morpho looks at the first letter only.
    match mode.chars().next() {
        Some('r') => options.read(true),
        Some('w') => options.write(true).create(true).truncate(true),
        Some('a') => options.append(true).create(true),
        _ => return Err(error::FILE_MODE.into()),
    };
    let name = up_to_nul(name);
    let opened = options.open(path(interpreter, name));
    let opened = opened.map_err(|_| error("FlOpnFld", format!("Couldn't open file '{name}'.")))?;
    let stream = if !mode.starts_with('r') {
        Stream::Writing(BufWriter::with_capacity(BUFFER, opened))
    } else if opened.metadata()?.is_dir() {
        return unsupported("a folder as a file, of which Morpho may read anything");
    } else {
        Stream::Reading { from: BufReader::new(opened), at_end: false }
    };
    let file = Rc::new(File { name: name.into(), stream: RefCell::new(stream) });
    interpreter.remember(&file);
    Ok(Value::File(file))
}

/// Returns the path of a file, relative to the folder of the script given on the command
/// line.
fn path(interpreter: &Interpreter, name: &str) -> String {
    let script = interpreter.sources.script();
    let is_drive = name.chars().nth(1) == Some(':');
    match script.rfind(['/', '\\']) {
        Some(end) if end > 0 && !name.starts_with(['/', '~']) && !is_drive => {
            format!("{}/{name}", &script[..end])
        }
        _ => name.to_string(),
    }
}

/// Cuts a text at its first NUL, as C functions do.
fn up_to_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

fn text(bytes: Vec<u8>) -> Outcome<Value> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Value::string(text)),
        Err(_) => unsupported("bytes in a file that are not UTF-8"),
    }
}

fn with(
    this: &Value,
    otherwise: Value,
    act: impl FnOnce(&File) -> Outcome<Value>,
) -> Outcome<Value> {
    match this {
        Value::File(file) => act(file),
        _ => Ok(otherwise),
    }
}

impl File {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Closes the file. After that, reads find the end of the file and writes fail.
    pub fn close(&self) -> Value {
        *self.stream.borrow_mut() = Stream::Closed;
        Value::Nil
    }

    /// True if a read went past the end.
    fn is_at_end(&self) -> Value {
        Value::Bool(matches!(*self.stream.borrow(), Stream::Reading { at_end: true, .. }))
    }

    fn read_line(&self) -> Outcome<Value> {
        match &mut *self.stream.borrow_mut() {
            Stream::Reading { from, at_end } => match line(from, at_end) {
                Some(line) => text(line),
                None => Ok(Value::Nil),
            },
            _ => Ok(Value::Nil),
        }
    }

    fn lines(&self) -> Outcome<Value> {
        match &mut *self.stream.borrow_mut() {
            Stream::Reading { from, at_end } => {
                let mut lines = Vec::new();
                while !*at_end {
                    lines.extend(line(from, at_end).map(text).transpose()?);
                }
                Ok(Value::array(lines))
            }
            Stream::Writing(_) => unsupported("lines() of a file to write, which never ends"),
            Stream::Closed => Ok(Value::Nil),
        }
    }

    /// Returns the rest of the file. Morpho requests as many bytes as the whole file has,
    /// and so does not reach the end if it starts at the beginning.
    fn read_all(&self) -> Outcome<Value> {
        match &mut *self.stream.borrow_mut() {
            Stream::Reading { from, at_end } => {
                let size = from.get_ref().metadata()?.len();
                let mut bytes = Vec::new();
                // What was read before an error is what there is.
                let _ = from.by_ref().take(size).read_to_end(&mut bytes);
                *at_end = (bytes.len() as u64) < size;
                text(bytes)
            }
            Stream::Writing(_) => Ok(Value::string("")),
            Stream::Closed => Ok(Value::Nil),
        }
    }

    fn read_character(&self) -> Outcome<Value> {
        let Stream::Reading { from, at_end } = &mut *self.stream.borrow_mut() else {
            return Ok(Value::Nil);
        };
        let mut byte = [0];
        if *at_end || from.read_exact(&mut byte).is_err() {
            *at_end = true;
            return Ok(Value::Nil);
        }
        match byte {
            [0] => unsupported("readchar() of a zero byte"),
            byte => text(byte.to_vec()),
        }
    }

    /// Writes one line for each argument.
    fn write(&self, arguments: &[Value]) -> Outcome<Value> {
        let mut stream = self.stream.borrow_mut();
        if matches!(*stream, Stream::Closed) {
            return Ok(Value::Nil);
        }
        for argument in arguments {
            let Value::String(line) = argument else {
                return Err(error::FILE_WRITE_ARGUMENTS.into());
            };
            let Stream::Writing(to) = &mut *stream else {
                return Err(error::FILE_WRITE.into());
            };
            writeln!(to, "{}", up_to_nul(line)).map_err(|_| error::FILE_WRITE)?;
        }
        Ok(Value::Nil)
    }
}

/// Returns the bytes of the next line, up to its NUL if it has one; none at the end.
fn line(from: &mut impl BufRead, at_end: &mut bool) -> Option<Vec<u8>> {
    if *at_end {
        return None;
    }
    let mut line = Vec::new();
    loop {
        match from.read_until(b'\n', &mut line) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => break,
        }
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else {
        *at_end = true;
        if line.is_empty() {
            return None;
        }
    }
    let end = line.iter().position(|&byte| byte == 0).unwrap_or(line.len());
    line.truncate(end);
    Some(line)
}
