//! Text forms of values: for `print`, for interpolation, and numbers in C's `printf`
//! formats.

use std::fmt::Write;

use super::builtins::matrix::Matrix;
use super::error::{Outcome, unsupported};
use super::value::{Closure, Range, Table, Value};

/// The maximum nesting depth of lists in a text.
const DEEPEST: usize = 500;

/// The purpose of the text.
#[derive(Clone, Copy, PartialEq)]
pub enum Style {
    /// `print`: elements of a collection are shown by name only.
    Printed,
    /// Interpolation, `String()` and messages: lists are written in full.
    Interpolated,
}

/// Returns the `tostring()` of an object, if it has one.
pub type Describe<'a> = dyn FnMut(&Value) -> Outcome<Option<String>> + 'a;

/// Writes the text of a value. Calls `describe` for instances and objects.
pub fn write(
    out: &mut String,
    value: &Value,
    style: Style,
    describe: &mut Describe<'_>,
) -> Outcome<()> {
    Writer { out, style, describe }.value(value, 0)
}

struct Writer<'a, 'b> {
    out: &'a mut String,
    style: Style,
    describe: &'a mut Describe<'b>,
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value, depth: usize) -> Outcome<()> {
        let inside = depth > 0;
        let printed = self.style == Style::Printed;
        match value {
            Value::Nil => self.out.push_str("nil"),
            Value::Bool(flag) => self.put(format_args!("{flag}")),
            Value::Int(number) => self.put(format_args!("{number}")),
            Value::Float(number) => self.out.push_str(&general(*number, 6)),
            Value::String(text) => self.out.push_str(text),
            Value::List(_) if inside && printed => self.out.push_str("<List>"),
            Value::List(_) | Value::Tuple(_) if depth > DEEPEST => {
                return unsupported("the text of a list that contains itself");
            }
            Value::Array(_) if inside || !printed => self.out.push_str("<Array>"),
            Value::List(list) | Value::Array(list) => {
                self.out.push_str("[ ");
                self.items(&list.0.borrow().clone(), depth)?;
                self.out.push_str(" ]");
            }
            Value::Matrix(matrix) if printed && !inside => self.matrix(matrix),
            Value::Matrix(_) => self.out.push_str("<Matrix>"),
            Value::Tuple(items) => {
                self.out.push('(');
                self.items(&items.0.borrow(), depth)?;
                self.out.push(')');
            }
            Value::Dictionary(table) if printed && !inside => self.entries(table)?,
            Value::Dictionary(_) => self.out.push_str("<Dictionary>"),
            Value::Range(range) if printed => self.range(range, depth)?,
            Value::Range(_) => self.out.push_str("<Range>"),
            Value::File(file) if printed => self.put(format_args!("<File '{}'>", file.name())),
            Value::File(_) => self.out.push_str("<File>"),
            Value::Function(closure) => self.function(closure),
            Value::Builtin(builtin) => self.put(format_args!("<fn {}>", builtin.name)),
            Value::Module(module) if module.name == "System" => {
                return unsupported("the text of System");
            }
            Value::Module(module) => self.put(format_args!("@{}", module.name)),
            Value::ForeignClass(class) => self.put(format_args!("<fn {}>", class.name())),
            Value::Class(class) => self.put(format_args!("@{}", class.name)),
            Value::Instance(_) | Value::Foreign(_) => self.object(value)?,
            Value::Bound(bound) => {
                self.object(&bound.receiver)?;
                self.put(format_args!(".<fn {}>", &*bound.method.function.name));
            }
        }
        Ok(())
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn items(&mut self, items: &[Value], depth: usize) -> Outcome<()> {
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self.out.push_str(", ");
            }
            self.value(item, depth + 1)?;
        }
        Ok(())
    }

    fn entries(&mut self, table: &Table) -> Outcome<()> {
        self.out.push_str("{ ");
        for (position, (key, value)) in table.0.borrow().entries().enumerate() {
            if position > 0 {
                self.out.push_str(" , ");
            }
            self.value(key, 1)?;
            self.out.push_str(" : ");
            self.value(value, 1)?;
        }
        self.out.push_str(" }");
        Ok(())
    }

    /// Writes a matrix row by row. Morpho shows numbers that are nearly zero as 0.
    fn matrix(&mut self, matrix: &Matrix) {
        for row in 0..matrix.rows() {
            self.out.push_str(if row > 0 { "\n[ " } else { "[ " });
            for column in 0..matrix.columns() {
                let number = matrix.number(row, column);
                let shown = if number.abs() < f64::EPSILON { 0.0 } else { number };
                self.put(format_args!("{} ", general(shown, 6)));
            }
            self.out.push(']');
        }
    }

    fn range(&mut self, range: &Range, depth: usize) -> Outcome<()> {
        self.value(&range.start, depth)?;
        self.out.push_str(if range.inclusive { ".." } else { "..." });
        self.value(&range.end, depth)?;
        if let Some(step) = &range.step {
            self.out.push(':');
            self.value(step, depth)?;
        }
        Ok(())
    }

    fn function(&mut self, closure: &Closure) {
        let name = match &*closure.function.name {
            "" if self.style == Style::Interpolated => "nil",
            name => name,
        };
        if closure.function.closure {
            self.put(format_args!("<<fn {name}>>"));
        } else {
            self.put(format_args!("<fn {name}>"));
        }
    }

    fn object(&mut self, value: &Value) -> Outcome<()> {
        let described = match self.style {
            Style::Printed => None,
            Style::Interpolated => (self.describe)(value)?,
        };
        match (described, value) {
            (Some(text), _) => self.out.push_str(&text),
            (None, Value::Instance(instance)) => {
                self.put(format_args!("<{}>", instance.class.name));
            }
            (None, Value::Foreign(object)) => self.out.push_str(&object.text()),
            _ => {}
        }
        Ok(())
    }
}

/// Formats a number like `%.{precision}g`.
pub fn general(number: f64, precision: usize) -> String {
    if !number.is_finite() {
        return infinite(number);
    }
    let precision = precision.max(1);
    let scientific = format!("{:.*e}", precision - 1, number);
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if power < -4 || power >= precision as i32 {
        return format!("{}e{}", trimmed(digits), exponent(power));
    }
    let decimals = (precision as i32 - 1 - power).max(0) as usize;
    trimmed(&format!("{number:.decimals$}")).to_string()
}

/// Formats a number like `%.{precision}e`.
pub fn scientific(number: f64, precision: usize) -> String {
    if !number.is_finite() {
        return infinite(number);
    }
    let text = format!("{number:.precision$e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{digits}e{}", exponent(power.parse().unwrap_or(0)))
}

/// Formats a number like `%.{precision}f`.
pub fn fixed(number: f64, precision: usize) -> String {
    if !number.is_finite() {
        return infinite(number);
    }
    format!("{number:.precision$}")
}

fn infinite(number: f64) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}", if number.is_nan() { "nan" } else { "inf" })
}

fn exponent(power: i32) -> String {
    format!("{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}
