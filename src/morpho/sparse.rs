//! Morpho's Sparse as sparse matrices of numbers. It stores the elements in a dictionary until
//! it computes with them, then also in compressed columns, which are the ones that count.

use std::borrow::Cow;
use std::slice;

use libloading::os::unix::Library;

use super::abi::{Bits, Header, Table, View};
use super::convert::no_memory;
use super::host::Morpho;
use super::matrix::{MOST, cannot, inexact, object};
use super::symbols::{Api, symbol};
use crate::binding::ValueRef;
use crate::core::Error;
use crate::core::array::{ArrayRef, Element, Sparse, SparseRef};

/// Morpho's Sparse matrices.
#[derive(Clone, Copy)]
pub(super) struct Sparses {
    /// Their kind, which is a variable of Morpho.
    kind: *const i32,
    /// `None` if their layout in this Morpho is another one.
    known: Option<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    /// The kind of the keys of the dictionary.
    key: *const i32,
    new: New,
    resize: Resize,
}

const UNKNOWN: &str = "a Sparse, whose layout in this Morpho is not known";

type New = unsafe extern "C" fn(rows: *const i32, columns: *const i32) -> *mut Header;
/// Makes room for compressed columns, with the values if the last argument is true.
type Resize = unsafe extern "C" fn(*mut Columns, i32, i32, u32, bool) -> bool;
type Insert<V> = unsafe extern "C" fn(*mut Elements<V>, i32, i32, V) -> bool;
/// Makes a format, the second one being compressed columns, if both others are true.
type Format = unsafe extern "C" fn(*mut Header, i32, bool, bool) -> bool;

#[repr(C)]
struct SparseObject<V> {
    header: Header,
    elements: Elements<V>,
    columns: Columns,
}

/// The elements by their places.
#[repr(C)]
struct Elements<V> {
    rows: i32,
    columns: i32,
    table: Table<V>,
    keys: *mut Header,
}

/// A key in the dictionary.
#[repr(C)]
struct Place {
    header: Header,
    row: i32,
    column: i32,
}

/// The elements in compressed columns.
#[repr(C)]
struct Columns {
    /// How many elements there is room for.
    room: i32,
    rows: i32,
    columns: i32,
    begins: *mut i32,
    row_of: *mut i32,
    /// NULL if all are 1.
    values: *mut f64,
}

impl Sparses {
    /// Looks up Morpho's functions. Returns `None` if this Morpho has no Sparse matrices.
    ///
    /// # Safety
    /// The process is a Morpho that has loaded its types.
    pub unsafe fn find<V: Bits>(process: &Library, api: &Api<V>) -> Option<Sparses> {
        // SAFETY: these have had these types in all releases that have them.
        unsafe {
            let kind = symbol(process, "objectsparsetype")?;
            Some(Sparses { kind, known: Known::find(process, api) })
        }
    }

    /// Returns true if the objects of a kind are Sparse matrices.
    pub fn is(&self, kind: i32) -> bool {
        // SAFETY: it is a variable of Morpho.
        kind == unsafe { *self.kind }
    }
}

impl Known {
    /// # Safety
    /// As for `Sparses::find`.
    unsafe fn find<V: Bits>(process: &Library, api: &Api<V>) -> Option<Known> {
        // SAFETY: guaranteed by the caller.
        unsafe {
            let known = Known {
                key: symbol(process, "objectdokkeytype")?,
                new: symbol(process, "object_newsparse")?,
                resize: symbol(process, "sparseccs_resize")?,
            };
            let insert = symbol(process, "sparsedok_insert")?;
            let format = symbol(process, "sparse_checkformat")?;
            let object = (known.new)(&2, &3);
            let verified = !object.is_null() && known.verify::<V>(object, insert, format);
            if !object.is_null() {
                // It was never bound.
                (api.morpho_freeobject)(V::object(object));
            }
            verified.then_some(known)
        }
    }

    /// Returns true if a matrix, two rows high and three columns wide, has everything where it
    /// should be.
    ///
    /// # Safety
    /// The object is such a matrix.
    unsafe fn verify<V: Bits>(
        self,
        object: *mut Header,
        insert: Insert<V>,
        format: Format,
    ) -> bool {
        let matrix = object.cast::<SparseObject<V>>();
        // SAFETY: the functions get what they expect. Pointers are followed only if the sizes
        // in front of them are right.
        unsafe {
            let elements = &raw mut (*matrix).elements;
            if ((*elements).rows, (*elements).columns, (*elements).table.count) != (2, 3, 0)
                || !insert(elements, 1, 2, V::float(7.5))
                || !insert(elements, 0, 2, V::int(-1))
                || (*elements).table.count != 2
                || !self
                    .elements(&*elements)
                    .is_ok_and(|found| found == [(2, 0, -1.0), (2, 1, 7.5)])
                || !format(object, 1, true, true)
            {
                return false;
            }
            let Columns { room, rows, columns, begins, row_of, values } = &(*matrix).columns;
            (*room, *rows, *columns) == (2, 2, 3)
                && ![begins.is_null(), row_of.is_null(), values.is_null()].contains(&true)
                && slice::from_raw_parts(*begins, 4) == [0, 0, 0, 2]
                && slice::from_raw_parts(*row_of, 2) == [0, 1]
                && slice::from_raw_parts(*values, 2) == [-1.0, 7.5]
        }
    }

    /// Returns the column, row and value of each element in the dictionary, in order.
    ///
    /// # Errors
    /// Which of them is not a number. One without a value, as in the connectivity of a mesh,
    /// is 1, as in compressed columns.
    ///
    /// # Safety
    /// The matrix is alive.
    unsafe fn elements<V: Bits>(
        self,
        elements: &Elements<V>,
    ) -> Result<Vec<(i32, i32, f64)>, String> {
        let mut found = Vec::new();
        for slot in 0..elements.table.capacity as usize {
            // SAFETY: the table has that many slots. The kind of an object determines its type,
            // and the kinds are variables of Morpho.
            let (place, value) = unsafe {
                let [key, value] = *elements.table.entries.add(slot);
                match key.view() {
                    View::Object(key) if (*key).kind == *self.key => (&*key.cast::<Place>(), value),
                    _ => continue,
                }
            };
            let value = match value.view() {
                View::Float(value) => value,
                View::Int(value) => value.into(),
                View::Nil => 1.0,
                _ => {
                    return Err(format!(
                        "its element [{}, {}] is not a number",
                        place.row, place.column
                    ));
                }
            };
            found.push((place.column, place.row, value));
        }
        found.sort_unstable_by_key(|(column, row, _)| (*column, *row));
        Ok(found)
    }
}

impl<V: Bits> Morpho<V> {
    /// Returns true if this Morpho has Sparse matrices that can be made.
    pub(super) fn takes_sparse(&self) -> bool {
        self.known().is_some()
    }

    fn known(&self) -> Option<Known> {
        self.matrices.as_ref()?.sparse?.known
    }

    /// Views a Sparse.
    ///
    /// # Safety
    /// The object is one, and Morpho does not change it for `'a`.
    pub(super) unsafe fn sparse<'a>(&self, matrix: *mut Header) -> ValueRef<'a> {
        let Some(known) = self.known() else {
            return ValueRef::Other(UNKNOWN.into());
        };
        // SAFETY: the layout was verified, and the caller guarantees that it does not change.
        unsafe {
            let SparseObject { elements, columns, .. } = &*matrix.cast::<SparseObject<V>>();
            // Columns without values belong to a dictionary that has them, if there is one.
            let compressed = !columns.begins.is_null()
                && columns.columns > 0
                && (!columns.values.is_null() || elements.table.count == 0);
            let viewed = if compressed { columns.view() } else { known.compress(elements) };
            ValueRef::sparse(viewed)
        }
    }

    /// Makes a Sparse.
    ///
    /// # Errors
    /// [`Error::Decode`] if Morpho cannot represent it.
    ///
    /// # Safety
    /// The caller binds the object.
    pub(super) unsafe fn make_sparse(&self, matrix: &Sparse) -> Result<Option<V>, Error> {
        let Some(known) = self.known() else {
            return Err(cannot("a sparse matrix: it has no Sparse".to_owned()));
        };
        let (data, count) = (matrix.data(), matrix.data().shape().iter().product::<usize>());
        let element = data.element();
        if element.is_complex() {
            return Err(cannot(format!("a sparse matrix of {}", element.name())));
        }
        let [rows, columns] = matrix.shape();
        // Morpho adds one to each.
        let fits = |size: usize| i32::try_from(size).ok().filter(|size| *size < i32::MAX);
        let (Some(height), Some(width), true) = (fits(rows), fits(columns), count <= MOST) else {
            return Err(cannot(format!(
                "a sparse matrix of {rows} x {columns} with {count} elements: at most {} rows \
                 and columns and {MOST} elements",
                i32::MAX - 1
            )));
        };
        // SAFETY: the functions get what they expect. Columns that were resized have as many
        // places as this writes.
        unsafe {
            if count == 0 {
                return Ok(object((known.new)(&height, &width)));
            }
            // The sizes belong to the columns only, as in a Sparse that Morpho computes.
            let made = (known.new)(std::ptr::null(), std::ptr::null());
            if made.is_null() {
                return Ok(None);
            }
            let to = &raw mut (*made.cast::<SparseObject<V>>()).columns;
            let copied = if (known.resize)(to, height, width, count as u32, true) {
                (*to).fill::<V>(matrix)
            } else {
                Err(no_memory())
            };
            if let Err(error) = copied {
                (self.api.morpho_freeobject)(V::object(made));
                return Err(error);
            }
            Ok(object(made))
        }
    }
}

impl Known {
    /// Compresses the columns of a dictionary.
    ///
    /// # Safety
    /// As for `elements`.
    unsafe fn compress<'a, V: Bits>(self, from: &Elements<V>) -> Result<SparseRef<'a>, String> {
        // SAFETY: guaranteed by the caller.
        let found = unsafe { self.elements(from) }?;
        let (rows, columns) = (size(from.rows), size(from.columns));
        let mut begins: Vec<i32> = Vec::new();
        // A script can claim any number of columns.
        if columns > MOST || begins.try_reserve_exact(columns + 1).is_err() {
            return Err(format!("it has {columns} columns: at most {MOST} are sent"));
        }
        begins.resize(columns + 1, 0);
        let (mut row_of, mut values) = (Vec::new(), Vec::new());
        for (column, row, value) in found {
            let Some(count) = begins.get_mut(column.wrapping_add(1) as usize) else {
                return Err(format!("its element [{row}, {column}] is outside of it"));
            };
            *count += 1;
            row_of.extend(row.to_ne_bytes());
            values.extend(value.to_ne_bytes());
        }
        let mut end = 0;
        for begin in &mut begins {
            end += *begin;
            *begin = end;
        }
        let begins: Vec<u8> = begins.into_iter().flat_map(i32::to_ne_bytes).collect();
        vectors([rows, columns], values.into(), row_of.into(), begins.into())
    }
}

impl Columns {
    /// Views compressed columns.
    ///
    /// # Safety
    /// They are those of a matrix, which Morpho does not change for `'a`, and `begins` is not
    /// NULL.
    unsafe fn view<'a>(&self) -> Result<SparseRef<'a>, String> {
        let (rows, columns) = (size(self.rows), size(self.columns));
        // SAFETY: guaranteed by the caller; there is a place for the begin of each column and
        // for the end, and as many for elements as `room` says.
        unsafe {
            let begins = slice::from_raw_parts(self.begins, columns + 1);
            // There may be room for more.
            let count = size(begins[columns]);
            if count > size(self.room) || self.row_of.is_null() {
                return Err("its columns end behind its elements".to_owned());
            }
            let values = match self.values.is_null() {
                true => vec![1_f64; count].into_iter().flat_map(f64::to_ne_bytes).collect(),
                false => bytes(self.values, count),
            };
            let (row_of, begins) = (bytes(self.row_of, count), bytes(self.begins, columns + 1));
            vectors([rows, columns], values, row_of, begins)
        }
    }

    /// Copies a matrix to columns that have room for it.
    ///
    /// # Safety
    /// They do.
    unsafe fn fill<V: Bits>(&self, matrix: &Sparse) -> Result<(), Error> {
        // SAFETY: guaranteed by the caller.
        unsafe {
            let data = matrix.data();
            let element = data.element();
            for (at, bytes) in data.bytes().chunks_exact(element.size()).enumerate() {
                let (real, _) = element.float(bytes).ok_or_else(|| inexact(element, bytes))?;
                self.values.add(at).write(V::number(real));
            }
            for (from, to) in [(matrix.indices(), self.row_of), (matrix.indptr(), self.begins)] {
                let element = from.element();
                for (at, bytes) in from.bytes().chunks_exact(element.size()).enumerate() {
                    // They are less than the sizes and the count, which were checked.
                    to.add(at).write(match element {
                        Element::Int64 => {
                            i64::from_ne_bytes(bytes.try_into().unwrap_or_default()) as i32
                        }
                        _ => i32::from_ne_bytes(bytes.try_into().unwrap_or_default()),
                    });
                }
            }
        }
        Ok(())
    }
}

fn size(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}

/// # Safety
/// There are as many numbers, and they do not change for `'a`.
unsafe fn bytes<'a, T>(numbers: *const T, count: usize) -> Cow<'a, [u8]> {
    // SAFETY: guaranteed by the caller; any number can be read as bytes.
    Cow::Borrowed(unsafe { slice::from_raw_parts(numbers.cast(), count * size_of::<T>()) })
}

fn vectors<'a>(
    shape: [usize; 2],
    values: Cow<'a, [u8]>,
    row_of: Cow<'a, [u8]>,
    begins: Cow<'a, [u8]>,
) -> Result<SparseRef<'a>, String> {
    let vector = |element: Element, bytes: Cow<'a, [u8]>| {
        let shape = vec![bytes.len() / element.size()];
        ArrayRef { element, shape, bytes, by_columns: false }
    };
    let [row_of, begins] = [row_of, begins].map(|bytes| vector(Element::Int32, bytes));
    SparseRef::new(shape, vector(Element::Float64, values), row_of, begins)
}
