//! Calls and their results, in one table for every host: `examples/hosts/kit/calls.json`,
//! whose format is described beside it. The adapters have runners that read it; for Morpho
//! and C, it becomes a program that prints a line for each case.

pub mod capi;
pub mod direct;
pub mod morpho;

use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value as Json};

use super::root;

/// Steps that hold on every host.
pub struct Case {
    pub name: String,
    pub steps: Vec<Step>,
}

pub enum Step {
    Call(Box<Call>),
    /// What is printed for the object in a variable.
    Text(String, String),
}

pub struct Call {
    /// The variable that it is kept in.
    pub keep: Option<String>,
    pub target: Target,
    pub arguments: Vec<Json>,
    pub named: Map<String, Json>,
    pub expected: Expected,
    /// What the message of the error contains, where hosts see it.
    pub says: Option<String>,
}

pub enum Target {
    Constructor(String),
    Function(String, String),
    Method(String, String),
}

pub enum Expected {
    Anything,
    Result(Json),
    /// The tag of an error.
    Error(String),
}

/// A value of the table.
pub enum Literal<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(Vec<u8>),
    List(&'a [Json]),
    Tuple(&'a [Json]),
    /// The rows of an array of float64.
    Array(Vec<Vec<f64>>),
    Dictionary(&'a Map<String, Json>),
    Variable(&'a str),
    Class(&'a str),
    Function(&'a str),
}

/// The tags that a program tells apart; `Mine` is that of its own functions.
pub const TAGS: [&str; 11] = [
    "Mine",
    "ZMQArgs",
    "ZMQClosed",
    "ZMQConsArgs",
    "ZMQDecode",
    "ZMQErr",
    "ZMQOption",
    "ZMQSecurity",
    "ZMQState",
    "ZMQTimeout",
    "ZMQUnroutable",
];

/// All cases.
pub fn all() -> Vec<Case> {
    let text = fs::read_to_string(table()).unwrap();
    let table: Vec<Json> = serde_json::from_str(&text).unwrap();
    table.iter().map(Case::read).collect()
}

/// Returns the path of the table.
pub fn table() -> PathBuf {
    root("examples/hosts/kit/calls.json")
}

impl Case {
    fn read(case: &Json) -> Case {
        let name = string(&case["case"]);
        let steps = case["steps"].as_array().unwrap_or_else(|| panic!("{name}: no steps"));
        Case { steps: steps.iter().map(Step::read).collect(), name }
    }
}

impl Step {
    fn read(step: &Json) -> Step {
        let step = step.as_object().unwrap();
        let known = ["do", "let", "args", "named", "result", "error", "text", "says"];
        assert!(step.keys().all(|key| known.contains(&key.as_str())), "{step:?}");
        if let Some(text) = step.get("text") {
            return Step::Text(string(&text[0]), string(&text[1]));
        }
        let what = string(&step["do"]);
        let is_class = what.starts_with("ZMQ");
        let target = match what.split_once('.') {
            Some((class, name)) if is_class => Target::Function(class.into(), name.into()),
            Some((variable, name)) => Target::Method(variable.into(), name.into()),
            None => Target::Constructor(what),
        };
        let expected = match (step.get("result"), step.get("error")) {
            (Some(result), None) => Expected::Result(result.clone()),
            (None, Some(tag)) => Expected::Error(string(tag)),
            _ => Expected::Anything,
        };
        Step::Call(Box::new(Call {
            keep: step.get("let").map(string),
            target,
            arguments: step.get("args").map_or(vec![], |args| args.as_array().unwrap().clone()),
            named: step.get("named").map_or(Map::new(), |named| named.as_object().unwrap().clone()),
            expected,
            says: step.get("says").map(string),
        }))
    }
}

fn string(value: &Json) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

impl<'a> Literal<'a> {
    pub fn read(value: &'a Json) -> Literal<'a> {
        match value {
            Json::Null => Literal::Nil,
            Json::Bool(flag) => Literal::Bool(*flag),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Literal::Int(number),
                None => Literal::Float(number.as_f64().unwrap()),
            },
            Json::String(text) => Literal::Text(text),
            Json::Array(items) => Literal::List(items),
            Json::Object(entries) => Literal::marked(entries),
        }
    }

    fn marked(entries: &'a Map<String, Json>) -> Literal<'a> {
        let Some((mark, value)) = entries.iter().next().filter(|(key, _)| key.starts_with('$'))
        else {
            return Literal::Dictionary(entries);
        };
        let text = || value.as_str().unwrap();
        match &**mark {
            "$bytes" => Literal::Bytes(bytes(text())),
            "$tuple" => Literal::Tuple(value.as_array().unwrap()),
            "$array" => Literal::Array(serde_json::from_value(value.clone()).unwrap()),
            "$ref" => Literal::Variable(text()),
            "$class" => Literal::Class(text()),
            "$function" => Literal::Function(text()),
            other => panic!("{other} is not known"),
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// What separates arguments and items.
fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// A text in quotes; what needs more than these escapes is not in the table.
fn quoted(text: &str) -> String {
    assert!(!text.contains(char::is_control) && !text.contains('$'), "{text:?}");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
