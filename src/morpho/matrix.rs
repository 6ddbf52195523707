//! Morpho's Matrix, ComplexMatrix, Complex and Array as arrays of numbers. A Morpho that was
//! built without linear algebra has no matrices; it gets Lists instead.

use std::borrow::Cow;

use libloading::os::unix::Library;

use super::abi::{Bits, Header};
use super::convert::{Made, no_memory};
use super::host::Morpho;
use super::sparse::Sparses;
use super::symbols::{Api, symbol};
use crate::binding::{Bounds, ValueRef, gathered, lists};
use crate::core::Error;
use crate::core::array::{Array, ArrayRef, Element, ListLimit, places_by_columns, transpose};

/// The largest number of elements of a matrix or Array: some releases count them with 32 bits.
pub(super) const MOST: usize = 1 << 28;

/// Makes an object without elements that are set.
type New = unsafe extern "C" fn(i32, i32, bool) -> *mut Header;

/// Morpho's objects for arrays. The kinds are variables of Morpho.
#[derive(Clone, Copy)]
pub(super) struct Matrices {
    matrix: Option<Kind>,
    complex_matrix: Option<Kind>,
    /// Where a matrix has the pointer to its elements.
    elements: usize,
    complex: *const i32,
    new_complex: unsafe extern "C" fn(f64, f64) -> *mut Header,
    array: *const i32,
    new_array: unsafe extern "C" fn(u32, *const u32) -> *mut Header,
    pub sparse: Option<Sparses>,
}

/// A kind of matrices.
#[derive(Clone, Copy)]
struct Kind {
    kind: *const i32,
    new: New,
}

/// The beginning of a matrix, in all releases.
#[repr(C)]
struct MatrixObject {
    header: Header,
    rows: i32,
    columns: i32,
}

/// A complex number.
#[repr(C)]
struct ComplexObject {
    header: Header,
    parts: [f64; 2],
}

/// An Array, whose first index changes fastest.
#[repr(C)]
struct ArrayObject<V> {
    header: Header,
    dimensions: u32,
    count: u32,
    values: *mut V,
    shape: *mut V,
}

impl Matrices {
    /// Looks up Morpho's functions, and finds where a matrix has its elements. Returns `None`
    /// if this Morpho has no complex numbers or Arrays.
    ///
    /// # Safety
    /// The process is a Morpho that has loaded its types.
    pub unsafe fn find<V: Bits>(process: &Library, api: &Api<V>) -> Option<Matrices> {
        // SAFETY: these have had these types in all releases that have them.
        unsafe {
            let kind = |kind: &str, new: &[&str]| {
                let new = new.iter().find_map(|name| symbol(process, name))?;
                Some(Kind { kind: symbol(process, kind)?, new })
            };
            let mut matrices = Matrices {
                // Renamed in 0.6.4.
                matrix: kind("objectmatrixtype", &["matrix_new", "object_newmatrix"]),
                complex_matrix: kind("objectcomplexmatrixtype", &["complexmatrix_new"]),
                elements: 0,
                complex: symbol(process, "objectcomplextype")?,
                new_complex: symbol(process, "object_newcomplex")?,
                array: symbol(process, "objectarraytype")?,
                new_array: symbol(process, "object_newarray")?,
                sparse: Sparses::find(process, api),
            };
            let offset = matrices.matrix.and_then(|kind| kind.offset(api));
            match offset {
                Some(offset) => matrices.elements = offset,
                None => (matrices.matrix, matrices.complex_matrix) = (None, None),
            }
            Some(matrices)
        }
    }

    /// # Safety
    /// The object is a matrix.
    unsafe fn elements(&self, object: *mut Header) -> *mut f64 {
        // SAFETY: guaranteed by the caller; the place was found in such an object.
        unsafe { object.byte_add(self.elements).cast::<*mut f64>().read() }
    }
}

impl Kind {
    /// Returns where a matrix has the pointer to its elements, which follow in the object. It
    /// is verified that the numbers of rows and columns are where they should be.
    ///
    /// # Safety
    /// As for `Matrices::find`.
    unsafe fn offset<V: Bits>(self, api: &Api<V>) -> Option<usize> {
        const WORD: usize = size_of::<usize>();
        // SAFETY: a matrix has room for six numbers after the pointer to its elements; it was
        // never bound, so it is freed here.
        unsafe {
            let object = (self.new)(2, 3, true);
            if object.is_null() {
                return None;
            }
            let MatrixObject { rows, columns, .. } = object.cast::<MatrixObject>().read();
            let first = size_of::<MatrixObject>().next_multiple_of(WORD);
            let offset = (first..first + 4 * WORD).step_by(WORD).find(|offset| {
                let pointer = object.byte_add(*offset).cast::<usize>().read();
                let inside = pointer.wrapping_sub(object.addr());
                (*offset + WORD..=*offset + 2 * WORD).contains(&inside)
            });
            (api.morpho_freeobject)(V::object(object));
            offset.filter(|_| (rows, columns) == (2, 3))
        }
    }
}

impl<V: Bits> Morpho<V> {
    /// Views an object as an array, if it is one.
    ///
    /// # Safety
    /// The object is alive, and Morpho does not change it for `'a`.
    pub(super) unsafe fn array<'a>(
        &self,
        object: *mut Header,
        bounds: &mut Bounds,
    ) -> Result<Option<ValueRef<'a>>, Error> {
        let Some(matrices) = &self.matrices else {
            return Ok(None);
        };
        // SAFETY: guaranteed by the caller; the kind of an object determines its type, and
        // the kinds are variables of Morpho.
        unsafe {
            let kind = (*object).kind;
            let is = |of: Option<Kind>| of.is_some_and(|of| *of.kind == kind);
            if is(matrices.matrix) || is(matrices.complex_matrix) {
                let MatrixObject { rows, columns, .. } = &*object.cast::<MatrixObject>();
                let shape = vec![*rows as usize, *columns as usize];
                let complex = is(matrices.complex_matrix);
                let element = if complex { Element::Complex128 } else { Element::Float64 };
                let size = shape[0] * shape[1] * element.size();
                let elements = matrices.elements(object).cast::<u8>();
                let bytes = Cow::Borrowed(std::slice::from_raw_parts(elements, size));
                let array = ArrayRef { element, shape, bytes, by_columns: true };
                return Ok(Some(ValueRef::Array(array)));
            }
            if kind == *matrices.complex {
                let parts = (*object.cast::<ComplexObject>()).parts;
                let bytes = parts.iter().flat_map(|part| part.to_ne_bytes()).collect();
                return Ok(Some(ValueRef::Array(ArrayRef {
                    element: Element::Complex128,
                    shape: Vec::new(),
                    bytes: Cow::Owned(bytes),
                    by_columns: false,
                })));
            }
            if kind == *matrices.array {
                return self.numbers(&*object.cast::<ArrayObject<V>>(), bounds).map(Some);
            }
            if let Some(sparse) = &matrices.sparse
                && sparse.is(kind)
            {
                return Ok(Some(self.sparse(object)));
            }
        }
        Ok(None)
    }

    /// Views an Array of numbers.
    ///
    /// # Safety
    /// As for `array`.
    unsafe fn numbers<'a>(
        &self,
        array: &ArrayObject<V>,
        bounds: &mut Bounds,
    ) -> Result<ValueRef<'a>, Error> {
        let count = array.count as usize;
        bounds.within(count, |bounds| {
            let mut values = Vec::with_capacity(count);
            for index in 0..count {
                // SAFETY: an Array has this many values, and the caller's guarantee holds for
                // them.
                values.push(unsafe { self.read(*array.values.add(index), bounds) }?);
            }
            // SAFETY: an Array has as many sizes as dimensions.
            let sizes = (0..array.dimensions as usize)
                .map(|index| unsafe { self.read(*array.shape.add(index), bounds) });
            let mut shape = Vec::new();
            for size in sizes {
                match size? {
                    ValueRef::Int(size) => shape.push(usize::try_from(size).unwrap_or(0)),
                    _ => return Ok(ValueRef::Other("an Array without sizes".into())),
                }
            }
            Ok(match gathered(&ValueRef::List(values)) {
                Ok(flat) => ValueRef::Array(ArrayRef { shape, by_columns: true, ..flat }),
                Err(_) => ValueRef::Other("an Array of other values than numbers".into()),
            })
        })
    }

    /// Makes a value of an array.
    ///
    /// # Errors
    /// [`Error::Decode`] if Morpho cannot represent it.
    ///
    /// # Safety
    /// The caller binds the objects in `made`.
    pub(super) unsafe fn make_array(&self, array: &Array, made: &mut Made<V>) -> Result<V, Error> {
        // The Lists of the other arrays of the value are in `made`.
        let mut limit = ListLimit::after(made.len());
        let Some(matrices) = &self.matrices else {
            // SAFETY: guaranteed by the caller.
            return unsafe { self.make(&lists(array, &mut limit)?, made) };
        };
        let element = array.element();
        let of = if element.is_complex() { matrices.complex_matrix } else { matrices.matrix };
        let bytes = array.bytes();
        let elements = || bytes.chunks_exact(element.size());
        if bytes.len() / element.size() > MOST {
            return Err(cannot(format!("an array of more than {MOST} elements")));
        }
        // SAFETY: guaranteed by the caller.
        unsafe {
            let object = match (array.shape(), of) {
                ([], _) if element.is_complex() => {
                    let (real, imaginary) = element.float(bytes).unwrap_or_default();
                    object((matrices.new_complex)(V::number(real), V::number(imaginary)))
                }
                ([], _) => return self.make(&array.number(0).into(), made),
                ([rows], Some(of)) => self.fill(matrices, of, array, *rows, 1)?,
                ([rows, columns], Some(of)) => self.fill(matrices, of, array, *rows, *columns)?,
                ([_] | [_, _], None) if !element.is_complex() => {
                    return self.make(&lists(array, &mut limit)?, made);
                }
                // Without a ComplexMatrix, complex numbers are in an Array, too.
                (shape, _) => {
                    let values = elements().map(|bytes| {
                        let (real, imaginary) =
                            element.float(bytes).ok_or_else(|| inexact(element, bytes))?;
                        if !element.is_complex() {
                            return Ok(V::float(real));
                        }
                        let (real, imaginary) = (V::number(real), V::number(imaginary));
                        let number = object((matrices.new_complex)(real, imaginary));
                        let number = number.ok_or_else(no_memory)?;
                        made.push(number);
                        Ok(number)
                    });
                    let values: Vec<V> = values.collect::<Result<_, Error>>()?;
                    make_array(matrices, shape, &values)?
                }
            };
            let object = object.ok_or_else(no_memory)?;
            made.push(object);
            Ok(object)
        }
    }

    /// Makes a matrix.
    ///
    /// # Safety
    /// As for `make_array`.
    unsafe fn fill(
        &self,
        matrices: &Matrices,
        of: Kind,
        array: &Array,
        rows: usize,
        columns: usize,
    ) -> Result<Option<V>, Error> {
        let size = |size: usize| {
            i32::try_from(size).map_err(|_| cannot(format!("a dimension of size {size}")))
        };
        // SAFETY: both sizes are not negative, and the number of elements is limited.
        let matrix = unsafe { (of.new)(size(rows)?, size(columns)?, false) };
        if matrix.is_null() {
            return Ok(None);
        }
        let element = array.element();
        let bytes = array.bytes();
        // SAFETY: the matrix is new and has as many elements, of one or two numbers each.
        unsafe {
            let to = matrices.elements(matrix);
            ask_for_huge_pages(to.addr(), rows * columns * element.size().max(size_of::<f64>()));
            match element {
                Element::Float64 => {
                    by_columns::<V, 1>(bytes.as_chunks().0.as_chunks().0, to.cast(), rows, columns);
                }
                Element::Complex128 => {
                    by_columns::<V, 2>(bytes.as_chunks().0.as_chunks().0, to.cast(), rows, columns);
                }
                _ => {
                    for (index, bytes) in bytes.chunks_exact(element.size()).enumerate() {
                        let at = index % columns * rows + index / columns;
                        let Some((real, imaginary)) = element.float(bytes) else {
                            (self.api.morpho_freeobject)(V::object(matrix));
                            return Err(inexact(element, bytes));
                        };
                        if element.is_complex() {
                            to.add(2 * at).write(V::number(real));
                            to.add(2 * at + 1).write(V::number(imaginary));
                        } else {
                            to.add(at).write(V::number(real));
                        }
                    }
                }
            }
        }
        Ok(object(matrix))
    }
}

/// Asks the system to give memory that is going to be written its largest pages, as numpy does
/// for its arrays. The first write to each page of new memory costs more than the copy of what
/// it holds.
fn ask_for_huge_pages(address: usize, size: usize) {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        // Smaller ones need not contain a whole large page.
        const LEAST: usize = 4 << 20;
        let first = address.next_multiple_of(rustix::param::page_size());
        let end = address + size;
        if size >= LEAST {
            // SAFETY: the advice does not change what memory holds. If the system does not
            // take it, the matrix takes longer to fill.
            let _ = unsafe { madvise(first as *mut _, end - first, Advice::LinuxHugepage) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (address, size);
}

/// Copies elements of N numbers that are stored row by row to a matrix that is stored column by
/// column.
///
/// # Safety
/// There is room for as many elements.
unsafe fn by_columns<V: Bits, const N: usize>(
    from: &[[[u8; size_of::<f64>()]; N]],
    to: *mut [f64; N],
    rows: usize,
    columns: usize,
) {
    transpose(from, columns, rows, |at, element| {
        let element = element.map(|bytes| V::number(f64::from_ne_bytes(bytes)));
        // SAFETY: guaranteed by the caller.
        unsafe { to.add(at).write(element) };
    });
}

/// Makes an Array of values that are ordered row by row.
///
/// # Safety
/// As for `Morpho::make_array`.
unsafe fn make_array<V: Bits>(
    matrices: &Matrices,
    shape: &[usize],
    values: &[V],
) -> Result<Option<V>, Error> {
    let size = |size: &usize| {
        u32::try_from(*size).map_err(|_| cannot(format!("a dimension of size {size}")))
    };
    let sizes: Vec<u32> = shape.iter().map(size).collect::<Result<_, Error>>()?;
    // SAFETY: there are as many sizes; the product is the number of values, which is limited.
    let array = unsafe { (matrices.new_array)(sizes.len() as u32, sizes.as_ptr()) };
    if array.is_null() {
        return Ok(None);
    }
    for (value, at) in values.iter().zip(places_by_columns(shape)) {
        // SAFETY: the Array has as many values as the product of its sizes.
        unsafe { (*array.cast::<ArrayObject<V>>()).values.add(at).write(*value) };
    }
    Ok(object(array))
}

pub(super) fn object<V: Bits>(header: *mut Header) -> Option<V> {
    (!header.is_null()).then(|| V::object(header))
}

pub(super) fn cannot(what: String) -> Error {
    Error::Decode { what: format!("Morpho cannot represent {what}").into() }
}

pub(super) fn inexact(element: Element, bytes: &[u8]) -> Error {
    let number = match element {
        Element::Uint64 => u64::from_ne_bytes(bytes.try_into().unwrap_or_default()).to_string(),
        _ => i64::from_ne_bytes(bytes.try_into().unwrap_or_default()).to_string(),
    };
    cannot(format!("the {} {number} exactly: send it as another dtype", element.name()))
}
