//! `JSON.parse` and `JSON.tostring`.

use serde_json::Value as Json;

use super::{Module, row};
use crate::host::dictionary::Dictionary;
use crate::host::error::{Failure, Outcome, error, unsupported};
use crate::host::text::general;
use crate::host::value::Value;

/// How deep the lists of a text may nest.
const DEEPEST: usize = 128;

pub static JSON: Module = Module {
    name: "JSON",
    functions: &[
        row("parse", 1, 1, |_, _, a| parse(&a[0])),
        row("tostring", 1, 1, |_, _, a| {
            let mut text = String::new();
            let written = write(&mut text, &a[0], 0).is_some();
            Ok(if written {
                Value::string(text)
            } else {
                Value::Nil
            })
        }),
    ],
    constructor: None,
};

/// What the parser says, and what Morpho calls it.
const ERRORS: [(&str, &str, &str); 11] = [
    (
        "EOF while parsing an object",
        "DctTrmntr",
        "Expected a '}' to end the dictionary.",
    ),
    (
        "expected `,` or `}`",
        "DctTrmntr",
        "Expected a '}' to end the dictionary.",
    ),
    (
        "expected `:`",
        "DctSprtr",
        "Expected a colon separating a key/value pair in dictionary.",
    ),
    (
        "key must be a string",
        "JSONObjctKey",
        "JSON object keys must be strings.",
    ),
    (
        "EOF while parsing a list",
        "MssngSqBrc",
        "Expected ']' to finish list.",
    ),
    ("expected `,` or `]`", "MssngComma", "Expected ','."),
    (
        "EOF while parsing a string",
        "UntrmStrng",
        "Unterminated string.",
    ),
    (
        "invalid escape",
        "StrEsc",
        "Unrecognized escape sequence in string.",
    ),
    (
        "EOF while parsing a value",
        "JSONBlnkElmnt",
        "Blank element.",
    ),
    ("trailing comma", "JSONBlnkElmnt", "Blank element."),
    (
        "invalid number",
        "JSONNmbrFrmt",
        "Improperly formatted number.",
    ),
];

fn parse(text: &Value) -> Outcome<Value> {
    let Value::String(text) = text else {
        return Err(in_text(
            "JSONPrsArgs",
            "Method 'parse' requires a string as the argument.",
        ));
    };
    match serde_json::from_str(text) {
        Ok(json) => value(json),
        Err(problem) => Err(complaint(text, &problem.to_string())),
    }
}

fn complaint(text: &str, problem: &str) -> Failure {
    if problem.starts_with("EOF while parsing a value") {
        match text.trim_end().as_bytes() {
            [.., b':'] => return in_text("ExpExpr", "Expected expression."),
            [.., b','] => return in_text("MssngSqBrc", "Expected ']' to finish list."),
            [.., b'a'..=b'z'] => return in_text("UnrgnzdTkn", "Unrecognized token."),
            _ => {}
        }
    }
    if problem.starts_with("recursion limit")
        || problem.starts_with("trailing characters")
        || problem.contains("surrogate")
    {
        return Failure::Unsupported(format!("this JSON text: {problem}"));
    }
    let known = ERRORS.iter().find(|row| problem.starts_with(row.0));
    let (id, text) = known.map_or(("UnrgnzdTkn", "Unrecognized token."), |row| (row.1, row.2));
    in_text(id, text)
}

/// An error that is printed without the functions that were running.
fn in_text(id: &str, text: &str) -> Failure {
    let mut failure = error(id, text);
    if let Failure::Error(error) = &mut failure {
        error.shows_frames = false;
    }
    failure
}

fn value(json: Json) -> Outcome<Value> {
    Ok(match json {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => match i32::try_from(number) {
                Ok(number) => Value::Int(number),
                Err(_) => return Err(in_text("ValRng", "Value out of range.")),
            },
            (None, Some(number))
                if number.is_finite() && !(number == 0.0 && number.is_sign_negative()) =>
            {
                Value::Float(number)
            }
            _ => return unsupported("this number in JSON"),
        },
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::list(items.into_iter().map(value).collect::<Outcome<_>>()?),
        Json::Object(entries) => {
            let mut made = Dictionary::default();
            for (key, json) in entries {
                made.insert(Value::string(key), value(json)?);
            }
            Value::dictionary(made)
        }
    })
}

/// `None` if there is something in the value that JSON does not know.
fn write(out: &mut String, value: &Value, depth: usize) -> Option<()> {
    match value {
        _ if depth > DEEPEST => return None,
        Value::Nil => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&general(*number, 6)),
        Value::String(text) => quote(out, text),
        Value::List(items) => {
            out.push('[');
            for (position, item) in items.0.borrow().iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                write(out, item, depth + 1)?;
            }
            out.push(']');
        }
        Value::Dictionary(table) => {
            out.push('{');
            for (position, (key, value)) in table.0.borrow().entries().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                write_key(out, key)?;
                out.push(':');
                write(out, value, depth + 1)?;
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}

fn write_key(out: &mut String, key: &Value) -> Option<()> {
    if let Value::String(text) = key {
        quote(out, text);
        return Some(());
    }
    out.push('"');
    write(out, key, 0)?;
    out.push('"');
    Some(())
}

/// Morpho escapes control characters, but neither `"` nor `\`.
fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            plain => out.push(plain),
        }
    }
    out.push('"');
}
