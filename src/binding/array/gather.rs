//! Arrays of the numbers in an argument.

use std::borrow::Cow;

use crate::binding::value::ValueRef;
use crate::core::array::{ArrayRef, DEEPEST, Element, SparseRef};

/// The kinds of numbers that were found.
#[derive(Default)]
struct Found {
    bools: bool,
    ints: bool,
    /// An Int that has no exact floating-point number.
    large: Option<i64>,
    floats: bool,
    complex: bool,
}

/// Makes an array of a value: an array, a number, or Lists and Tuples of numbers that are
/// evenly nested. Ints become int64, unless there are Floats among them.
///
/// # Errors
/// Why it is none.
pub fn gathered<'a>(value: &ValueRef<'a>) -> Result<ArrayRef<'a>, String> {
    if let ValueRef::Array(array) = value {
        return Ok(array.clone());
    }
    let (mut shape, mut found) = (Vec::new(), Found::default());
    measure(value, 0, &mut shape, &mut found)?;
    let element = found.element()?;
    let mut bytes = Vec::new();
    collect(value, element, &mut bytes);
    Ok(ArrayRef { element, shape, bytes: Cow::Owned(bytes), by_columns: false })
}

/// Makes a sparse matrix of a Dictionary of its vectors, as hosts without sparse matrices get
/// it. Each vector may be whatever [`gathered`] takes.
///
/// # Errors
/// Why it is none, to be appended to "a Dictionary".
pub fn sparse_of<'a>(entries: &[(ValueRef<'a>, ValueRef<'a>)]) -> Result<SparseRef<'a>, String> {
    let find = |name: &str| {
        let is = |key: &ValueRef| matches!(key, ValueRef::String(key) if *key == name.as_bytes());
        entries.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
    };
    let entry = |name: &str| find(name).ok_or_else(|| format!("without \"{name}\""));
    match find("format") {
        None | Some(ValueRef::String(b"csc")) => {}
        Some(other) => return Err(format!("whose \"format\" is {other}, not csc")),
    }
    let shape = match entry("shape")? {
        ValueRef::List(sizes) => match &sizes[..] {
            [ValueRef::Int(rows), ValueRef::Int(columns)] => {
                [*rows, *columns].map(|size| usize::try_from(size).ok())
            }
            _ => [None; 2],
        },
        _ => [None; 2],
    };
    let [Some(rows), Some(columns)] = shape else {
        return Err("whose \"shape\" is not a List of two Ints".to_owned());
    };
    let vector = |name: &str| {
        let array = gathered(entry(name)?)
            .map_err(|got| format!("whose \"{name}\" has {got}: expected numbers"))?;
        // A matrix with one column is one, too.
        match array.shape.len() {
            1 | 2 if array.shape.iter().skip(1).all(|size| *size == 1) => Ok(array),
            _ => Err(format!("whose \"{name}\" is {}, not one List", ValueRef::Array(array))),
        }
    };
    let (indices, indptr) = (vector("indices")?, vector("indptr")?);
    // As in scipy, they are int32 unless they are too large.
    let fits = |array: &ArrayRef| array.converted(Element::Int32, false).is_ok();
    let element = if fits(&indices) && fits(&indptr) { Element::Int32 } else { Element::Int64 };
    let index = |name: &str, array: ArrayRef<'a>| -> Result<ArrayRef<'a>, String> {
        let bytes = array
            .converted(element, false)
            .map_err(|number| format!("whose \"{name}\" has {number}: expected whole numbers"))?;
        Ok(ArrayRef { element, bytes: bytes.into(), ..array })
    };
    let (indices, indptr) = (index("indices", indices)?, index("indptr", indptr)?);
    SparseRef::new([rows, columns], vector("data")?, indices, indptr)
        .map_err(|why| format!("that is no sparse matrix: {why}"))
}

impl Found {
    fn any(&self) -> bool {
        self.bools || self.ints || self.floats || self.complex
    }

    /// Notes the kind of a number.
    fn note(&mut self, value: &ValueRef) -> Result<(), String> {
        match value {
            ValueRef::Bool(_) => self.bools = true,
            ValueRef::Int(int) => {
                self.ints = true;
                if int.unsigned_abs() > 1 << 53 {
                    self.large = Some(*int);
                }
            }
            ValueRef::Float(_) => self.floats = true,
            ValueRef::Array(array) if array.shape.is_empty() && array.element.is_complex() => {
                self.complex = true;
            }
            value => return Err(value.to_string()),
        }
        Ok(())
    }

    fn element(&self) -> Result<Element, String> {
        if self.bools && (self.ints || self.floats || self.complex) {
            return Err("Bools and numbers in one List".to_owned());
        }
        if (self.floats || self.complex)
            && let Some(int) = self.large
        {
            return Err(format!("Floats and the Int {int}, which no Float represents exactly"));
        }
        Ok(match self {
            Found { complex: true, .. } => Element::Complex128,
            Found { bools: true, .. } => Element::Bool,
            Found { floats: false, ints: true, .. } => Element::Int64,
            _ => Element::Float64,
        })
    }
}

/// Finds the shape of nested lists, and what is in them.
fn measure(
    value: &ValueRef,
    depth: usize,
    shape: &mut Vec<usize>,
    found: &mut Found,
) -> Result<(), String> {
    let uneven = || Err("Lists that are not evenly nested".to_owned());
    let items = match value {
        ValueRef::List(items) => items,
        value => {
            found.note(value)?;
            return if depth == shape.len() { Ok(()) } else { uneven() };
        }
    };
    if depth == DEEPEST {
        return Err(format!("Lists that are nested more than {DEEPEST} deep"));
    }
    match shape.get(depth) {
        None if found.any() => return uneven(),
        None => shape.push(items.len()),
        Some(size) if *size == items.len() => {}
        Some(size) => {
            let other = items.len();
            return Err(format!("Lists of {size} and of {other} items side by side"));
        }
    }
    items.iter().try_for_each(|item| measure(item, depth + 1, shape, found))
}

/// Appends the numbers of a measured value.
fn collect(value: &ValueRef, element: Element, bytes: &mut Vec<u8>) {
    let mut float = |value: f64| {
        bytes.extend(value.to_ne_bytes());
        if element == Element::Complex128 {
            bytes.extend(0_f64.to_ne_bytes());
        }
    };
    match value {
        ValueRef::List(items) => items.iter().for_each(|item| collect(item, element, bytes)),
        ValueRef::Bool(value) => bytes.push((*value).into()),
        ValueRef::Int(value) if element == Element::Int64 => bytes.extend(value.to_ne_bytes()),
        ValueRef::Int(value) => float(*value as f64),
        ValueRef::Float(value) => float(*value),
        ValueRef::Array(array) => {
            let (real, imaginary) = array.element.float(&array.bytes).unwrap_or_default();
            bytes.extend(real.to_ne_bytes());
            bytes.extend(imaginary.to_ne_bytes());
        }
        _ => {}
    }
}
