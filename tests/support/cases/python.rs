//! The cases as a Python program.

use std::fmt::Write as _;

use super::{Call, Case, Expected, Literal, Step, Target, listed, quoted};
use serde_json::Value as Json;

const START: &str = "\
import array
import zeromq

class Mine(Exception):
    tag = 'Mine'

def echo(frames): return frames
def first(frames): return frames[0]
def nothing(frames): return None
def fail(frames): raise Mine()

def matrix(rows):
    numbers = array.array('d', sum(rows, []))
    return memoryview(numbers).cast('B').cast('d', (len(rows), len(rows[0])))

def plain(value):
    if isinstance(value, (zeromq.Array, memoryview)):
        return ('array', value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    return value

def run(name, case):
    try:
        print(case() or 'ok', name, sep=': ', flush=True)
    except BaseException as error:
        print(f'raised {error!r}', name, sep=': ', flush=True)

";

pub fn program(cases: &[Case]) -> String {
    let mut program = START.to_owned();
    for case in cases {
        writeln!(program, "def case():").unwrap();
        for (at, step) in case.steps.iter().enumerate() {
            program += &lines(at, step);
        }
        writeln!(program, "run({}, case)\n", quoted(&case.name)).unwrap();
    }
    program
}

fn lines(at: usize, step: &Step) -> String {
    let call = match step {
        Step::Text(variable, text) => {
            let text = quoted(text);
            return format!(
                "    if str({variable}) != {text}: return f'step {at}: {{{variable}}}'\n"
            );
        }
        Step::Call(call) => call,
    };
    let target = call.keep.as_deref().unwrap_or("got");
    let expression = expression(call);
    match &call.expected {
        Expected::Anything => format!("    {target} = {expression}\n"),
        Expected::Result(expected) => format!(
            "    {target} = {expression}\n    if repr(plain({target})) != repr(plain({})): return f'step {at}: \
             {{{target}!r}}'\n",
            literal(expected)
        ),
        Expected::Error(tag) => format!(
            "    try:\n        tag = {expression}\n    except Exception as error:\n        tag = \
             getattr(error, 'tag', repr(error))\n    if tag != '{tag}': return f'step {at}: \
             {{tag!r}}'\n"
        ),
    }
}

fn expression(call: &Call) -> String {
    let callee = match &call.target {
        Target::Constructor(class) => format!("zeromq.{class}"),
        Target::Function(class, name) => format!("zeromq.{class}.{name}"),
        Target::Method(variable, name) => format!("{variable}.{name}"),
    };
    let named = call.named.iter().map(|(name, value)| format!("{name}={}", literal(value)));
    format!("{callee}({})", listed(call.arguments.iter().map(literal).chain(named)))
}

fn literal(value: &Json) -> String {
    let items = |items: &[Json]| items.iter().map(|item| literal(item) + ", ").collect::<String>();
    match Literal::read(value) {
        Literal::Nil => "None".to_owned(),
        Literal::Bool(flag) => if flag { "True" } else { "False" }.to_owned(),
        Literal::Int(number) => number.to_string(),
        Literal::Float(number) => format!("{number:?}"),
        Literal::Text(text) => quoted(text),
        Literal::Bytes(bytes) => format!("bytes({bytes:?})"),
        Literal::List(list) => format!("[{}]", items(list)),
        Literal::Tuple(tuple) => format!("({})", items(tuple)),
        Literal::Array(rows) => format!("matrix({rows:?})"),
        Literal::Dictionary(entries) => {
            let entry =
                |(key, value): (&String, &Json)| format!("{}: {}", quoted(key), literal(value));
            format!("{{{}}}", listed(entries.iter().map(entry)))
        }
        Literal::Variable(name) | Literal::Function(name) => name.to_owned(),
        Literal::Class(name) => format!("zeromq.{name}"),
    }
}
