//! `JSON.parse` and `JSON.tostring`.

use serde_json::Value as Json;

use super::{Module, row};
use crate::host::dictionary::Dictionary;
use crate::host::error::{Outcome, Stop, error, unsupported};
use crate::host::text::general;
use crate::host::value::Value;

/// The maximum nesting depth of lists in a text.
const DEEPEST: usize = 128;

pub static JSON: Module = Module {
    name: "JSON",
    functions: &[
        row("parse", 1, 1, |_, _, a| parse(&a[0])),
        row("tostring", 1, 1, |_, _, a| {
            let mut text = String::new();
            let written = write(&mut text, &a[0], 0).is_some();
            Ok(if written { Value::string(text) } else { Value::Nil })
        }),
    ],
    constructor: None,
};

/// The parser's errors and Morpho's names for them.
const ERRORS: [(&str, &str, &str); 6] = [
    ("expected `:`", "DctSprtr", "Expected a colon separating a key/value pair in dictionary."),
    ("key must be a string", "JSONObjctKey", "JSON object keys must be strings."),
    ("expected `,` or `]`", "MssngComma", "Expected ','."),
    ("trailing comma", "JSONBlnkElmnt", "Blank element."),
    ("trailing characters", "JSONExtrnsTkn", "Extraneous token after JSON element."),
    ("EOF while parsing a value", "MssngSqBrc", "Expected ']' to finish list."),
];

fn parse(text: &Value) -> Outcome<Value> {
    let Value::String(text) = text else {
        return Err(in_text("JSONPrsArgs", "Method 'parse' requires a string as the argument."));
    };
    match serde_json::from_str(text) {
        Ok(json) => value(json),
        Err(problem) => Err(complaint(text, &problem.to_string())),
    }
}

/// Morpho reads one token ahead, so an invalid token hides an earlier error. This host
/// reports Morpho's error only if it is certain.
fn complaint(text: &str, problem: &str) -> Stop {
    let text = text.trim();
    let known = ERRORS.iter().find(|row| problem.starts_with(row.0));
    match known {
        _ if text.is_empty() => in_text("JSONBlnkElmnt", "Blank element."),
        _ if text == "{" => in_text("DctTrmntr", "Expected a '}' to end the dictionary."),
        _ if known.is_none_or(|row| row.0.starts_with("EOF"))
            && text.bytes().all(|byte| byte.is_ascii_alphabetic()) =>
        {
            in_text("UnrgnzdTkn", "Unrecognized token.")
        }
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            in_text("JSONNmbrFrmt", "Improperly formatted number.")
        }
        _ if problem.starts_with("EOF while parsing a string") && !text.contains('\\') => {
            in_text("UntrmStrng", "Unterminated string.")
        }
        _ if problem.starts_with("EOF while parsing a value")
            && text.ends_with(':')
            && has_good_tokens(text) =>
        {
            in_text("ExpExpr", "Expected expression.")
        }
        Some((what, id, message))
            if has_good_tokens(text)
                && (!what.starts_with("EOF") || !text.contains(['{', ':'])) =>
        {
            in_text(id, message)
        }
        _ => Stop::Unsupported(format!("this JSON text: {problem}")),
    }
}

fn has_good_tokens(text: &str) -> bool {
    let pieces: Vec<&str> = text.split('"').collect();
    let mut words = pieces.iter().step_by(2).flat_map(|outside| {
        outside.split(|character: char| "[]{},:".contains(character) || character.is_whitespace())
    });
    let is_good = |word: &str| serde_json::from_str(word).is_ok_and(|json| value(json).is_ok());
    pieces.len() % 2 == 1
        && !text.contains('\\')
        && words.all(|word| word.is_empty() || is_good(word))
}

/// Makes an error that is printed without a stack trace.
fn in_text(id: &str, text: &str) -> Stop {
    let mut stop = error(id, text);
    if let Stop::Error(error) = &mut stop {
        error.shows_frames = false;
    }
    stop
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

/// Returns `None` if the value contains something that JSON does not support.
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
