//! `Error("Id", "text")` and its methods.

use std::rc::Rc;

use super::{Builtin, Module, row};
use crate::host::error::{self, Outcome, error};
use crate::host::interpreter::Interpreter;
use crate::host::text::Style;
use crate::host::value::{Instance, Table, Value};

pub static ERROR: Module = Module {
    name: "Error",
    functions: &[row("throw", 1, 2, throw), row("warning", 1, 2, warn)],
    constructor: Some(&CONSTRUCTOR),
};

static CONSTRUCTOR: Builtin = row("Error", 0, super::ANY, make);

pub static TABLE: &[Builtin] = &[row("throw", 0, 2, throw), row("warning", 0, 2, warn)];

fn make(interpreter: &mut Interpreter, _: &Value, arguments: &[Value]) -> Outcome<Value> {
    let [tag @ Value::String(_), message @ Value::String(_)] = arguments else {
        return Err(error::ERROR_ARGUMENTS.into());
    };
    let fields = Table::default();
    fields.0.borrow_mut().insert(Value::string("tag"), tag.clone());
    fields.0.borrow_mut().insert(Value::string("message"), message.clone());
    let class = interpreter.class_named("Error");
    Ok(Value::Instance(Rc::new(Instance { class, fields })))
}

fn throw(interpreter: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let (tag, message) = tag_and_message(interpreter, this, arguments)?;
    Err(error(tag, message))
}

fn warn(interpreter: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let (tag, message) = tag_and_message(interpreter, this, arguments)?;
    interpreter.write(&format!("Warning '{tag}': {message}\n"))?;
    Ok(Value::Nil)
}

/// Arguments replace the error's text, or its id and text.
fn tag_and_message(
    interpreter: &mut Interpreter,
    this: &Value,
    arguments: &[Value],
) -> Outcome<(String, String)> {
    let (tag, message) = match (this, arguments) {
        (_, [tag, message]) => (tag.clone(), message.clone()),
        (Value::Instance(instance), [message]) => (field(instance, "tag"), message.clone()),
        (Value::Instance(instance), _) => (field(instance, "tag"), field(instance, "message")),
        (_, [message, ..]) => (Value::string("Err"), message.clone()),
        (_, []) => (Value::string("Err"), Value::string("")),
    };
    let tag = interpreter.text(&tag, Style::Interpolated)?;
    Ok((tag, interpreter.text(&message, Style::Interpolated)?))
}

fn field(instance: &Instance, name: &str) -> Value {
    instance.fields.0.borrow().get(&Value::string(name)).cloned().unwrap_or_default()
}
