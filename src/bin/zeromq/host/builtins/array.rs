//! The methods of arrays, which a file's `lines()` returns.

use super::{Builtin, row};
use crate::host::value::Value;

pub static TABLE: &[Builtin] = &[row("count", 0, 0, |_, this, _| Ok(Value::Int(count(this))))];

fn count(this: &Value) -> i32 {
    match this {
        Value::Array(items) => items.0.borrow().len() as i32,
        _ => 0,
    }
}
