//! Sparse matrices: the elements that are stored, column by column. On the wire a matrix is
//! four frames: JSON with its format, dtypes and shape, and the three vectors of scipy's
//! `csc_matrix`. Inside a value it is an extension of MessagePack.

mod wire;

use std::borrow::Cow;
use std::ops::Range;

use super::{Array, ArrayRef, Bytes, Element};
use crate::core::counted::Counted;

pub(crate) use wire::{EXTENSION, read, read_extension};

/// A sparse matrix that is lent, or that was made to be sent. Its vectors were checked: rows
/// are within the shape, in ascending order in each column, and not repeated.
#[derive(Clone, Debug)]
pub struct SparseRef<'a> {
    shape: [usize; 2],
    element: Element,
    index: Element,
    vectors: Vectors<'a>,
}

/// The vectors of a matrix in compressed sparse columns, or rows.
#[derive(Clone, Debug)]
struct Vectors<'a> {
    /// The elements that are stored, column by column.
    data: Cow<'a, [u8]>,
    /// The row of each.
    indices: Cow<'a, [u8]>,
    /// Where each column begins in both, and the end of the last one.
    indptr: Cow<'a, [u8]>,
}

/// A sparse matrix that was received.
#[derive(Debug)]
pub struct Sparse {
    shape: [usize; 2],
    data: Array,
    indices: Array,
    indptr: Array,
}

/// How the elements of a sparse matrix are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Column by column.
    Csc,
    /// Row by row.
    Csr,
}

/// The columns that a matrix which arrives row by row may have in addition to those that its
/// message accounts for: a few bytes can claim any number.
const MOST_COLUMNS: usize = 1 << 24;

impl<'a> SparseRef<'a> {
    /// Makes a sparse matrix of its vectors: the elements, the row of each, and where each
    /// column begins, with the end of the last one. Rows that are not in order are sorted.
    ///
    /// # Errors
    /// What is wrong with the vectors.
    pub fn new(
        shape: [usize; 2],
        data: ArrayRef<'a>,
        indices: ArrayRef<'a>,
        indptr: ArrayRef<'a>,
    ) -> Result<SparseRef<'a>, String> {
        if indices.element != indptr.element {
            let [one, other] = [indices, indptr].map(|vector| vector.element.name());
            return Err(format!("its indices are {one} and its indptr is {other}: expected one"));
        }
        let (element, index) = (data.element, indices.element);
        let vectors = Vectors { data: data.bytes, indices: indices.bytes, indptr: indptr.bytes };
        SparseRef { shape, element, index, vectors }.checked(Format::Csc)
    }

    /// Returns the numbers of rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Returns the kind of its elements.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Returns the number of elements that are stored.
    pub fn count(&self) -> usize {
        self.vectors.data.len() / self.element.size()
    }

    /// Checks the vectors, and sorts the rows of each column.
    ///
    /// # Errors
    /// What is wrong with them.
    fn checked(mut self, format: Format) -> Result<SparseRef<'a>, String> {
        if !self.check(format)? {
            self.sort(format)?;
        }
        if format == Format::Csr {
            self.turn()?;
        }
        Ok(self)
    }

    /// Checks the vectors. Returns true if the indices in each column are in order.
    fn check(&self, format: Format) -> Result<bool, String> {
        let (columns, rows, [column, row]) = format.sizes(self.shape);
        let (size, index) = (self.index.size(), self.index.name());
        if !matches!(self.index, Element::Int32 | Element::Int64) {
            return Err(format!("its indices are {index}: expected int32 or int64"));
        }
        let Vectors { data, indices, indptr } = &self.vectors;
        let begins = indptr.len() / size;
        if !indptr.len().is_multiple_of(size) || begins.checked_sub(1) != Some(columns) {
            return Err(format!(
                "its indptr has {}: expected {columns} + 1 numbers of {index}, one for each \
                 {column} and the end",
                Counted(indptr.len(), "byte"),
            ));
        }
        let count = indices.len() / size;
        let fits = data.len().is_multiple_of(self.element.size())
            && indices.len().is_multiple_of(size)
            && data.len() / self.element.size() == count;
        if !fits {
            return Err(format!(
                "its data has {} of {} and its indices have {} of {index}: expected as many \
                 numbers in both",
                Counted(data.len(), "byte"),
                self.element.name(),
                Counted(indices.len(), "byte"),
            ));
        }
        let (indices, indptr) = (self.view(indices), self.view(indptr));
        if indptr.get(0) != 0 {
            return Err(format!("its indptr begins with {}: expected 0", indptr.get(0)));
        }
        let (mut begin, mut ordered) = (0, true);
        for at in 0..columns {
            let end = usize::try_from(indptr.get(at + 1)).unwrap_or(usize::MAX);
            if end < begin || end > count {
                return Err(format!(
                    "number {} of its indptr is {}: expected {begin} to {count}",
                    at + 1,
                    indptr.get(at + 1)
                ));
            }
            let mut last = -1;
            for place in begin..end {
                let found = indices.get(place);
                if usize::try_from(found).map_or(true, |found| found >= rows) {
                    return Err(format!(
                        "{column} {at} has an element in {row} {found}: expected {row}s below {rows}"
                    ));
                }
                ordered &= found > last;
                last = found;
            }
            begin = end;
        }
        if begin != count {
            return Err(format!(
                "its indptr ends with {begin}, and it has {}: expected as many",
                Counted(count, "element")
            ));
        }
        Ok(ordered)
    }

    /// Sorts the indices of each column, which were checked, except for their order.
    fn sort(&mut self, format: Format) -> Result<(), String> {
        let (columns, _, [column, row]) = format.sizes(self.shape);
        let (indices, indptr) = (self.view(&self.vectors.indices), self.view(&self.vectors.indptr));
        let mut order: Vec<usize> = (0..self.count()).collect();
        for at in 0..columns {
            let order = &mut order[indptr.range(at)];
            order.sort_unstable_by_key(|place| indices.get(*place));
            let twice = order.windows(2).find(|pair| indices.get(pair[0]) == indices.get(pair[1]));
            if let Some(twice) = twice {
                return Err(format!(
                    "{column} {at} has {row} {} twice: sum_duplicates of scipy adds them up",
                    indices.get(twice[0])
                ));
            }
        }
        let data = gather(&self.vectors.data, self.element.size(), &order);
        let indices = gather(&self.vectors.indices, self.index.size(), &order);
        (self.vectors.data, self.vectors.indices) = (data.into(), indices.into());
        Ok(())
    }

    /// Turns sorted compressed rows into columns.
    fn turn(&mut self) -> Result<(), String> {
        let [rows, columns] = self.shape;
        let count = self.count();
        if columns > MOST_COLUMNS.max(rows.saturating_add(count)) {
            return Err(format!(
                "it has {columns} columns in the format csr, of which at most {MOST_COLUMNS} are \
                 converted: expected csc"
            ));
        }
        let (indices, indptr) = (self.view(&self.vectors.indices), self.view(&self.vectors.indptr));
        let mut begins = vec![0; columns + 1];
        (0..count).for_each(|place| begins[indices.get(place) as usize + 1] += 1);
        (1..=columns).for_each(|column| begins[column] += begins[column - 1]);
        let (mut next, mut order, mut row_of) = (begins.clone(), vec![0; count], vec![0; count]);
        for row in 0..rows {
            for place in indptr.range(row) {
                let to = &mut next[indices.get(place) as usize];
                (order[*to], row_of[*to]) = (place, row);
                *to += 1;
            }
        }
        let data = gather(&self.vectors.data, self.element.size(), &order);
        // Rows were positions in indptr, which could be more than an int32 counts.
        if i32::try_from(rows).is_err() {
            self.index = Element::Int64;
        }
        let (indices, indptr) = (self.stored(&row_of), self.stored(&begins));
        self.vectors = Vectors { data: data.into(), indices, indptr };
        Ok(())
    }

    fn stored(&self, numbers: &[usize]) -> Cow<'a, [u8]> {
        match self.index {
            Element::Int64 => numbers.iter().flat_map(|n| (*n as i64).to_ne_bytes()).collect(),
            _ => numbers.iter().flat_map(|n| (*n as i32).to_ne_bytes()).collect(),
        }
    }

    fn view<'b>(&self, bytes: &'b [u8]) -> Index<'b> {
        Index { bytes, wide: self.index == Element::Int64 }
    }
}

impl Sparse {
    /// Makes a matrix of received vectors, which stay where they are unless they have to be
    /// sorted.
    fn new(
        shape: [usize; 2],
        format: Format,
        [element, index]: [Element; 2],
        received: [Bytes; 3],
    ) -> Result<Sparse, String> {
        let [data, indices, indptr] = [0, 1, 2].map(|at: usize| Cow::Borrowed(&*received[at]));
        let vectors = Vectors { data, indices, indptr };
        let checked = SparseRef { shape, element, index, vectors }.checked(format)?;
        let (index, vectors) = (checked.index, checked.vectors);
        let made = [vectors.data, vectors.indices, vectors.indptr].map(|vector| match vector {
            Cow::Owned(bytes) => Some(Bytes::Made(bytes)),
            Cow::Borrowed(_) => None,
        });
        let mut kept =
            received.into_iter().zip(made).map(|(received, made)| made.unwrap_or(received));
        let mut vector = |element: Element| {
            let bytes = kept.next().unwrap_or(Bytes::Made(Vec::new()));
            Array { element, shape: vec![bytes.len() / element.size()], bytes }
        };
        Ok(Sparse { shape, data: vector(element), indices: vector(index), indptr: vector(index) })
    }

    /// Returns the numbers of rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Returns the elements that are stored, column by column.
    pub fn data(&self) -> &Array {
        &self.data
    }

    /// Returns the row of each element, as int32 or int64. They ascend in each column.
    pub fn indices(&self) -> &Array {
        &self.indices
    }

    /// Returns where each column begins in the two other vectors, and the end of the last one,
    /// as int32 or int64, like the indices.
    pub fn indptr(&self) -> &Array {
        &self.indptr
    }

    /// Lends it.
    pub fn view(&self) -> SparseRef<'_> {
        let [data, indices, indptr] =
            [&self.data, &self.indices, &self.indptr].map(|vector| Cow::Borrowed(vector.bytes()));
        SparseRef {
            shape: self.shape,
            element: self.data.element,
            index: self.indices.element,
            vectors: Vectors { data, indices, indptr },
        }
    }
}

impl Format {
    /// Returns how many columns and rows a matrix has, and their names; for compressed rows the
    /// other way round.
    fn sizes(self, [rows, columns]: [usize; 2]) -> (usize, usize, [&'static str; 2]) {
        match self {
            Format::Csc => (columns, rows, ["column", "row"]),
            Format::Csr => (rows, columns, ["row", "column"]),
        }
    }
}

/// Numbers of int32 or int64, which need not be aligned.
#[derive(Clone, Copy)]
struct Index<'a> {
    bytes: &'a [u8],
    wide: bool,
}

impl Index<'_> {
    fn get(self, at: usize) -> i64 {
        match self.wide {
            true => i64::from_ne_bytes(self.bytes.as_chunks().0[at]),
            false => i32::from_ne_bytes(self.bytes.as_chunks().0[at]).into(),
        }
    }

    /// Returns the places of a column whose begin was checked.
    fn range(self, column: usize) -> Range<usize> {
        self.get(column) as usize..self.get(column + 1) as usize
    }
}

/// Returns the elements of a vector in an order.
fn gather(from: &[u8], size: usize, order: &[usize]) -> Vec<u8> {
    let mut to = Vec::with_capacity(from.len());
    order.iter().for_each(|at| to.extend_from_slice(&from[at * size..(at + 1) * size]));
    to
}

#[cfg(test)]
mod tests;
