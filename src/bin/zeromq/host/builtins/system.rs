//! `System`: the clock, the command line, standard input.

use std::io::BufRead;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{ANY, Builtin, Module, row};
use crate::host::error::{self, Outcome};
use crate::host::interpreter::Interpreter;
use crate::host::text::Style;
use crate::host::value::Value;
use crate::interrupt;

pub static SYSTEM: Module = Module { name: "System", functions: FUNCTIONS, constructor: None };

/// The version of Morpho that this host implements in part.
const VERSION: &str = "0.6.4";

/// The maximum time until an interrupt ends a sleep.
const PIECE: Duration = Duration::from_millis(50);

static FUNCTIONS: &[Builtin] = &[
    row("clock", 0, 0, |_, _, _| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Value::Float(now.as_secs_f64()))
    }),
    row("sleep", 0, 1, sleep),
    row("readline", 0, 0, read_line),
    row("arguments", 0, 0, |interpreter, _, _| {
        let arguments = interpreter.arguments.iter().map(|word| Value::string(word.as_str()));
        Ok(Value::list(arguments.collect()))
    }),
    row("platform", 0, 0, |_, _, _| Ok(Value::string(std::env::consts::OS))),
    row("version", 0, 0, |_, _, _| Ok(Value::string(VERSION))),
    row("exit", 0, ANY, |_, _, _| Err(error::EXIT.into())),
    row("prnt", 0, ANY, print),
];

fn sleep(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    let seconds = arguments.first().and_then(Value::number).ok_or(error::SLEEP)?;
    interpreter.flush()?;
    // What is less than nothing or more than fits is not waited for.
    if let Ok(time) = Duration::try_from_secs_f64(seconds) {
        rest(time)?;
    }
    Ok(Value::Nil)
}

/// Sleeps, in short steps if the user can interrupt it.
fn rest(time: Duration) -> Outcome<()> {
    if !interrupt::is_watched() {
        std::thread::sleep(time);
        return Ok(());
    }
    let start = Instant::now();
    while let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        interrupt::check()?;
        std::thread::sleep(left.min(PIECE));
    }
    interrupt::check()
}

/// Returns the next line; nil for an empty line and at the end of the input.
fn read_line(interpreter: &mut Interpreter, _: &Value, _: &[Value]) -> Outcome<Value> {
    interpreter.flush()?;
    let mut line = Vec::new();
    interrupt::blocked(|| std::io::stdin().lock().read_until(b'\n', &mut line))??;
    let line = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
    Ok(if line.is_empty() { Value::Nil } else { Value::string(line) })
}

/// Prints any number of values without a newline. Lists are printed by name only.
fn print(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    for argument in arguments {
        let text = match argument {
            Value::List(_) => "<List>".into(),
            Value::Dictionary(_) => "<Dictionary>".into(),
            Value::Array(_) => "<Array>".into(),
            Value::Matrix(_) => "<Matrix>".into(),
            other => interpreter.text(other, Style::Printed)?,
        };
        interpreter.write(&text)?;
    }
    Ok(Value::Nil)
}
