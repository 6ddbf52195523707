//! The methods of dictionaries.

use std::rc::Rc;

use super::{Builtin, row};
use crate::host::dictionary::Dictionary;
use crate::host::error::{self, Outcome, unsupported};
use crate::host::value::{Table, Value};

pub static TABLE: &[Builtin] = &[
    row("count", 0, 0, |_, this, _| Ok(Value::Int(table(this).0.borrow().len() as i32))),
    row("keys", 0, 0, |_, this, _| Ok(Value::list(table(this).0.borrow().keys()))),
    row("contains", 1, 1, |_, this, a| {
        Ok(Value::Bool(table(this).0.borrow().get(&key_of(&a[0])?).is_some()))
    }),
    row("remove", 1, 1, |_, this, a| {
        table(this).0.borrow_mut().remove(&key_of(&a[0])?);
        Ok(Value::Nil)
    }),
    row("clear", 0, 0, |_, this, _| {
        table(this).0.borrow_mut().clear();
        Ok(Value::Nil)
    }),
    row("clone", 0, 0, |_, this, _| Ok(Value::dictionary(copy(&table(this))))),
    row("union", 1, 1, |_, this, a| Ok(union(&table(this), &*other(a)?))),
    row("intersection", 1, 1, |_, this, a| Ok(filtered(&table(this), &*other(a)?, true))),
    row("difference", 1, 1, |_, this, a| Ok(filtered(&table(this), &*other(a)?, false))),
];

/// Converts a value to a key. Morpho uses nil for a slot without a key.
pub fn key_of(value: &Value) -> Outcome<Value> {
    match value {
        Value::Nil => unsupported("nil as the key of a dictionary"),
        key => Ok(key.clone()),
    }
}

fn table(this: &Value) -> Rc<Table> {
    match this {
        Value::Dictionary(table) => table.clone(),
        _ => Rc::default(),
    }
}

fn other(arguments: &[Value]) -> Outcome<Rc<Table>> {
    match arguments {
        [Value::Dictionary(table)] => Ok(table.clone()),
        _ => Err(error::DICTIONARY_SET.into()),
    }
}

pub fn copy(table: &Table) -> Dictionary {
    let mut copy = Dictionary::default();
    copy.extend(&table.0.borrow());
    copy
}

/// Returns all entries of both dictionaries. If both have a key, the first one's value is
/// used.
pub fn union(first: &Table, second: &Table) -> Value {
    let mut all = copy(second);
    all.extend(&first.0.borrow());
    Value::dictionary(all)
}

/// Returns the entries of the first dictionary whose key is, or is not, in the second.
pub fn filtered(first: &Table, second: &Table, shared: bool) -> Value {
    let mut kept = Dictionary::default();
    for (key, value) in first.0.borrow().entries() {
        if second.0.borrow().get(key).is_some() == shared {
            kept.insert(key.clone(), value.clone());
        }
    }
    Value::dictionary(kept)
}
