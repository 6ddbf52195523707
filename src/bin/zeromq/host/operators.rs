//! Operators, and access to elements.

use std::rc::Rc;

use super::builtins::dictionary::key_of;
use super::call::lacks_property;
use super::error::{self, Known, Outcome, Stop, error, unsupported};
use super::interpreter::Interpreter;
use super::syntax::Operator;
use super::value::{Value, nearly};

/// The maximum length of a string.
const LONGEST: usize = 1 << 30;

/// Applies an operator. Returns `None` if it does not support these operands.
pub fn apply(operator: Operator, left: &Value, right: &Value) -> Option<Outcome<Value>> {
    match operator {
        Operator::Equal => return Some(Ok(Value::Bool(left.equals(right)))),
        Operator::Differs => return Some(Ok(Value::Bool(!left.equals(right)))),
        _ => {}
    }
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(Ok(integers(operator, *a, *b))),
        (Value::String(a), Value::String(b)) if operator == Operator::Add => Some(join(a, b)),
        (Value::Dictionary(a), Value::Dictionary(b)) if operator == Operator::Add => {
            Some(Ok(super::builtins::dictionary::union(a, b)))
        }
        (Value::Dictionary(a), Value::Dictionary(b)) if operator == Operator::Subtract => {
            Some(Ok(super::builtins::dictionary::filtered(a, b, false)))
        }
        (Value::Dictionary(_), _) if matches!(operator, Operator::Add | Operator::Subtract) => {
            Some(Err(error::DICTIONARY_SET.into()))
        }
        (Value::Matrix(_), _) | (_, Value::Matrix(_)) => {
            super::builtins::matrix::operate(operator, left, right)
        }
        _ => Some(Ok(floats(operator, left.number()?, right.number()?))),
    }
}

fn integers(operator: Operator, a: i32, b: i32) -> Value {
    match operator {
        Operator::Add => Value::Int(a.wrapping_add(b)),
        Operator::Subtract => Value::Int(a.wrapping_sub(b)),
        Operator::Multiply => Value::Int(a.wrapping_mul(b)),
        Operator::Less => Value::Bool(a < b),
        Operator::Greater => Value::Bool(a > b),
        Operator::AtMost => Value::Bool(a <= b),
        Operator::AtLeast => Value::Bool(a >= b),
        _ => floats(operator, f64::from(a), f64::from(b)),
    }
}

fn floats(operator: Operator, a: f64, b: f64) -> Value {
    match operator {
        Operator::Add => Value::Float(a + b),
        Operator::Subtract => Value::Float(a - b),
        Operator::Multiply => Value::Float(a * b),
        Operator::Divide => Value::Float(a / b),
        Operator::Power => Value::Float(a.powf(b)),
        Operator::Less => Value::Bool(a < b && !nearly(a, b)),
        Operator::Greater => Value::Bool(a > b && !nearly(a, b)),
        Operator::AtMost => Value::Bool(a < b || nearly(a, b)),
        Operator::AtLeast => Value::Bool(a > b || nearly(a, b)),
        Operator::Equal | Operator::Differs => Value::Bool(nearly(a, b)),
    }
}

fn join(a: &Rc<str>, b: &Rc<str>) -> Outcome<Value> {
    if a.len() + b.len() > LONGEST {
        return Err(error::ALLOCATION.into());
    }
    let mut text = String::with_capacity(a.len() + b.len());
    text.push_str(a);
    text.push_str(b);
    Ok(Value::string(text))
}

impl Interpreter {
    /// `base[index]`, or a Matrix with two indices
    pub(super) fn index(&mut self, base: &Value, indices: &[Value]) -> Outcome<Value> {
        if let Value::Matrix(matrix) = base {
            return matrix.index(indices);
        }
        let index = only(indices)?;
        match base {
            Value::List(list) => {
                let items = list.0.borrow();
                match index {
                    Value::Int(position) => element(&items, *position),
                    _ => Ok(Value::list(slice(&items, index, error::LIST_INDEX)?)),
                }
            }
            Value::Tuple(tuple) => {
                let items = tuple.0.borrow();
                match index {
                    Value::Int(position) => element(&items, *position),
                    _ => Ok(Value::tuple(slice(&items, index, error::TUPLE_INDEX)?)),
                }
            }
            Value::Array(items) => match index {
                Value::Int(position) if *position < 0 => Err(error::BOUNDS.into()),
                Value::Int(position) => element(&items.0.borrow(), *position),
                Value::Float(_) => unsupported("an index of an array that is not an Int"),
                _ => Err(error::ARRAY_INDEX.into()),
            },
            Value::Dictionary(table) => {
                let found = table.0.borrow().get(&key_of(index)?).cloned();
                found.ok_or_else(|| {
                    let hint = "ask first: if (d.contains(key)) ..., or catch \"DctKyNtFnd\"";
                    error::hinted(error::KEY.into(), hint.to_owned())
                })
            }
            Value::String(text) => character(text, index),
            Value::Range(range) => match *index {
                Value::Int(position) if (0..range.count().unwrap_or(0)).contains(&position) => {
                    Ok(range.element(position))
                }
                Value::Int(_) => Err(error::BOUNDS.into()),
                _ => unsupported("an index of a range that is not an Int"),
            },
            Value::Instance(instance) => match index {
                Value::String(name) => {
                    let field = instance.fields.0.borrow().get(index).cloned();
                    field.ok_or_else(|| lacks_property(name))
                }
                _ => Err(error::INDEX_ARGUMENT.into()),
            },
            Value::Foreign(object) => {
                let name = self.names.intern("index");
                match object.method(&name) {
                    Some(_) => self.invoke(base, &name, vec![index.clone()].into()),
                    None => Err(error::INDEXABLE.into()),
                }
            }
            _ => Err(unindexable(base)),
        }
    }

    /// `base[index] = value`, or a Matrix with two indices
    pub(super) fn set_index(
        &mut self,
        base: &Value,
        indices: &[Value],
        value: Value,
    ) -> Outcome<()> {
        if let Value::Matrix(matrix) = base {
            return matrix.set_index(indices, &value);
        }
        let index = only(indices)?;
        match base {
            Value::List(list) => {
                let Value::Int(position) = index else {
                    return Err(error::SET_INDEX.into());
                };
                let mut items = list.0.borrow_mut();
                let item = usize::try_from(*position).ok().and_then(|i| items.get_mut(i));
                *item.ok_or(error::BOUNDS)? = value;
                Ok(())
            }
            Value::Dictionary(table) => {
                table.0.borrow_mut().insert(key_of(index)?, value);
                Ok(())
            }
            Value::Instance(instance) => {
                if !matches!(index, Value::String(_)) {
                    return Err(error::SET_INDEX.into());
                }
                instance.fields.0.borrow_mut().insert(index.clone(), value);
                Ok(())
            }
            Value::Tuple(_) => Err(error::IMMUTABLE.into()),
            Value::String(_) => Err(error::NO_PROPERTIES.into()),
            _ => Err(unindexable(base)),
        }
    }

    /// Calls `object.enumerate(index)`, with which `for … in` iterates.
    pub(super) fn enumerate(
        &mut self,
        object: &Rc<crate::host::plugin::Object>,
        index: i32,
    ) -> Outcome<Value> {
        let name = self.names.intern("enumerate");
        match object.method(&name) {
            Some(method) => object.call(self, method, &vec![Value::Int(index)].into()),
            None => Err(error("ClssLcksMthd", "Class lacks method 'enumerate'.")),
        }
    }
}

fn only(indices: &[Value]) -> Outcome<&Value> {
    match indices {
        [index] => Ok(index),
        _ => unsupported("more than one index of a value that is not a Matrix"),
    }
}

fn unindexable(base: &Value) -> Stop {
    match base {
        Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) => error::INDEXABLE.into(),
        _ => Stop::Unsupported("an index of this value".into()),
    }
}

/// Negative positions count from the end.
fn element(items: &[Value], position: i32) -> Outcome<Value> {
    let from = if position < 0 { items.len() as i64 } else { 0 };
    let found = usize::try_from(from + i64::from(position)).ok().and_then(|i| items.get(i));
    found.cloned().ok_or_else(|| error::BOUNDS.into())
}

/// Returns the elements at the positions in a list or range.
fn slice(items: &[Value], index: &Value, refusal: Known) -> Outcome<Vec<Value>> {
    let pick = |position: &Value| match position {
        Value::Int(position) => element(items, *position),
        _ => Err(refusal.into()),
    };
    match index {
        Value::List(positions) => positions.0.borrow().iter().map(pick).collect(),
        Value::Range(range) => {
            let count = range.count().unwrap_or(0);
            (0..count).map(|position| pick(&range.element(position))).collect()
        }
        _ => Err(refusal.into()),
    }
}

fn character(text: &str, index: &Value) -> Outcome<Value> {
    let Value::Int(position) = *index else {
        return Err(error::ENUMERATE.into());
    };
    let found = usize::try_from(position).ok().and_then(|position| text.chars().nth(position));
    found.map(|one| Value::string(one.to_string())).ok_or_else(|| error::BOUNDS.into())
}
