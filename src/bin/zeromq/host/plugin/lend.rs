//! Converts the arguments of a call to the structs of the header. Strings are borrowed;
//! lists and names are copied to memory that `Lent` owns.

use std::collections::HashMap;
use std::ffi::CString;

use zeromq::vm::abi;

use super::State;
use crate::host::builtins::matrix::Matrix;
use crate::host::error::{Outcome, error};
use crate::host::syntax;
use crate::host::value::Value;

/// The maximum nesting depth of arguments: a list can contain itself.
const DEEPEST: usize = 64;

/// The maximum number of values in one call: lists that contain each other twice are
/// practically endless.
const MOST: usize = 1 << 24;

fn nothing() -> abi::Value {
    plain(abi::ZEROMQ_NIL, abi::Payload { integer: 0 })
}

fn plain(kind: u32, payload: abi::Payload) -> abi::Value {
    abi::Value { kind, payload }
}

/// The script functions that the library may call, by their numbers.
#[derive(Default)]
pub struct Functions {
    known: HashMap<abi::Function, Value>,
    last: abi::Function,
}

impl Functions {
    fn add(&mut self, function: &Value) -> abi::Function {
        self.last += 1;
        self.known.insert(self.last, function.clone());
        self.last
    }

    /// Returns the function with a number; nil if there is none.
    pub fn get(&self, function: abi::Function) -> Value {
        self.known.get(&function).cloned().unwrap_or_default()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Removes and returns a function that is no longer needed.
    pub fn remove(&mut self, function: abi::Function) -> Option<Value> {
        self.known.remove(&function)
    }
}

/// The parameter that a value is passed to, for errors.
pub type Name<'a> = &'a dyn Fn() -> String;

/// The memory of the arguments, apart from the script's own values.
pub struct Lent {
    state: &'static State,
    lists: Vec<Vec<abi::Value>>,
    /// Values point to them while others are added.
    #[expect(clippy::vec_box, reason = "an array must not move")]
    arrays: Vec<Box<abi::Array>>,
    names: Vec<CString>,
    functions: Vec<abi::Function>,
    count: usize,
}

/// Functions that were not passed after all are not needed.
impl Drop for Lent {
    fn drop(&mut self) {
        for function in self.functions.drain(..) {
            let removed = self.state.functions.borrow_mut().remove(function);
            drop(removed);
        }
    }
}

impl Lent {
    pub fn new(state: &'static State) -> Lent {
        Lent {
            state,
            lists: Vec::new(),
            arrays: Vec::new(),
            names: Vec::new(),
            functions: Vec::new(),
            count: 0,
        }
    }

    /// Leaves it to the library to say when it no longer needs the functions.
    pub fn pass(&mut self) {
        self.functions.clear();
    }

    pub fn all(&mut self, to: Name, values: &[Value], depth: usize) -> Outcome<Vec<abi::Value>> {
        values.iter().map(|value| self.one(to, value, depth)).collect()
    }

    pub fn named(&mut self, to: Name, named: &[(syntax::Name, Value)]) -> Outcome<Vec<abi::Named>> {
        let mut all = Vec::with_capacity(named.len());
        for (name, value) in named {
            let value = self.one(to, value, 0)?;
            // A name of a script has no zero bytes.
            let name = CString::new(&**name).unwrap_or_default();
            // The text stays where it is when the CString moves.
            all.push(abi::Named { name: name.as_ptr(), value });
            self.names.push(name);
        }
        Ok(all)
    }

    pub fn one(&mut self, to: Name, value: &Value, depth: usize) -> Outcome<abi::Value> {
        Ok(match value {
            Value::Nil => nothing(),
            Value::Bool(flag) => {
                plain(abi::ZEROMQ_BOOL, abi::Payload { integer: i64::from(*flag) })
            }
            Value::Int(number) => {
                plain(abi::ZEROMQ_INT, abi::Payload { integer: i64::from(*number) })
            }
            Value::Float(number) => plain(abi::ZEROMQ_FLOAT, abi::Payload { number: *number }),
            Value::String(text) => {
                let bytes = abi::Bytes { data: text.as_ptr().cast(), size: text.len() };
                plain(abi::ZEROMQ_STRING, abi::Payload { bytes })
            }
            Value::List(list) => self.items(to, abi::ZEROMQ_LIST, &list.0.borrow(), depth)?,
            Value::Tuple(tuple) => self.items(to, abi::ZEROMQ_TUPLE, &tuple.0.borrow(), depth)?,
            Value::Range(range) => {
                let count = range.count().unwrap_or(0);
                // More would be refused anyway.
                let positions = 0..count.min(MOST as i32 + 1);
                let elements: Vec<Value> = positions.map(|at| range.element(at)).collect();
                self.items(to, abi::ZEROMQ_LIST, &elements, depth)?
            }
            Value::Dictionary(table) => {
                let table = table.0.borrow();
                let pairs = table.entries().flat_map(|(key, value)| [key.clone(), value.clone()]);
                self.items(to, abi::ZEROMQ_DICTIONARY, &pairs.collect::<Vec<_>>(), depth)?
            }
            Value::Matrix(matrix) => self.matrix(matrix),
            Value::Foreign(object) => {
                plain(abi::ZEROMQ_OBJECT, abi::Payload { object: object.handle })
            }
            Value::Function(_) | Value::Bound(_) => {
                let function = self.state.functions.borrow_mut().add(value);
                self.functions.push(function);
                plain(abi::ZEROMQ_FUNCTION, abi::Payload { function })
            }
            Value::ForeignClass(class) => {
                plain(abi::ZEROMQ_CLASS, abi::Payload { described: class.address().cast() })
            }
            // The library knows what it expected instead.
            other => self.other(&format!("a {:?}", other.kind())),
        })
    }

    /// The numbers stay where the script has them, which is in one piece.
    fn matrix(&mut self, matrix: &Matrix) -> abi::Value {
        let (shape, numbers) = (matrix.shape(), matrix.numbers());
        let array = Box::new(abi::Array {
            element: abi::ZEROMQ_FLOAT64,
            order: abi::ZEROMQ_BY_COLUMNS,
            shape: shape.as_ptr(),
            dimensions: shape.len(),
            data: numbers.as_ptr().cast(),
            size: size_of_val(numbers),
        });
        let payload = abi::Payload { array: &raw const *array };
        self.arrays.push(array);
        plain(abi::ZEROMQ_ARRAY, payload)
    }

    fn other(&mut self, what: &str) -> abi::Value {
        // The name of a kind has no zero bytes.
        let what = CString::new(what).unwrap_or_default();
        let bytes = abi::Bytes { data: what.as_ptr(), size: what.count_bytes() };
        self.names.push(what);
        plain(abi::ZEROMQ_OTHER, abi::Payload { bytes })
    }

    fn items(
        &mut self,
        to: Name,
        kind: u32,
        values: &[Value],
        depth: usize,
    ) -> Outcome<abi::Value> {
        self.count = self.count.saturating_add(values.len());
        if depth == DEEPEST || self.count > MOST {
            let text = format!(
                "{}: expected lists no more than {DEEPEST} deep in each other, got more, or a \
                 list that contains itself",
                to()
            );
            return Err(error("ZMQArgs", text));
        }
        let items = self.all(to, values, depth + 1)?;
        let payload =
            abi::Payload { items: abi::Items { data: items.as_ptr(), count: items.len() } };
        // The items stay where they are when the list of lists grows.
        self.lists.push(items);
        Ok(plain(kind, payload))
    }
}
