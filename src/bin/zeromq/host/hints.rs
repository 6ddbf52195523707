//! What to do about ordinary mistakes. Hints are printed on standard error, behind what
//! Morpho prints; `resolve`, `grammar` and `call` ask for them.

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
    ("new", "an object is made without new, as in ZMQPull(\"inproc://a\")"),
];

/// Returns the hint about a name that is followed by another one.
pub fn word(word: &str, keywords: &[&'static str]) -> Option<String> {
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

fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let rated = known
        .filter(|known| *known != name)
        .map(|known| (strsim::damerau_levenshtein(&wanted, &known.to_lowercase()), known));
    let (distance, near) = rated.min()?;
    (distance <= wanted.len() / 3).then_some(near)
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
    if rest.starts_with('{') && text[..offset].trim_end().ends_with(')') {
        return String::new();
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
        _ => String::new(),
    }
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
