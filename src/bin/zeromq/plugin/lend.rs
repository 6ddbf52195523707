//! What a call passes to the library, in the form of the header. Strings are
//! lent as they are; lists and names are copied to memory that `Lent` keeps.

use std::ffi::CString;

use zeromq::plugin::abi;

use super::Method;
use crate::host::error::{Outcome, error};
use crate::host::tree::Name;
use crate::host::value::Value;

/// How deep the lists that are passed may nest: one may contain itself.
const DEEPEST: usize = 64;

/// How many values one call may pass: lists that contain each other twice have
/// more than anybody can wait for.
const MOST: usize = 1 << 24;

pub fn nothing() -> abi::Value {
    plain(abi::ZEROMQ_NIL, abi::Payload { integer: 0 })
}

fn plain(kind: u32, payload: abi::Payload) -> abi::Value {
    abi::Value {
        kind,
        payload,
        owner: std::ptr::null_mut(),
    }
}

/// The memory of what is passed, beside the values of the script themselves.
#[derive(Default)]
pub struct Lent {
    lists: Vec<Vec<abi::Value>>,
    names: Vec<CString>,
    count: usize,
}

impl Lent {
    pub fn all(
        &mut self,
        method: Method,
        values: &[Value],
        depth: usize,
    ) -> Outcome<Vec<abi::Value>> {
        values
            .iter()
            .map(|value| self.one(method, value, depth))
            .collect()
    }

    pub fn named(&mut self, method: Method, named: &[(Name, Value)]) -> Outcome<Vec<abi::Named>> {
        let mut all = Vec::with_capacity(named.len());
        for (name, value) in named {
            let value = self.one(method, value, 0)?;
            // A name of a script has no zero bytes.
            let name = CString::new(&**name).unwrap_or_default();
            // The text stays where it is when the CString moves.
            all.push(abi::Named {
                name: name.as_ptr(),
                value,
            });
            self.names.push(name);
        }
        Ok(all)
    }

    fn one(&mut self, method: Method, value: &Value, depth: usize) -> Outcome<abi::Value> {
        Ok(match value {
            Value::Nil => nothing(),
            Value::Bool(flag) => plain(
                abi::ZEROMQ_BOOL,
                abi::Payload {
                    integer: i64::from(*flag),
                },
            ),
            Value::Int(number) => plain(
                abi::ZEROMQ_INT,
                abi::Payload {
                    integer: i64::from(*number),
                },
            ),
            Value::Float(number) => plain(abi::ZEROMQ_FLOAT, abi::Payload { number: *number }),
            Value::String(text) => {
                let bytes = abi::Bytes {
                    data: text.as_ptr().cast(),
                    size: text.len(),
                };
                plain(abi::ZEROMQ_STRING, abi::Payload { bytes })
            }
            Value::List(list) => self.items(method, abi::ZEROMQ_LIST, &list.0.borrow(), depth)?,
            Value::Tuple(tuple) => {
                self.items(method, abi::ZEROMQ_TUPLE, &tuple.0.borrow(), depth)?
            }
            Value::Dictionary(table) => {
                let table = table.0.borrow();
                let pairs = table
                    .entries()
                    .flat_map(|(key, value)| [key.clone(), value.clone()]);
                self.items(
                    method,
                    abi::ZEROMQ_DICTIONARY,
                    &pairs.collect::<Vec<_>>(),
                    depth,
                )?
            }
            Value::Foreign(object) => plain(
                abi::ZEROMQ_OBJECT,
                abi::Payload {
                    object: object.handle,
                },
            ),
            // The library knows what it expected instead.
            other => self.other(&format!("a {:?}", other.kind())),
        })
    }

    fn other(&mut self, what: &str) -> abi::Value {
        // The name of a kind has no zero bytes.
        let what = CString::new(what).unwrap_or_default();
        let bytes = abi::Bytes {
            data: what.as_ptr(),
            size: what.count_bytes(),
        };
        self.names.push(what);
        plain(abi::ZEROMQ_OTHER, abi::Payload { bytes })
    }

    fn items(
        &mut self,
        method: Method,
        kind: u32,
        values: &[Value],
        depth: usize,
    ) -> Outcome<abi::Value> {
        self.count = self.count.saturating_add(values.len());
        if depth == DEEPEST || self.count > MOST {
            let text = format!(
                "{}: expected lists no more than {DEEPEST} deep in each other, got more, or a \
                 list that contains itself",
                method.name()
            );
            return Err(error("ZMQArgs", text));
        }
        let items = self.all(method, values, depth + 1)?;
        let payload = abi::Payload {
            items: abi::Items {
                data: items.as_ptr(),
                count: items.len(),
            },
        };
        // The items stay where they are when the list of lists grows.
        self.lists.push(items);
        Ok(plain(kind, payload))
    }
}
