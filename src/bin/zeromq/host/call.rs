//! Calling functions, methods and classes of the script, of the host and of the library.

use std::rc::Rc;

use super::builtins::{Builtin, OBJECT_METHODS, matrix};
use super::error::{self, Outcome, Stop, error, hinted, unsupported};
use super::hints;
use super::interpreter::{Interpreter, Slot};
use super::syntax::*;
use super::value::{Class, Closure, Instance, Table, Value};
use crate::interrupt;

/// The maximum call depth, as in Morpho.
const DEEPEST: usize = 254;

/// The arguments of a call.
#[derive(Default)]
pub struct Values {
    pub positional: Vec<Value>,
    pub named: Vec<(Name, Value)>,
}

impl From<Vec<Value>> for Values {
    fn from(positional: Vec<Value>) -> Values {
        Values { positional, named: Vec::new() }
    }
}

impl Interpreter {
    /// Calls any callable value.
    pub fn call(&mut self, callee: &Value, values: Values) -> Outcome<Value> {
        match callee {
            Value::Function(closure) => self.call_closure(closure, None, values),
            Value::Builtin(builtin) => self.call_builtin(builtin, &Value::Nil, values),
            Value::Class(class) => self.instantiate(class, values),
            Value::Bound(bound) => self.call_closure(&bound.method, Some(&bound.receiver), values),
            Value::ForeignClass(class) => class.construct(self, &values),
            Value::Module(module) => match module.constructor {
                Some(builtin) => self.call_builtin(builtin, &Value::Nil, values),
                None => Err(error::CALLABLE.into()),
            },
            other => Err(hinted(error::CALLABLE.into(), uncallable(other))),
        }
    }

    pub fn call_builtin(
        &mut self,
        builtin: &'static Builtin,
        receiver: &Value,
        values: Values,
    ) -> Outcome<Value> {
        let given = values.positional.len();
        if !values.named.is_empty() {
            return unsupported("named arguments of a built-in, which Morpho does not check");
        }
        if given < builtin.least || given > builtin.most {
            return unsupported(format!(
                "a call of '{}' with a number of arguments that Morpho does not check: {given}",
                builtin.name
            ));
        }
        (builtin.code)(self, receiver, &values.positional)
    }

    fn instantiate(&mut self, class: &Rc<Class>, values: Values) -> Outcome<Value> {
        let fields = Table::default();
        let object = Value::Instance(Rc::new(Instance { class: class.clone(), fields }));
        let name = self.names.intern("init");
        if let Some(initializer) = class.methods.get(&name).cloned() {
            self.call_closure(&initializer, Some(&object), values)?;
        } else if !values.positional.is_empty() || !values.named.is_empty() {
            return Err(error(
                "NoInit",
                format!(
                    "Cannot instantiate with arguments because class '{}' does not provide an initializer.",
                    class.name
                ),
            ));
        }
        Ok(object)
    }

    /// Calls a script function; a method gets its object.
    pub fn call_closure(
        &mut self,
        closure: &Rc<Closure>,
        receiver: Option<&Value>,
        values: Values,
    ) -> Outcome<Value> {
        interrupt::check()?;
        let start = self.stack.len();
        self.stack.extend(receiver.map(|receiver| Slot::Own(receiver.clone())));
        if let Err(stop) = self.bind(&closure.function, values) {
            self.stack.truncate(start);
            return Err(traced(stop, &closure.function, self.at));
        }
        if self.depth == DEEPEST {
            self.stack.truncate(start);
            return Err(error::STACK.into());
        }
        self.depth += 1;
        let result = self.enter(closure, start);
        self.depth -= 1;
        match result {
            Ok(None) => Ok(receiver.cloned().unwrap_or_default()),
            Ok(Some(value)) => Ok(value),
            Err(stop) => Err(stop),
        }
    }

    /// Runs the body of a function whose arguments are on the stack. Returns `None` if it
    /// ends without a value.
    pub(super) fn enter(&mut self, closure: &Rc<Closure>, start: usize) -> Outcome<Option<Value>> {
        let function = &closure.function;
        self.stack.resize_with(start + function.slots, || Slot::Own(Value::Nil));
        let at = self.at;
        let base = std::mem::replace(&mut self.base, start);
        let captured = std::mem::replace(&mut self.captured, closure.clone());
        let result = self.body(function);
        let result = result.map_err(|stop| traced(stop, function, self.at));
        self.captured = captured;
        self.base = base;
        // What is not supported or interrupted is shown where it stands.
        if !matches!(result, Err(Stop::Unsupported(_) | Stop::Interrupted)) {
            self.at = at;
        }
        self.stack.truncate(start);
        result
    }

    fn body(&mut self, function: &Function) -> Outcome<Option<Value>> {
        match &function.body {
            Body::Expression(expression) => self.evaluate(expression).map(Some),
            Body::Block(block) => self.run_body(block, function.kind),
        }
    }

    /// Stores the arguments of a call in the first slots of a function.
    fn bind(&mut self, function: &Function, values: Values) -> Outcome<()> {
        let Values { mut positional, named } = values;
        let (expected, given) = (function.parameters.len(), positional.len());
        if given < expected || (given > expected && function.rest.is_none()) {
            // Morpho counts wrong when there are more than these.
            let expected = expected - usize::from(function.rest.is_some());
            let text = format!("Expected {expected} arguments but got {given}.");
            return Err(hinted(error("InvldArgs", text), signature(function)));
        }
        let rest = positional.split_off(expected);
        self.stack.extend(positional.into_iter().map(Slot::Own));
        if function.rest.is_some() {
            self.stack.push(Slot::Own(Value::list(rest)));
        }
        if function.options.is_empty() && !named.is_empty() {
            return Err(error::NO_OPTIONS.into());
        }
        let options = self.stack.len();
        self.stack.extend(function.options.iter().map(|(_, value)| Slot::Own(value.clone())));
        for (name, value) in named {
            let known = function.options.iter().position(|(option, _)| option.name == name);
            let Some(index) = known else {
                let text = format!("Unknown optional argument '{}'.", &*name);
                let options = function.options.iter().map(|(option, _)| &*option.name);
                let hint = match hints::did_you_mean(&name, options) {
                    hint if hint.is_empty() => signature(function),
                    hint => hint,
                };
                return Err(hinted(error("UnkwnOptArg", text), hint));
            };
            self.stack[options + index] = Slot::Own(value);
        }
        Ok(())
    }

    /// Calls a method.
    pub fn invoke(&mut self, receiver: &Value, name: &Name, values: Values) -> Outcome<Value> {
        match receiver {
            Value::Instance(instance) => {
                if let Some(method) = instance.class.methods.get(name).cloned() {
                    return self.call_closure(&method, Some(receiver), values);
                }
            }
            Value::Foreign(object) => {
                if let Some(method) = object.method(name) {
                    return object.call(self, method, &values);
                }
            }
            Value::ForeignClass(class) => {
                if let Some(function) = class.function(name) {
                    return class.call(self, function, &values);
                }
            }
            Value::Module(module) => {
                if let Some(function) = module.functions.iter().find(|row| *row.name == **name) {
                    return self.call_builtin(function, receiver, values);
                }
            }
            Value::Nil => {
                let hint = format!(
                    "the value before .{} is nil, as received messages are on timeout; test it \
                     with isnil",
                    &**name
                );
                return Err(hinted(error::INVOKE.into(), hint));
            }
            Value::Class(_) => return unsupported("calls on classes"),
            _ => {}
        }
        if let Some(method) = self.methods.find(receiver.kind(), name) {
            return self.call_builtin(method, receiver, values);
        }
        let field = match receiver {
            Value::Instance(instance) => {
                instance.fields.0.borrow().get(&Value::String(name.text().clone())).cloned()
            }
            _ => None,
        };
        match (field, receiver) {
            (Some(function), _) => self.call(&function, values),
            (None, _) => Err(self.lacks(receiver, name)),
        }
    }

    /// Returns the error for a missing method: Morpho does not have it either, or only this
    /// host does not.
    pub fn lacks(&self, receiver: &Value, name: &str) -> Stop {
        let exists = match receiver {
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => name == "invoke",
            Value::Instance(_) | Value::Foreign(_) => OBJECT_METHODS.contains(&name),
            _ => OBJECT_METHODS.contains(&name) || self.methods.knows(name),
        };
        match receiver {
            Value::Matrix(_) if matrix::LACKING.contains(&name) => {
                Stop::Unsupported(matrix::lacks(name))
            }
            _ if exists => Stop::Unsupported(format!("the method '{name}' of this value")),
            Value::Instance(instance) => {
                let fields = instance.fields.0.borrow().keys();
                let fields = fields.iter().filter_map(|field| match field {
                    Value::String(name) => Some(&**name),
                    _ => None,
                });
                let methods = instance.class.methods.keys().map(|method| &**method);
                hinted(lacks_property(name), hints::method(name, methods.chain(fields)))
            }
            _ => {
                let text = format!("Class lacks method '{name}'.");
                hinted(error("ClssLcksMthd", text), self.instead(receiver, name))
            }
        }
    }

    /// Returns what to call in place of a method that a value does not have.
    fn instead(&self, receiver: &Value, name: &str) -> String {
        match receiver {
            Value::Foreign(object) => match hints::method(name, object.class().method_names()) {
                hint if hint.is_empty() => object.whose(name),
                hint => hint,
            },
            Value::ForeignClass(class) if class.makes(name) => format!(
                "{name} is a method of an object: var a = {0}(…), and then a.{name}(…)",
                class.name()
            ),
            Value::ForeignClass(class) => hints::method(name, class.function_names()),
            value => hints::method(name, self.methods.of(value.kind())),
        }
    }

    /// True if a value has a method.
    pub fn responds(&self, value: &Value, name: &Name) -> Outcome<bool> {
        let own = match value {
            Value::Instance(instance) => instance.class.methods.contains_key(name),
            Value::Foreign(object) => object.method(name).is_some(),
            _ => false,
        };
        if own || self.methods.find(value.kind(), name).is_some() {
            return Ok(true);
        }
        match self.lacks(value, name) {
            Stop::Error(_) => Ok(false),
            stop => Err(stop),
        }
    }
}

/// Says why a value cannot be called.
fn uncallable(value: &Value) -> String {
    match value {
        Value::Nil => "the value before ( is nil: nothing was assigned to it yet".to_owned(),
        Value::Foreign(object) => {
            format!("the value before ( is a {}: call one of its methods", object.class_name())
        }
        value => format!("the value before ( is a {:?}", value.kind()),
    }
}

/// Says which arguments a function of the script takes.
fn signature(function: &Function) -> String {
    let name = if function.name.is_empty() { "fn " } else { &*function.name };
    format!("the function is called as {}", function.signature(name))
}

pub fn lacks_property(name: &str) -> Stop {
    error("ObjLcksPrp", format!("Object lacks property or method '{name}'."))
}

/// Adds a function to the stack trace of an error.
fn traced(mut stop: Stop, function: &Function, at: Position) -> Stop {
    if let Stop::Error(error) = &mut stop {
        let name = if function.name.is_empty() { "global" } else { &function.name };
        error.frames.push((name.to_string(), at));
    }
    stop
}
