//! The methods of ranges.

use super::{Builtin, row};
use crate::host::value::Value;

pub static TABLE: &[Builtin] = &[
    row("count", 0, 0, |_, this, _| match this {
        Value::Range(range) => Ok(Value::Int(range.count().unwrap_or(0))),
        _ => Ok(Value::Nil),
    }),
    row("clone", 0, 0, |_, this, _| Ok(this.clone())),
];
