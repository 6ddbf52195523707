use std::borrow::Cow;

use super::*;
use crate::binding::value::ValueRef;
use crate::core::Frame;
use crate::core::array::{ArrayRef, Element, read, read_extension, write_extension};

fn ints(numbers: &[i64]) -> ValueRef<'static> {
    ValueRef::List(numbers.iter().map(|number| ValueRef::Int(*number)).collect())
}

fn shown(array: &Array) -> String {
    let lists = lists(array, &mut ListLimit::default()).unwrap();
    format!("{} {:?} {lists:?}", array.element().name(), array.shape())
}

/// Sends a value and receives it.
fn round(value: &ValueRef) -> Array {
    let [described, elements] = gathered(value).unwrap().frames();
    read(&described, elements).unwrap()
}

#[test]
fn numbers_are_gathered_from_lists() {
    let lists = ValueRef::List(vec![ints(&[1, 2, 3]), ints(&[4, 5, 6])]);
    assert_eq!(
        shown(&round(&lists)),
        "int64 [2, 3] List([List([Int(1), Int(2), Int(3)]), List([Int(4), Int(5), Int(6)])])"
    );
    let mixed = ValueRef::List(vec![ValueRef::Int(1), ValueRef::Float(0.5)]);
    assert_eq!(shown(&round(&mixed)), "float64 [2] List([Float(1.0), Float(0.5)])");
    let bools = ValueRef::List(vec![ValueRef::Bool(true), ValueRef::Bool(false)]);
    assert_eq!(shown(&round(&bools)), "bool [2] List([Bool(true), Bool(false)])");
    assert_eq!(shown(&round(&ValueRef::Int(-7))), "int64 [] Int(-7)");
    assert_eq!(shown(&round(&ints(&[]))), "float64 [0] List([])");
    let i = ArrayRef {
        element: Element::Complex128,
        shape: Vec::new(),
        bytes: [0_f64, 1.0].iter().flat_map(|part| part.to_ne_bytes()).collect(),
        by_columns: false,
    };
    let complex = ValueRef::List(vec![ValueRef::Array(i), ValueRef::Int(2)]);
    assert_eq!(
        shown(&round(&complex)),
        "complex128 [2] List([Tuple([Float(0.0), Float(1.0)]), Tuple([Float(2.0), Float(0.0)])])"
    );
}

#[test]
fn what_is_no_array_is_told() {
    let list = ValueRef::List;
    for (value, says) in [
        (ValueRef::Nil, "nil"),
        (list(vec![ValueRef::Int(1), ValueRef::String(b"a")]), "the String \"a\""),
        (list(vec![ints(&[1]), ints(&[1, 2])]), "Lists of 1 and of 2 items side by side"),
        (list(vec![ints(&[1]), ValueRef::Int(1)]), "Lists that are not evenly nested"),
        (list(vec![ValueRef::Int(1), ints(&[1])]), "Lists that are not evenly nested"),
        (list(vec![list(vec![]), ints(&[1])]), "Lists of 0 and of 1 items side by side"),
        (list(vec![ValueRef::Int(1), ValueRef::Bool(true)]), "Bools and numbers in one List"),
        (
            list(vec![ValueRef::Int(i64::MAX), ValueRef::Float(0.5)]),
            "Floats and the Int 9223372036854775807, which no Float represents exactly",
        ),
    ] {
        assert_eq!(gathered(&value).unwrap_err(), says);
    }
    let deep = (0..100).fold(ValueRef::Int(1), |value, _| list(vec![value]));
    assert!(gathered(&deep).unwrap_err().contains("64 deep"));
}

#[test]
fn elements_are_sent_row_by_row() {
    // The matrix [[0, 1, 2], [3, 4, 5]], and a larger one, by columns.
    for (height, width) in [(2, 3), (1, 5), (5, 1), (70, 33), (0, 3)] {
        let at = |row: usize, column: usize| (row * width + column) as f64;
        let columns = (0..width).flat_map(|column| (0..height).map(move |row| at(row, column)));
        let rows: Vec<u8> =
            (0..height * width).flat_map(|number| (number as f64).to_ne_bytes()).collect();
        let array = ArrayRef {
            element: Element::Float64,
            shape: vec![height, width],
            bytes: columns.flat_map(f64::to_ne_bytes).collect(),
            by_columns: true,
        };
        assert_eq!(*array.by_rows(), rows, "{height} x {width}");
        assert_eq!(*array.frames()[1], rows);
    }
    for shape in [[usize::MAX, 0], [0, usize::MAX]] {
        let bytes = Cow::Borrowed(&[][..]);
        let shape = shape.to_vec();
        let empty = ArrayRef { element: Element::Float64, shape, bytes, by_columns: true };
        assert!(empty.by_rows().is_empty());
    }
    // Bytes in three dimensions: the first index changes fastest.
    let cube = ArrayRef {
        element: Element::Uint8,
        shape: vec![2, 1, 3],
        bytes: Cow::Borrowed(&[0, 10, 1, 11, 2, 12]),
        by_columns: true,
    };
    assert_eq!(*cube.by_rows(), [0, 1, 2, 10, 11, 12]);
}

#[test]
fn frames_of_numpy_are_read() {
    let read = |described: &str, bytes: &[u8]| read(described.as_bytes(), Frame::from(bytes));
    let array = read(r#"{"dtype": ">i2", "shape": [2], "more": 1}"#, &[1, 0, 0, 255]).unwrap();
    assert_eq!(shown(&array), "int16 [2] List([Int(256), Int(255)])");
    for dtype in ["<c8", "complex64", "c8", "|u1", "b1", "=f4"] {
        assert!(read(&format!(r#"{{"dtype": "{dtype}", "shape": [0]}}"#), b"").is_ok(), "{dtype}");
    }
    let empty = read(r#"{"dtype": "f8", "shape": [1, 0]}"#, b"").unwrap();
    assert_eq!(shown(&empty), "float64 [1, 0] List([List([])])");
    for (described, bytes, says) in [
        ("nonsense", &b""[..], "does not describe an array: expected"),
        (r#"{"shape": []}"#, b"", "it has no dtype"),
        (r#"{"dtype": "f8"}"#, b"", "it has no shape"),
        (r#"{"dtype": "f8", "shape": [-1]}"#, b"", "a size in its shape is not one"),
        (r#"{"dtype": "f8", "shape": [1.5]}"#, b"", "a size in its shape is not one"),
        (r#"{"dtype": "object", "shape": [1]}"#, b"12345678", "the dtype object is not known"),
        (r#"{"dtype": "f8", "shape": [2]}"#, b"12345678", "has 16 bytes, and the frame has 8"),
        (r#"{"dtype": "f8", "shape": []}"#, b"", "has 8 bytes, and the frame has 0"),
        (r#"{"dtype": "f8", "shape": [1099511627776]}"#, b"", "8796093022208 bytes"),
        (r#"{"dtype": "u1", "shape": [4294967296, 4294967296]}"#, b"", "does not fit"),
        (r#"{"dtype": "u1", "shape": [0, 4294967296, 4294967296]}"#, b"", "does not fit"),
    ] {
        let error = read(described, bytes).unwrap_err();
        assert!(error.contains(says), "{described}: {error}");
    }
    let ones = "1,".repeat(64);
    let many = read(&format!(r#"{{"dtype": "u1", "shape": [{ones}1]}}"#), b"a").unwrap_err();
    assert!(many.contains("65 dimensions"), "{many}");
    // Few bytes, but very many Lists.
    for (shape, bytes) in [("0, 1".to_owned(), 0), ("4194304, 0".to_owned(), 0), (ones + "1", 1)] {
        let shape = shape.trim_start_matches("1,").to_owned();
        let array = read(&format!(r#"{{"dtype": "u1", "shape": [{shape}]}}"#), &vec![0; bytes]);
        let lists = lists(&array.unwrap(), &mut ListLimit::default());
        assert_eq!(lists.is_err(), shape.starts_with('4'), "{shape}");
    }
}

#[test]
fn extensions_hold_arrays() {
    let lists = ValueRef::List(vec![ints(&[1, 2]), ints(&[3, 4])]);
    let data = write_extension(&gathered(&lists).unwrap());
    assert_eq!(data[..18], [5, 2, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(shown(&read_extension(&data).unwrap()), shown(&round(&lists)));
    for size in 0..data.len() {
        assert!(read_extension(&data[..size]).is_err(), "{size}");
    }
    for wrong in [0, 14, 255] {
        assert!(read_extension(&[wrong, 0]).is_err(), "{wrong}");
    }
    let huge = [&[11, 2][..], &[255; 16], &[0; 8]].concat();
    assert!(read_extension(&huge).is_err());
}

/// Each of them would fit, but not all of them.
#[test]
fn all_arrays_of_a_value_share_the_limit_of_lists() {
    let data = [&[6, 2][..], &1_000_000_u64.to_le_bytes(), &[0; 8]].concat();
    let array = || Value::Array(Box::new(read_extension(&data).unwrap()));
    assert!(array().without(true, true).is_ok());
    let three = |last| {
        let entries = vec![(Value::Int(1), Value::Tuple(vec![array()]))];
        Value::List(vec![array(), Value::Dictionary(entries), last])
    };
    assert!(three(Value::Nil).without(true, true).is_ok());
    let error = three(array()).without(true, true).unwrap_err();
    assert!(error.to_string().contains("too many numbers or dimensions"), "{error}");
}
