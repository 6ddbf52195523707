//! The cases as a Lua program.

use std::fmt::Write as _;

use super::{Call, Case, Expected, Literal, Step, Target, listed, quoted};
use serde_json::Value as Json;

const START: &str = r#"
local zeromq = require "zeromq"

local function echo(frames) return frames end
local function first(frames) return frames[1] end
local function nothing(frames) return nil end
local function fail(frames) error({ tag = "Mine" }) end

local function same(one, other)
  if math.type(one) ~= math.type(other) or type(one) ~= type(other) then return false end
  if one == other then return true end
  if type(one) == "userdata" and one.totable and other.totable then
    return same(one:totable(), other:totable())
  end
  if type(one) ~= "table" then return one == other end
  for key, value in pairs(one) do
    if not same(value, other[key]) then return false end
  end
  for key in pairs(other) do
    if one[key] == nil then return false end
  end
  return true
end

local function tag(ok, error)
  if ok then return "no error" end
  return type(error) == "table" and error.tag or tostring(error)
end

local function run(name, case)
  local ok, what = pcall(case)
  print((ok and (what or "ok") or "raised " .. tostring(what)) .. ": " .. name)
end

"#;

pub fn program(cases: &[Case]) -> String {
    let mut program = START.to_owned();
    for case in cases {
        writeln!(program, "run({}, function()\n  local got", quoted(&case.name)).unwrap();
        for (at, step) in case.steps.iter().enumerate() {
            program += &lines(at, step);
        }
        writeln!(program, "end)\n").unwrap();
    }
    program
}

fn lines(at: usize, step: &Step) -> String {
    let call = match step {
        Step::Text(variable, text) => {
            let text = quoted(text);
            return format!(
                "  if tostring({variable}) ~= {text} then return \"step {at}: \" .. \
                 tostring({variable}) end\n"
            );
        }
        Step::Call(call) => call,
    };
    let target = call.keep.as_ref().map_or("got".to_owned(), |name| format!("local {name}"));
    let (callee, arguments) = parts(call);
    match &call.expected {
        Expected::Anything => format!("  {target} = {callee}({arguments})\n"),
        Expected::Result(expected) => {
            // A Tuple becomes several results of a function.
            let expected = match Literal::read(expected) {
                Literal::Tuple(items) => {
                    format!("table.pack({})", listed(items.iter().map(|item| literal(item, "nil"))))
                }
                _ => format!("table.pack({})", literal(expected, "nil")),
            };
            format!(
                "  got = table.pack({callee}({arguments}))\n  if not same(got, {expected}) then \
                 return \"step {at}: \" .. tostring(got[1]) end\n"
            )
        }
        Expected::Error(tag) => {
            let function = match &call.target {
                Target::Method(variable, name) => format!("{variable}.{name}, {variable}"),
                _ => callee,
            };
            let comma = if arguments.is_empty() { "" } else { ", " };
            format!(
                "  got = tag(pcall({function}{comma}{arguments}))\n  if got ~= \"{tag}\" then \
                 return \"step {at}: \" .. got end\n"
            )
        }
    }
}

fn parts(call: &Call) -> (String, String) {
    let callee = match &call.target {
        Target::Constructor(class) => format!("zeromq.{class}"),
        Target::Function(class, name) => format!("zeromq.{class}.{name}"),
        Target::Method(variable, name) => format!("{variable}:{name}"),
    };
    let mut arguments: Vec<String> =
        call.arguments.iter().map(|value| literal(value, "nil")).collect();
    if !call.named.is_empty() {
        let named = call.named.iter();
        // A table cannot hold nil.
        let named =
            named.map(|(name, value)| format!("{name} = {}", literal(value, "zeromq.null")));
        arguments.push(format!("{{ {} }}", listed(named)));
    }
    (callee, arguments.join(", "))
}

fn shown(number: &f64) -> String {
    format!("{number:?}")
}

fn literal(value: &Json, nil: &str) -> String {
    let inside = |item: &Json| literal(item, "zeromq.null");
    match Literal::read(value) {
        Literal::Nil => nil.to_owned(),
        Literal::Bool(flag) => flag.to_string(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => shown(&number),
        Literal::Text(text) => quoted(text),
        Literal::Bytes(bytes) => {
            let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("\"{escaped}\"")
        }
        Literal::List(items) | Literal::Tuple(items) => {
            format!("{{ {} }}", listed(items.iter().map(inside)))
        }
        Literal::Array(rows) => {
            let row = |row: &Vec<f64>| format!("{{ {} }}", listed(row.iter().map(shown)));
            format!("zeromq.array {{ {} }}", listed(rows.iter().map(row)))
        }
        Literal::Dictionary(entries) => {
            let entry =
                |(key, value): (&String, &Json)| format!("[{}] = {}", quoted(key), inside(value));
            format!("zeromq.dictionary {{ {} }}", listed(entries.iter().map(entry)))
        }
        Literal::Variable(name) | Literal::Function(name) => name.to_owned(),
        Literal::Class(name) => format!("zeromq.{name}"),
    }
}
