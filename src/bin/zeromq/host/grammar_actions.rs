//! Builds the nodes of the tree from the matches of `grammar`. Unsupported code becomes a
//! problem in the tree, which `resolve` reports when it gets there.

use std::rc::Rc;

use super::syntax::*;
use super::value::Value;

/// The maximum number of operators or calls chained in one expression.
const LONGEST: usize = 400;

pub fn expression(at: Position, kind: Kind) -> Expression {
    Expression { at, kind }
}

pub fn statement(at: Position, action: Action) -> Statement {
    Statement { at, action }
}

pub fn variable(name: Name, at: Position) -> Variable {
    Variable { name, at, place: Place::Unknown }
}

pub fn constant(value: Value) -> Kind {
    Kind::Constant(value)
}

pub fn unsupported(what: &'static str) -> Kind {
    Kind::Unrunnable(Unrunnable::Unsupported(what))
}

pub fn integer(digits: &str) -> Kind {
    match digits.parse() {
        Ok(number) => constant(Value::Int(number)),
        Err(_) => Kind::Unrunnable(Unrunnable::Compile("ValRng", "Value out of range.")),
    }
}

pub fn float(digits: &str) -> Kind {
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => constant(Value::Float(number)),
        _ => Kind::Unrunnable(Unrunnable::Compile("ValRng", "Value out of range.")),
    }
}

pub fn negate(operand: Expression) -> Kind {
    match operand.kind {
        Kind::Constant(Value::Float(number)) => constant(Value::Float(-number)),
        kind => Kind::Negate(Box::new(Expression { at: operand.at, kind })),
    }
}

pub type Join = fn(Box<[Expression; 2]>) -> Kind;

pub fn binary(operator: Operator) -> impl Fn(Box<[Expression; 2]>) -> Kind {
    move |operands| Kind::Binary(operator, operands)
}

/// `first op next op next …`, grouped from the left.
pub fn chain<J: Fn(Box<[Expression; 2]>) -> Kind>(
    first: Expression,
    rest: Vec<(Position, J, Expression)>,
) -> Expression {
    if rest.len() > LONGEST {
        return expression(first.at, unsupported("more than 400 operators in a row"));
    }
    rest.into_iter()
        .fold(first, |left, (at, join, right)| expression(at, join(Box::new([left, right]))))
}

pub enum Suffix {
    Call(Arguments),
    Index(Vec<Expression>),
    Invoke(Name, Position, Arguments),
    Property(Name),
}

pub fn postfix(first: Expression, suffixes: Vec<(Position, Suffix)>) -> Expression {
    if suffixes.len() > LONGEST {
        return expression(first.at, unsupported("more than 400 calls in a row"));
    }
    suffixes.into_iter().fold(first, |base, (at, suffix)| match suffix {
        Suffix::Call(arguments) => expression(at, Kind::Call(Box::new(base), arguments)),
        Suffix::Invoke(name, at, arguments) => {
            expression(at, Kind::Invoke(Box::new(base), name, arguments))
        }
        Suffix::Property(name) => expression(at, Kind::Property(Box::new(base), name)),
        Suffix::Index(indices) => expression(at, Kind::Index(Box::new(base), indices)),
    })
}

/// `target = value`, if the target can be assigned to.
pub fn assign(
    target: Expression,
    at: Position,
    operator: Option<Operator>,
    value: Expression,
) -> Expression {
    let target = match target.kind {
        // Morpho's messages point at the operator.
        Kind::Variable(variable) => Target::Variable(Variable { at, ..variable }),
        Kind::Property(object, name) => Target::Property(*object, name),
        Kind::Index(mut base, indices) => {
            if let Kind::Variable(variable) = &mut base.kind {
                variable.at = at;
            }
            if !matches!(base.kind, Kind::Variable(_) | Kind::Property(..)) {
                return expression(
                    at,
                    unsupported(
                        "an assignment to x[i][j] or f()[i]; give the inner list a name first",
                    ),
                );
            }
            Target::Index(*base, indices)
        }
        Kind::Unrunnable(_) => return target,
        _ => {
            return expression(
                at,
                Kind::Unrunnable(Unrunnable::Compile("InvldAssgn", "Invalid assignment target.")),
            );
        }
    };
    expression(at, Kind::Assign(Box::new(Assignment { target, operator, value })))
}

pub fn parenthesized(at: Position, mut items: Vec<Expression>, comma: bool) -> Expression {
    match items.pop() {
        Some(Expression { kind: Kind::Tuple(_), .. }) if items.is_empty() && !comma => {
            expression(at, unsupported("a tuple in parentheses of its own"))
        }
        Some(only) if items.is_empty() && !comma => only,
        last => {
            items.extend(last);
            expression(at, Kind::Tuple(items))
        }
    }
}

/// A part of a string literal.
pub enum Piece {
    Bytes(Vec<u8>),
    Expression(Option<Expression>),
}

pub fn character(code: &str) -> Piece {
    let code = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
    Piece::Bytes(code.unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into_bytes())
}

/// Joins the parts of a string literal, into a constant if possible.
pub fn string(at: Position, pieces: Vec<Piece>) -> Expression {
    let mut parts = Vec::new();
    let mut bytes = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(more) => bytes.extend(more),
            Piece::Expression(inner) => {
                parts.push(text(at, &mut bytes));
                parts.extend(inner);
            }
        }
    }
    let last = text(at, &mut bytes);
    if parts.is_empty() {
        return last;
    }
    parts.push(last);
    expression(at, Kind::Interpolation(parts))
}

pub fn text(at: Position, bytes: &mut Vec<u8>) -> Expression {
    match String::from_utf8(std::mem::take(bytes)) {
        Ok(text) => expression(at, constant(Value::string(text))),
        Err(_) => expression(at, unsupported("bytes in a string that are not UTF-8")),
    }
}

/// A parameter: `name`, `name=constant`, `...name`, or an unsupported form.
pub enum Parameter {
    Plain(Variable),
    Option(Variable, Expression),
    Rest(Variable),
    Typed,
}

pub fn function(
    name: Name,
    parameters: Vec<Parameter>,
    body: Body,
) -> Result<Rc<Function>, Unrunnable> {
    let mut function = Function {
        name,
        kind: FunctionKind::Function,
        parameters: Vec::new(),
        options: Vec::new(),
        rest: None,
        body,
        slots: 0,
        captures: Vec::new(),
        closure: false,
    };
    for parameter in parameters {
        match parameter {
            Parameter::Plain(variable)
                if function.rest.is_none() && function.options.is_empty() =>
            {
                function.parameters.push(variable);
            }
            Parameter::Plain(_) => {
                return Err(Unrunnable::Compile(
                    "VarPrLst",
                    "Cannot have fixed parameters after a variadic parameter.",
                ));
            }
            Parameter::Rest(_) if function.rest.is_some() => {
                return Err(Unrunnable::Compile(
                    "OneVarPr",
                    "Functions can have only one variadic parameter.",
                ));
            }
            Parameter::Rest(variable) => function.rest = Some(variable),
            Parameter::Option(variable, Expression { kind: Kind::Constant(value), .. }) => {
                function.options.push((variable, value));
            }
            Parameter::Option(..) => {
                return Err(Unrunnable::Unsupported("a default that is not a literal"));
            }
            Parameter::Typed => {
                return Err(Unrunnable::Unsupported("typed declarations and multiple dispatch"));
            }
        }
    }
    Ok(Rc::new(function))
}
