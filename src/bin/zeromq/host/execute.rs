//! Running statements.

use std::rc::Rc;

use super::error::{self, Outcome, Stop, error};
use super::interpreter::Interpreter;
use super::syntax::*;
use super::text::Style;
use super::value::{Class, Closure, Value};
use crate::interrupt;

/// The maximum number of nested `try` blocks, as in Morpho.
const HANDLERS: usize = 64;

/// The continuation after a statement.
enum Flow {
    Next,
    Break,
    Continue,
    Return(Option<Value>),
}

impl Interpreter {
    /// Runs the body of a function. Returns `None` if it returns no value.
    pub(super) fn run_body(&mut self, block: &Block, kind: FunctionKind) -> Outcome<Option<Value>> {
        match self.block(block)? {
            Flow::Return(_) if kind == FunctionKind::File => {
                Err(error("GlblRtrn", "Return encountered outside a function or method."))
            }
            Flow::Return(value) => Ok(value),
            _ => Ok(None),
        }
    }

    fn block(&mut self, block: &Block) -> Outcome<Flow> {
        for &slot in &block.functions {
            self.declare(Place::Local(slot), Value::Nil);
        }
        for statement in &block.statements {
            match self.execute(statement)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn execute(&mut self, statement: &Statement) -> Outcome<Flow> {
        match &statement.action {
            Action::Evaluate(expression) => {
                self.evaluate(expression)?;
            }
            Action::Print(value) => self.print(value)?,
            Action::Show(value) => self.show(value)?,
            Action::Declare(list) => self.variables(list)?,
            Action::Function(variable, function) => {
                let closure = self.close_over(function);
                self.assign(variable.place, closure);
            }
            Action::Class(class) => self.class(class),
            Action::Block(block) => return self.block(block),
            Action::If(condition, then, otherwise) => {
                if self.evaluate(condition)?.is_true() {
                    return self.execute(then);
                } else if let Some(otherwise) = otherwise {
                    return self.execute(otherwise);
                }
            }
            Action::While(condition, body) => return self.repeat(Some(condition), None, body),
            Action::Do(body, condition) => return self.do_while(body, condition),
            Action::Each(each) => return self.each(each),
            Action::For(parts) => {
                if let Some(start) = &parts.start {
                    self.execute(start)?;
                }
                return self.repeat(parts.condition.as_ref(), parts.step.as_ref(), &parts.body);
            }
            Action::Break => return Ok(Flow::Break),
            Action::Continue => return Ok(Flow::Continue),
            Action::Return(value) => {
                let value = value.as_ref().map(|value| self.evaluate(value)).transpose()?;
                return Ok(Flow::Return(value));
            }
            Action::Try(body, handlers) => return self.try_block(body, handlers, statement.at),
            Action::Import(Import::File(_, Some(body))) => {
                self.at = statement.at;
                self.run_file(body)?;
            }
            Action::Import(_) | Action::Unrunnable(_) => {}
        }
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Expression) -> Outcome<()> {
        let value = self.evaluate(value)?;
        let mut text = self.text(&value, Style::Printed)?;
        text.push('\n');
        self.write(&text)
    }

    fn show(&mut self, value: &Expression) -> Outcome<()> {
        match self.evaluate(value)? {
            Value::Nil => Ok(()),
            value => {
                let mut text = self.text(&value, Style::Printed)?;
                if let Value::Foreign(object) = &value
                    && !text.ends_with("closed>")
                {
                    text.push_str(&object.attachments(self));
                }
                self.write(&(text + "\n"))
            }
        }
    }

    fn variables(&mut self, list: &[(Variable, Option<Expression>)]) -> Outcome<()> {
        for (variable, value) in list {
            match value {
                Some(value) if matches!(variable.place, Place::Local(_)) => {
                    self.declare(variable.place, Value::Nil);
                    self.evaluate_into(variable.place, value)?;
                }
                Some(value) => {
                    let value = self.evaluate(value)?;
                    self.declare(variable.place, value);
                }
                None => self.declare(variable.place, Value::Nil),
            }
        }
        Ok(())
    }

    fn class(&mut self, tree: &ClassTree) {
        let parent = tree.parent.as_ref().and_then(|parent| match self.read(parent.place) {
            Value::Class(class) => Some(class),
            _ => None,
        });
        let mut methods = parent.as_ref().map(|parent| parent.methods.clone()).unwrap_or_default();
        for (_, function) in &tree.methods {
            let method = Closure { function: function.clone(), captured: Vec::new() };
            methods.insert(function.name.clone(), Rc::new(method));
        }
        let class = Class { name: tree.variable.name.text().clone(), parent, methods };
        self.assign(tree.variable.place, Value::Class(Rc::new(class)));
    }

    /// Ends a loop that the user has interrupted, which shows its body.
    fn check(&mut self, body: &Statement) -> Outcome<()> {
        interrupt::check().inspect_err(|_| self.at = body.at)
    }

    /// Runs `while` loops and three-part `for` loops.
    fn repeat(
        &mut self,
        condition: Option<&Expression>,
        step: Option<&Expression>,
        body: &Statement,
    ) -> Outcome<Flow> {
        loop {
            self.check(body)?;
            if let Some(condition) = condition
                && !self.evaluate(condition)?.is_true()
            {
                return Ok(Flow::Next);
            }
            match self.execute(body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Next | Flow::Continue => {}
            }
            if let Some(step) = step {
                self.evaluate(step)?;
            }
        }
    }

    fn do_while(&mut self, body: &Statement, condition: &Expression) -> Outcome<Flow> {
        loop {
            self.check(body)?;
            match self.execute(body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Next | Flow::Continue => {}
            }
            if !self.evaluate(condition)?.is_true() {
                return Ok(Flow::Next);
            }
        }
    }

    /// Runs `for … in`. The length is read once.
    fn each(&mut self, each: &Each) -> Outcome<Flow> {
        let collection = self.evaluate(&each.collection)?;
        self.at = each.collection.at;
        let (collection, count) = self.enumerable(collection)?;
        for index in 0..count {
            self.check(&each.body)?;
            self.at = each.collection.at;
            let item = self.element(&collection, index)?;
            self.declare(each.item.place, item);
            if let Some(position) = &each.position {
                self.declare(position.place, Value::Int(index));
            }
            match self.execute(&each.body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Next | Flow::Continue => {}
            }
        }
        Ok(Flow::Next)
    }

    fn try_block(
        &mut self,
        body: &Block,
        handlers: &[(Rc<str>, Block)],
        at: Position,
    ) -> Outcome<Flow> {
        if self.handlers == HANDLERS {
            self.at = at;
            return Err(error::HANDLERS.into());
        }
        self.handlers += 1;
        let result = self.block(body);
        self.handlers -= 1;
        let Err(Stop::Error(raised)) = result else {
            return result;
        };
        match handlers.iter().find(|(id, _)| **id == *raised.id) {
            Some((_, handler)) => self.block(handler),
            None => Err(Stop::Error(raised)),
        }
    }

    /// Returns the collection that `for … in` iterates over, and the number of steps.
    /// Strings, dictionaries and fields are converted to lists.
    fn enumerable(&mut self, value: Value) -> Outcome<(Value, i32)> {
        let value = match value {
            Value::String(text) => {
                let characters = text.chars().map(|one| Value::string(one.to_string()));
                Value::list(characters.collect())
            }
            Value::Dictionary(table) => Value::list(table.0.borrow().keys()),
            Value::Instance(instance) => Value::list(instance.fields.0.borrow().keys()),
            other => other,
        };
        let count = match &value {
            Value::List(list) | Value::Tuple(list) | Value::Array(list) => {
                list.0.borrow().len() as i32
            }
            Value::Range(range) => range.count().unwrap_or(0),
            Value::Matrix(matrix) => matrix.numbers().len() as i32,
            Value::Foreign(object) => {
                self.enumerate(&object.clone(), -1).and_then(|count| match count {
                    Value::Int(count) => Ok(count),
                    _ => Err(error::ENUMERATE.into()),
                })?
            }
            Value::Nil => return Err(error::INVOKE.into()),
            other => return Err(self.lacks(other, "enumerate")),
        };
        Ok((value, count))
    }

    fn element(&mut self, collection: &Value, index: i32) -> Outcome<Value> {
        match collection {
            Value::List(list) | Value::Tuple(list) | Value::Array(list) => {
                let item = list.0.borrow().get(index as usize).cloned();
                item.ok_or_else(|| error::BOUNDS.into())
            }
            Value::Range(range) => Ok(range.element(index)),
            Value::Matrix(matrix) => matrix.index(&[Value::Int(index)]),
            Value::Foreign(object) => self.enumerate(&object.clone(), index),
            _ => Ok(Value::Nil),
        }
    }
}
