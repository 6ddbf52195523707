//! Arrays as frames, and as an extension of MessagePack.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::{Array, ArrayRef, Bytes, DEEPEST, Element, Number, count};
use crate::core::counted::Counted;
use crate::core::message::Frame;

/// The type of arrays among the extensions of MessagePack. The data is one byte with the
/// number of the kind of elements, one byte with the number of dimensions, the sizes as
/// uint64, and the elements row by row, all in little-endian order.
pub(crate) const EXTENSION: i8 = 78;

/// The longest description that is read.
const LONGEST: usize = 1 << 16;

/// How many elements of a column are transposed at once: those of 8 bytes fill a line of the
/// cache. They go to as many rows, which are written from one end to the other, so that even
/// rows whose addresses differ by a power of two stay in the cache.
const LINE: usize = 8;

impl ArrayRef<'_> {
    /// Returns both frames. The elements are copied once.
    pub fn frames(&self) -> [Frame; 2] {
        let shape: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        let dtype = self.element.name_on_the_wire();
        let described = format!("{{\"dtype\": \"{dtype}\", \"shape\": [{}]}}", shape.join(", "));
        let elements = match self.by_rows() {
            Cow::Borrowed(bytes) => Frame::from(bytes),
            Cow::Owned(bytes) => Frame::from(bytes),
        };
        [Frame::from(described.as_bytes()), elements]
    }

    /// Returns the elements row by row.
    pub fn by_rows(&self) -> Cow<'_, [u8]> {
        let longer = self.shape.iter().filter(|size| **size != 1).count();
        if !self.by_columns || longer < 2 {
            return Cow::Borrowed(&self.bytes);
        }
        let mut rows = vec![0; self.bytes.len()];
        match (&*self.shape, self.element.size()) {
            ([height, width], 8) => {
                let (from, to) = (self.bytes.as_chunks::<8>().0, rows.as_chunks_mut().0);
                transpose(from, *height, *width, |at, element| to[at] = element);
            }
            ([height, width], 16) => {
                let (from, to) = (self.bytes.as_chunks::<16>().0, rows.as_chunks_mut().0);
                transpose(from, *height, *width, |at, element| to[at] = element);
            }
            (shape, size) => reorder(&self.bytes, &mut rows, shape, size),
        }
        Cow::Owned(rows)
    }

    /// Returns all elements, row by row, as elements of a kind, in the other byte order if
    /// `swapped`.
    ///
    /// # Errors
    /// The first number that the kind cannot represent.
    pub(crate) fn converted(&self, element: Element, swapped: bool) -> Result<Vec<u8>, Number> {
        let rows = self.by_rows();
        let mut bytes = Vec::new();
        match element == self.element {
            true => bytes = rows.into_owned(),
            false => {
                bytes.reserve_exact(rows.len() / self.element.size() * element.size());
                for number in numbers(&rows, self.element, false) {
                    if !element.push(number, &mut bytes) {
                        return Err(number);
                    }
                }
            }
        }
        Ok(if swapped { reversed(&bytes, element.word()) } else { bytes })
    }
}

/// Returns the numbers in bytes, which are in the other order if `swapped`.
pub(crate) fn numbers(
    bytes: &[u8],
    element: Element,
    swapped: bool,
) -> impl ExactSizeIterator<Item = Number> {
    let size = element.size();
    let bytes = match swapped {
        true => Cow::Owned(reversed(bytes, element.word())),
        false => Cow::Borrowed(bytes),
    };
    (0..bytes.len() / size).map(move |at| element.number(&bytes[at * size..(at + 1) * size]))
}

/// Passes each element of a matrix that is stored by columns to `put`, with its index in one
/// that is stored by rows. To store by columns what is stored by rows, swap height and width.
pub(crate) fn transpose<T: Copy>(
    from: &[T],
    height: usize,
    width: usize,
    mut put: impl FnMut(usize, T),
) {
    // Otherwise it would count the rows of an empty matrix, which may have any number.
    if from.is_empty() {
        return;
    }
    let whole = height - height % LINE;
    for top in (0..whole).step_by(LINE) {
        for column in 0..width {
            let at = column * height + top;
            // Of a known length, so that the loop is unrolled.
            let line = &from[at..at + LINE].as_chunks::<LINE>().0[0];
            for (row, element) in line.iter().enumerate() {
                put((top + row) * width + column, *element);
            }
        }
    }
    for row in whole..height {
        for column in 0..width {
            put(row * width + column, from[column * height + row]);
        }
    }
}

/// Copies an array whose first index changes fastest into one whose last index does.
fn reorder(from: &[u8], to: &mut [u8], shape: &[usize], size: usize) {
    for (place, at) in to.chunks_exact_mut(size).zip(places_by_columns(shape)) {
        place.copy_from_slice(&from[at * size..(at + 1) * size]);
    }
}

/// Returns where each element of an array, taken row by row, is stored in one whose first
/// index changes fastest. After the last element it begins again.
pub(crate) fn places_by_columns(shape: &[usize]) -> impl Iterator<Item = usize> {
    let mut index = vec![0; shape.len()];
    std::iter::repeat_with(move || {
        let at = index.iter().zip(shape).rev().fold(0, |at, (i, size)| at * size + i);
        // Counts up, the last index first.
        for (i, size) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *size {
                break;
            }
            *i = 0;
        }
        at
    })
}

/// Reads an array from its two frames. The elements stay where they are, unless their bytes
/// are in the other order.
///
/// # Errors
/// Why they are none.
pub(crate) fn read(described: &[u8], elements: Frame) -> Result<Array, String> {
    let Description { element, swapped, shape, .. } = Description::read(described)?;
    check(element, &shape, elements.len())?;
    let bytes = match swapped {
        false => Bytes::Received(elements),
        true => Bytes::Made(reversed(&elements, element.word())),
    };
    Ok(Array { element, shape, bytes })
}

/// What the first frame tells.
pub(super) struct Description {
    pub element: Element,
    /// True if the elements are in the other byte order.
    pub swapped: bool,
    pub shape: Vec<usize>,
    /// The format of a sparse matrix, and the kind of its indices, as they are written.
    pub format: Option<String>,
    pub index: Option<String>,
}

impl Description {
    /// Reads the first frame.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(frame: &[u8]) -> Result<Description, String> {
        let wrong = |what: String| format!("the first frame does not describe an array: {what}");
        if frame.len() > LONGEST {
            return Err(wrong(format!("it has {} bytes", frame.len())));
        }
        let json: Json = serde_json::from_slice(frame).map_err(|error| wrong(error.to_string()))?;
        let dtype = json["dtype"].as_str().ok_or_else(|| wrong("it has no dtype".to_owned()))?;
        let shape = json["shape"].as_array().ok_or_else(|| wrong("it has no shape".to_owned()))?;
        let size = |size: &Json| size.as_u64().and_then(|size| usize::try_from(size).ok());
        let shape: Option<Vec<usize>> = shape.iter().map(size).collect();
        let shape = shape.ok_or_else(|| wrong("a size in its shape is not one".to_owned()))?;
        let (element, swapped) = dtype_of(dtype)?;
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        Ok(Description {
            element,
            swapped,
            shape,
            format: text("format"),
            index: text("index_dtype"),
        })
    }
}

/// Returns the kind of elements with a name, and true if they are in the other byte order.
pub(super) fn dtype_of(name: &str) -> Result<(Element, bool), String> {
    Element::from_name(name).ok_or_else(|| format!("the dtype {name:.40} is not known"))
}

/// Checks that a shape goes with a number of bytes.
fn check(element: Element, shape: &[usize], bytes: usize) -> Result<(), String> {
    let name = element.name();
    if shape.len() > DEEPEST {
        return Err(format!("the array has {} dimensions, at most {DEEPEST} fit", shape.len()));
    }
    let expected = count(shape, element).map(|count| count * element.size());
    match expected {
        None => Err(format!("an array of {name} with this shape does not fit into memory")),
        Some(expected) if expected != bytes => Err(format!(
            "an array of {name} with this shape has {}, and the frame has {bytes}",
            Counted(expected, "byte")
        )),
        Some(_) => Ok(()),
    }
}

pub(super) fn reversed(bytes: &[u8], word: usize) -> Vec<u8> {
    bytes.chunks_exact(word).flat_map(|word| word.iter().rev().copied()).collect()
}

/// Returns an array as the data of an extension of MessagePack.
pub(crate) fn write_extension(array: &ArrayRef) -> Vec<u8> {
    let rows = array.by_rows();
    let mut data = Vec::with_capacity(2 + 8 * array.shape.len() + rows.len());
    data.extend([array.element as u32 as u8, array.shape.len() as u8]);
    array.shape.iter().for_each(|size| data.extend((*size as u64).to_le_bytes()));
    match cfg!(target_endian = "little") {
        true => data.extend_from_slice(&rows),
        false => data.extend(reversed(&rows, array.element.word())),
    }
    data
}

/// Reads an array from the data of an extension of MessagePack.
///
/// # Errors
/// Why it is none.
pub(crate) fn read_extension(data: &[u8]) -> Result<Array, String> {
    let [number, dimensions, rest @ ..] = data else {
        return Err("an array has no kind of elements and no shape".to_owned());
    };
    let element = Element::of((*number).into())
        .ok_or_else(|| format!("an array has elements of the unknown kind {number}"))?;
    let (sizes, elements) = rest
        .split_at_checked(8 * usize::from(*dimensions))
        .ok_or("an array ends in the middle of its shape")?;
    let (sizes, _) = sizes.as_chunks();
    let shape: Option<Vec<usize>> =
        sizes.iter().map(|size| u64::from_le_bytes(*size).try_into().ok()).collect();
    let shape = shape.ok_or("an array does not fit into memory")?;
    check(element, &shape, elements.len())?;
    let bytes = match cfg!(target_endian = "little") {
        true => elements.to_owned(),
        false => reversed(elements, element.word()),
    };
    Ok(Array { element, shape, bytes: Bytes::Made(bytes) })
}
