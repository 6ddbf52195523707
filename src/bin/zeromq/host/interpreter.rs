//! The running script: its variables and its output. `execute` runs statements
//! on it, `evaluate` expressions, `call` functions.

use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::rc::{Rc, Weak};

use super::builtins::Methods;
use super::builtins::file::File;
use super::call::Values;
use super::error::Outcome;
use super::resolve::Program;
use super::source::Sources;
use super::syntax::*;
use super::text::{self, Style};
use super::value::{Class, Closure, Shared, Value};

pub struct Interpreter {
    /// The local variables of all running functions.
    pub(super) stack: Vec<Slot>,
    /// The index of the innermost function's first variable.
    pub(super) base: usize,
    /// The variables that the function captured.
    pub(super) captured: Rc<Closure>,
    pub globals: Vec<Value>,
    /// The position being evaluated, for messages.
    pub at: Position,
    /// The number of running calls.
    pub(super) depth: usize,
    /// The number of open `try` blocks.
    pub handlers: usize,
    pub names: Names,
    pub sources: Sources,
    pub methods: Methods,
    pub arguments: Vec<String>,
    /// The classes that represent kinds of values, made on demand.
    kinds: Vec<Rc<Class>>,
    pub random: fastrand::Rng,
    /// The script's files that still exist.
    files: Vec<Weak<File>>,
    out: Box<dyn Write>,
    /// Returns the text of a warning with this tag and message.
    pub warning: fn(&str, &str) -> String,
}

/// A local variable. It moves to the heap when a closure captures it.
pub enum Slot {
    Own(Value),
    Shared(Shared),
}

/// Opens standard output. On a terminal, every line appears immediately.
pub fn output() -> Box<dyn Write> {
    if stdout().is_terminal() { Box::new(stdout()) } else { Box::new(BufWriter::new(stdout())) }
}

impl Interpreter {
    pub fn new(
        names: Names,
        sources: Sources,
        arguments: Vec<String>,
        out: Box<dyn Write>,
    ) -> Interpreter {
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
        Interpreter {
            stack: Vec::new(),
            base: 0,
            captured: Rc::new(Closure { function: Rc::new(nothing), captured: Vec::new() }),
            globals: Vec::new(),
            at: 0,
            depth: 0,
            handlers: 0,
            names,
            sources,
            methods,
            arguments,
            kinds: Vec::new(),
            random: fastrand::Rng::new(),
            files: Vec::new(),
            out,
            warning: |tag, message| format!("Warning '{tag}': {message}\n"),
        }
    }

    /// Runs a script to its end.
    pub fn run(&mut self, program: &Program) -> Outcome<()> {
        // At a prompt there are some already.
        self.globals.resize(program.globals.max(self.globals.len()), Value::Nil);
        self.run_file(&program.body)
    }

    /// Resets the interpreter after an error; global variables are kept.
    pub fn recover(&mut self) {
        self.stack.clear();
        self.base = 0;
        self.depth = 0;
        self.handlers = 0;
    }

    /// Runs the text of a file.
    pub fn run_file(&mut self, body: &Rc<Function>) -> Outcome<()> {
        let closure = Rc::new(Closure { function: body.clone(), captured: Vec::new() });
        self.enter(&closure, self.stack.len())?;
        Ok(())
    }

    // Output.

    /// Writes to standard output.
    pub fn write(&mut self, text: &str) -> Outcome<()> {
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Flushes the output before something waits.
    pub fn flush(&mut self) -> Outcome<()> {
        Ok(self.out.flush()?)
    }

    /// Writes a warning, like Morpho, at once.
    pub fn warn(&mut self, tag: &str, message: &str) -> Outcome<()> {
        self.write(&(self.warning)(tag, message))?;
        self.flush()
    }

    /// Returns the text of a value. Calls `tostring` on objects that have it.
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

    /// Ensures that a file is flushed when the script ends, even if it is held by objects
    /// that refer to each other.
    pub fn remember(&mut self, file: &Rc<File>) {
        self.files.retain(|file| file.strong_count() > 0);
        self.files.push(Rc::downgrade(file));
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

    /// Initializes a variable: closures that captured the previous one keep it.
    pub fn declare(&mut self, place: Place, value: Value) {
        match place {
            Place::Local(slot) => self.stack[self.base + slot] = Slot::Own(value),
            other => self.assign(other, value),
        }
    }

    /// Makes a function that captures the variables that it uses.
    pub fn close_over(&mut self, function: &Rc<Function>) -> Value {
        let captured = function.captures.iter().map(|capture| match *capture {
            Capture::Local(slot) => self.share(slot),
            Capture::Captured(index) => self.captured.captured[index].clone(),
        });
        let captured = captured.collect();
        Value::Function(Rc::new(Closure { function: function.clone(), captured }))
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

    /// Returns the class that represents a kind of value.
    pub fn class_named(&mut self, name: &str) -> Rc<Class> {
        if let Some(class) = self.kinds.iter().find(|class| *class.name == *name) {
            return class.clone();
        }
        let class = Rc::new(Class { name: name.into(), parent: None, methods: Default::default() });
        self.kinds.push(class.clone());
        class
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        for file in self.files.drain(..).filter_map(|file| file.upgrade()) {
            file.close();
        }
    }
}
