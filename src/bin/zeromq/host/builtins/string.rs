//! The methods of strings. Positions count characters.

use super::functions::leading_number;
use super::{Builtin, row};
use crate::host::error::{self, Outcome, unsupported};
use crate::host::value::Value;

pub static TABLE: &[Builtin] = &[
    row("count", 0, 0, |_, this, _| Ok(Value::Int(text(this).chars().count() as i32))),
    row("split", 1, 1, |_, this, a| split(text(this), &a[0])),
    row("substring", 2, 2, |_, this, a| substring(text(this), &a[0], &a[1])),
    row("isnumber", 0, 0, |_, this, _| Ok(Value::Bool(leading_number(text(this)).is_some()))),
    row("clone", 0, 0, |_, this, _| Ok(this.clone())),
];

fn text(this: &Value) -> &str {
    match this {
        Value::String(text) => text,
        _ => "",
    }
}

/// Splits at each character of the argument.
fn split(text: &str, at: &Value) -> Outcome<Value> {
    let Value::String(at) = at else {
        return Err(error::DISPATCH.into());
    };
    let parts = text.split(|character| at.contains(character));
    Ok(Value::list(parts.map(Value::string).collect()))
}

fn substring(text: &str, begin: &Value, end: &Value) -> Outcome<Value> {
    let (Value::Int(begin), Value::Int(end)) = (begin, end) else {
        return Err(error::DISPATCH.into());
    };
    let start = usize::try_from(*begin).unwrap_or(0);
    if end < begin || start >= text.len() {
        return Ok(Value::string(""));
    }
    if start > text.chars().count() {
        return unsupported("substring() from behind the last character, which ends Morpho");
    }
    let length = usize::try_from(*end).unwrap_or(0).saturating_sub(start);
    Ok(Value::string(text.chars().skip(start).take(length).collect::<String>()))
}
