//! Lists and tuples. One function implements a method for both.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{ANY, Builtin, row};
use crate::host::error::{self, Outcome, Stop, unsupported};
use crate::host::interpreter::Interpreter;
use crate::host::text::Style;
use crate::host::value::{List, Value};

/// The maximum length of a list made from a range.
const LONGEST: i32 = 50_000_000;

pub static LIST: &[Builtin] = &[
    row("append", 1, ANY, append),
    row("insert", 2, ANY, insert),
    row("pop", 0, 1, pop),
    row("remove", 1, 1, remove),
    row("count", 0, 0, count),
    row("ismember", 0, 1, contains),
    row("contains", 0, 1, contains),
    row("sort", 0, 1, |interpreter, this, a| {
        let sorted = sorted(interpreter, items(this), a.first())?;
        replace(this, sorted)
    }),
    row("order", 0, 0, order),
    row("reverse", 0, 0, |_, this, _| replace(this, items(this).into_iter().rev().collect())),
    row("join", 1, 1, |_, this, a| Ok(Value::list(joined(this, &a[0])?))),
    row("roll", 1, 1, |_, this, a| Ok(Value::list(rolled(this, &a[0])?))),
    row("clone", 0, 0, |_, this, _| Ok(Value::list(items(this)))),
    row("tostring", 0, 0, to_string),
];

pub static TUPLE: &[Builtin] = &[
    row("count", 0, 0, count),
    row("ismember", 0, 1, contains),
    row("contains", 0, 1, contains),
    row("sort", 0, 1, |interpreter, this, a| {
        Ok(Value::tuple(sorted(interpreter, items(this), a.first())?))
    }),
    row("order", 0, 0, order),
    row("reverse", 0, 0, |_, this, _| Ok(Value::tuple(items(this).into_iter().rev().collect()))),
    row("join", 1, 1, |_, this, a| Ok(Value::tuple(joined(this, &a[0])?))),
    row("roll", 1, 1, |_, this, a| Ok(Value::tuple(rolled(this, &a[0])?))),
    row("clone", 0, 0, |_, this, _| Ok(Value::tuple(items(this)))),
    row("tostring", 0, 0, to_string),
];

/// Makes the list for `[…]` and `List(…)`: a single range or tuple is expanded.
pub fn make(items: Vec<Value>) -> Outcome<Value> {
    match items.as_slice() {
        [Value::Tuple(tuple)] => Ok(Value::list(tuple.0.borrow().clone())),
        [Value::Range(range)] => {
            let count = range.count().unwrap_or(0);
            if count > LONGEST {
                return Err(error::ALLOCATION.into());
            }
            Ok(Value::list((0..count).map(|position| range.element(position)).collect()))
        }
        _ => Ok(Value::list(items)),
    }
}

/// Makes the tuple for `Tuple(…)`.
pub fn make_tuple(arguments: &[Value]) -> Outcome<Value> {
    match arguments {
        [Value::List(list) | Value::Tuple(list)] => Ok(Value::tuple(list.0.borrow().clone())),
        [Value::Range(_)] => match make(arguments.to_vec())? {
            Value::List(list) => Ok(Value::tuple(list.0.borrow().clone())),
            other => Ok(other),
        },
        _ => Ok(Value::tuple(arguments.to_vec())),
    }
}

fn cells(this: &Value) -> Rc<List> {
    match this {
        Value::List(list) | Value::Tuple(list) => list.clone(),
        _ => Rc::default(),
    }
}

fn items(this: &Value) -> Vec<Value> {
    cells(this).0.borrow().clone()
}

fn count(_: &mut Interpreter, this: &Value, _: &[Value]) -> Outcome<Value> {
    Ok(Value::Int(cells(this).0.borrow().len() as i32))
}

fn replace(this: &Value, items: Vec<Value>) -> Outcome<Value> {
    *cells(this).0.borrow_mut() = items;
    Ok(Value::Nil)
}

fn append(_: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    cells(this).0.borrow_mut().extend_from_slice(arguments);
    Ok(this.clone())
}

fn insert(_: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let list = cells(this);
    let mut items = list.0.borrow_mut();
    let Value::Int(position) = arguments[0] else {
        return Err(error::LIST_INDEX.into());
    };
    let from = if position < 0 { items.len() as i64 + 1 } else { 0 };
    let position = usize::try_from(from + i64::from(position)).ok();
    let Some(position) = position.filter(|&position| position <= items.len()) else {
        return Err(error::ALLOCATION.into());
    };
    items.splice(position..position, arguments[1..].iter().cloned());
    Ok(Value::Nil)
}

fn pop(_: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let list = cells(this);
    let mut items = list.0.borrow_mut();
    let position = match arguments.first() {
        None => return Ok(items.pop().unwrap_or_default()),
        Some(Value::Int(position)) => *position,
        Some(_) => return Err(error::LIST_INDEX.into()),
    };
    match usize::try_from(position) {
        _ if items.is_empty() => Ok(Value::Nil),
        Ok(position) if position < items.len() => Ok(items.remove(position)),
        _ => unsupported(format!(
            "pop({position}) of a list of length {}, which may end Morpho",
            items.len()
        )),
    }
}

fn remove(_: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let list = cells(this);
    let mut items = list.0.borrow_mut();
    match items.iter().position(|item| item.equals(&arguments[0])) {
        None => Err(error::ENTRY.into()),
        Some(position) => {
            items.remove(position);
            Ok(Value::Nil)
        }
    }
}

fn contains(_: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let wanted = arguments.first().ok_or(error::MEMBER)?;
    Ok(Value::Bool(cells(this).0.borrow().iter().any(|item| item.equals(wanted))))
}

fn joined(this: &Value, other: &Value) -> Outcome<Vec<Value>> {
    if std::mem::discriminant(this) != std::mem::discriminant(other) {
        return Err(error::DISPATCH.into());
    }
    let mut all = items(this);
    all.extend(items(other));
    Ok(all)
}

fn rolled(this: &Value, by: &Value) -> Outcome<Vec<Value>> {
    let Value::Int(by) = by else {
        return Err(error::LIST_INDEX.into());
    };
    let mut items = items(this);
    if !items.is_empty() {
        let by = i64::from(*by).rem_euclid(items.len() as i64);
        items.rotate_right(by as usize);
    }
    Ok(items)
}

fn to_string(interpreter: &mut Interpreter, this: &Value, _: &[Value]) -> Outcome<Value> {
    Ok(Value::string(interpreter.text(this, Style::Interpolated)?))
}

fn order(interpreter: &mut Interpreter, this: &Value, _: &[Value]) -> Outcome<Value> {
    let items = items(this);
    let positions = (0..items.len()).collect();
    let order =
        merge_sort(positions, &mut |&a, &b| natural(interpreter, &items[a], &items[b], None))?;
    Ok(Value::tuple(order.into_iter().map(|position| Value::Int(position as i32)).collect()))
}

fn sorted(
    interpreter: &mut Interpreter,
    items: Vec<Value>,
    by: Option<&Value>,
) -> Outcome<Vec<Value>> {
    merge_sort(items, &mut |a, b| natural(interpreter, a, b, by))
}

/// Compares two values with the script's function, or by number or bytes.
fn natural(
    interpreter: &mut Interpreter,
    a: &Value,
    b: &Value,
    by: Option<&Value>,
) -> Outcome<Ordering> {
    let Some(by) = by else {
        return Ok(match (a, b) {
            (Value::String(a), Value::String(b)) => a.cmp(b),
            _ => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
                _ => return unsupported("sorting values that are not all numbers or all strings"),
            },
        });
    };
    let sign = interpreter.call(by, vec![a.clone(), b.clone()].into());
    if matches!(sign, Err(Stop::Error(_))) {
        return unsupported("an error in the function that sort() calls");
    }
    match sign? {
        Value::Int(sign) => Ok(sign.cmp(&0)),
        Value::Float(sign) => Ok(sign.partial_cmp(&0.0).unwrap_or(Ordering::Equal)),
        _ => Err(error::SORT.into()),
    }
}

/// Sorts by merging. The standard library's sorts may panic if a script's comparison is
/// inconsistent.
fn merge_sort<T: Clone>(
    mut items: Vec<T>,
    compare: &mut dyn FnMut(&T, &T) -> Outcome<Ordering>,
) -> Outcome<Vec<T>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let left = merge_sort(items, compare)?;
    let right = merge_sort(right, compare)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.as_slice(), right.as_slice());
    while let ([a, ..], [b, ..]) = (left, right) {
        let side = if compare(b, a)? == Ordering::Less { &mut right } else { &mut left };
        merged.push(side[0].clone());
        *side = &side[1..];
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(merged)
}
