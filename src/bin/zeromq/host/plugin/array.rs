//! Arrays of numbers of the library.

use zeromq::core::array::{Element, ListLimit, Number};
use zeromq::vm::abi;

use super::{integer, slice};
use crate::host::builtins::matrix::Matrix;
use crate::host::error::{Outcome, Stop, error};
use crate::host::value::Value;

/// Copies an array: one or two dimensions become a Matrix, unless the numbers are complex;
/// a number stays one, and everything else becomes lists of numbers.
///
/// # Errors
/// ZMQDecode if its lists exceed the limit, or an integer that no float represents.
///
/// # Safety
/// The library has filled in the array, and it is valid.
pub(super) unsafe fn take(array: &abi::Array, limit: &mut ListLimit) -> Outcome<Value> {
    let Some(element) = Element::of(array.element) else {
        return Err(cannot("an array with elements of an unknown type"));
    };
    // SAFETY: guaranteed by the caller.
    let (shape, bytes): (&[usize], &[u8]) =
        unsafe { (slice(array.shape, array.dimensions), slice(array.data.cast(), array.size)) };
    let mut elements = bytes.chunks_exact(element.size());
    let (rows, columns) = match *shape {
        [rows] if !element.is_complex() => (rows, 1),
        [rows, columns] if !element.is_complex() => (rows, columns),
        _ if limit.admits(shape) => {
            return Ok(lists(shape, &mut elements.map(|bytes| element.number(bytes))));
        }
        _ => return Err(cannot("arrays with so many numbers or dimensions, as lists")),
    };
    let numbers = elements.by_ref().map(|bytes| match element.float(bytes) {
        Some((number, _)) => Ok(number),
        None => Err(cannot("an integer that no Float represents exactly, which a Matrix needs")),
    });
    Ok(Value::matrix(Matrix::by_rows(rows, columns, numbers)?))
}

fn cannot(what: &str) -> Stop {
    error("ZMQDecode", format!("the reference host cannot represent {what}"))
}

fn lists(shape: &[usize], numbers: &mut dyn Iterator<Item = Number>) -> Value {
    match shape {
        [] => numbers.next().map_or(Value::Nil, number),
        [size, inner @ ..] => Value::list((0..*size).map(|_| lists(inner, numbers)).collect()),
    }
}

fn number(number: Number) -> Value {
    match number {
        Number::Bool(flag) => Value::Bool(flag),
        Number::Int(number) => integer(number),
        Number::Uint(number) => i64::try_from(number).map_or(Value::Float(number as f64), integer),
        Number::Float(number) => Value::Float(number),
        Number::Complex(real, imaginary) => {
            Value::tuple(vec![Value::Float(real), Value::Float(imaginary)])
        }
    }
}
