//! Evaluating expressions. Operands are read in Morpho's order.

use std::rc::Rc;

use smallvec::SmallVec;

use super::builtins::dictionary::key_of;
use super::call::{Values, lacks_property};
use super::error::{self, Outcome, unsupported};
use super::interpreter::Interpreter;
use super::operators;
use super::syntax::*;
use super::text::Style;
use super::value::{Bound, Range, Value};

/// The values behind the first one of an operator or an index.
type Operands = SmallVec<[Value; 2]>;

impl Interpreter {
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Outcome<Value> {
        let at = expression.at;
        match &expression.kind {
            Kind::Constant(value) => Ok(value.clone()),
            Kind::Variable(variable) => Ok(self.read(variable.place)),
            Kind::Binary(operator, pair) => self.binary(*operator, pair, at),
            Kind::Invoke(receiver, name, arguments) => {
                let receiver = self.evaluate(receiver)?;
                let values = self.values(arguments)?;
                self.at = at;
                self.invoke(&receiver, name, values)
            }
            Kind::Call(callee, arguments) => {
                let callee = self.evaluate(callee)?;
                let values = self.values(arguments)?;
                self.at = at;
                self.call(&callee, values)
            }
            Kind::Super(call) => self.call_super(call, at),
            Kind::Property(object, name) => {
                let object = self.evaluate(object)?;
                self.at = at;
                self.property(&object, name)
            }
            Kind::Index(base, indices) => {
                let (base, indices) = self.operands(base, indices)?;
                self.at = at;
                self.index(&base, &indices)
            }
            Kind::Assign(assignment) => self.assignment(assignment, at),
            Kind::Not(operand) => Ok(Value::Bool(!self.evaluate(operand)?.is_true())),
            Kind::Negate(operand) => {
                let value = self.evaluate(operand)?;
                self.at = at;
                self.operate(Operator::Subtract, &Value::Int(0), &value)
            }
            Kind::And(pair) => match self.evaluate(&pair[0])? {
                value if value.is_true() => self.evaluate(&pair[1]),
                value => Ok(value),
            },
            Kind::Or(pair) => match self.evaluate(&pair[0])? {
                value if value.is_true() => Ok(value),
                _ => self.evaluate(&pair[1]),
            },
            Kind::Choice(three) => {
                let [condition, then, otherwise] = &**three;
                let holds = self.evaluate(condition)?.is_true();
                self.evaluate(if holds { then } else { otherwise })
            }
            Kind::Interpolation(parts) => self.interpolation(parts),
            Kind::List(items) => self.list(items, at),
            Kind::Tuple(items) => Ok(Value::tuple(self.all(items)?)),
            Kind::Dictionary(entries) => self.dictionary(entries),
            Kind::Range(parts) => self.range(parts, at),
            Kind::Function(function) => Ok(self.close_over(function)),
            // `resolve` has refused these.
            Kind::Unrunnable(_) => Ok(Value::Nil),
        }
    }

    fn all(&mut self, expressions: &[Expression]) -> Outcome<Vec<Value>> {
        expressions.iter().map(|expression| self.evaluate(expression)).collect()
    }

    fn values(&mut self, arguments: &Arguments) -> Outcome<Values> {
        let positional = self.all(&arguments.positional)?;
        let mut named = Vec::new();
        for (name, value) in &arguments.named {
            named.push((name.clone(), self.evaluate(value)?));
        }
        Ok(Values { positional, named })
    }

    fn binary(
        &mut self,
        operator: Operator,
        pair: &[Expression; 2],
        at: Position,
    ) -> Outcome<Value> {
        let [left, right] = pair;
        let (left, right) = self.operands(left, std::slice::from_ref(right))?;
        self.at = at;
        self.operate(operator, &left, &right[0])
    }

    /// Evaluates operands from left to right, except that Morpho reads a local variable on
    /// the left after evaluating the others.
    fn operands(&mut self, left: &Expression, right: &[Expression]) -> Outcome<(Value, Operands)> {
        if let Kind::Variable(Variable { place: place @ Place::Local(_), .. }) = left.kind {
            let right = self.indices(right)?;
            return Ok((self.read(place), right));
        }
        let left = self.evaluate(left)?;
        Ok((left, self.indices(right)?))
    }

    fn indices(&mut self, expressions: &[Expression]) -> Outcome<Operands> {
        expressions.iter().map(|expression| self.evaluate(expression)).collect()
    }

    fn call_super(&mut self, call: &SuperCall, at: Position) -> Outcome<Value> {
        let receiver = self.read(call.receiver.place);
        let values = self.values(&call.arguments)?;
        self.at = at;
        let method = match self.read(call.class) {
            Value::Class(class) => class.methods.get(&call.name).cloned(),
            _ => None,
        };
        match method {
            Some(method) => self.call_closure(&method, Some(&receiver), values),
            None => {
                let text = format!("Class lacks method '{}'.", &*call.name);
                Err(error::error("ClssLcksMthd", text))
            }
        }
    }

    fn property(&mut self, object: &Value, name: &Name) -> Outcome<Value> {
        match object {
            Value::Instance(instance) => {
                let key = Value::String(name.text().clone());
                if let Some(value) = instance.fields.0.borrow().get(&key) {
                    return Ok(value.clone());
                }
                match instance.class.methods.get(name) {
                    Some(method) => Ok(Value::Bound(Rc::new(Bound {
                        receiver: object.clone(),
                        method: method.clone(),
                    }))),
                    None => Err(lacks_property(name)),
                }
            }
            Value::Nil => Err(error::OBJECT.into()),
            Value::Bool(_) | Value::Int(_) | Value::Float(_)
                if self.methods.find(object.kind(), name).is_none() =>
            {
                Err(self.lacks(object, name))
            }
            _ => {
                let name = &**name;
                unsupported(format!("the method '{name}' as a value; to call it, write {name}()"))
            }
        }
    }

    fn interpolation(&mut self, parts: &[Expression]) -> Outcome<Value> {
        let mut text = String::new();
        for part in parts {
            let value = self.evaluate(part)?;
            self.append_text(&mut text, &value, Style::Interpolated)?;
        }
        Ok(Value::string(text))
    }

    fn list(&mut self, items: &[Expression], at: Position) -> Outcome<Value> {
        let items = self.all(items)?;
        self.at = at;
        super::builtins::list::make(items)
    }

    fn dictionary(&mut self, entries: &[(Expression, Expression)]) -> Outcome<Value> {
        let mut made = super::dictionary::Dictionary::default();
        for (key, value) in entries {
            let key = key_of(&self.evaluate(key)?)?;
            let value = self.evaluate(value)?;
            made.insert(key, value);
        }
        Ok(Value::dictionary(made))
    }

    fn range(&mut self, parts: &RangeParts, at: Position) -> Outcome<Value> {
        let start = self.evaluate(&parts.start)?;
        let end = self.evaluate(&parts.end)?;
        let step = parts.step.as_ref().map(|step| self.evaluate(step)).transpose()?;
        self.at = at;
        make_range(start, end, step, parts.inclusive)
    }

    // Assignments.

    fn assignment(&mut self, assignment: &Assignment, at: Position) -> Outcome<Value> {
        match &assignment.target {
            Target::Variable(variable) => {
                let place = variable.place;
                if assignment.operator.is_none() && matches!(place, Place::Local(_)) {
                    return self.evaluate_into(place, &assignment.value);
                }
                let value =
                    self.combined(assignment, at, |interpreter| Ok(interpreter.read(place)))?;
                self.assign(place, value.clone());
                Ok(value)
            }
            Target::Property(object, name) => {
                // The value first, the object after it.
                let value = self.combined(assignment, at, |interpreter| {
                    let object = interpreter.evaluate(object)?;
                    interpreter.at = at;
                    interpreter.property(&object, name)
                })?;
                let object = self.evaluate(object)?;
                self.at = at;
                self.set_property(&object, name, value)
            }
            Target::Index(base, indices) => {
                let keys = self.indices(indices)?;
                let value = self.combined(assignment, at, |interpreter| {
                    let base = interpreter.evaluate(base)?;
                    let keys = interpreter.indices(indices)?;
                    interpreter.at = at;
                    interpreter.index(&base, &keys)
                })?;
                let base = self.evaluate(base)?;
                self.at = at;
                self.set_index(&base, &keys, value.clone())?;
                Ok(value)
            }
        }
    }

    /// Returns the value that `=` or `+=` assigns. `+=` evaluates its target twice.
    fn combined(
        &mut self,
        assignment: &Assignment,
        at: Position,
        old: impl FnOnce(&mut Interpreter) -> Outcome<Value>,
    ) -> Outcome<Value> {
        let Some(operator) = assignment.operator else {
            return self.evaluate(&assignment.value);
        };
        let old = old(self)?;
        let value = self.evaluate(&assignment.value)?;
        self.at = at;
        self.operate(operator, &old, &value)
    }

    /// Assigns to a local variable. `and`, `or` and `?:` write intermediate values to it,
    /// which their right operand sees.
    pub(super) fn evaluate_into(&mut self, place: Place, value: &Expression) -> Outcome<Value> {
        match &value.kind {
            Kind::And(pair) => {
                let left = self.evaluate_into(place, &pair[0])?;
                if left.is_true() { self.evaluate_into(place, &pair[1]) } else { Ok(left) }
            }
            Kind::Or(pair) => {
                let left = self.evaluate_into(place, &pair[0])?;
                if left.is_true() { Ok(left) } else { self.evaluate_into(place, &pair[1]) }
            }
            Kind::Choice(three) => {
                let [condition, then, otherwise] = &**three;
                let holds = self.evaluate(condition)?.is_true();
                self.evaluate_into(place, if holds { then } else { otherwise })
            }
            _ => {
                let value = self.evaluate(value)?;
                self.assign(place, value.clone());
                Ok(value)
            }
        }
    }

    fn set_property(&mut self, object: &Value, name: &Name, value: Value) -> Outcome<Value> {
        let Value::Instance(instance) = object else {
            return Err(error::OBJECT.into());
        };
        let key = Value::String(name.text().clone());
        instance.fields.0.borrow_mut().insert(key, value.clone());
        Ok(value)
    }

    fn operate(&mut self, operator: Operator, left: &Value, right: &Value) -> Outcome<Value> {
        match operators::apply(operator, left, right) {
            Some(value) => Ok(value?),
            None => self.refuse(operator, left, right),
        }
    }

    fn refuse(&mut self, operator: Operator, left: &Value, right: &Value) -> Outcome<Value> {
        let word = match operator {
            Operator::Add => "Add",
            Operator::Subtract => "Subtract",
            Operator::Multiply => "Multiply",
            Operator::Divide => "Divide",
            Operator::Power => "Exponentiate",
            _ => "Compare",
        };
        // Morpho has only `<` and `<=`, and swaps the operands of the others.
        let swapped = matches!(operator, Operator::Greater | Operator::AtLeast);
        let (first, second) = if swapped { (right, left) } else { (left, right) };
        let (first, second) = (self.operand(first)?, self.operand(second)?);
        let text = format!("Invalid operands. Failed to {word} {first} and {second}");
        let is_text = |value: &Value| matches!(value, Value::String(_));
        let hint = match operator {
            _ if matches!((left, right), (Value::Nil, _) | (_, Value::Nil)) => {
                "one of the values is nil, as received messages are on timeout; test it with isnil"
            }
            Operator::Add if is_text(left) || is_text(right) => {
                "a text with values in it is written \"a = ${a}\""
            }
            _ if is_text(left) || is_text(right) => {
                "what is received is text: Int(text) and Float(text) are its number"
            }
            _ => "",
        };
        Err(error::hinted(error::error("InvldOp", text), hint.to_owned()))
    }

    fn operand(&mut self, value: &Value) -> Outcome<String> {
        let text = self.text(value, Style::Interpolated)?;
        Ok(if text.is_empty() { "(null)".into() } else { text })
    }
}

/// Makes a range of numbers. If one of them is a Float, all become Floats.
pub fn make_range(
    start: Value,
    end: Value,
    step: Option<Value>,
    inclusive: bool,
) -> Outcome<Value> {
    let numbers = [Some(&start), Some(&end), step.as_ref()];
    if numbers.into_iter().flatten().any(|value| value.number().is_none()) {
        return Err(error::RANGE.into());
    }
    let range = Range { start, end, step, inclusive };
    if range.count().is_none() {
        return unsupported("a range without an end; the step must not be zero");
    }
    Ok(Value::Range(Rc::new(range)))
}
