//! Sparse matrices as frames, and as an extension of MessagePack.

use super::{Format, Sparse, SparseRef};
use crate::core::array::wire::{Description, dtype_of, reversed};
use crate::core::array::{Bytes, Element};
use crate::core::message::Frame;

/// The type of sparse matrices among the extensions of MessagePack. The data is one byte with
/// the number of the kind of elements, one byte with that of the indices, the numbers of rows,
/// columns and stored elements as uint64, and then the vectors as in the frames, all in
/// little-endian order.
pub(crate) const EXTENSION: i8 = 79;

const LITTLE: bool = cfg!(target_endian = "little");

impl SparseRef<'_> {
    /// Returns all four frames. The vectors are copied once.
    pub fn frames(&self) -> [Frame; 4] {
        let [rows, columns] = self.shape;
        let [dtype, index] = [self.element, self.index].map(Element::name_on_the_wire);
        let described = format!(
            "{{\"format\": \"csc\", \"dtype\": \"{dtype}\", \"index_dtype\": \"{index}\", \
             \"shape\": [{rows}, {columns}]}}"
        );
        let vectors = &self.vectors;
        [described.as_bytes(), &*vectors.data, &*vectors.indices, &*vectors.indptr].map(Frame::from)
    }

    /// Returns it as the data of an extension of MessagePack.
    pub(crate) fn extension(&self) -> Vec<u8> {
        let vectors = [
            (&self.vectors.data, self.element),
            (&self.vectors.indices, self.index),
            (&self.vectors.indptr, self.index),
        ];
        let size: usize = vectors.iter().map(|(bytes, _)| bytes.len()).sum();
        let mut data = Vec::with_capacity(26 + size);
        data.extend([self.element as u32 as u8, self.index as u32 as u8]);
        let [rows, columns] = self.shape;
        for size in [rows, columns, self.count()] {
            data.extend((size as u64).to_le_bytes());
        }
        for (bytes, element) in vectors {
            match LITTLE {
                true => data.extend_from_slice(bytes),
                false => data.extend(reversed(bytes, element.word())),
            }
        }
        data
    }
}

/// Reads a sparse matrix from its four frames. The vectors stay where they are, unless their
/// bytes are in the other order, or their rows are in none.
///
/// # Errors
/// Why they are none.
pub(crate) fn read(described: &[u8], vectors: [Frame; 3]) -> Result<Sparse, String> {
    let Description { element, swapped, shape, format, index } = Description::read(described)?;
    let format = match format.as_deref() {
        Some("csc") => Format::Csc,
        Some("csr") => Format::Csr,
        Some(other) => {
            return Err(format!("a sparse matrix has the format {other:.40}: expected csc or csr"));
        }
        None => {
            return Err(
                "the first of four frames has no format: expected csc or csr, of a sparse \
                        matrix"
                    .to_owned(),
            );
        }
    };
    let (index, index_swapped) = dtype_of(index.as_deref().ok_or_else(|| {
        "a sparse matrix has no index_dtype: expected int32 or int64".to_owned()
    })?)?;
    let shape = <[usize; 2]>::try_from(shape)
        .map_err(|shape| format!("a sparse matrix has {} sizes: expected 2", shape.len()))?;
    let [data, indices, indptr] = vectors;
    let bytes = |frame: Frame, element: Element, swapped: bool| match swapped {
        // The length is checked later.
        true if frame.len().is_multiple_of(element.size()) => {
            Bytes::Made(reversed(&frame, element.word()))
        }
        _ => Bytes::Received(frame),
    };
    let vectors = [
        bytes(data, element, swapped),
        bytes(indices, index, index_swapped),
        bytes(indptr, index, index_swapped),
    ];
    Sparse::new(shape, format, [element, index], vectors).map_err(wrong)
}

/// Reads a sparse matrix from the data of an extension of MessagePack.
///
/// # Errors
/// Why it is none.
pub(crate) fn read_extension(data: &[u8]) -> Result<Sparse, String> {
    let [element, index, rest @ ..] = data else {
        return Err(wrong("it has no kind of elements and of indices".to_owned()));
    };
    let kind = |number: u8| {
        Element::of(number.into())
            .ok_or_else(|| wrong(format!("it has elements of the unknown kind {number}")))
    };
    let (element, index) = (kind(*element)?, kind(*index)?);
    let (sizes, rest) = rest
        .split_at_checked(24)
        .ok_or_else(|| wrong("it ends in the middle of its shape".to_owned()))?;
    let size = |at: usize| usize::try_from(u64::from_le_bytes(sizes.as_chunks().0[at]));
    let (Ok(rows), Ok(columns), Ok(count)) = (size(0), size(1), size(2)) else {
        return Err(wrong("it does not fit into memory".to_owned()));
    };
    let ends = |element: Element, from: &'static str| {
        move |rest: &'_ [u8]| {
            let size = count.checked_mul(element.size()).filter(|size| *size <= rest.len());
            size.ok_or_else(|| wrong(format!("it ends in the middle of its {from}")))
        }
    };
    let (values, rest) = rest.split_at(ends(element, "data")(rest)?);
    let (indices, indptr) = rest.split_at(ends(index, "indices")(rest)?);
    let bytes = |bytes: &[u8], element: Element| {
        let whole = bytes.len().is_multiple_of(element.size());
        Bytes::Made(if LITTLE || !whole {
            bytes.to_owned()
        } else {
            reversed(bytes, element.word())
        })
    };
    let vectors = [bytes(values, element), bytes(indices, index), bytes(indptr, index)];
    Sparse::new([rows, columns], Format::Csc, [element, index], vectors).map_err(wrong)
}

fn wrong(what: String) -> String {
    format!("this is no sparse matrix: {what}")
}
