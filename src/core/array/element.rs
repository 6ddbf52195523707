//! The kinds of numbers in an array.

use std::fmt;

/// The kind of the elements of an array. The numbers are those of the C header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Element {
    /// A byte that is 0 or 1.
    Bool = 1,
    /// Signed integers.
    Int8 = 2,
    /// See [`Int8`](Element::Int8).
    Int16 = 3,
    /// See [`Int8`](Element::Int8).
    Int32 = 4,
    /// See [`Int8`](Element::Int8).
    Int64 = 5,
    /// Unsigned integers.
    Uint8 = 6,
    /// See [`Uint8`](Element::Uint8).
    Uint16 = 7,
    /// See [`Uint8`](Element::Uint8).
    Uint32 = 8,
    /// See [`Uint8`](Element::Uint8).
    Uint64 = 9,
    /// Numbers of IEEE 754.
    Float32 = 10,
    /// See [`Float32`](Element::Float32).
    Float64 = 11,
    /// Complex numbers: the real part, then the imaginary one.
    Complex64 = 12,
    /// See [`Complex64`](Element::Complex64).
    Complex128 = 13,
}

use Element::*;

/// An element, its name in numpy, its short name there, and its size in bytes.
const ROWS: [(Element, &str, &str, usize); 13] = [
    (Bool, "bool", "b1", 1),
    (Int8, "int8", "i1", 1),
    (Int16, "int16", "i2", 2),
    (Int32, "int32", "i4", 4),
    (Int64, "int64", "i8", 8),
    (Uint8, "uint8", "u1", 1),
    (Uint16, "uint16", "u2", 2),
    (Uint32, "uint32", "u4", 4),
    (Uint64, "uint64", "u8", 8),
    (Float32, "float32", "f4", 4),
    (Float64, "float64", "f8", 8),
    (Complex64, "complex64", "c8", 8),
    (Complex128, "complex128", "c16", 16),
];

impl Element {
    /// Returns the element with this number.
    pub fn of(number: u32) -> Option<Element> {
        ROWS.iter().map(|row| row.0).find(|element| *element as u32 == number)
    }

    /// Returns the element with a name of numpy, such as "float64", "f8" or ">f8", and true if
    /// its bytes are in the other order than those of this machine.
    pub fn from_name(name: &str) -> Option<(Element, bool)> {
        let other = if cfg!(target_endian = "little") { '>' } else { '<' };
        let swapped = name.starts_with(other);
        let plain = name.strip_prefix(['<', '>', '=', '|']).unwrap_or(name);
        let named = ROWS.iter().find(|(_, long, short, _)| [*long, *short].contains(&plain));
        named.map(|row| (row.0, swapped && row.3 > 1))
    }

    fn row(self) -> &'static (Element, &'static str, &'static str, usize) {
        &ROWS[self as usize - 1]
    }

    /// Returns its name in numpy.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Returns the name that also tells the byte order, where that is not the usual one.
    pub(super) fn name_on_the_wire(self) -> String {
        match cfg!(target_endian = "little") || self.size() == 1 {
            true => self.name().to_owned(),
            false => format!(">{}", self.row().2),
        }
    }

    /// Returns the size of an element in bytes.
    pub fn size(self) -> usize {
        self.row().3
    }

    /// Returns the size of what has a byte order: of a half, for a complex number.
    pub(super) fn word(self) -> usize {
        if self.is_complex() { self.size() / 2 } else { self.size() }
    }

    /// Returns true for complex numbers.
    pub fn is_complex(self) -> bool {
        matches!(self, Complex64 | Complex128)
    }

    /// Returns an element as a floating-point number, or the real and the imaginary part;
    /// `None` for an integer that has no exact one.
    pub fn float(self, bytes: &[u8]) -> Option<(f64, f64)> {
        self.number(bytes).float()
    }

    /// Appends a number. Returns false, and appends nothing, if an element cannot represent
    /// it: an integer that is too large, or has no exact floating-point number, or a fraction
    /// or a complex number as an integer. Floating-point numbers are rounded.
    pub(super) fn push(self, number: Number, bytes: &mut Vec<u8>) -> bool {
        macro_rules! integer {
            ($type:ty) => {
                match number.integer().and_then(|integer| <$type>::try_from(integer).ok()) {
                    Some(integer) => bytes.extend(integer.to_ne_bytes()),
                    None => return false,
                }
            };
        }
        match self {
            Bool => match number.integer() {
                Some(bit @ (0 | 1)) => bytes.push(bit as u8),
                _ => return false,
            },
            Int8 => integer!(i8),
            Int16 => integer!(i16),
            Int32 => integer!(i32),
            Int64 => integer!(i64),
            Uint8 => integer!(u8),
            Uint16 => integer!(u16),
            Uint32 => integer!(u32),
            Uint64 => integer!(u64),
            Float32 | Float64 | Complex64 | Complex128 => {
                let Some((real, imaginary)) = number.float() else {
                    return false;
                };
                let parts = if self.is_complex() { &[real, imaginary][..] } else { &[real] };
                let short = matches!(self, Float32 | Complex64);
                if short && parts.iter().any(|part| part.is_finite() && !(*part as f32).is_finite())
                    || !self.is_complex() && imaginary != 0.0
                {
                    return false;
                }
                for part in parts {
                    match short {
                        true => bytes.extend((*part as f32).to_ne_bytes()),
                        false => bytes.extend(part.to_ne_bytes()),
                    }
                }
            }
        }
        true
    }

    /// Returns the number that an element is.
    pub fn number(self, bytes: &[u8]) -> Number {
        macro_rules! number {
            ($type:ty, $bytes:expr) => {
                <$type>::from_ne_bytes($bytes.try_into().unwrap_or_default())
            };
        }
        let halves = bytes.split_at(bytes.len() / 2);
        match self {
            Bool => Number::Bool(bytes.first().is_some_and(|byte| *byte != 0)),
            Int8 => Number::Int(number!(i8, bytes).into()),
            Int16 => Number::Int(number!(i16, bytes).into()),
            Int32 => Number::Int(number!(i32, bytes).into()),
            Int64 => Number::Int(number!(i64, bytes)),
            Uint8 => Number::Uint(number!(u8, bytes).into()),
            Uint16 => Number::Uint(number!(u16, bytes).into()),
            Uint32 => Number::Uint(number!(u32, bytes).into()),
            Uint64 => Number::Uint(number!(u64, bytes)),
            Float32 => Number::Float(number!(f32, bytes).into()),
            Float64 => Number::Float(number!(f64, bytes)),
            Complex64 => {
                Number::Complex(number!(f32, halves.0).into(), number!(f32, halves.1).into())
            }
            Complex128 => Number::Complex(number!(f64, halves.0), number!(f64, halves.1)),
        }
    }
}

/// A number in an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// A complex number: its real and its imaginary part.
    Complex(f64, f64),
}

impl Number {
    /// Returns it as a floating-point number, or its real and its imaginary part; `None` for
    /// an integer that has no exact one.
    fn float(self) -> Option<(f64, f64)> {
        const EXACT: u64 = 1 << 53;
        let real = match self {
            Number::Bool(value) => f64::from(u8::from(value)),
            Number::Int(value) if value.unsigned_abs() <= EXACT => value as f64,
            Number::Uint(value) if value <= EXACT => value as f64,
            Number::Int(_) | Number::Uint(_) => return None,
            Number::Float(value) => value,
            Number::Complex(real, imaginary) => return Some((real, imaginary)),
        };
        Some((real, 0.0))
    }

    /// Returns it as an integer, if it is one.
    fn integer(self) -> Option<i128> {
        match self {
            Number::Bool(value) => Some(value.into()),
            Number::Int(value) => Some(value.into()),
            Number::Uint(value) => Some(value.into()),
            Number::Float(value) | Number::Complex(value, 0.0) if value.fract() == 0.0 => {
                Some(value as i128)
            }
            Number::Float(_) | Number::Complex(..) => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Bool(value) => write!(f, "{value}"),
            Number::Int(value) => write!(f, "{value}"),
            Number::Uint(value) => write!(f, "{value}"),
            Number::Float(value) => write!(f, "{value:?}"),
            Number::Complex(real, imaginary) => write!(f, "{real:?} + {imaginary:?}i"),
        }
    }
}
