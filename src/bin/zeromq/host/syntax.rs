//! The tree of a script: written by `grammar`, completed by `resolve` with the
//! places of names, walked by `execute` and `evaluate`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::rc::Rc;

use super::error::Refusal;
use super::value::Value;

/// An offset into the concatenated texts of all files.
pub type Position = u32;

/// A name in a script. Equal names share one allocation, so that comparing and hashing use
/// only the address.
#[derive(Clone)]
pub struct Name(Rc<str>);

impl Name {
    /// The name as a string that values can share.
    pub fn text(&self) -> &Rc<str> {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.0.as_ptr() as usize);
    }
}

/// All names seen so far.
#[derive(Default)]
pub struct Names(RefCell<HashMap<Rc<str>, Name>>);

impl Names {
    /// Returns the `Name` with this text.
    pub fn intern(&self, text: &str) -> Name {
        let mut known = self.0.borrow_mut();
        if let Some(name) = known.get(text) {
            return name.clone();
        }
        let shared: Rc<str> = text.into();
        known.insert(shared.clone(), Name(shared.clone()));
        Name(shared)
    }
}

/// The place of a name's value.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// Not resolved yet.
    Unknown,
    /// A slot of the running function.
    Local(usize),
    /// A variable of an enclosing function.
    Captured(usize),
    /// A variable of the whole script.
    Global(usize),
}

/// A name and the place of its value.
pub struct Variable {
    pub name: Name,
    pub at: Position,
    pub place: Place,
}

/// Code that can be parsed but not run.
#[derive(Clone)]
pub enum Unrunnable {
    /// Morpho may run it, but this host does not.
    Unsupported(&'static str),
    /// Morpho's compiler rejects it: id and text.
    Compile(&'static str, &'static str),
    /// Most likely it was meant differently, as the hint says.
    Mistake(Rc<str>),
}

impl Unrunnable {
    pub fn at(&self, at: Position) -> Refusal {
        match self {
            Unrunnable::Unsupported(what) => Refusal::unsupported(*what, at),
            Unrunnable::Compile(id, text) => Refusal::compile(id, *text, at),
            Unrunnable::Mistake(hint) => {
                Refusal::Syntax { at, expected: String::new(), hint: hint.to_string() }
            }
        }
    }
}

pub struct Expression {
    pub at: Position,
    pub kind: Kind,
}

pub enum Kind {
    Constant(Value),
    Interpolation(Vec<Expression>),
    Variable(Variable),
    List(Vec<Expression>),
    Tuple(Vec<Expression>),
    Dictionary(Vec<(Expression, Expression)>),
    Range(Box<RangeParts>),
    Negate(Box<Expression>),
    Not(Box<Expression>),
    Binary(Operator, Box<[Expression; 2]>),
    And(Box<[Expression; 2]>),
    Or(Box<[Expression; 2]>),
    Choice(Box<[Expression; 3]>),
    Call(Box<Expression>, Arguments),
    Invoke(Box<Expression>, Name, Arguments),
    Super(Box<SuperCall>),
    /// `base[index]`, or a Matrix with two indices.
    Index(Box<Expression>, Vec<Expression>),
    Property(Box<Expression>, Name),
    Function(Rc<Function>),
    Assign(Box<Assignment>),
    Unrunnable(Unrunnable),
}

pub struct RangeParts {
    pub start: Expression,
    pub end: Expression,
    pub step: Option<Expression>,
    pub inclusive: bool,
}

/// `super.name(arguments)`: a method of the superclass, called on `self`.
pub struct SuperCall {
    pub class: Place,
    pub receiver: Variable,
    pub name: Name,
    pub arguments: Arguments,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Equal,
    Differs,
    Less,
    Greater,
    AtMost,
    AtLeast,
}

#[derive(Default)]
pub struct Arguments {
    pub positional: Vec<Expression>,
    pub named: Vec<(Name, Expression)>,
}

/// `target = value`, or with an operator `target += value`.
pub struct Assignment {
    pub target: Target,
    pub operator: Option<Operator>,
    pub value: Expression,
}

pub enum Target {
    Variable(Variable),
    Property(Expression, Name),
    Index(Expression, Vec<Expression>),
}

pub struct Statement {
    pub at: Position,
    pub action: Action,
}

pub enum Action {
    Evaluate(Expression),
    Print(Expression),
    /// At a prompt: prints the value, unless it is nil.
    Show(Expression),
    Declare(Vec<(Variable, Option<Expression>)>),
    Function(Variable, Rc<Function>),
    Class(Box<ClassTree>),
    Block(Block),
    If(Expression, Box<Statement>, Option<Box<Statement>>),
    While(Expression, Box<Statement>),
    Do(Box<Statement>, Expression),
    Each(Box<Each>),
    For(Box<For>),
    Break,
    Continue,
    Return(Option<Expression>),
    Try(Block, Vec<(Rc<str>, Block)>),
    Import(Import),
    Unrunnable(Unrunnable),
}

#[derive(Default)]
pub struct Block {
    pub statements: Vec<Statement>,
    /// The slots of the functions declared here. They are new each time the block is
    /// entered, because functions may refer to later ones.
    pub functions: Vec<usize>,
}

/// `for (item, position in collection) body`
pub struct Each {
    pub item: Variable,
    pub position: Option<Variable>,
    pub collection: Expression,
    pub body: Statement,
}

/// `for (start; condition; step) body`
pub struct For {
    pub start: Option<Statement>,
    pub condition: Option<Expression>,
    pub step: Option<Expression>,
    pub body: Statement,
}

pub enum Import {
    /// `import zeromq`
    Extension(Name),
    /// `import "file"`, and the code to run once it was read. A file that was already
    /// imported has none.
    File(Rc<str>, Option<Rc<Function>>),
}

/// A function, a method or the code of a whole file.
pub struct Function {
    /// Empty if the function is anonymous.
    pub name: Name,
    pub kind: FunctionKind,
    pub parameters: Vec<Variable>,
    pub options: Vec<(Variable, Value)>,
    pub rest: Option<Variable>,
    pub body: Body,
    /// The number of slots for its variables.
    pub slots: usize,
    pub captures: Vec<Capture>,
    /// True if Morpho makes it a closure, which is visible when it is printed.
    pub closure: bool,
}

impl Function {
    /// Returns how it is called by a name: "name(a, b, option=)".
    pub fn signature(&self, name: &str) -> String {
        let plain = self.parameters.iter().map(|parameter| parameter.name.to_string());
        let rest = self.rest.iter().map(|rest| format!("...{}", &*rest.name));
        let options = self.options.iter().map(|(option, _)| format!("{}=", &*option.name));
        let all: Vec<String> = plain.chain(rest).chain(options).collect();
        format!("{name}({})", all.join(", "))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum FunctionKind {
    Function,
    Method,
    Initializer,
    File,
}

pub enum Body {
    Block(Block),
    Expression(Expression),
}

/// A variable that a function captures from the enclosing one when it is made.
#[derive(Clone, Copy, PartialEq)]
pub enum Capture {
    Local(usize),
    Captured(usize),
}

pub struct ClassTree {
    pub variable: Variable,
    pub parent: Option<Variable>,
    pub methods: Vec<(Position, Rc<Function>)>,
}
