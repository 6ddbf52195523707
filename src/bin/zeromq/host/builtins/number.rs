//! The methods of numbers: `format`, like C's `printf`.

use super::{Builtin, row};
use crate::host::error::{self, Outcome};
use crate::host::text::{fixed, general, scientific};
use crate::host::value::Value;

pub static INT: &[Builtin] = &[row("format", 1, 1, |_, this, a| format(this, &a[0]))];
pub static FLOAT: &[Builtin] = INT;

/// Replaces the `%…` in a text with the number.
fn format(number: &Value, pattern: &Value) -> Outcome<Value> {
    let Value::String(pattern) = pattern else {
        return Err(error::FORMAT_ARGUMENT.into());
    };
    let Some((before, rest)) = pattern.split_once('%') else {
        return Err(error::FORMAT.into());
    };
    let (width, rest) = digits(rest);
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (precision, rest) = digits(rest);
            (Some(precision), rest)
        }
        None => (None, rest),
    };
    let mut rest = rest.chars();
    let text = rest.next().and_then(|letter| convert(number, letter, precision));
    let (Some(text), true) = (text, width < 1000 && precision.unwrap_or(0) < 1000) else {
        return Err(error::FORMAT.into());
    };
    if rest.as_str().contains('%') {
        return Err(error::FORMAT.into());
    }
    Ok(Value::string(format!("{before}{text:>width$}{}", rest.as_str())))
}

/// Returns the number at the start of a text, and the rest of the text.
fn digits(text: &str) -> (usize, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    (text[..end].parse().unwrap_or(if end == 0 { 0 } else { 1000 }), &text[end..])
}

fn convert(number: &Value, letter: char, precision: Option<usize>) -> Option<String> {
    match *number {
        Value::Int(number) => {
            let digits = match letter {
                'i' => number.unsigned_abs().to_string(),
                'o' => format!("{number:o}"),
                'x' => format!("{number:x}"),
                'X' => format!("{number:X}"),
                _ => return None,
            };
            let sign = if letter == 'i' && number < 0 { "-" } else { "" };
            Some(format!("{sign}{digits:0>0$}", precision.unwrap_or(0).min(999)))
        }
        Value::Float(number) => {
            let precision = precision.unwrap_or(6).min(999);
            match letter {
                'e' => Some(scientific(number, precision)),
                'E' => Some(scientific(number, precision).to_uppercase()),
                'f' => Some(fixed(number, precision)),
                'g' => Some(general(number, precision)),
                'G' => Some(general(number, precision).to_uppercase()),
                _ => None,
            }
        }
        _ => None,
    }
}
