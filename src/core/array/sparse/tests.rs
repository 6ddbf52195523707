use super::*;
use crate::core::message::Frame;

/// Describes a matrix of float64 with indices of int32.
fn described(format: &str, rows: usize, columns: usize) -> String {
    format!(
        "{{\"format\": \"{format}\", \"dtype\": \"float64\", \"index_dtype\": \"int32\", \
         \"shape\": [{rows}, {columns}]}}"
    )
}

fn floats(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn ints(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn frames(vectors: [&[u8]; 3]) -> [Frame; 3] {
    vectors.map(Frame::from)
}

/// Reads a matrix of float64 with indices of int32.
fn matrix(
    (format, rows, columns): (&str, usize, usize),
    data: &[f64],
    indices: &[i32],
    indptr: &[i32],
) -> Result<Sparse, String> {
    let vectors = [floats(data), ints(indices), ints(indptr)];
    let [data, indices, indptr] = &vectors;
    read(described(format, rows, columns).as_bytes(), frames([data, indices, indptr]))
}

/// Shows the rows and numbers of each column.
fn shown(matrix: &Sparse) -> String {
    let numbers = |vector: &Array| -> String {
        let count = vector.shape()[0];
        let shown: Vec<String> =
            (0..count).map(|at| vector.number(at).unwrap().to_string()).collect();
        shown.join(" ")
    };
    let [rows, columns] = matrix.shape();
    let vectors = [matrix.data(), matrix.indices(), matrix.indptr()].map(numbers);
    format!("{rows} x {columns}: {}", vectors.join(" | "))
}

/// ```text
/// 1 0 -3
/// 0 0 2.5
/// ```
const EXAMPLE: &str = "2 x 3: 1.0 -3.0 2.5 | 0 0 1 | 0 1 1 3";

fn example() -> Sparse {
    matrix(("csc", 2, 3), &[1.0, -3.0, 2.5], &[0, 0, 1], &[0, 1, 1, 3]).unwrap()
}

#[test]
fn what_was_sent_arrives() {
    let sent = example();
    let [first, vectors @ ..] = sent.view().frames();
    assert_eq!(&*first, described("csc", 2, 3).as_bytes());
    assert_eq!(shown(&read(&first, vectors).unwrap()), EXAMPLE);
    assert_eq!(shown(&read_extension(&sent.view().extension()).unwrap()), EXAMPLE);
    assert_eq!(sent.view().count(), 3);
}

#[test]
fn the_extension_is_as_documented() {
    let mut expected = vec![11, 4];
    [2_u64, 3, 3].iter().for_each(|size| expected.extend(size.to_le_bytes()));
    [1.0_f64, -3.0, 2.5].iter().for_each(|number| expected.extend(number.to_le_bytes()));
    [0_i32, 0, 1, 0, 1, 1, 3].iter().for_each(|number| expected.extend(number.to_le_bytes()));
    assert_eq!(example().view().extension(), expected);
}

#[test]
fn vectors_are_not_copied() {
    let vectors = [vec![1_u8; 4000], ints(&[0; 500]), ints(&(0..=500).collect::<Vec<i32>>())];
    let received = vectors.each_ref().map(|vector| Frame::from(&**vector));
    let addresses = received.each_ref().map(|frame| frame.as_ptr());
    let read = read(described("csc", 1, 500).as_bytes(), received).unwrap();
    let kept = [read.data(), read.indices(), read.indptr()].map(|vector| vector.bytes().as_ptr());
    assert_eq!(kept, addresses);
}

#[test]
fn rows_are_sorted_and_compressed_rows_become_columns() {
    let unordered = matrix(("csc", 2, 3), &[1.0, 2.5, -3.0], &[0, 1, 0], &[0, 1, 1, 3]);
    assert_eq!(shown(&unordered.unwrap()), EXAMPLE);
    let rows = matrix(("csr", 2, 3), &[1.0, -3.0, 2.5], &[0, 2, 2], &[0, 2, 3]);
    assert_eq!(shown(&rows.unwrap()), EXAMPLE);
    let rows = matrix(("csr", 2, 3), &[-3.0, 1.0, 2.5], &[2, 0, 2], &[0, 2, 3]);
    assert_eq!(shown(&rows.unwrap()), EXAMPLE);
}

#[test]
fn any_numbers_are_stored() {
    let numbers = [f64::NAN, f64::INFINITY, -0.0, 0.0];
    let read = matrix(("csc", 4, 1), &numbers, &[0, 1, 2, 3], &[0, 4]).unwrap();
    assert_eq!(read.data().bytes(), floats(&numbers));
    for (rows, columns, begins) in
        [(0, 0, 1), (0, 3, 4), (3, 0, 1), (1, 0, 1), (0, 1, 2), (1 << 40, 0, 1), (1 << 40, 2, 3)]
    {
        let read = matrix(("csc", rows, columns), &[], &[], &vec![0; begins]).unwrap();
        assert_eq!((read.shape(), read.view().count()), ([rows, columns], 0));
        let again = read_extension(&read.view().extension()).unwrap();
        assert_eq!(shown(&again), shown(&read));
    }
    let turned = matrix(("csr", 0, 3), &[], &[], &[0]).unwrap();
    assert_eq!(shown(&turned), "0 x 3:  |  | 0 0 0 0");
}

/// Other dtypes, in the other byte order: int16, with indices of int64.
#[test]
fn other_dtypes_and_byte_orders_are_read() {
    let order = if cfg!(target_endian = "little") { '>' } else { '<' };
    let first = format!(
        "{{\"format\": \"csc\", \"dtype\": \"{order}i2\", \"index_dtype\": \"{order}i8\", \
         \"shape\": [3, 1], \"nnz\": 1}}"
    );
    let swapped = |number: i64| number.to_ne_bytes().into_iter().rev().collect::<Vec<u8>>();
    let data: Vec<u8> = (-2_i16).to_ne_bytes().into_iter().rev().collect();
    let indptr = [swapped(0), swapped(1)].concat();
    let read = read(first.as_bytes(), frames([&data, &swapped(2), &indptr])).unwrap();
    assert_eq!(shown(&read), "3 x 1: -2 | 2 | 0 1");
    let names = [read.data(), read.indices()].map(|vector| vector.element().name());
    assert_eq!(names, ["int16", "int64"]);
}

#[test]
fn wrong_vectors_are_refused() {
    let csc = |rows, columns| ("csc", rows, columns);
    let two = [1.0, 2.0];
    for (found, says) in [
        (
            matrix(csc(2, 2), &two, &[0, 1], &[0, 1]),
            "its indptr has 8 bytes: expected 2 + 1 numbers of int32, one for each column and the end",
        ),
        (
            matrix(csc(2, 1 << 40), &two, &[0, 1], &[0, 1]),
            "its indptr has 8 bytes: expected 1099511627776 + 1 numbers of int32",
        ),
        (matrix(csc(2, usize::MAX), &[], &[], &[]), "its indptr has 0 bytes: expected 184467"),
        (matrix(csc(2, 0), &[], &[], &[]), "its indptr has 0 bytes: expected 0 + 1 numbers"),
        (
            matrix(csc(2, 1), &two, &[0], &[0, 1]),
            "its data has 16 bytes of float64 and its indices have 4 bytes of int32: expected as \
             many numbers in both",
        ),
        (matrix(csc(2, 1), &two, &[0, 1], &[1, 2]), "its indptr begins with 1: expected 0"),
        (matrix(csc(2, 1), &two, &[0, 1], &[-1, 2]), "its indptr begins with -1: expected 0"),
        (
            matrix(csc(2, 2), &two, &[0, 1], &[0, 2, 1]),
            "number 2 of its indptr is 1: expected 2 to 2",
        ),
        (
            matrix(csc(2, 2), &two, &[0, 1], &[0, 3, 2]),
            "number 1 of its indptr is 3: expected 0 to 2",
        ),
        (
            matrix(csc(2, 2), &two, &[0, 1], &[0, -1, 2]),
            "number 1 of its indptr is -1: expected 0 to 2",
        ),
        (
            matrix(csc(2, 2), &two, &[0, 1], &[0, 1, 1]),
            "its indptr ends with 1, and it has 2 elements: expected as many",
        ),
        (
            matrix(csc(2, 1), &two, &[0, 2], &[0, 2]),
            "column 0 has an element in row 2: expected rows below 2",
        ),
        (
            matrix(csc(2, 1), &two, &[-1, 0], &[0, 2]),
            "column 0 has an element in row -1: expected rows below 2",
        ),
        (
            matrix(csc(0, 1), &[1.0], &[0], &[0, 1]),
            "column 0 has an element in row 0: expected rows below 0",
        ),
        (
            matrix(csc(2, 1), &two, &[1, 1], &[0, 2]),
            "column 0 has row 1 twice: sum_duplicates of scipy adds them up",
        ),
        (matrix(csc(3, 1), &[1.0; 3], &[1, 0, 1], &[0, 3]), "column 0 has row 1 twice"),
        (matrix(("csr", 1, 2), &two, &[1, 1], &[0, 2]), "row 0 has column 1 twice"),
        (matrix(("csr", 1, 2), &two, &[0, 2], &[0, 2]), "row 0 has an element in column 2"),
        // A few bytes must not become gigabytes.
        (
            matrix(("csr", 0, 1 << 31), &[], &[], &[0]),
            "it has 2147483648 columns in the format csr, of which at most 16777216 are converted",
        ),
    ] {
        let found = found.unwrap_err();
        assert!(found.starts_with(&format!("this is no sparse matrix: {says}")), "{found}");
    }
}

#[test]
fn wrong_descriptions_are_refused() {
    let part = "\"dtype\": \"float64\", \"shape\": [1, 1]";
    for (first, says) in [
        (format!("{{{part}}}"), "the first of four frames has no format: expected csc or csr"),
        (
            format!("{{{part}, \"format\": \"coo\"}}"),
            "a sparse matrix has the format coo: expected csc or csr",
        ),
        (
            format!("{{{part}, \"format\": \"csc\"}}"),
            "a sparse matrix has no index_dtype: expected int32 or int64",
        ),
        (
            format!("{{{part}, \"format\": \"csc\", \"index_dtype\": \"uint32\"}}"),
            "this is no sparse matrix: its indices are uint32: expected int32 or int64",
        ),
        (
            format!("{{{part}, \"format\": \"csc\", \"index_dtype\": \"words\"}}"),
            "the dtype words is not known",
        ),
        (
            described("csc", 1, 1).replace("[1, 1]", "[1]"),
            "a sparse matrix has 1 sizes: expected 2",
        ),
        (
            described("csc", 1, 1).replace("[1, 1]", "[1, -1]"),
            "the first frame does not describe an array: a size in its shape is not one",
        ),
        ("[]".to_owned(), "the first frame does not describe an array: it has no dtype"),
    ] {
        let vectors = frames([&floats(&[1.0]), &ints(&[0]), &ints(&[0, 1])]);
        let found = read(first.as_bytes(), vectors).unwrap_err();
        assert!(found.starts_with(says), "{found}");
    }
    // Vectors with parts of numbers, in either byte order.
    for order in ['<', '>'] {
        let first = format!(
            "{{\"format\": \"csc\", \"dtype\": \"{order}f8\", \"index_dtype\": \"{order}i4\", \
             \"shape\": [1, 1]}}"
        );
        for (data, indices, indptr) in [(7, 4, 8), (8, 3, 8), (8, 4, 7), (9, 5, 9)] {
            let vectors = [data, indices, indptr].map(|size: usize| vec![0; size]);
            let found = read(first.as_bytes(), vectors.each_ref().map(|v| Frame::from(&**v)));
            assert!(found.is_err(), "{data} {indices} {indptr}");
        }
    }
}

#[test]
fn every_prefix_of_an_extension_is_refused() {
    let data = example().view().extension();
    for end in 0..data.len() {
        assert!(read_extension(&data[..end]).is_err(), "{end}");
    }
    assert!(read_extension(&[&*data, &[0]].concat()).is_err());
    for (at, what) in [(0, 0), (0, 99), (1, 0), (1, 11), (2, 1), (10, 2), (18, 4), (24, 255)] {
        let mut wrong = data.clone();
        wrong[at] = what;
        assert!(read_extension(&wrong).is_err(), "{at}");
    }
}

#[test]
fn lent_vectors_are_checked() {
    let vector = |element: Element, bytes: Vec<u8>| ArrayRef {
        element,
        shape: vec![bytes.len() / element.size()],
        bytes: bytes.into(),
        by_columns: false,
    };
    let made = |rows, indices: Element, indptr: Element| {
        SparseRef::new(
            [rows, 1],
            vector(Element::Float64, floats(&[1.0, 2.0])),
            vector(indices, ints(&[1, 0])),
            vector(indptr, ints(&[0, 2])),
        )
    };
    let sorted = made(2, Element::Int32, Element::Int32).unwrap();
    assert_eq!(*sorted.vectors.data, floats(&[2.0, 1.0]));
    assert!(made(1, Element::Int32, Element::Int32).unwrap_err().contains("row 1"));
    assert_eq!(
        made(2, Element::Int32, Element::Int64).unwrap_err(),
        "its indices are int32 and its indptr is int64: expected one"
    );
    assert!(made(2, Element::Uint32, Element::Uint32).unwrap_err().contains("uint32"));
}
