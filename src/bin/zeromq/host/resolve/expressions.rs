//! Resolving expressions.

use super::statements::refuse_nameless;
use super::{DEEPEST, Resolved, Resolver};
use crate::host::error::Refusal;
use crate::host::syntax::*;
use crate::host::value::Value;

/// The maximum number of elements, entries, parts or arguments in an expression. Morpho's
/// instructions do not support many more.
const ELEMENTS: usize = 250;
const ENTRIES: usize = 120;
const PARTS: usize = 200;

impl Resolver<'_> {
    /// An expression whose value is not used, possibly an assignment.
    pub(super) fn effect(&mut self, expression: &mut Expression) -> Resolved {
        match &mut expression.kind {
            Kind::Assign(assignment) => self.assignment(assignment),
            _ => self.expression(expression),
        }
    }

    pub(super) fn expression(&mut self, expression: &mut Expression) -> Resolved {
        if self.depth >= DEEPEST {
            return Err(Refusal::unsupported("an expression as deep as this", expression.at));
        }
        self.depth += 1;
        let resolved = self.parts(expression);
        self.depth -= 1;
        resolved
    }

    fn parts(&mut self, expression: &mut Expression) -> Resolved {
        let at = expression.at;
        match &mut expression.kind {
            Kind::Constant(_) => Ok(()),
            Kind::Interpolation(parts) => self.expressions(parts, PARTS, at),
            Kind::Variable(_) => self.name(expression, false),
            Kind::List(items) | Kind::Tuple(items) => self.expressions(items, ELEMENTS, at),
            Kind::Dictionary(entries) => self.entries(entries, at),
            Kind::Range(range) => {
                self.expression(&mut range.start)?;
                self.expression(&mut range.end)?;
                range.step.as_mut().map_or(Ok(()), |step| self.expression(step))
            }
            Kind::Negate(operand) | Kind::Not(operand) => self.expression(operand),
            Kind::Binary(_, pair) | Kind::And(pair) | Kind::Or(pair) => {
                self.expressions(&mut **pair, 2, at)
            }
            Kind::Index(base, indices) => {
                self.expression(base)?;
                self.expressions(indices, ELEMENTS, at)
            }
            Kind::Choice(three) => self.expressions(&mut **three, 3, at),
            Kind::Call(..) => self.call(expression),
            Kind::Invoke(receiver, name, arguments) => {
                self.expression(receiver)?;
                refuse_unknown(receiver, name, at)?;
                self.arguments(arguments, at)
            }
            Kind::Super(call) => {
                call.class = self.superclass(at)?;
                self.look_up(&mut call.receiver, false)?;
                self.arguments(&mut call.arguments, at)
            }
            Kind::Property(object, _) => self.expression(object),
            Kind::Function(function) => self.function(function, FunctionKind::Function, None),
            Kind::Assign(_) => Err(Refusal::unsupported("an assignment inside an expression", at)),
            Kind::Unrunnable(problem) => Err(problem.at(at)),
        }
    }

    fn expressions(&mut self, list: &mut [Expression], most: usize, at: Position) -> Resolved {
        if list.len() > most {
            return Err(Refusal::unsupported(format!("more than {most} values in a row"), at));
        }
        list.iter_mut().try_for_each(|expression| self.expression(expression))
    }

    fn entries(&mut self, entries: &mut [(Expression, Expression)], at: Position) -> Resolved {
        if entries.len() > ENTRIES {
            return Err(Refusal::unsupported(format!("more than {ENTRIES} entries in a row"), at));
        }
        entries.iter_mut().try_for_each(|(key, value)| {
            self.expression(key)?;
            self.expression(value)
        })
    }

    fn arguments(&mut self, arguments: &mut Arguments, at: Position) -> Resolved {
        self.expressions(&mut arguments.positional, ELEMENTS, at)?;
        arguments.named.iter_mut().try_for_each(|(_, value)| self.expression(value))
    }

    fn name(&mut self, expression: &mut Expression, called: bool) -> Resolved {
        let Kind::Variable(variable) = &mut expression.kind else {
            return Ok(());
        };
        if let Some(value) = self.look_up(variable, called)? {
            expression.kind = Kind::Constant(value);
        }
        Ok(())
    }

    fn call(&mut self, expression: &mut Expression) -> Resolved {
        let Kind::Call(callee, arguments) = &mut expression.kind else {
            return Ok(());
        };
        let method = match &callee.kind {
            Kind::Variable(variable) if self.is_own_method(variable)? => {
                Some(variable.name.clone())
            }
            _ => None,
        };
        let Some(name) = method else {
            if matches!(callee.kind, Kind::Variable(_)) {
                self.name(callee, true)?;
            } else {
                self.expression(callee)?;
            }
            return self.arguments(arguments, expression.at);
        };
        let arguments = std::mem::take(arguments);
        let receiver =
            Expression { at: expression.at, kind: Kind::Variable(self.variable("self")) };
        expression.kind = Kind::Invoke(Box::new(receiver), name, arguments);
        self.parts(expression)
    }

    fn assignment(&mut self, assignment: &mut Assignment) -> Resolved {
        match &mut assignment.target {
            Target::Variable(variable) => {
                self.target(variable)?;
                let outer = self.building;
                if matches!(
                    assignment.value.kind,
                    Kind::List(_) | Kind::Tuple(_) | Kind::Dictionary(_) | Kind::Range(_)
                ) && matches!(variable.place, Place::Local(_))
                {
                    self.building = Some((self.homes.len() - 1, variable.place));
                }
                let is_local = !matches!(variable.place, Place::Global(_));
                self.effect(&mut assignment.value)?;
                self.building = outer;
                if is_local { refuse_nameless(&assignment.value) } else { Ok(()) }
            }
            Target::Property(object, _) => {
                self.expression(object)?;
                self.effect(&mut assignment.value)
            }
            Target::Index(base, indices) => {
                self.expression(base)?;
                if let Kind::Variable(Variable { place: Place::Captured(_), name, at }) = &base.kind
                    && &**name != "self"
                {
                    return Err(Refusal::unsupported(
                        "an assignment to an element of a captured variable; give it a local name first",
                        *at,
                    ));
                }
                indices.iter_mut().try_for_each(|index| self.expression(index))?;
                self.effect(&mut assignment.value)
            }
        }
    }

    fn target(&mut self, variable: &mut Variable) -> Resolved {
        let at = variable.at;
        let found = self.look_up(variable, false).map_err(|mut refusal| {
            if let Refusal::Compile { note, .. } = &mut refusal
                && note.is_empty()
            {
                *note = format!("declare a new variable with var: var {} = …", &*variable.name);
            }
            refusal
        })?;
        if found.is_some() {
            return Err(Refusal::Compile {
                id: "SymblUndf",
                text: format!("Symbol '{}' not defined.", &*variable.name),
                at,
                note: "a class or function has this name: choose another one".to_owned(),
            });
        }
        if self.is_constant(&variable.name) {
            return Err(Refusal::unsupported("rebinding the name of a function or class", at));
        }
        Ok(())
    }
}

/// The functions of `System` and similar names are known before the script runs.
fn refuse_unknown(receiver: &Expression, name: &Name, at: Position) -> Resolved {
    match &receiver.kind {
        Kind::Constant(Value::Module(module))
            if !module.functions.iter().any(|function| *function.name == **name) =>
        {
            Err(Refusal::unsupported(format!("{}.{}", module.name, &**name), at))
        }
        _ => Ok(()),
    }
}
