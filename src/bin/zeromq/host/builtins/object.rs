//! The methods of instances, and the methods of every value except nil.

use std::rc::Rc;

use super::{ANY as MANY, Builtin, row};
use crate::host::error::{self, Outcome, unsupported};
use crate::host::interpreter::Interpreter;
use crate::host::text::Style;
use crate::host::value::{Instance, Table, Type, Value};

pub static INSTANCE: &[Builtin] = &[
    row("superclass", 0, 0, superclass),
    row("has", 0, 1, has),
    row("invoke", 1, MANY, invoke),
    row("count", 0, 0, |_, this, _| {
        Ok(Value::Int(fields(this, |fields| fields.0.borrow().len()) as i32))
    }),
    row("clone", 0, 0, clone),
];

pub static ANY: &[Builtin] = &[
    row("clss", 0, 0, class),
    row("respondsto", 0, 1, responds),
    row("prnt", 0, 0, |interpreter, this, _| {
        let text = interpreter.text(this, Style::Printed)?;
        interpreter.write(&text)?;
        Ok(Value::Nil)
    }),
];

/// The types that have the methods of `ANY`.
pub const TYPES: [Type; 16] = [
    Type::Bool,
    Type::Int,
    Type::Float,
    Type::String,
    Type::List,
    Type::Tuple,
    Type::Dictionary,
    Type::Range,
    Type::Array,
    Type::Matrix,
    Type::File,
    Type::Function,
    Type::Closure,
    Type::Instance,
    Type::Error,
    Type::Object,
];

fn fields<T: Default>(this: &Value, look: impl FnOnce(&Table) -> T) -> T {
    match this {
        Value::Instance(instance) => look(&instance.fields),
        _ => T::default(),
    }
}

fn class(interpreter: &mut Interpreter, this: &Value, _: &[Value]) -> Outcome<Value> {
    Ok(Value::Class(match this {
        Value::Instance(instance) => instance.class.clone(),
        Value::Foreign(object) => interpreter.class_named(object.class_name()),
        other => interpreter.class_named(&format!("{:?}", other.kind())),
    }))
}

fn superclass(interpreter: &mut Interpreter, this: &Value, _: &[Value]) -> Outcome<Value> {
    let parent = match this {
        Value::Instance(instance) => instance.class.parent.clone(),
        _ => None,
    };
    Ok(Value::Class(parent.unwrap_or_else(|| interpreter.class_named("Object"))))
}

fn has(_: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    match arguments.first() {
        None => Ok(Value::list(fields(this, |fields| fields.0.borrow().keys()))),
        Some(name @ Value::String(_)) => {
            Ok(Value::Bool(fields(this, |fields| fields.0.borrow().get(name).is_some())))
        }
        Some(_) => Err(error::HAS_ARGUMENT.into()),
    }
}

fn responds(interpreter: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    match arguments.first() {
        None => unsupported("respondsto() without a name"),
        Some(Value::String(name)) => {
            let name = interpreter.names.intern(name);
            Ok(Value::Bool(interpreter.responds(this, &name)?))
        }
        Some(_) => Err(error::RESPONDS_ARGUMENT.into()),
    }
}

fn invoke(interpreter: &mut Interpreter, this: &Value, arguments: &[Value]) -> Outcome<Value> {
    let Value::String(name) = &arguments[0] else {
        return unsupported("invoke() without the name of a method");
    };
    let name = interpreter.names.intern(name);
    interpreter.invoke(this, &name, arguments[1..].to_vec().into())
}

fn clone(_: &mut Interpreter, this: &Value, _: &[Value]) -> Outcome<Value> {
    let Value::Instance(instance) = this else {
        return Ok(Value::Nil);
    };
    let fields = Table(super::dictionary::copy(&instance.fields).into());
    Ok(Value::Instance(Rc::new(Instance { class: instance.class.clone(), fields })))
}
