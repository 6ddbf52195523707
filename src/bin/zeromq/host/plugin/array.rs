//! Arrays of numbers of the library.

use zeromq::core::array::{Element, Number};
use zeromq::vm::abi;

use super::{integer, slice};
use crate::host::builtins::matrix::Matrix;
use crate::host::error::{Outcome, Stop, error};
use crate::host::value::Value;

/// The most numbers of an array that become lists; a list counts as eight.
const MOST: usize = 1 << 24;

/// Copies an array: one or two dimensions become a Matrix, unless the numbers are complex;
/// a number stays one, and everything else becomes lists of numbers.
///
/// # Errors
/// ZMQDecode if there are too many lists, or an integer that no float represents.
///
/// # Safety
/// The library has filled in the array, and it is valid.
pub(super) unsafe fn take(array: &abi::Array) -> Outcome<Value> {
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
        _ => {
            check(shape)?;
            return Ok(lists(shape, &mut elements.map(|bytes| element.number(bytes))));
        }
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

/// Dimensions of 0 and 1 make many lists of few bytes.
fn check(shape: &[usize]) -> Outcome<()> {
    let (mut lists, mut many) = (0_usize, 1_usize);
    for size in shape {
        lists = lists.saturating_add(many);
        many = many.saturating_mul(*size);
    }
    match lists.saturating_mul(8).saturating_add(many) > MOST {
        true => Err(cannot("an array with so many numbers or dimensions, as lists")),
        false => Ok(()),
    }
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
