//! Arrays of numbers as arguments and results of scripts.

mod gather;

use super::value::Value;
use crate::core::Error;
use crate::core::array::{Array, ListLimit, Number, Sparse};

pub use gather::{gathered, sparse_of};

impl From<Number> for Value {
    /// A complex number is a Tuple of two Floats, and an integer beyond the range of an Int a
    /// Float.
    fn from(number: Number) -> Value {
        match number {
            Number::Bool(value) => Value::Bool(value),
            Number::Int(value) => Value::Int(value),
            Number::Uint(value) => {
                i64::try_from(value).map_or(Value::Float(value as f64), Value::Int)
            }
            Number::Float(value) => Value::Float(value),
            Number::Complex(real, imaginary) => {
                Value::Tuple(vec![Value::Float(real), Value::Float(imaginary)])
            }
        }
    }
}

/// Returns the numbers of an array as a List of Lists and so on, one for each dimension, for
/// hosts without arrays.
///
/// # Errors
/// [`Error::Decode`] if they exceed the limit.
pub fn lists(array: &Array, limit: &mut ListLimit) -> Result<Value, Error> {
    fn fill(array: &Array, depth: usize, next: &mut usize) -> Value {
        match array.shape().get(depth) {
            None => {
                *next += 1;
                array.number(*next - 1).into()
            }
            Some(count) => Value::List((0..*count).map(|_| fill(array, depth + 1, next)).collect()),
        }
    }
    if !limit.admits(array.shape()) {
        let what = "the arrays have too many numbers or dimensions for Lists of them";
        return Err(Error::Decode { what: what.into() });
    }
    Ok(fill(array, 0, &mut 0))
}

/// Returns the vectors of a sparse matrix as a Dictionary with its format and shape, for hosts
/// without sparse matrices.
///
/// # Errors
/// As for [`lists`].
pub fn dictionary(matrix: &Sparse, limit: &mut ListLimit) -> Result<Value, Error> {
    let size = |size: usize| Value::from(Number::Uint(size as u64));
    let shape = matrix.shape().map(size);
    Ok(Value::Dictionary(vec![
        ("format".into(), "csc".into()),
        ("shape".into(), Value::List(shape.into())),
        ("data".into(), lists(matrix.data(), limit)?),
        ("indices".into(), lists(matrix.indices(), limit)?),
        ("indptr".into(), lists(matrix.indptr(), limit)?),
    ]))
}

impl Value {
    /// Replaces all arrays in the value by Lists if `arrays`, and all sparse matrices by
    /// Dictionaries if `sparse`.
    ///
    /// # Errors
    /// [`Error::Decode`] if these are too many.
    pub fn without(self, arrays: bool, sparse: bool) -> Result<Value, Error> {
        if !arrays && !sparse {
            Ok(self)
        } else {
            self.listed(arrays, sparse, &mut ListLimit::default())
        }
    }

    fn listed(self, arrays: bool, sparse: bool, limit: &mut ListLimit) -> Result<Value, Error> {
        let mut all = |items: Vec<Value>| -> Result<Vec<Value>, Error> {
            items.into_iter().map(|item| item.listed(arrays, sparse, limit)).collect()
        };
        Ok(match self {
            Value::Array(array) if arrays => lists(&array, limit)?,
            Value::Sparse(matrix) if sparse => dictionary(&matrix, limit)?,
            Value::List(items) => Value::List(all(items)?),
            Value::Tuple(items) => Value::Tuple(all(items)?),
            Value::Dictionary(entries) => {
                let entry =
                    |(key, value): (Value, Value)| Ok((key, value.listed(arrays, sparse, limit)?));
                Value::Dictionary(entries.into_iter().map(entry).collect::<Result<_, Error>>()?)
            }
            value => value,
        })
    }
}

#[cfg(test)]
mod tests;
