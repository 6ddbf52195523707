//! Resolving statements.

use std::collections::HashSet;
use std::rc::Rc;

use super::scope::{Around, AroundKind, ClassFacts, Role};
use super::{Resolved, Resolver, declared_functions};
use crate::host::builtins::OBJECT_METHODS;
use crate::host::error::Refusal;
use crate::host::syntax::*;

/// Methods that overload an operator.
const OPERATOR_METHODS: [&str; 12] = [
    "index",
    "setindex",
    "enumerate",
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "addr",
    "subr",
    "mulr",
    "divr",
];

impl Resolver<'_> {
    pub(super) fn statement(&mut self, statement: &mut Statement) -> Resolved {
        let at = statement.at;
        match &mut statement.action {
            Action::Evaluate(expression) => self.effect(expression),
            Action::Print(value) | Action::Show(value) => self.expression(value),
            Action::Declare(list) => self.variables(list),
            Action::Function(variable, function) => self.named_function(variable, function),
            Action::Class(class) => self.class(class, at),
            Action::Block(block) => self.block(block),
            Action::If(condition, then, otherwise) => {
                self.expression(condition)?;
                self.statement(then)?;
                otherwise.as_mut().map_or(Ok(()), |otherwise| self.statement(otherwise))
            }
            Action::While(condition, body) => {
                self.expression(condition)?;
                self.body(body, AroundKind::While)
            }
            Action::Do(body, condition) => {
                self.body(body, AroundKind::Loop)?;
                self.expression(condition)
            }
            Action::Each(each) => self.each(each),
            Action::For(parts) => self.for_loop(parts),
            Action::Break => self.leave(at, false),
            Action::Continue => self.leave(at, true),
            Action::Return(value) => self.return_value(value.as_mut(), at),
            Action::Try(body, handlers) => self.try_block(body, handlers, at),
            Action::Import(import) => self.import_statement(import, at),
            Action::Unrunnable(problem) => Err(problem.at(at)),
        }
    }

    pub(super) fn block(&mut self, block: &mut Block) -> Resolved {
        self.open_block(block)?;
        self.home().close()?;
        Ok(())
    }

    /// Resolves a block and leaves its scope open.
    fn open_block(&mut self, block: &mut Block) -> Resolved {
        self.home().open(declared_functions(block));
        for statement in &mut block.statements {
            self.statement(statement)?;
            if let Action::Function(Variable { place: Place::Local(slot), .. }, _) =
                statement.action
            {
                block.functions.push(slot);
            }
        }
        Ok(())
    }

    fn variables(&mut self, list: &mut [(Variable, Option<Expression>)]) -> Resolved {
        for (variable, value) in list {
            let is_local = !self.is_global();
            self.declare(variable, if is_local { Role::Opening } else { Role::Variable })?;
            if let Some(value) = value {
                self.expression(value)?;
                if is_local {
                    refuse_nameless(value)?;
                }
            }
            self.settle(&variable.name, Role::Variable);
        }
        Ok(())
    }

    fn named_function(&mut self, variable: &mut Variable, function: &mut Rc<Function>) -> Resolved {
        self.declare(variable, Role::Function { closure: false })?;
        self.function(function, FunctionKind::Function, None)?;
        self.settle(&variable.name, Role::Function { closure: function.closure });
        Ok(())
    }

    fn class(&mut self, class: &mut ClassTree, at: Position) -> Resolved {
        if !self.is_global() {
            return Err(Refusal::unsupported("a class inside of a block", at));
        }
        let mut methods: HashSet<Name> =
            OBJECT_METHODS.iter().map(|name| self.names.intern(name)).collect();
        let mut parent_place = None;
        if let Some(parent) = &mut class.parent {
            methods.extend(self.parent(parent)?.methods.iter().cloned());
            parent_place = Some(parent.place);
        }
        self.declare(&mut class.variable, Role::Class)?;
        let mut own = HashSet::new();
        for (at, method) in &class.methods {
            if OPERATOR_METHODS.contains(&&*method.name) || &*method.name == "prnt" {
                return Err(Refusal::unsupported("the methods that overload operators", *at));
            }
            if !own.insert(method.name.clone()) {
                return Err(Refusal::unsupported("two methods of one name", *at));
            }
        }
        methods.extend(own);
        let facts = Rc::new(ClassFacts { methods, parent: parent_place });
        self.classes.insert(class.variable.name.clone(), facts.clone());
        for (_, method) in &mut class.methods {
            let kind = match &*method.name {
                "init" => FunctionKind::Initializer,
                _ => FunctionKind::Method,
            };
            self.function(method, kind, Some(facts.clone()))?;
        }
        Ok(())
    }

    fn parent(&mut self, parent: &mut Variable) -> Result<Rc<ClassFacts>, Refusal> {
        let Some(facts) = self.classes.get(&parent.name).cloned() else {
            let text = format!("Superclass '{}' not found.", &*parent.name);
            return Err(Refusal::compile("SprNtFnd", text, parent.at));
        };
        self.look_up(parent, false)?;
        Ok(facts)
    }

    /// The body of a loop.
    fn body(&mut self, body: &mut Statement, kind: AroundKind) -> Resolved {
        let home = self.home();
        let scopes = home.scopes.len();
        home.around.push(Around { kind, scopes });
        self.statement(body)?;
        self.home().around.pop();
        Ok(())
    }

    fn each(&mut self, each: &mut Each) -> Resolved {
        self.expression(&mut each.collection)?;
        self.home().open(HashSet::new());
        self.declare(&mut each.item, Role::Item)?;
        if let Some(position) = &mut each.position {
            self.declare(position, Role::Item)?;
        }
        self.body(&mut each.body, AroundKind::Loop)?;
        self.home().close()?;
        Ok(())
    }

    fn for_loop(&mut self, parts: &mut For) -> Resolved {
        self.home().open(HashSet::new());
        if let Some(start) = &mut parts.start {
            self.statement(start)?;
        }
        if let Some(condition) = &mut parts.condition {
            self.expression(condition)?;
        }
        self.body(&mut parts.body, AroundKind::Loop)?;
        if let Some(step) = &mut parts.step {
            self.effect(step)?;
        }
        self.home().close()?;
        Ok(())
    }

    /// `break` and `continue`.
    fn leave(&mut self, at: Position, is_continue: bool) -> Resolved {
        let home = self.home();
        match home.around.last().copied() {
            None if is_continue => {
                Err(Refusal::compile("CntOtsdLp", "Continue encountered outside a loop.", at))
            }
            None => Err(Refusal::compile("BrkOtsdLp", "Break encountered outside a loop.", at)),
            Some(Around { kind: AroundKind::Try, .. }) => Err(Refusal::unsupported(
                "break or continue out of try or a handler; set a variable and test it after the try",
                at,
            )),
            Some(Around { kind: AroundKind::While, .. }) if is_continue => {
                Err(Refusal::unsupported(
                    "continue in while, which does not test the condition again; write for (;condition;)",
                    at,
                ))
            }
            Some(around) => {
                for scope in &mut home.scopes[around.scopes..] {
                    scope.left.get_or_insert(at);
                }
                Ok(())
            }
        }
    }

    fn return_value(&mut self, value: Option<&mut Expression>, at: Position) -> Resolved {
        let kind = self.home().kind;
        match value {
            Some(_) if kind == FunctionKind::Initializer => {
                Err(Refusal::compile("InitRtn", "Cannot return a value in an initializer.", at))
            }
            Some(value) => self.expression(value),
            None if kind == FunctionKind::Function && self.in_method() => {
                Err(Refusal::unsupported(
                    "a return without a value in a function inside of a method; write return nil",
                    at,
                ))
            }
            None => Ok(()),
        }
    }

    fn try_block(
        &mut self,
        body: &mut Block,
        handlers: &mut [(Rc<str>, Block)],
        at: Position,
    ) -> Resolved {
        let scopes = self.home().scopes.len();
        self.home().around.push(Around { kind: AroundKind::Try, scopes });
        self.open_block(body)?;
        if self.home().close()?.is_captured() {
            return Err(Refusal::unsupported(
                "a closure that uses a variable of the try block around it; declare the variable before the try",
                at,
            ));
        }
        for (_, handler) in handlers {
            self.block(handler)?;
        }
        self.home().around.pop();
        Ok(())
    }

    fn import_statement(&mut self, import: &mut Import, at: Position) -> Resolved {
        if !self.is_global() {
            return Err(Refusal::unsupported("an import inside of a block", at));
        }
        match import {
            Import::Extension(name) => self.extension(name, at),
            Import::File(path, body) => {
                *body = self.import(path, at)?;
                Ok(())
            }
        }
    }
}

/// Rejects an anonymous closure in a local variable: Morpho loses the closure.
pub(super) fn refuse_nameless(value: &Expression) -> Resolved {
    match &value.kind {
        Kind::Function(function) if function.closure => Err(Refusal::unsupported(
            "an anonymous closure in a local variable; declare it with a name: fn name(…) { … }",
            value.at,
        )),
        _ => Ok(()),
    }
}
