//! `Matrix`, with the part of Morpho's linear algebra that scripts need to fill, read and
//! print matrices.

use std::cell::Cell;

use super::{Builtin, row};
use crate::host::error::{self, Outcome, unsupported};
use crate::host::syntax::Operator;
use crate::host::value::Value;

/// The maximum number of elements.
const MOST: usize = 1 << 28;

/// A matrix of numbers, stored column by column, as in Morpho. Its size never changes.
pub struct Matrix {
    shape: [usize; 2],
    numbers: Box<[Cell<f64>]>,
}

pub static TABLE: &[Builtin] = &[
    row("clone", 0, 0, |_, this, _| {
        with(this, |matrix| Value::matrix(matrix.map(|number| number)))
    }),
    row("count", 0, 0, |_, this, _| with(this, |matrix| Value::Int(matrix.count()))),
    row("dimensions", 0, 0, |_, this, _| {
        with(this, |matrix| Value::tuple(matrix.shape.map(|size| Value::Int(size as i32)).into()))
    }),
    row("norm", 0, 0, |_, this, _| with(this, |matrix| Value::Float(matrix.norm()))),
    row("sum", 0, 0, |_, this, _| with(this, |matrix| Value::Float(matrix.sum()))),
    row("transpose", 0, 0, |_, this, _| with(this, |matrix| Value::matrix(matrix.transpose()))),
];

/// Methods that only Morpho's matrices have.
pub const LACKING: &[&str] = &[
    "acc",
    "add",
    "addr",
    "assign",
    "column",
    "div",
    "divr",
    "eigensystem",
    "eigenvalues",
    "enumerate",
    "format",
    "index",
    "inner",
    "inverse",
    "mul",
    "mulr",
    "outer",
    "qr",
    "reshape",
    "roll",
    "setColumn",
    "setcolumn",
    "setindex",
    "sub",
    "subr",
    "svd",
    "trace",
];

/// Says that matrices have no such method here.
pub fn lacks(name: &str) -> String {
    let methods: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
    format!(
        "the method '{name}' of a Matrix, which has only {}, elements such as m[0, 1], and + - * /",
        methods.join(", ")
    )
}

fn with(this: &Value, act: impl FnOnce(&Matrix) -> Value) -> Outcome<Value> {
    Ok(match this {
        Value::Matrix(matrix) => act(matrix),
        _ => Value::Nil,
    })
}

/// `Matrix(rows, columns)`, `Matrix(rows)`, or `Matrix(…)` of a matrix, or of a list of
/// numbers or of rows.
pub fn make(arguments: &[Value]) -> Outcome<Value> {
    let size = |size: i32| usize::try_from(size).map_err(|_| error::MATRIX_ARGUMENTS);
    let made = match arguments {
        [Value::Int(rows), Value::Int(columns)] => Matrix::zero(size(*rows)?, size(*columns)?)?,
        [Value::Int(rows)] => Matrix::zero(size(*rows)?, 1)?,
        [Value::Matrix(matrix)] => matrix.map(|number| number),
        [Value::List(rows)] => from_rows(&rows.0.borrow(), true)?,
        [Value::Tuple(rows)] => from_rows(&rows.0.borrow(), false)?,
        [Value::Array(_)] => return Err(error::MATRIX_ARGUMENTS.into()),
        _ => return Err(error::MATRIX_CONSTRUCTOR.into()),
    };
    Ok(Value::matrix(made))
}

/// Makes a matrix of its rows. What short rows lack is zero.
fn from_rows(rows: &[Value], is_list: bool) -> Outcome<Matrix> {
    let refused = || match is_list {
        true => Err(error::MATRIX_ARGUMENTS.into()),
        false => {
            unsupported("a Matrix of a tuple of other values than numbers, which may end Morpho")
        }
    };
    let joins = |value: &Value| matches!(value, Value::Matrix(_));
    let mut numbers = Vec::with_capacity(rows.len());
    for row in rows {
        let row = match row {
            Value::List(row) | Value::Tuple(row) => row.0.borrow().clone(),
            number => vec![number.clone()],
        };
        if row.iter().any(joins) {
            return unsupported("joining matrices");
        }
        match row.iter().map(Value::number).collect::<Option<Vec<f64>>>() {
            Some(row) => numbers.push(row),
            None => return refused(),
        }
    }
    let columns = numbers.iter().map(Vec::len).max().unwrap_or(0);
    let matrix = Matrix::zero(rows.len(), columns)?;
    for (i, row) in numbers.iter().enumerate() {
        for (j, number) in row.iter().enumerate() {
            matrix.numbers[j * rows.len() + i].set(*number);
        }
    }
    Ok(matrix)
}

impl Matrix {
    /// Makes a matrix of zeros.
    ///
    /// # Errors
    /// Morpho's error for a lack of memory if it would be too large.
    pub fn zero(rows: usize, columns: usize) -> Outcome<Matrix> {
        // An empty dimension must not hide one that is too large.
        match rows.max(1).checked_mul(columns.max(1)) {
            Some(count) if count <= MOST => {
                let numbers = vec![Cell::new(0.0); rows * columns].into();
                Ok(Matrix { shape: [rows, columns], numbers })
            }
            _ => Err(error::ALLOCATION.into()),
        }
    }

    /// Makes a matrix of the numbers in its rows, one row after the other.
    ///
    /// # Errors
    /// As for `zero`, and those of the numbers.
    pub fn by_rows(
        rows: usize,
        columns: usize,
        numbers: impl Iterator<Item = Outcome<f64>>,
    ) -> Outcome<Matrix> {
        let matrix = Matrix::zero(rows, columns)?;
        for (at, number) in numbers.enumerate().take(rows * columns) {
            matrix.numbers[at % columns * rows + at / columns].set(number?);
        }
        Ok(matrix)
    }

    pub fn shape(&self) -> &[usize; 2] {
        &self.shape
    }

    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    pub fn columns(&self) -> usize {
        self.shape[1]
    }

    /// Returns all numbers, column by column.
    pub fn numbers(&self) -> &[Cell<f64>] {
        &self.numbers
    }

    pub fn number(&self, row: usize, column: usize) -> f64 {
        self.numbers[column * self.rows() + row].get()
    }

    fn count(&self) -> i32 {
        self.numbers.len() as i32
    }

    fn map(&self, change: impl Fn(f64) -> f64) -> Matrix {
        let numbers = self.numbers.iter().map(|number| Cell::new(change(number.get())));
        Matrix { shape: self.shape, numbers: numbers.collect() }
    }

    fn transpose(&self) -> Matrix {
        let [rows, columns] = self.shape;
        let numbers =
            (0..rows * columns).map(|at| Cell::new(self.number(at / columns, at % columns)));
        Matrix { shape: [columns, rows], numbers: numbers.collect() }
    }

    /// Returns the sum by Kahan's method, as in Morpho.
    fn sum(&self) -> f64 {
        let (mut sum, mut rest) = (0.0, 0.0);
        for number in &self.numbers {
            let next = number.get() - rest;
            let total = sum + next;
            rest = (total - sum) - next;
            sum = total;
        }
        sum
    }

    /// Returns the root of the sum of all squares; a scale keeps these from overflowing.
    fn norm(&self) -> f64 {
        let numbers = || self.numbers.iter().map(|number| number.get().abs());
        let scale = numbers().fold(0.0, f64::max);
        if scale == 0.0 || !scale.is_finite() {
            return numbers().sum();
        }
        scale * numbers().map(|number| (number / scale).powi(2)).sum::<f64>().sqrt()
    }

    /// `matrix[i]` or `matrix[i, j]`
    pub fn index(&self, indices: &[Value]) -> Outcome<Value> {
        match indices {
            // Morpho asks for the count in this way before it iterates.
            [Value::Int(position)] if *position < 0 => Ok(Value::Int(self.count())),
            [Value::Int(position)] => {
                let number = self.numbers.get(*position as usize).ok_or(error::MATRIX_BOUNDS)?;
                Ok(Value::Float(number.get()))
            }
            [Value::Int(row), Value::Int(column)] => {
                Ok(Value::Float(self.cell(*row, *column)?.get()))
            }
            [index] if !self.shape.contains(&1) || !is_slice(index) => {
                Err(error::MATRIX_INDICES.into())
            }
            [_] => unsupported("parts of a Matrix, which has only elements"),
            [row, column] if is_slice(row) && is_slice(column) => {
                unsupported("parts of a Matrix, which has only elements")
            }
            [_, _] => Err(error::MATRIX_NUMBERS.into()),
            _ => Err(error::MATRIX_INDICES.into()),
        }
    }

    /// `matrix[i] = value` or `matrix[i, j] = value`
    pub fn set_index(&self, indices: &[Value], value: &Value) -> Outcome<()> {
        let cell = match indices {
            [Value::Int(row)] => self.cell(*row, 0)?,
            [Value::Int(row), Value::Int(column)] if !matches!(value, Value::Matrix(_)) => {
                self.cell(*row, *column)?
            }
            [_, _] => return unsupported("an assignment to a part of a Matrix"),
            _ => return Err(error::INDEXABLE.into()),
        };
        cell.set(value.number().ok_or(error::MATRIX_NUMBERS)?);
        Ok(())
    }

    /// Negative indices count from the end.
    fn cell(&self, row: i32, column: i32) -> Outcome<&Cell<f64>> {
        let within = |index: i32, size: usize| {
            let from = if index < 0 { size as i64 } else { 0 };
            let index = usize::try_from(from + i64::from(index)).ok();
            index.filter(|index| *index < size).ok_or(error::MATRIX_BOUNDS)
        };
        let (row, column) = (within(row, self.rows())?, within(column, self.columns())?);
        Ok(&self.numbers[column * self.rows() + row])
    }

    /// Combines two matrices number by number.
    fn zip(&self, other: &Matrix, combine: impl Fn(f64, f64) -> f64) -> Outcome<Value> {
        if self.shape != other.shape {
            return Err(error::MATRIX_SHAPES.into());
        }
        let pairs = self.numbers.iter().zip(&other.numbers);
        let numbers = pairs.map(|(a, b)| Cell::new(combine(a.get(), b.get())));
        Ok(Value::matrix(Matrix { shape: self.shape, numbers: numbers.collect() }))
    }

    fn multiply(&self, other: &Matrix) -> Outcome<Value> {
        if self.columns() != other.rows() {
            return Err(error::MATRIX_SHAPES.into());
        }
        let product = Matrix::zero(self.rows(), other.columns())?;
        for column in 0..other.columns() {
            for inner in 0..self.columns() {
                let factor = other.number(inner, column);
                for row in 0..self.rows() {
                    let cell = &product.numbers[column * self.rows() + row];
                    cell.set(cell.get() + self.number(row, inner) * factor);
                }
            }
        }
        Ok(Value::matrix(product))
    }
}

/// True for what selects rows or columns.
fn is_slice(index: &Value) -> bool {
    use Value::*;
    matches!(index, Int(_) | Float(_) | Range(_) | List(_) | Tuple(_))
}

/// Applies an operator to a matrix and another value. Returns `None` if Morpho does not
/// support it.
pub fn operate(operator: Operator, left: &Value, right: &Value) -> Option<Outcome<Value>> {
    use Operator::*;
    let mapped =
        |matrix: &Matrix, change: &dyn Fn(f64) -> f64| Some(Ok(Value::matrix(matrix.map(change))));
    match (left, right) {
        (Value::Matrix(a), Value::Matrix(b)) => match operator {
            Add => Some(a.zip(b, |a, b| a + b)),
            Subtract => Some(a.zip(b, |a, b| a - b)),
            Multiply => Some(a.multiply(b)),
            Divide => Some(unsupported("solving equations with matrix / matrix")),
            _ => None,
        },
        (Value::Matrix(a), b) => match (operator, b.number()) {
            (Add | Subtract, None) if matches!(b, Value::Nil) => Some(Ok(left.clone())),
            (Add, Some(b)) => mapped(a, &|a| a + b),
            (Subtract, Some(b)) => mapped(a, &|a| a - b),
            (Add | Subtract, None) => Some(Err(error::MATRIX_ARGUMENTS.into())),
            (Multiply, Some(b)) => mapped(a, &|a| a * b),
            (Divide, Some(b)) if b.is_nan() => Some(unsupported("a Matrix divided by nan")),
            (Divide, Some(b)) => mapped(a, &|a| a * (1.0 / b)),
            _ => None,
        },
        // Instances, lists and so on may have operators of their own.
        (a, Value::Matrix(b)) => match (operator, a.number()) {
            (Add, None) if matches!(a, Value::Nil) => Some(Ok(right.clone())),
            (Add, Some(a)) => mapped(b, &|b| b + a),
            (Subtract, Some(a)) => mapped(b, &|b| a - b),
            (Multiply, Some(a)) => mapped(b, &|b| b * a),
            (Add | Subtract, None) if is_plain(a) => Some(Err(error::MATRIX_ARGUMENTS.into())),
            (Multiply, None) if is_plain(a) => Some(Ok(Value::Nil)),
            (Add | Subtract | Multiply, None) => {
                Some(unsupported("this value and a Matrix as operands"))
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::Nil | Value::Bool(_) | Value::String(_))
}
