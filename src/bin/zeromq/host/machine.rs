//! The running script: its variables, its calls, its output. `execute` runs
//! statements on it and `evaluate` expressions.

use std::io::Write;
use std::rc::Rc;

use super::builtins::{Builtin, Methods};
use super::error::{self, Failure, Outcome, error, unsupported};
use super::resolve::Program;
use super::source::Sources;
use super::text::{self, Style};
use super::tree::*;
use super::value::{Class, Closure, Instance, Shared, Table, Value};

/// How many calls may be running, as in Morpho.
const DEEPEST: usize = 254;

pub struct Machine {
    /// The local variables of all running functions.
    stack: Vec<Slot>,
    /// Where those of the innermost one start.
    base: usize,
    /// The variables that it took along.
    captured: Rc<Closure>,
    pub globals: Vec<Value>,
    /// What is being evaluated, for messages.
    pub at: Position,
    depth: usize,
    /// How many `try` blocks are open.
    pub handlers: usize,
    pub names: Names,
    pub sources: Sources,
    pub methods: Methods,
    pub arguments: Vec<String>,
    /// The classes that stand for a kind of value, as far as they were asked for.
    kinds: Vec<Rc<Class>>,
    pub random: u64,
    out: std::io::BufWriter<std::io::Stdout>,
}

/// A local variable. It moves to the heap when a closure takes it along.
pub enum Slot {
    Own(Value),
    Shared(Shared),
}

/// The values of a call.
#[derive(Default)]
pub struct Values {
    pub positional: Vec<Value>,
    pub named: Vec<(Name, Value)>,
}

impl From<Vec<Value>> for Values {
    fn from(positional: Vec<Value>) -> Values {
        Values {
            positional,
            named: Vec::new(),
        }
    }
}

impl Machine {
    pub fn new(names: Names, sources: Sources, arguments: Vec<String>) -> Machine {
        let methods = Methods::new(&names);
        let nothing = Function {
            name: names.intern("global"),
            kind: FunctionKind::File,
            parameters: Vec::new(),
            options: Vec::new(),
            rest: None,
            body: Body::Block(Block::default()),
            slots: 0,
            captures: Vec::new(),
            closure: false,
        };
        Machine {
            stack: Vec::new(),
            base: 0,
            captured: Rc::new(Closure {
                function: Rc::new(nothing),
                captured: Vec::new(),
            }),
            globals: Vec::new(),
            at: 0,
            depth: 0,
            handlers: 0,
            names,
            sources,
            methods,
            arguments,
            kinds: Vec::new(),
            random: super::builtins::functions::seed(),
            out: std::io::BufWriter::new(std::io::stdout()),
        }
    }

    /// Runs a script to its end.
    pub fn run(&mut self, program: &Program) -> Outcome<()> {
        self.globals = vec![Value::Nil; program.globals];
        self.run_file(&program.body)
    }

    /// Runs the text of a file.
    pub fn run_file(&mut self, body: &Rc<Function>) -> Outcome<()> {
        let closure = Rc::new(Closure {
            function: body.clone(),
            captured: Vec::new(),
        });
        self.enter(&closure, self.stack.len())?;
        Ok(())
    }

    // Output.

    /// Writes to standard output.
    pub fn write(&mut self, text: &str) -> Outcome<()> {
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Makes sure that the user sees what was written, before something waits.
    pub fn flush(&mut self) -> Outcome<()> {
        Ok(self.out.flush()?)
    }

    /// The text of a value. Objects with a method `tostring` are asked for it.
    pub fn text(&mut self, value: &Value, style: Style) -> Outcome<String> {
        let mut out = String::new();
        self.append_text(&mut out, value, style)?;
        Ok(out)
    }

    pub fn append_text(&mut self, out: &mut String, value: &Value, style: Style) -> Outcome<()> {
        text::write(out, value, style, &mut |object| self.described(object))
    }

    fn described(&mut self, object: &Value) -> Outcome<Option<String>> {
        let name = self.names.intern("tostring");
        let described = match object {
            Value::Instance(instance) => match instance.class.methods.get(&name).cloned() {
                Some(method) => self.call_closure(&method, Some(object), Values::default())?,
                None => return Ok(None),
            },
            Value::Foreign(foreign) => match foreign.method(&name) {
                Some(method) => foreign.call(self, method, &Values::default())?,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(match described {
            Value::String(text) => Some(text.to_string()),
            _ => None,
        })
    }

    // Variables.

    pub fn read(&self, place: Place) -> Value {
        match place {
            Place::Local(slot) => match &self.stack[self.base + slot] {
                Slot::Own(value) => value.clone(),
                Slot::Shared(shared) => shared.borrow().clone(),
            },
            Place::Captured(index) => self.captured.captured[index].borrow().clone(),
            Place::Global(index) => self.globals[index].clone(),
            Place::Unknown => Value::Nil,
        }
    }

    pub fn assign(&mut self, place: Place, value: Value) {
        match place {
            Place::Local(slot) => match &mut self.stack[self.base + slot] {
                Slot::Own(old) => *old = value,
                Slot::Shared(shared) => *shared.borrow_mut() = value,
            },
            Place::Captured(index) => *self.captured.captured[index].borrow_mut() = value,
            Place::Global(index) => self.globals[index] = value,
            Place::Unknown => {}
        }
    }

    /// Gives a variable its first value: closures that took the last one along
    /// keep it.
    pub fn declare(&mut self, place: Place, value: Value) {
        match place {
            Place::Local(slot) => self.stack[self.base + slot] = Slot::Own(value),
            other => self.assign(other, value),
        }
    }

    /// Makes a function, with the variables that it uses from around here.
    pub fn close_over(&mut self, function: &Rc<Function>) -> Value {
        let captured = function.captures.iter().map(|capture| match *capture {
            Capture::Local(slot) => self.share(slot),
            Capture::Captured(index) => self.captured.captured[index].clone(),
        });
        let captured = captured.collect();
        Value::Function(Rc::new(Closure {
            function: function.clone(),
            captured,
        }))
    }

    fn share(&mut self, slot: usize) -> Shared {
        let slot = &mut self.stack[self.base + slot];
        match slot {
            Slot::Shared(shared) => shared.clone(),
            Slot::Own(value) => {
                let shared = Shared::new(std::mem::take(value).into());
                *slot = Slot::Shared(shared.clone());
                shared
            }
        }
    }

    // Calls.

    /// Calls whatever can be called.
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
            _ => Err(error::CALLABLE.into()),
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
            return Err(error::NO_OPTIONS.into());
        }
        if given < builtin.least || given > builtin.most {
            return unsupported(format!(
                "'{}' with {given} arguments, which Morpho does not check",
                builtin.name
            ));
        }
        (builtin.code)(self, receiver, &values.positional)
    }

    fn instantiate(&mut self, class: &Rc<Class>, values: Values) -> Outcome<Value> {
        let fields = Table::default();
        let object = Value::Instance(Rc::new(Instance {
            class: class.clone(),
            fields,
        }));
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

    /// Calls a function of the script; a method gets its object.
    pub fn call_closure(
        &mut self,
        closure: &Rc<Closure>,
        receiver: Option<&Value>,
        values: Values,
    ) -> Outcome<Value> {
        let start = self.stack.len();
        self.stack
            .extend(receiver.map(|receiver| Slot::Own(receiver.clone())));
        if let Err(failure) = self.bind(&closure.function, values) {
            self.stack.truncate(start);
            return Err(traced(failure, &closure.function, self.at));
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
            Err(failure) => Err(failure),
        }
    }

    /// Runs the body of a function whose arguments are on the stack. `None`
    /// means that it ended without a value.
    fn enter(&mut self, closure: &Rc<Closure>, start: usize) -> Outcome<Option<Value>> {
        let function = &closure.function;
        self.stack
            .resize_with(start + function.slots, || Slot::Own(Value::Nil));
        let at = self.at;
        let base = std::mem::replace(&mut self.base, start);
        let captured = std::mem::replace(&mut self.captured, closure.clone());
        let result = self.body(function);
        let result = result.map_err(|failure| traced(failure, function, self.at));
        self.captured = captured;
        self.base = base;
        self.at = at;
        self.stack.truncate(start);
        result
    }

    fn body(&mut self, function: &Function) -> Outcome<Option<Value>> {
        match &function.body {
            Body::Expression(expression) => self.evaluate(expression).map(Some),
            Body::Block(block) => self.run_body(block, function.kind),
        }
    }

    /// Puts the arguments of a call into the first slots of a function.
    fn bind(&mut self, function: &Function, values: Values) -> Outcome<()> {
        let Values {
            mut positional,
            named,
        } = values;
        let (expected, given) = (function.parameters.len(), positional.len());
        if given < expected || (given > expected && function.rest.is_none()) {
            // Morpho counts wrong when there are more than these.
            let expected = expected - usize::from(function.rest.is_some());
            let text = format!("Expected {expected} arguments but got {given}.");
            return Err(error("InvldArgs", text));
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
        self.stack.extend(
            function
                .options
                .iter()
                .map(|(_, value)| Slot::Own(value.clone())),
        );
        for (name, value) in named {
            let known = function
                .options
                .iter()
                .position(|(option, _)| option.name == name);
            let Some(index) = known else {
                return Err(error(
                    "UnkwnOptArg",
                    format!("Unknown optional argument '{}'.", &*name),
                ));
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
            Value::Nil => return Err(error::INVOKE.into()),
            Value::Class(_) => return unsupported("calls on classes"),
            _ => {}
        }
        if let Some(method) = self.methods.find(receiver.kind(), name) {
            return self.call_builtin(method, receiver, values);
        }
        let field = match receiver {
            Value::Instance(instance) => instance
                .fields
                .0
                .borrow()
                .get(&Value::String(name.text().clone()))
                .cloned(),
            _ => None,
        };
        match (field, receiver) {
            (Some(function), _) => self.call(&function, values),
            (None, Value::Instance(_)) => Err(lacks_property(name)),
            (None, _) => Err(error(
                "ClssLcksMthd",
                format!("Class lacks method '{}'.", &**name),
            )),
        }
    }

    /// Whether a value has a method.
    pub fn responds(&self, value: &Value, name: &Name) -> bool {
        let own = match value {
            Value::Instance(instance) => instance.class.methods.contains_key(name),
            Value::Foreign(object) => object.method(name).is_some(),
            _ => false,
        };
        own || self.methods.find(value.kind(), name).is_some()
    }

    /// The class that stands for a kind of value.
    pub fn class_named(&mut self, name: &str) -> Rc<Class> {
        if let Some(class) = self.kinds.iter().find(|class| *class.name == *name) {
            return class.clone();
        }
        let class = Rc::new(Class {
            name: name.into(),
            parent: None,
            methods: Default::default(),
        });
        self.kinds.push(class.clone());
        class
    }
}

pub fn lacks_property(name: &str) -> Failure {
    error(
        "ObjLcksPrp",
        format!("Object lacks property or method '{name}'."),
    )
}

/// Notes in an error that it passed through a function.
fn traced(mut failure: Failure, function: &Function, at: Position) -> Failure {
    if let Failure::Error(error) = &mut failure {
        let name = if function.name.is_empty() {
            "global"
        } else {
            &function.name
        };
        error.frames.push((name.to_string(), at));
    }
    failure
}
