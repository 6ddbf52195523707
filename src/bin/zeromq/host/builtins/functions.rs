//! Functions that are called by name, without an object.

use std::cmp::Ordering;

use super::dictionary::key_of;
use super::{ANY, Builtin, row};
use crate::host::dictionary::Dictionary;
use crate::host::error::{self, Outcome, error, unsupported};
use crate::host::evaluate::make_range;
use crate::host::interpreter::Interpreter;
use crate::host::text::Style;
use crate::host::value::{Type, Value};

/// A function of one number: its name in errors, and its code.
macro_rules! number {
    ($kind:ident, $name:literal, $called:literal, $code:expr) => {
        row($name, 1, 1, |_, _, a| Ok(Value::$kind($code(number($called, &a[0])?))))
    };
}

pub static TABLE: &[Builtin] = &[
    row("Int", 1, 1, |_, _, a| int(&a[0])),
    row("Float", 1, 1, |_, _, a| Ok(Value::Float(number("Float", &a[0])?))),
    row("Bool", 1, 1, |_, _, a| Ok(Value::Bool(a[0].is_true()))),
    row("String", 0, ANY, string),
    row("List", 0, ANY, |_, _, a| super::list::make(a.to_vec())),
    row("Tuple", 0, ANY, |_, _, a| super::list::make_tuple(a)),
    row("Dictionary", 0, ANY, |_, _, a| dictionary(a)),
    row("Matrix", 0, ANY, |_, _, a| super::matrix::make(a)),
    row("Range", 2, 3, |_, _, a| make_range(a[0].clone(), a[1].clone(), a.get(2).cloned(), false)),
    row("isnil", 1, 1, |_, _, a| is(&a[0], &[Type::Nil])),
    row("isint", 1, 1, |_, _, a| is(&a[0], &[Type::Int])),
    row("isfloat", 1, 1, |_, _, a| is(&a[0], &[Type::Float])),
    row("isnumber", 1, 1, |_, _, a| is(&a[0], &[Type::Int, Type::Float])),
    row("isbool", 1, 1, |_, _, a| is(&a[0], &[Type::Bool])),
    row("isstring", 1, 1, |_, _, a| is(&a[0], &[Type::String])),
    row("islist", 1, 1, |_, _, a| is(&a[0], &[Type::List])),
    row("istuple", 1, 1, |_, _, a| is(&a[0], &[Type::Tuple])),
    row("isdictionary", 1, 1, |_, _, a| is(&a[0], &[Type::Dictionary])),
    row("ismatrix", 1, 1, |_, _, a| is(&a[0], &[Type::Matrix])),
    row("isrange", 1, 1, |_, _, a| is(&a[0], &[Type::Range])),
    row("iscallable", 1, 1, |_, _, a| {
        is(&a[0], &[Type::Function, Type::Closure, Type::Class, Type::Invocation])
    }),
    row("isobject", 1, 1, |_, _, a| {
        Ok(Value::Bool(!matches!(a[0].kind(), Type::Nil | Type::Bool | Type::Int | Type::Float)))
    }),
    row("File", 0, 2, super::file::open),
    row("mod", 2, 2, |_, _, a| modulo(&a[0], &a[1])),
    number!(Float, "abs", "fabs", f64::abs),
    number!(Float, "floor", "floor", f64::floor),
    number!(Float, "ceil", "ceil", f64::ceil),
    number!(Float, "sign", "sign", sign),
    row("sqrt", 1, 1, |_, _, a| root(number("sqrt", &a[0])?)),
    number!(Float, "exp", "exp", f64::exp),
    number!(Float, "log", "log", f64::ln),
    number!(Float, "log10", "log10", f64::log10),
    number!(Float, "sin", "sin", f64::sin),
    number!(Float, "cos", "cos", f64::cos),
    number!(Float, "tan", "tan", f64::tan),
    number!(Bool, "isnan", "isnan", f64::is_nan),
    number!(Bool, "isinf", "isinf", f64::is_infinite),
    number!(Bool, "isfinite", "isfinite", f64::is_finite),
    row("min", 0, ANY, |_, _, a| extreme("min", a, Ordering::Less)),
    row("max", 0, ANY, |_, _, a| extreme("max", a, Ordering::Greater)),
    row("bounds", 0, ANY, |_, _, a| {
        let least = extreme("bounds", a, Ordering::Less)?;
        Ok(Value::list(vec![least, extreme("bounds", a, Ordering::Greater)?]))
    }),
    row("random", 0, 0, |interpreter, _, _| Ok(Value::Float(interpreter.random.f64()))),
    row("randomint", 0, 1, random_integer),
    row("clock", 0, 0, |_, _, _| Ok(Value::Float(processor_time()))),
    row("apply", 0, ANY, apply),
];

fn is(value: &Value, kinds: &[Type]) -> Outcome<Value> {
    Ok(Value::Bool(kinds.contains(&value.kind())))
}

fn expected(name: &str) -> error::Stop {
    error("ExpctArgNm", format!("Function '{name}' expects a single numerical argument."))
}

fn number(name: &str, value: &Value) -> Outcome<f64> {
    let number = match value {
        Value::String(text) if name == "Int" || name == "Float" => leading_number(text),
        other => other.number(),
    };
    number.ok_or_else(|| expected(name))
}

fn int(value: &Value) -> Outcome<Value> {
    let number = number("Int", value)?.round();
    let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    Ok(Value::Int(if fits { number as i32 } else { i32::MIN }))
}

/// Parses the number at the start of a text, like C's `strtod`.
pub fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let start = usize::from(text.starts_with(['-', '+']));
    let whole = digits(start);
    if whole == 0 {
        return None;
    }
    let mut end = start + whole;
    if text[end..].starts_with('.') {
        end += 1 + digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let signed = end + 1 + usize::from(text[end + 1..].starts_with(['-', '+']));
        if digits(signed) > 0 {
            end = signed + digits(signed);
        }
    }
    text[..end].parse().ok()
}

fn string(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    let mut text = String::new();
    for argument in arguments {
        interpreter.append_text(&mut text, argument, Style::Interpolated)?;
    }
    Ok(Value::string(text))
}

fn dictionary(arguments: &[Value]) -> Outcome<Value> {
    if arguments.len() % 2 == 1 {
        return unsupported("Dictionary() with a key that has no value");
    }
    let mut made = Dictionary::default();
    for pair in arguments.chunks_exact(2) {
        made.insert(key_of(&pair[0])?, pair[1].clone());
    }
    Ok(Value::dictionary(made))
}

fn modulo(a: &Value, b: &Value) -> Outcome<Value> {
    match (a, b) {
        (Value::Int(_), Value::Int(0)) => unsupported("mod(…, 0), which ends Morpho"),
        (Value::Int(a), Value::Int(b)) => Ok(Value::Int(a.wrapping_rem(*b))),
        _ => match (a.number(), b.number()) {
            (Some(a), Some(b)) => Ok(Value::Float(a % b)),
            _ => Err(error("InvldArgs", "Expected 2 arguments but got 2.")),
        },
    }
}

fn sign(number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { number.signum() }
}

fn root(number: f64) -> Outcome<Value> {
    if number < 0.0 {
        return unsupported("complex numbers");
    }
    Ok(Value::Float(number.sqrt()))
}

/// Returns the smallest or largest of the arguments and of the elements of lists among
/// them.
fn extreme(name: &str, arguments: &[Value], wanted: Ordering) -> Outcome<Value> {
    let mut all = Vec::new();
    for argument in arguments {
        match argument {
            Value::List(items) | Value::Tuple(items) => {
                all.extend(items.0.borrow().iter().cloned())
            }
            other => all.push(other.clone()),
        }
    }
    let mut best: Option<(f64, Value)> = None;
    for value in all {
        let Some(number) = value.number() else {
            return unsupported(format!("{name}() of values that are not numbers"));
        };
        if best.as_ref().is_none_or(|(best, _)| number.partial_cmp(best) == Some(wanted)) {
            best = Some((number, value));
        }
    }
    match best {
        Some((_, value)) => Ok(value),
        None if arguments.is_empty() => Err(error(
            "MnMxArgs",
            format!("Function '{name}' expects at least one numerical argument, list or matrix."),
        )),
        None => unsupported(format!("{name}() of nothing")),
    }
}

fn random_integer(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    match arguments.first() {
        None => Ok(Value::Int(interpreter.random.i32(0..))),
        Some(Value::Int(bound)) if *bound > 0 => Ok(Value::Int(interpreter.random.i32(0..*bound))),
        Some(Value::Int(0) | Value::Float(_)) => unsupported("randomint() of such a number"),
        Some(_) => Err(error::RANDOM_ARGUMENT.into()),
    }
}

/// Returns the processor time that the process has used, in seconds, like clock(3). A script
/// that waits uses none.
#[cfg(unix)]
fn processor_time() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

/// On Windows, clock(3) returns the time since the start of the process.
#[cfg(not(unix))]
fn processor_time() -> f64 {
    thread_local!(static START: std::time::Instant = std::time::Instant::now());
    START.with(|start| start.elapsed().as_secs_f64())
}

fn apply(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    let (function, values) = match arguments {
        [] | [_] => return Err(error::APPLY.into()),
        [function, Value::List(items) | Value::Tuple(items)] => {
            (function, items.0.borrow().clone())
        }
        [function, rest @ ..] => (function, rest.to_vec()),
    };
    match function.kind() {
        Type::Function | Type::Closure => interpreter.call(function, values.into()),
        Type::Class | Type::Invocation => unsupported("apply() of this value"),
        _ => Err(error::DISPATCH.into()),
    }
}
