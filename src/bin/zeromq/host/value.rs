//! Script values. `evaluate` and the builtins take and return them; `plugin` converts them
//! to and from the library's values.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::builtins::file::File;
use super::builtins::matrix::Matrix;
use super::builtins::{Builtin, Module};
use super::dictionary::Dictionary;
use super::syntax::{Function, Name};
use crate::host::plugin;

/// Tuples nested deeper than this are never equal.
pub const DEEPEST_TUPLE: usize = 1000;

#[derive(Clone, Default)]
pub enum Value {
    #[default]
    Nil,
    Bool(bool),
    Int(i32),
    Float(f64),
    String(Rc<str>),
    List(Rc<List>),
    Tuple(Rc<List>),
    Dictionary(Rc<Table>),
    Range(Rc<Range>),
    Array(Rc<List>),
    Matrix(Rc<Matrix>),
    File(Rc<File>),
    Function(Rc<Closure>),
    Builtin(&'static Builtin),
    Module(&'static Module),
    Class(Rc<Class>),
    Instance(Rc<Instance>),
    Bound(Rc<Bound>),
    ForeignClass(Rc<plugin::Class>),
    Foreign(Rc<plugin::Object>),
}

/// The values of a list, or of a tuple or array, which are immutable.
#[derive(Default)]
pub struct List(pub RefCell<Vec<Value>>);

/// A dictionary that values share.
#[derive(Default)]
pub struct Table(pub RefCell<Dictionary>);

/// A variable that closures share.
pub type Shared = Rc<RefCell<Value>>;

/// A script function, with the variables that it captured.
pub struct Closure {
    pub function: Rc<Function>,
    pub captured: Vec<Shared>,
}

/// A script class, or one that only represents a kind of value.
pub struct Class {
    pub name: Rc<str>,
    pub parent: Option<Rc<Class>>,
    /// Its methods, including inherited ones.
    pub methods: HashMap<Name, Rc<Closure>>,
}

pub struct Instance {
    pub class: Rc<Class>,
    pub fields: Table,
}

/// A bound method: a method that was read as a value, with its object.
pub struct Bound {
    pub receiver: Value,
    pub method: Rc<Closure>,
}

/// The set of methods of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Type {
    Nil,
    Bool,
    Int,
    Float,
    String,
    List,
    Tuple,
    Dictionary,
    Range,
    Array,
    Matrix,
    File,
    Function,
    Closure,
    Class,
    Instance,
    Error,
    Invocation,
    Object,
}

impl Value {
    pub fn string(text: impl Into<Rc<str>>) -> Value {
        Value::String(text.into())
    }

    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Rc::new(List(RefCell::new(items))))
    }

    pub fn tuple(items: Vec<Value>) -> Value {
        Value::Tuple(Rc::new(List(RefCell::new(items))))
    }

    pub fn array(items: Vec<Value>) -> Value {
        Value::Array(Rc::new(List(RefCell::new(items))))
    }

    pub fn matrix(matrix: Matrix) -> Value {
        Value::Matrix(Rc::new(matrix))
    }

    pub fn dictionary(entries: Dictionary) -> Value {
        Value::Dictionary(Rc::new(Table(RefCell::new(entries))))
    }

    /// Only `nil` and `false` are false.
    pub fn is_true(&self) -> bool {
        !matches!(self, Value::Nil | Value::Bool(false))
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(i) => Some(f64::from(*i)),
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    pub fn kind(&self) -> Type {
        match self {
            Value::Nil => Type::Nil,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Float(_) => Type::Float,
            Value::String(_) => Type::String,
            Value::List(_) => Type::List,
            Value::Tuple(_) => Type::Tuple,
            Value::Dictionary(_) => Type::Dictionary,
            Value::Range(_) => Type::Range,
            Value::Array(_) => Type::Array,
            Value::Matrix(_) => Type::Matrix,
            Value::File(_) => Type::File,
            Value::Function(closure) if closure.function.closure => Type::Closure,
            Value::Function(_) | Value::Builtin(_) | Value::ForeignClass(_) => Type::Function,
            Value::Class(_) | Value::Module(_) => Type::Class,
            Value::Instance(instance) if instance.class.is_error() => Type::Error,
            Value::Instance(_) => Type::Instance,
            Value::Bound(_) => Type::Invocation,
            Value::Foreign(_) => Type::Object,
        }
    }

    /// Returns the result of `==`.
    pub fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
                match (self.number(), other.number()) {
                    (Some(a), Some(b)) => nearly(a, b),
                    _ => false,
                }
            }
            _ => self.is_same(other),
        }
    }

    /// True if both are the same dictionary key: the type counts too.
    pub fn is_same(&self, other: &Value) -> bool {
        self.is_same_at(other, 0)
    }

    fn is_same_at(&self, other: &Value, depth: usize) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => nearly(*a, *b),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Tuple(a), Value::Tuple(b)) => {
                let (a, b) = (a.0.borrow(), b.0.borrow());
                let mut pairs = a.iter().zip(b.iter());
                let is_same = a.len() == b.len() && depth < DEEPEST_TUPLE;
                is_same && pairs.all(|(a, b)| a.is_same_at(b, depth + 1))
            }
            (Value::Foreign(a), Value::Foreign(b)) => Rc::ptr_eq(a, b) || a.equals(b),
            _ => match (self.address(), other.address()) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
        }
    }

    /// Returns the address of the object if it is compared by identity.
    pub fn address(&self) -> Option<usize> {
        Some(match self {
            Value::List(list) | Value::Array(list) => Rc::as_ptr(list) as usize,
            Value::Dictionary(table) => Rc::as_ptr(table) as usize,
            Value::Range(range) => Rc::as_ptr(range) as usize,
            Value::Matrix(matrix) => Rc::as_ptr(matrix) as usize,
            Value::File(file) => Rc::as_ptr(file) as usize,
            Value::Function(closure) => Rc::as_ptr(closure) as usize,
            Value::Builtin(builtin) => std::ptr::from_ref(*builtin) as usize,
            Value::Module(module) => std::ptr::from_ref(*module) as usize,
            Value::Class(class) => Rc::as_ptr(class) as usize,
            Value::Instance(instance) => Rc::as_ptr(instance) as usize,
            Value::Bound(bound) => Rc::as_ptr(bound) as usize,
            Value::ForeignClass(class) => Rc::as_ptr(class) as usize,
            Value::Foreign(object) => Rc::as_ptr(object) as usize,
            _ => return None,
        })
    }
}

/// True if two numbers are equal or differ only in the last bit.
pub fn nearly(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs())
}

impl Class {
    /// True for the class of `Error(…)`, which has a name that scripts cannot use.
    pub fn is_error(&self) -> bool {
        &*self.name == "Error"
    }
}

/// `start..end:step`, or `start...end:step` without the end.
pub struct Range {
    pub start: Value,
    pub end: Value,
    pub step: Option<Value>,
    pub inclusive: bool,
}

impl Range {
    /// The number of elements; it can be below 1 if there are none, because scripts see it.
    /// `None` if the step is zero.
    pub fn count(&self) -> Option<i32> {
        let step = self.step.clone().unwrap_or(Value::Int(1));
        match (&self.start, &self.end, &step) {
            (Value::Int(start), Value::Int(end), Value::Int(step)) => {
                self.integer_count(end.wrapping_sub(*start), *step)
            }
            (start, end, step) => {
                let length = end.number()? - start.number()?;
                self.float_count(length, step.number()?)
            }
        }
    }

    fn integer_count(&self, length: i32, step: i32) -> Option<i32> {
        let count = length.checked_div(step)?;
        // Morpho compares unsigned numbers here; odd counts come from that.
        let reached = count.wrapping_mul(step) as u32 <= length as u32;
        Some(count.wrapping_add(i32::from(self.inclusive && reached)))
    }

    fn float_count(&self, length: f64, step: f64) -> Option<i32> {
        if step == 0.0 || !step.is_finite() {
            return None;
        }
        let mut count = (length / step).floor();
        if self.inclusive && length == 0.0 {
            return Some(1);
        }
        for _ in 0..3 {
            let reach = (count * step).abs();
            let inside = if self.inclusive {
                reach <= length.abs()
            } else {
                reach < length.abs() && !nearly(reach, length.abs())
            };
            count += f64::from(u8::from(inside));
        }
        Some(count as i32)
    }

    /// The element at a position.
    pub fn element(&self, position: i32) -> Value {
        let step = self.step.clone().unwrap_or(Value::Int(1));
        match (&self.start, &self.end, &step) {
            (Value::Int(start), Value::Int(_), Value::Int(step)) => {
                Value::Int(start.wrapping_add(position.wrapping_mul(*step)))
            }
            (start, _, step) => {
                let start = start.number().unwrap_or_default();
                Value::Float(start + f64::from(position) * step.number().unwrap_or_default())
            }
        }
    }
}

// A script can build chains of a million lists, instances or closures. They are taken
// apart one after the other, for the stack would not hold as many drops.

impl Drop for List {
    fn drop(&mut self) {
        release(std::mem::take(self.0.get_mut()));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        release(std::mem::take(self.0.get_mut()).into_values());
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        release(unshare(&mut self.captured));
    }
}

/// Returns the values of captured variables that nothing else uses.
fn unshare(captured: &mut Vec<Shared>) -> Vec<Value> {
    let last = std::mem::take(captured).into_iter().filter_map(Rc::into_inner);
    last.map(RefCell::into_inner).collect()
}

fn release(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        match value {
            Value::List(list) | Value::Tuple(list) | Value::Array(list) => {
                if let Some(mut list) = Rc::into_inner(list) {
                    pending.append(list.0.get_mut());
                }
            }
            Value::Dictionary(table) => {
                if let Some(mut table) = Rc::into_inner(table) {
                    pending.append(&mut std::mem::take(table.0.get_mut()).into_values());
                }
            }
            Value::Instance(instance) => {
                if let Some(mut instance) = Rc::into_inner(instance) {
                    pending.append(&mut std::mem::take(instance.fields.0.get_mut()).into_values());
                }
            }
            Value::Function(closure) => {
                if let Some(mut closure) = Rc::into_inner(closure) {
                    pending.append(&mut unshare(&mut closure.captured));
                }
            }
            Value::Bound(bound) => {
                pending.extend(Rc::into_inner(bound).map(|bound| bound.receiver));
            }
            _ => {}
        }
    }
}
