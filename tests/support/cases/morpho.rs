//! The cases as a script for Morpho and the reference host.

use std::fmt::Write as _;

use super::{Call, Case, Expected, Literal, Step, TAGS, Target, listed, quoted};
use serde_json::Value as Json;

const START: &str = r#"
import zeromq

var Mine = Error("Mine", "Not today.")

fn echo(frames) { return frames }
fn first(frames) { return frames[0] }
fn nothing(frames) { return nil }
fn fail(frames) {
  Mine.throw()
  return nil
}

"#;

pub fn program(cases: &[Case]) -> String {
    let mut program = START.to_owned();
    for (index, case) in cases.iter().enumerate() {
        writeln!(program, "fn case{index}() {{\n  var got = nil").unwrap();
        for (at, step) in case.steps.iter().enumerate() {
            program += &lines(at, step);
        }
        writeln!(program, "  return \"ok\"\n}}").unwrap();
        // An error that was not expected ends this case only.
        let name = quoted(&case.name);
        let name = name.trim_matches('"');
        writeln!(program, "var what{index} = \"\"").unwrap();
        let raised = caught(&format!("what{index}"));
        writeln!(program, "try {{\n  what{index} = case{index}()\n}} catch {{\n{raised}}}")
            .unwrap();
        writeln!(program, "print \"${{what{index}}}: {name}\"\n").unwrap();
    }
    program
}

/// Remembers the tag of any error.
fn caught(variable: &str) -> String {
    let tags = TAGS.iter().chain(&["ZMQUnsupported"]);
    tags.map(|tag| format!("    \"{tag}\" : {variable} = \"{tag}\"\n")).collect()
}

fn lines(at: usize, step: &Step) -> String {
    let call = match step {
        Step::Text(variable, text) => {
            return unless(&format!("\"${{{variable}}}\" == {}", quoted(text)), at, variable);
        }
        Step::Call(call) => call,
    };
    let expression = expression(call);
    match &call.expected {
        Expected::Error(tag) => {
            let check = unless(&format!("got == \"{tag}\""), at, "got");
            let caught = caught("got");
            format!(
                "  got = \"no error\"\n  try {{\n    {expression}\n  }} catch {{\n{caught}  \
                 }}\n{check}"
            )
        }
        expected => {
            let kept = call.keep.as_deref().unwrap_or("got");
            let declared = if call.keep.is_some() { "var " } else { "" };
            let check = match expected {
                Expected::Result(result) => unless(&condition(kept, result), at, kept),
                _ => String::new(),
            };
            format!("  {declared}{kept} = {expression}\n{check}")
        }
    }
}

fn unless(condition: &str, at: usize, shown: &str) -> String {
    format!("  if (!({condition})) return \"step {at}: ${{{shown}}}\"\n")
}

fn expression(call: &Call) -> String {
    let callee = match &call.target {
        Target::Constructor(class) => class.clone(),
        Target::Function(class, name) => format!("{class}.{name}"),
        Target::Method(variable, name) => format!("{variable}.{name}"),
    };
    let named = call.named.iter().map(|(name, value)| format!("{name}={}", literal(value)));
    format!("{callee}({})", listed(call.arguments.iter().map(literal).chain(named)))
}

fn literal(value: &Json) -> String {
    match Literal::read(value) {
        Literal::Nil => "nil".to_owned(),
        Literal::Bool(flag) => flag.to_string(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => format!("{number:?}"),
        Literal::Text(text) => quoted(text),
        Literal::Bytes(bytes) => format!("ZMQFrame({bytes:?})"),
        Literal::List(items) => format!("[{}]", listed(items.iter().map(literal))),
        Literal::Tuple(_) => panic!("a Tuple is no argument"),
        Literal::Array(rows) => format!("Matrix({rows:?})"),
        Literal::Dictionary(entries) => {
            let entry =
                |(key, value): (&String, &Json)| format!("{}: {}", quoted(key), literal(value));
            // One directly in another is not in the common part of the language.
            format!("({{ {} }})", listed(entries.iter().map(entry)))
        }
        Literal::Variable(name) | Literal::Function(name) | Literal::Class(name) => name.to_owned(),
    }
}

/// Whether what stands at a place is the value expected.
fn condition(place: &str, expected: &Json) -> String {
    let all = |test: &str, items: &[Json]| {
        let items = items.iter().enumerate();
        let items = items.map(|(at, item)| condition(&format!("{place}[{at}]"), item));
        let count = format!("{test}({place}) and {place}.count() == {}", items.len());
        [count].into_iter().chain(items).collect::<Vec<_>>().join(" and ")
    };
    match Literal::read(expected) {
        Literal::Int(_) => format!("isint({place}) and {place} == {}", literal(expected)),
        Literal::Float(_) => format!("isfloat({place}) and {place} == {}", literal(expected)),
        Literal::Text(_) => format!("isstring({place}) and {place} == {}", literal(expected)),
        Literal::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{place}.hex() == \"{hex}\"")
        }
        Literal::List(items) => all("islist", items),
        // Morpho 0.6.0 has no istuple.
        Literal::Tuple(items) => all("!islist", items),
        Literal::Array(rows) => {
            let (height, width) = (rows.len(), rows[0].len());
            let shape = format!(
                "{place}.dimensions()[0] == {height} and {place}.dimensions()[1] == {width}"
            );
            let row = |(i, row): (usize, &Vec<f64>)| {
                let numbers = row.iter().enumerate();
                let numbers = numbers.map(|(j, number)| format!("{place}[{i}, {j}] == {number:?}"));
                numbers.collect::<Vec<_>>().join(" and ")
            };
            let rows = rows.iter().enumerate().map(row);
            [shape].into_iter().chain(rows).collect::<Vec<_>>().join(" and ")
        }
        Literal::Dictionary(entries) => {
            let count = format!("isdictionary({place}) and {place}.count() == {}", entries.len());
            let entry = |(key, value): (&String, &Json)| {
                condition(&format!("{place}[{}]", quoted(key)), value)
            };
            let entries = entries.iter().map(entry);
            [count].into_iter().chain(entries).collect::<Vec<_>>().join(" and ")
        }
        _ => format!("{place} == {}", literal(expected)),
    }
}
