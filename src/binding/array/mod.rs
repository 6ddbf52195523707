//! Arrays of numbers: as arguments, which a host lends, and as results. On the wire an array
//! is two frames, as in pyzmq's recipe for numpy: JSON with its dtype and shape, and its
//! elements, row by row. Inside a value it is an extension of MessagePack.

mod element;
mod gather;
mod wire;

use std::borrow::Cow;
use std::ops::Deref;

use super::value::Value;
use crate::core::{Error, Frame};

pub use element::Element;
pub(super) use wire::{EXTENSION, read, read_extension, write_extension};

/// The most numbers of an array that become Lists; a List counts as eight.
const MOST: usize = 1 << 24;

/// The most dimensions that are accepted, as in numpy.
pub const DEEPEST: usize = 64;

/// An array that an argument is, or that was made of its numbers.
#[derive(Clone, Debug)]
pub struct ArrayRef<'a> {
    /// The kind of its elements.
    pub element: Element,
    /// The size in each dimension. A single number has none.
    pub shape: Vec<usize>,
    /// The elements, in the byte order of this machine.
    pub bytes: Cow<'a, [u8]>,
    /// True if the first index changes fastest, as in Fortran; a Matrix is stored by columns.
    pub by_columns: bool,
}

/// An array that was received.
#[derive(Debug)]
pub struct Array {
    element: Element,
    shape: Vec<usize>,
    bytes: Bytes,
}

/// The elements in the memory in which they arrived, or in new memory.
#[derive(Debug)]
enum Bytes {
    Received(Frame),
    Made(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Received(frame) => frame,
            Bytes::Made(bytes) => bytes,
        }
    }
}

impl Array {
    /// Returns the kind of its elements.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Returns the size in each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the elements, row by row, in the byte order of this machine. They need not be
    /// aligned.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the element with this number as a value; a complex number is a Tuple.
    pub fn number(&self, index: usize) -> Value {
        let size = self.element.size();
        let bytes = self.bytes.get(index * size..(index + 1) * size);
        bytes.map_or(Value::Nil, |bytes| self.element.value(bytes))
    }

    /// Returns the numbers as a List of Lists and so on, one for each dimension, for hosts
    /// without arrays.
    ///
    /// # Errors
    /// [`Error::Decode`] if these are too many.
    pub fn lists(&self) -> Result<Value, Error> {
        fn fill(array: &Array, depth: usize, next: &mut usize) -> Value {
            match array.shape.get(depth) {
                None => {
                    *next += 1;
                    array.number(*next - 1)
                }
                Some(count) => {
                    Value::List((0..*count).map(|_| fill(array, depth + 1, next)).collect())
                }
            }
        }
        // Dimensions of 0 and 1 make many Lists of few bytes.
        let (mut lists, mut many) = (0_usize, 1_usize);
        for size in &self.shape {
            lists = lists.saturating_add(many);
            many = many.saturating_mul(*size);
        }
        if lists.saturating_mul(8).saturating_add(many) > MOST {
            let what = "the array has too many numbers or dimensions for Lists of them";
            return Err(Error::Decode { what: what.into() });
        }
        Ok(fill(self, 0, &mut 0))
    }
}

/// Returns how many elements a shape has; `None` if they do not fit into memory.
pub fn count(shape: &[usize], element: Element) -> Option<usize> {
    // An empty dimension must not hide others that are too large.
    let product =
        shape.iter().filter(|size| **size > 0).try_fold(element.size(), |product, size| {
            product.checked_mul(*size).filter(|product| *product <= isize::MAX as usize)
        })?;
    Some(if shape.contains(&0) { 0 } else { product / element.size() })
}

impl Value {
    /// Replaces all arrays in the value by Lists.
    ///
    /// # Errors
    /// [`Error::Decode`] if these are too many.
    pub fn without_arrays(self) -> Result<Value, Error> {
        let all = |items: Vec<Value>| -> Result<Vec<Value>, Error> {
            items.into_iter().map(Value::without_arrays).collect()
        };
        Ok(match self {
            Value::Array(array) => array.lists()?,
            Value::List(items) => Value::List(all(items)?),
            Value::Tuple(items) => Value::Tuple(all(items)?),
            Value::Dictionary(entries) => {
                let entry = |(key, value): (Value, Value)| Ok((key, value.without_arrays()?));
                Value::Dictionary(entries.into_iter().map(entry).collect::<Result<_, Error>>()?)
            }
            value => value,
        })
    }
}

#[cfg(test)]
mod tests;
