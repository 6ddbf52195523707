//! A script that is entered in parts at a prompt: the names that one input declares are
//! known to the next.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::scope::{ClassFacts, Entry, Home, Role};
use super::{Loader, Program, Resolver};
use crate::host::error::Refusal;
use crate::host::grammar;
use crate::host::interpreter::Interpreter;
use crate::host::source::Sources;
use crate::host::syntax::*;
use crate::host::value::Value;

/// The declarations of all inputs so far.
#[derive(Default)]
pub struct Session {
    names: HashMap<Name, Entry>,
    globals: usize,
    classes: HashMap<Name, Rc<ClassFacts>>,
    foreign: HashMap<Name, Value>,
}

impl Session {
    /// Resolves the input that starts at this position. A rejected input declares nothing,
    /// but its imports stay loaded.
    pub fn read(
        &mut self,
        start: Position,
        names: &Names,
        sources: &mut Sources,
        loader: Loader<'_>,
    ) -> Result<Program, Refusal> {
        let mut block = grammar::parse(sources.text(start), start, names)?;
        show_values(&mut block);
        let mut home = Home::new(FunctionKind::File, false, None);
        home.innermost().names = self.names.clone();
        let mut resolver = Resolver {
            names,
            sources,
            loader,
            homes: vec![home],
            globals: self.globals,
            classes: self.classes.clone(),
            foreign: std::mem::take(&mut self.foreign),
            earlier: self.names.keys().cloned().collect::<HashSet<_>>(),
            building: None,
            depth: 0,
        };
        let body = resolver.statements(block);
        self.foreign = resolver.foreign;
        let body = body?;
        self.globals = resolver.globals;
        let scopes = resolver.homes.into_iter().flat_map(|home| home.scopes);
        self.names = scopes.flat_map(|scope| scope.names).collect();
        // A name that is not of a class any more is no superclass.
        let is_class = |name: &Name| self.names.get(name).is_some_and(|e| e.role == Role::Class);
        self.classes = resolver.classes.into_iter().filter(|(name, _)| is_class(name)).collect();
        Ok(Program { body, globals: self.globals })
    }

    /// Returns the names that were declared or imported.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().chain(self.foreign.keys()).map(|name| &**name)
    }

    /// Returns the names and the values that they have now.
    pub fn values<'a>(
        &'a self,
        interpreter: &'a Interpreter,
    ) -> impl Iterator<Item = (&'a str, Value)> {
        let declared =
            self.names.iter().map(|(name, entry)| (&**name, interpreter.read(entry.place)));
        declared.chain(self.foreign.iter().map(|(name, value)| (&**name, value.clone())))
    }

    /// Returns the method names of the imported classes.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        let classes = self.foreign.values().filter_map(|value| match value {
            Value::ForeignClass(class) => Some(class),
            _ => None,
        });
        classes.flat_map(|class| class.members())
    }
}

/// A prompt shows the values of expressions, but not of assignments.
fn show_values(block: &mut Block) {
    for statement in &mut block.statements {
        statement.action = match std::mem::replace(&mut statement.action, Action::Break) {
            Action::Evaluate(value) if !matches!(value.kind, Kind::Assign(_)) => {
                Action::Show(value)
            }
            other => other,
        };
    }
}
