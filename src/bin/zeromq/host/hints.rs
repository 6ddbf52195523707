//! What to do about ordinary mistakes. Hints are printed on standard error, behind what
//! Morpho prints; `resolve`, `grammar`, `call` and `plugin` ask for them.

use super::grammar::KEYWORDS;

/// Words that declare something in other languages.
const OTHER: &[(&str, &str)] = &[
    ("let", "declare a variable with var, as in var a = 1"),
    ("const", "declare a variable with var, as in var a = 1"),
    ("local", "declare a variable with var, as in var a = 1"),
    ("auto", "declare a variable with var, as in var a = 1"),
    ("def", "declare a function with fn, as in fn f(x) { return x }"),
    ("func", "declare a function with fn, as in fn f(x) { return x }"),
    ("function", "declare a function with fn, as in fn f(x) { return x }"),
    ("from", "a module is imported with import, as in import zeromq"),
    ("require", "a module is imported with import, as in import zeromq"),
    ("elif", "write else if (condition) { … }"),
    ("elsif", "write else if (condition) { … }"),
    ("elseif", "write else if (condition) { … }"),
    ("new", "an object is made without new, as in ZMQPull(\"inproc://a\")"),
];

/// Names that have another name, or none, in Morpho.
const NAMES: &[(&str, &str)] = &[
    ("null", "nothing is called nil"),
    ("None", "nothing is called nil"),
    ("undefined", "nothing is called nil"),
    ("True", "write true, in lower case"),
    ("False", "write false, in lower case"),
    ("this", "a method calls its object self"),
    ("len", "the number of elements is x.count()"),
    ("println", "print is a statement: print \"x\""),
    ("printf", "print is a statement: print \"a = ${a}\""),
    ("echo", "print is a statement: print \"x\""),
    ("sleep", "ZMQ.sleep(100) waits for 100 milliseconds"),
    ("str", "\"${x}\" is the text of x"),
    ("throw", "raise an error with Error(\"Tag\", \"text\").throw()"),
    ("raise", "raise an error with Error(\"Tag\", \"text\").throw()"),
    ("zeromq", "its classes have no prefix: write ZMQPull, not zeromq.ZMQPull"),
    ("zmq", "the names of classes begin with ZMQ, as in ZMQPull; ZMQ has the functions"),
    ("ZMQContext", "there is no context to make: make a socket, as in ZMQPull(\"inproc://a\")"),
    (
        "ZMQSocket",
        "make a socket by its type, as in ZMQPull(\"inproc://a\"); help zmqsocket lists them",
    ),
];

/// Methods by their names in other languages and libraries.
const METHODS: &[(&str, &str)] = &[
    ("getsockopt", "option"),
    ("length", "count"),
    ("push", "append"),
    ("recv_json", "receivejson"),
    ("recv_multipart", "receiveall"),
    ("recv_string", "receive"),
    ("send_json", "sendjson"),
    ("send_multipart", "send"),
    ("send_string", "send"),
    ("setsockopt", "setoption"),
    ("size", "count"),
    ("toString", "tostring"),
];

/// Operators of other languages.
const OPERATORS: &[(&str, &str)] = &[
    ("++", "write i += 1"),
    ("--", "write i -= 1"),
    ("=>", "write fn (x) x + 1"),
    ("->", "write fn (x) x + 1"),
    ("%", "the remainder of a by b is mod(a, b)"),
];

/// Returns the hint about a name that does not exist, or nothing.
pub fn name(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(other, _)| *other == name).map(|(_, hint)| *hint)
}

/// Returns the hint about a method that a value does not have, or an empty string.
pub fn method<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let other = METHODS.iter().find(|(other, own)| *other == name && known.contains(own));
    match other {
        Some((_, own)) => format!("did you mean {own}?"),
        None => did_you_mean(name, known.into_iter()),
    }
}

/// Returns the hint about a name that is followed by another one.
pub fn word(word: &str, keywords: &[&str]) -> Option<String> {
    let other = OTHER.iter().find(|(other, _)| *other == word);
    let hint = other.map(|(_, hint)| (*hint).to_owned());
    // A type begins with a capital letter.
    let keyword = word.starts_with(|first: char| first.is_lowercase()) && word.len() > 3;
    hint.or_else(|| {
        let near = near(word, keywords.iter().copied()).filter(|_| keyword)?;
        Some(format!("did you mean {near}?"))
    })
}

/// Returns the question "did you mean name?", or an empty string if no name is similar.
pub fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    near(name, known).map_or_else(String::new, |near| format!("did you mean {near}?"))
}

/// Returns the name that was meant: one that begins with it, or one that differs in a few letters.
pub fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let known: Vec<(String, &str)> =
        known.filter(|known| *known != name).map(|known| (known.to_lowercase(), known)).collect();
    let longer = known.iter().filter(|(known, _)| wanted.len() > 2 && known.starts_with(&wanted));
    if let Some((_, near)) = longer.min_by_key(|(known, name)| (known.len(), *name)) {
        return Some(near);
    }
    let rated = known
        .iter()
        .map(|(known, name)| (strsim::damerau_levenshtein(&wanted, known), *name))
        .min();
    let near = rated.filter(|(distance, _)| *distance <= wanted.len() / 3).map(|(_, near)| near);
    near.or_else(|| known.iter().find(|(known, _)| shortens(&wanted, known)).map(|(_, name)| *name))
}

/// True if a name is another one without some of its letters, as recv is receive.
fn shortens(short: &str, name: &str) -> bool {
    let mut letters = name.chars();
    let contained = short.chars().all(|letter| letters.any(|other| other == letter));
    contained && short.len() > 3 && name.len() <= 2 * short.len() && name[..1] == short[..1]
}

/// Returns what can be parsed next, as the grammar names it, or an empty string.
pub fn expected(tokens: &[&str]) -> String {
    let has = |token: &str| tokens.contains(&token);
    let what = match tokens {
        [only] => only.trim_matches('"'),
        _ if has("expression") => "an expression",
        _ if has("name") => "a name",
        _ if has("\";\"") => "an operator, or the end of the statement",
        _ => return String::new(),
    };
    format!("expected {what}")
}

/// Returns the hint about a text that cannot be parsed beyond `offset`, or an empty string.
pub fn syntax(text: &str, offset: usize) -> String {
    let rest = &text[offset..];
    if rest.starts_with('#') {
        return "a comment begins with //".to_owned();
    }
    if rest.starts_with('\'') {
        return "a string stands between double quotes: \"x\"".to_owned();
    }
    // The parser may have taken the first of two characters for an operator.
    let around = &text[text.floor_char_boundary(offset.saturating_sub(1))..];
    let before = text[..offset].trim_end();
    let stands = |operator: &str| around.starts_with(operator) || before.ends_with(operator);
    let other = OPERATORS.iter().find(|(other, _)| rest.starts_with(other) || stands(other));
    if let Some((_, hint)) = other {
        return (*hint).to_owned();
    }
    let last = before.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    match &before[last..] {
        word @ ("if" | "while") => {
            return format!("write the condition in parentheses: {word} (a == b) {{ … }}");
        }
        "for" => return "write for (i in 1..3) { … }".to_owned(),
        word => {
            if let Some((_, hint)) = OTHER.iter().find(|(other, _)| *other == word) {
                return (*hint).to_owned();
            }
        }
    }
    let begun = || word(first_word(&text[..offset]), &KEYWORDS).unwrap_or_default();
    if rest.starts_with('{') && before.ends_with(')') {
        return begun();
    }
    match open(&text[..offset]) {
        Some(Open { bracket: '"', line }) => {
            format!("the string that begins in line {line} has no closing \"")
        }
        Some(Open { bracket: '(', line }) => {
            format!("expected ) or a comma: the ( in line {line} is not closed")
        }
        Some(Open { bracket: '[', line }) => {
            format!("expected ] or a comma: the [ in line {line} is not closed")
        }
        Some(Open { bracket, line }) if rest.trim().is_empty() => {
            format!("expected }}: the {bracket} in line {line} is not closed")
        }
        None if rest.starts_with([')', ']', '}']) => "it closes nothing that is open".to_owned(),
        _ => begun(),
    }
}

/// Returns the word that the last line of a text begins with.
fn first_word(text: &str) -> &str {
    let line = text.rsplit('\n').next().unwrap_or_default().trim_start();
    &line[..line.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(line.len())]
}

/// A bracket that was not closed.
struct Open {
    bracket: char,
    line: usize,
}

/// Finds the last bracket in a text that is open at its end; strings and comments hold none.
fn open(text: &str) -> Option<Open> {
    let mut opened: Vec<Open> = Vec::new();
    let mut line = 1;
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\n' => line += 1,
            '/' if rest.peek() == Some(&'/') => {
                while rest.next_if(|letter| *letter != '\n').is_some() {}
            }
            '"' => {
                let begin = line;
                let mut closed = false;
                while let Some(letter) = rest.next() {
                    match letter {
                        '\n' => line += 1,
                        '\\' => drop(rest.next()),
                        '"' => {
                            closed = true;
                            break;
                        }
                        _ => {}
                    }
                }
                if !closed {
                    return Some(Open { bracket: '"', line: begin });
                }
            }
            '(' | '[' | '{' => opened.push(Open { bracket: letter, line }),
            ')' | ']' | '}' => drop(opened.pop()),
            _ => {}
        }
    }
    opened.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_similar_names_are_suggested() {
        let known = || ["ZMQPull", "ZMQPush", "receive", "print", "g"].into_iter();
        for (name, hint) in [
            ("ZMQPul", "did you mean ZMQPull?"),
            ("recieve", "did you mean receive?"),
            ("zmqpush", "did you mean ZMQPush?"),
            ("total", ""),
            ("x", ""),
            ("f", ""),
        ] {
            assert_eq!(did_you_mean(name, known()), hint, "{name}");
        }
        assert_eq!(word("prnt", &["print"]).unwrap(), "did you mean print?");
        assert!(word("let", &["print"]).unwrap().contains("var"));
        for name in ["Matrix", "Int", "int", "Prin"] {
            assert_eq!(word(name, &["print", "in"]), None);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, offset, hint) in [
            ("f(1\nprint 2", 4, "expected ) or a comma: the ( in line 1 is not closed"),
            ("[1\nprint 2", 3, "expected ] or a comma: the [ in line 1 is not closed"),
            ("if (true) {\n", 12, "expected }: the { in line 1 is not closed"),
            ("print \"(\n", 9, "the string that begins in line 1 has no closing \""),
            ("// (\n}", 5, "it closes nothing that is open"),
            ("# x", 0, "a comment begins with //"),
        ] {
            assert_eq!(syntax(text, offset), hint, "{text}");
        }
    }
}
