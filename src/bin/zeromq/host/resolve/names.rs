//! Declaring names and finding them.

use std::rc::Rc;

use super::scope::{Entry, Role};
use super::{Resolved, Resolver};
use crate::host::builtins;
use crate::host::error::Refusal;
use crate::host::hints;
use crate::host::syntax::*;
use crate::host::value::Value;

impl Resolver<'_> {
    /// Declares a name in the innermost scope.
    pub(super) fn declare(&mut self, variable: &mut Variable, role: Role) -> Resolved {
        let known = self.home().innermost().names.get(&variable.name).copied();
        let again = self.is_global() && self.earlier.remove(&variable.name);
        variable.place = match known {
            // Whatever it was, its users see what it is now.
            Some(entry) if again => entry.place,
            Some(entry) => self.redeclare(variable, entry, role)?,
            None => self.new_place(),
        };
        let entry = Entry { place: variable.place, role, captured: false };
        self.home().innermost().names.insert(variable.name.clone(), entry);
        Ok(())
    }

    fn new_place(&mut self) -> Place {
        if self.is_global() {
            self.globals += 1;
            return Place::Global(self.globals - 1);
        }
        self.home().slot()
    }

    /// Returns the place of a name that this scope already has, if it may be declared
    /// again.
    fn redeclare(&self, variable: &Variable, old: Entry, new: Role) -> Result<Place, Refusal> {
        match (old.role, new) {
            (Role::Promised, Role::Function { .. }) => Ok(old.place),
            (Role::Function { .. }, Role::Function { .. }) => {
                Err(Refusal::unsupported("two functions of one name", variable.at))
            }
            (Role::Function { .. } | Role::Class | Role::Promised, _)
            | (_, Role::Function { .. } | Role::Class) => {
                Err(Refusal::unsupported("rebinding the name of a function or class", variable.at))
            }
            _ if self.is_global() => Ok(old.place),
            _ => Err(Refusal::compile(
                "VblDcl",
                "Variable with this name already declared in this scope.",
                variable.at,
            )),
        }
    }

    /// Changes the information about a name in the innermost scope.
    pub(super) fn settle(&mut self, name: &Name, role: Role) {
        if let Some(entry) = self.home().innermost().names.get_mut(name) {
            entry.role = role;
        }
    }

    /// Finds the place of a name that is used, or the value of a builtin.
    pub(super) fn look_up(
        &mut self,
        variable: &mut Variable,
        called: bool,
    ) -> Result<Option<Value>, Refusal> {
        if let Some((home, scope, entry)) = self.find(&variable.name) {
            variable.place = self.reach(variable, home, scope, entry)?;
            return Ok(None);
        }
        if let Some(value) = self.foreign.get(&variable.name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = builtins::global(&variable.name) {
            return Ok(Some(value));
        }
        variable.place = self.promise(variable, called)?;
        Ok(None)
    }

    /// True if the name is that of a function or class.
    pub(super) fn is_constant(&self, name: &Name) -> bool {
        self.find(name)
            .is_some_and(|(_, _, entry)| matches!(entry.role, Role::Function { .. } | Role::Class))
    }

    /// Finds the home and scope that declare a name.
    fn find(&self, name: &Name) -> Option<(usize, usize, Entry)> {
        self.homes.iter().enumerate().rev().find_map(|(home, names)| {
            let (scope, entry) = names.find(name)?;
            Some((home, scope, entry))
        })
    }

    /// Returns how the current function accesses a variable of a home.
    fn reach(
        &mut self,
        variable: &Variable,
        home: usize,
        scope: usize,
        entry: Entry,
    ) -> Result<Place, Refusal> {
        let here = self.homes.len() - 1;
        let is_plain_function = matches!(entry.role, Role::Function { closure: false });
        if self.building == Some((home, entry.place)) {
            return Err(Refusal::unsupported(
                "x = [ … x … ] for a local x, which Morpho overwrites too early; use a second variable",
                variable.at,
            ));
        }
        if let (Place::Global(_), Role::Function { closure }) = (entry.place, entry.role) {
            if closure && self.in_method() {
                return Err(Refusal::unsupported(
                    "a closure used in a method; declare the function before the first closure of the script",
                    variable.at,
                ));
            }
        } else if entry.role == Role::Opening {
            return Err(Refusal::unsupported("a variable in its own initialiser", variable.at));
        }
        match entry.place {
            Place::Local(slot) if home < here => {
                if entry.role == Role::Item {
                    return Err(Refusal::unsupported(
                        "a closure that uses the variable of a for … in; copy it to a variable first",
                        variable.at,
                    ));
                }
                if !is_plain_function {
                    self.mark_captured(home, scope, &variable.name);
                }
                Ok(self.capture(home, slot))
            }
            place => Ok(place),
        }
    }

    fn mark_captured(&mut self, home: usize, scope: usize, name: &Name) {
        if let Some(entry) = self.homes[home].scopes[scope].names.get_mut(name) {
            entry.captured = true;
        }
        let here = self.homes.len() - 1;
        for between in &mut self.homes[home..here] {
            between.captured = true;
        }
    }

    /// Passes a slot of a home through all functions between it and the current one.
    fn capture(&mut self, home: usize, slot: usize) -> Place {
        let mut from = Capture::Local(slot);
        let mut index = 0;
        for function in &mut self.homes[home + 1..] {
            index = function.capture(from);
            from = Capture::Captured(index);
        }
        Place::Captured(index)
    }

    /// Returns what to do about an unknown name, or an empty string.
    fn advise(&self, name: &str) -> String {
        if let Some(hint) = hints::name(name) {
            return hint.to_owned();
        }
        if self.foreign.is_empty() && name.starts_with("ZMQ") {
            return "write import zeromq at the beginning of the script".to_owned();
        }
        let scopes = self.homes.iter().flat_map(|home| &home.scopes);
        let own = scopes.flat_map(|scope| scope.names.keys()).chain(self.foreign.keys());
        let mut known: Vec<&str> = own.map(|name| &**name).collect();
        known.extend(builtins::globals().map(|name| -> &str { name }));
        hints::did_you_mean(name, known.into_iter())
    }

    /// An unknown name may be called if an enclosing block declares a function of that name
    /// further down.
    fn promise(&mut self, variable: &Variable, called: bool) -> Result<Place, Refusal> {
        let (name, at) = (&variable.name, variable.at);
        let text: &str = name;
        if text == "self" {
            return Err(Refusal::compile(
                "SlfOtsdClss",
                "Cannot use 'self' outside of a class.",
                at,
            ));
        }
        if builtins::is_missing(text) {
            return Err(Refusal::unsupported(format!("the built-in '{text}'"), at));
        }
        let here = self.homes.len() - 1;
        if !called || here == 0 {
            return Err(Refusal::Compile {
                id: "SymblUndf",
                text: format!("Symbol '{text}' not defined."),
                at,
                note: self.advise(text),
            });
        }
        let may = !self.homes[here].anonymous && !self.in_method();
        if !may || !self.homes[here - 1].innermost().later.contains(name) {
            return Err(Refusal::Compile {
                id: "UnrslvdFrwdRf",
                text: format!("Function '{text}' is called but not defined in the same scope."),
                at,
                note: self.advise(text),
            });
        }
        self.homes[here - 1].captured = true;
        let place = self.promised_place(here, name);
        Ok(match place {
            Place::Local(slot) => self.capture(here - 1, slot),
            place => place,
        })
    }

    fn promised_place(&mut self, here: usize, name: &Name) -> Place {
        if let Some(entry) = self.homes[here - 1].innermost().names.get(name) {
            return entry.place;
        }
        let inner = self.homes.split_off(here);
        let place = self.new_place();
        let entry = Entry { place, role: Role::Promised, captured: false };
        self.home().innermost().names.insert(name.clone(), entry);
        self.homes.extend(inner);
        place
    }

    /// True if `name(…)` calls a method of the object, as in a class that has a method of
    /// this name.
    pub(super) fn is_own_method(&self, variable: &Variable) -> Result<bool, Refusal> {
        let Some(method) = self.homes.iter().position(|home| home.is_method()) else {
            return Ok(false);
        };
        let class = self.homes[method].class.as_ref();
        if !class.is_some_and(|class| class.methods.contains(&variable.name)) {
            return Ok(false);
        }
        let nested = self.find(&variable.name).is_some_and(|(home, _, entry)| {
            home >= method && matches!(entry.role, Role::Function { .. })
        });
        if !nested && method + 1 < self.homes.len() {
            return Err(Refusal::unsupported(
                "a method called by its bare name in a nested function; write self.name()",
                variable.at,
            ));
        }
        Ok(!nested)
    }

    /// Finds the superclass of the enclosing class, for `super`.
    pub(super) fn superclass(&self, at: Position) -> Result<Place, Refusal> {
        let class = self.homes.iter().find_map(|home| home.class.as_ref().map(Rc::clone));
        match class {
            None => {
                Err(Refusal::compile("SprOtsdClss", "Cannot use 'super' outside of a class.", at))
            }
            Some(class) => class
                .parent
                .ok_or_else(|| Refusal::unsupported("super in a class that names no parent", at)),
        }
    }
}
