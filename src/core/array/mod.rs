//! Arrays of numbers. On the wire an array is two frames, as in pyzmq's recipe for numpy: JSON
//! with its dtype and shape, and its elements, row by row. Inside a value it is an extension of
//! MessagePack.

mod element;
pub(crate) mod sparse;
mod wire;

use std::borrow::Cow;
use std::ops::Deref;

use super::message::Frame;

pub use element::{Element, Number};
pub use sparse::{Sparse, SparseRef};
pub(crate) use wire::{
    EXTENSION, numbers, places_by_columns, read, read_extension, transpose, write_extension,
};

/// The most dimensions that are accepted, as in numpy.
pub const DEEPEST: usize = 64;

/// An array that is lent, or that was made to be sent.
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

/// An array that was received in one of its forms.
#[derive(Debug)]
pub enum AnyArray {
    /// All of its elements: two frames.
    Dense(Box<Array>),
    /// A sparse matrix: four frames.
    Sparse(Box<Sparse>),
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
    /// Makes an array of one number, without dimensions.
    pub(crate) fn single(element: Element, number: Number) -> Option<Array> {
        let mut bytes = Vec::new();
        let pushed = element.push(number, &mut bytes);
        pushed.then_some(Array { element, shape: Vec::new(), bytes: Bytes::Made(bytes) })
    }

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

    /// Returns the element with this index, row by row.
    pub fn number(&self, index: usize) -> Option<Number> {
        let size = self.element.size();
        let bytes = self.bytes.get(index * size..(index + 1) * size)?;
        Some(self.element.number(bytes))
    }
}

/// The numbers that the arrays of one value may become in lists, for hosts without arrays. A
/// list counts as eight: dimensions of 0 and 1 make many lists of few bytes.
#[derive(Debug)]
pub struct ListLimit {
    left: usize,
}

impl ListLimit {
    const LIST: usize = 8;

    /// The limit for the rest of a value that has so many lists already.
    pub fn after(lists: usize) -> ListLimit {
        ListLimit { left: (1_usize << 24).saturating_sub(lists.saturating_mul(Self::LIST)) }
    }

    /// Returns true, and counts an array, if its lists do not exceed what is left.
    pub fn admits(&mut self, shape: &[usize]) -> bool {
        let (mut lists, mut many) = (0_usize, 1_usize);
        for size in shape {
            lists = lists.saturating_add(many);
            many = many.saturating_mul(*size);
        }
        let rest = self.left.checked_sub(lists.saturating_mul(Self::LIST).saturating_add(many));
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }
}

impl Default for ListLimit {
    fn default() -> ListLimit {
        ListLimit::after(0)
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
