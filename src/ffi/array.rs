//! Arrays of numbers as C programs and hosts exchange them.

use std::ffi::c_void;

use super::pointers;
use crate::core::array::{self, ArrayRef, DEEPEST, Element, SparseRef};

/// Elements of a `zeromq_array`: bytes that are 0 or 1.
pub const ZEROMQ_BOOL8: u32 = 1;
/// Elements of a `zeromq_array`: `int8_t`.
pub const ZEROMQ_INT8: u32 = 2;
/// Elements of a `zeromq_array`: `int16_t`.
pub const ZEROMQ_INT16: u32 = 3;
/// Elements of a `zeromq_array`: `int32_t`.
pub const ZEROMQ_INT32: u32 = 4;
/// Elements of a `zeromq_array`: `int64_t`.
pub const ZEROMQ_INT64: u32 = 5;
/// Elements of a `zeromq_array`: `uint8_t`.
pub const ZEROMQ_UINT8: u32 = 6;
/// Elements of a `zeromq_array`: `uint16_t`.
pub const ZEROMQ_UINT16: u32 = 7;
/// Elements of a `zeromq_array`: `uint32_t`.
pub const ZEROMQ_UINT32: u32 = 8;
/// Elements of a `zeromq_array`: `uint64_t`.
pub const ZEROMQ_UINT64: u32 = 9;
/// Elements of a `zeromq_array`: `float`.
pub const ZEROMQ_FLOAT32: u32 = 10;
/// Elements of a `zeromq_array`: `double`.
pub const ZEROMQ_FLOAT64: u32 = 11;
/// Elements of a `zeromq_array`: two `float`, the real and the imaginary part.
pub const ZEROMQ_COMPLEX64: u32 = 12;
/// Elements of a `zeromq_array`: two `double`, the real and the imaginary part.
pub const ZEROMQ_COMPLEX128: u32 = 13;

/// Order of a `zeromq_array`: row by row, the last index changes fastest, as in C and
/// numpy. Arrays from the library have this order.
pub const ZEROMQ_BY_ROWS: u32 = 0;
/// Order of a `zeromq_array`: column by column, the first index changes fastest, as in
/// Fortran.
pub const ZEROMQ_BY_COLUMNS: u32 = 1;

/// An array of numbers in memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Array {
    /// The type of its elements: `ZEROMQ_FLOAT64` and so on.
    pub element: u32,
    /// `ZEROMQ_BY_ROWS` or `ZEROMQ_BY_COLUMNS`.
    pub order: u32,
    /// The size in each dimension.
    pub shape: *const usize,
    /// The number of dimensions, at most 64. A single number has none.
    pub dimensions: usize,
    /// The elements, in the byte order of this machine. Those from the library need not be
    /// aligned.
    pub data: *const c_void,
    /// The number of bytes of all elements.
    pub size: usize,
}

/// Views an array of the caller.
///
/// # Errors
/// What is wrong with it.
///
/// # Safety
/// `array` is NULL or points to an array that is filled in, and everything it points to
/// remains valid for `'a`.
pub(crate) unsafe fn view<'a>(array: *const Array) -> Result<ArrayRef<'a>, &'static str> {
    // SAFETY: NULL or an array, as the caller guarantees.
    let given = unsafe { array.as_ref() }.ok_or("an array is NULL")?;
    let element =
        Element::of(given.element).ok_or("an array has elements that are not in the header")?;
    if given.order > ZEROMQ_BY_COLUMNS || given.dimensions > DEEPEST {
        return Err("an array has an unknown order or more than 64 dimensions");
    }
    let missing = |_| "a pointer of an array is NULL";
    // SAFETY: guaranteed by the caller.
    let shape = unsafe { pointers::slice(given.shape, given.dimensions) }.map_err(missing)?;
    let shape = shape.to_vec();
    if array::count(&shape, element).map(|count| count * element.size()) != Some(given.size) {
        return Err("the size of an array does not go with its shape");
    }
    // SAFETY: guaranteed by the caller.
    let bytes = unsafe { pointers::slice(given.data.cast(), given.size) }.map_err(missing)?;
    let by_columns = given.order == ZEROMQ_BY_COLUMNS;
    Ok(ArrayRef { element, shape, bytes: bytes.into(), by_columns })
}

/// A sparse matrix in memory, in compressed sparse columns, as scipy's `csc_matrix`. Each of
/// its vectors is an array of one dimension. The matrix with the rows 1 0 2 and 0 0 3 has the
/// data 1, 2, 3, the indices 0, 0, 1, and the indptr 0, 1, 1, 3.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Sparse {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The elements that are stored, column by column, of any type.
    pub data: Array,
    /// The row of each element: `ZEROMQ_INT32` or `ZEROMQ_INT64`. Those from the library
    /// ascend in each column, and no element is stored twice.
    pub indices: Array,
    /// Where each column begins in both, and the end of the last one: `columns + 1` numbers
    /// of the same type as the indices.
    pub indptr: Array,
}

/// Views a sparse matrix of the caller. The vectors may be those of a script, so the inner
/// result tells what is wrong with these.
///
/// # Errors
/// What is wrong with the struct.
///
/// # Safety
/// As for [`view`].
pub(crate) unsafe fn view_sparse<'a>(
    matrix: *const Sparse,
) -> Result<Result<SparseRef<'a>, String>, &'static str> {
    // SAFETY: NULL or a matrix, as the caller guarantees.
    let given = unsafe { matrix.as_ref() }.ok_or("a sparse matrix is NULL")?;
    // SAFETY: guaranteed by the caller.
    let [data, indices, indptr] =
        [&given.data, &given.indices, &given.indptr].map(|vector| unsafe { view(vector) });
    Ok(SparseRef::new([given.rows, given.columns], data?, indices?, indptr?))
}

/// Describes a sparse matrix, which stays where it is.
pub(crate) fn describe_sparse(matrix: &array::Sparse) -> Sparse {
    let [rows, columns] = matrix.shape();
    let [data, indices, indptr] = [matrix.data(), matrix.indices(), matrix.indptr()].map(describe);
    Sparse { rows, columns, data, indices, indptr }
}

/// Describes an array, which stays where it is.
pub(crate) fn describe(array: &array::Array) -> Array {
    let (shape, bytes) = (array.shape(), array.bytes());
    Array {
        element: array.element() as u32,
        order: ZEROMQ_BY_ROWS,
        shape: shape.as_ptr(),
        dimensions: shape.len(),
        data: bytes.as_ptr().cast(),
        size: bytes.len(),
    }
}
