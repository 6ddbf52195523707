//! The names that are known in each scope, and the slots of their values.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::host::error::Refusal;
use crate::host::syntax::{Capture, FunctionKind, Name, Place, Position};

/// A function body, or the text of a file: the unit that has its own slots.
pub struct Home {
    pub kind: FunctionKind,
    pub anonymous: bool,
    /// The enclosing class, for a method.
    pub class: Option<Rc<ClassFacts>>,
    pub scopes: Vec<Scope>,
    pub captures: Vec<Capture>,
    /// True if an inner function has used a variable from here. From then on, Morpho makes
    /// all functions that are declared here closures.
    pub captured: bool,
    pub around: Vec<Around>,
    used: usize,
    pub slots: usize,
}

/// The information that `resolve` keeps about a class.
pub struct ClassFacts {
    pub methods: HashSet<Name>,
    pub parent: Option<Place>,
}

/// A block, a loop header or the parameters of a function.
#[derive(Default)]
pub struct Scope {
    pub names: HashMap<Name, Entry>,
    /// The functions declared anywhere in it.
    pub later: HashSet<Name>,
    /// The position of the first `break` or `continue` that leaves it, if any.
    pub left: Option<Position>,
    first: usize,
}

#[derive(Clone, Copy)]
pub struct Entry {
    pub place: Place,
    pub role: Role,
    /// True if a closure has captured it.
    pub captured: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    Variable,
    /// Its initializer is being resolved.
    Opening,
    /// The variable of a `for … in`.
    Item,
    Function {
        closure: bool,
    },
    /// A function that was called but is declared further down.
    Promised,
    Class,
}

/// An enclosing construct that a `break` or `continue` passes on its way out.
#[derive(Clone, Copy)]
pub struct Around {
    pub kind: AroundKind,
    /// The number of scopes outside the body.
    pub scopes: usize,
}

#[derive(Clone, Copy, PartialEq)]
pub enum AroundKind {
    Loop,
    While,
    Try,
}

impl Home {
    pub fn new(kind: FunctionKind, anonymous: bool, class: Option<Rc<ClassFacts>>) -> Home {
        Home {
            kind,
            anonymous,
            class,
            scopes: vec![Scope::default()],
            captures: Vec::new(),
            captured: false,
            around: Vec::new(),
            used: 0,
            slots: 0,
        }
    }

    pub fn is_method(&self) -> bool {
        matches!(self.kind, FunctionKind::Method | FunctionKind::Initializer)
    }

    pub fn open(&mut self, later: HashSet<Name>) {
        self.scopes.push(Scope { later, first: self.used, ..Scope::default() });
    }

    /// Closes the innermost scope. Morpho mixes up the variables of two iterations if the
    /// scope of a captured variable is left early.
    pub fn close(&mut self) -> Result<Scope, Refusal> {
        let scope = self.scopes.pop().unwrap_or_default();
        self.used = scope.first;
        match scope.left {
            Some(at) if scope.is_captured() => Err(Refusal::unsupported(
                "leaving a block early when a closure uses its variables; make the closure in a function of its own",
                at,
            )),
            _ => Ok(scope),
        }
    }

    pub fn slot(&mut self) -> Place {
        self.used += 1;
        self.slots = self.slots.max(self.used);
        Place::Local(self.used - 1)
    }

    pub fn capture(&mut self, from: Capture) -> usize {
        let known = self.captures.iter().position(|capture| *capture == from);
        known.unwrap_or_else(|| {
            self.captures.push(from);
            self.captures.len() - 1
        })
    }

    /// Returns the innermost scope that has the name.
    pub fn find(&self, name: &Name) -> Option<(usize, Entry)> {
        self.scopes.iter().enumerate().rev().find_map(|(index, scope)| {
            let entry = scope.names.get(name).filter(|entry| entry.role != Role::Promised)?;
            Some((index, *entry))
        })
    }

    pub fn innermost(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }
}

impl Scope {
    pub fn is_captured(&self) -> bool {
        self.names.values().any(|entry| entry.captured)
    }
}
