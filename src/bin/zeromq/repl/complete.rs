//! Tab completion: the names that can appear at the cursor.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rustyline::completion::Pair;

/// A method or function that can be called on a value.
pub struct Member {
    pub name: String,
    /// How it is called, such as "receive(timeout=)".
    pub signature: String,
    /// The names of its named arguments.
    pub options: Vec<String>,
}

/// The names that the prompt knows.
#[derive(Default)]
pub struct Known {
    /// Variables, functions and classes.
    pub names: BTreeSet<String>,
    /// What can be called on a value, by the text before the dot: the name of a variable or
    /// class, or "Name()" for what a class makes.
    pub members: HashMap<String, Vec<Member>>,
    /// The named arguments of functions and constructors.
    pub options: HashMap<String, Vec<String>>,
    /// Methods of all types, where the type of a value is not known in advance.
    pub methods: BTreeSet<String>,
    /// The help topics, which do not change.
    pub topics: Rc<BTreeSet<String>>,
}

/// Returns the start of the word before the cursor, and its completions.
pub fn complete(line: &str, cursor: usize, known: &Known) -> (usize, Vec<Pair>) {
    let before = &line[..cursor];
    let start = before.trim_end_matches(is_part_of_word).len();
    let word = &before[start..];
    let begins = |name: &str| name.starts_with(word);
    if super::topic(before).is_some() {
        let word = word.to_lowercase();
        let topics =
            known.topics.iter().filter(|topic| !word.is_empty() && topic.starts_with(&word));
        return (start, topics.map(|topic| plain(topic)).collect());
    }
    if let Some(receiver) = before[..start].strip_suffix('.') {
        let members = receiver_of(receiver).and_then(|key| known.members.get(&key));
        let offered = match members {
            Some(members) => {
                let fitting = members.iter().filter(|member| begins(&member.name));
                fitting.map(Member::offer).collect()
            }
            None => all(&known.methods, word),
        };
        return (start, offered);
    }
    let options = called(&before[..start]).map_or(&[][..], |callee| known.options_of(callee));
    let options = options.iter().filter(|option| begins(option));
    let mut offered: Vec<Pair> = options.map(|option| plain(&format!("{option}="))).collect();
    offered.extend(all(&known.names, word));
    (start, offered)
}

impl Member {
    /// Shows how it is called, and inserts its name and a parenthesis.
    fn offer(&self) -> Pair {
        let takes_nothing = self.signature.ends_with("()");
        let end = if takes_nothing { "()" } else { "(" };
        Pair { display: self.signature.clone(), replacement: format!("{}{end}", self.name) }
    }
}

impl Known {
    /// Returns the named arguments of what is called: "pull.receive" or "ZMQPull".
    fn options_of(&self, callee: &str) -> &[String] {
        let Some((receiver, name)) = callee.rsplit_once('.') else {
            return self.options.get(callee).map_or(&[], Vec::as_slice);
        };
        let members = receiver_of(receiver).and_then(|key| self.members.get(&key));
        let member = members.and_then(|all| all.iter().find(|member| member.name == name));
        member.map_or(&[], |member| &member.options)
    }
}

/// Everything at once would be no help, so nothing fits an empty word.
fn all(names: &BTreeSet<String>, word: &str) -> Vec<Pair> {
    let fitting = names.iter().filter(|name| !word.is_empty() && name.starts_with(word));
    fitting.map(|name| plain(name)).collect()
}

fn plain(text: &str) -> Pair {
    Pair { display: text.to_owned(), replacement: text.to_owned() }
}

/// Returns the key of the value that a text ends with: "pull", "ZMQPull()" for a call, or
/// "\"\"" for a string.
fn receiver_of(text: &str) -> Option<String> {
    if text.ends_with('"') {
        return Some("\"\"".to_owned());
    }
    let (text, call) = match text.strip_suffix(')') {
        Some(_) => (&text[..opening(text)?], "()"),
        None => (text, ""),
    };
    let name = text.trim_end_matches(is_part_of_word).len();
    let is_member = text[..name].ends_with('.');
    (name < text.len() && !is_member).then(|| format!("{}{call}", &text[name..]))
}

/// Returns the position of the parenthesis that the last character closes.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in text.char_indices().rev() {
        match letter {
            ')' => depth += 1,
            '(' if depth == 1 => return Some(at),
            '(' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Returns what is called where the last parenthesis is open.
fn called(text: &str) -> Option<&str> {
    let mut depth = 0;
    let at = text.char_indices().rev().find_map(|(at, letter)| match letter {
        ')' => {
            depth += 1;
            None
        }
        '(' if depth == 0 => Some(at),
        '(' => {
            depth -= 1;
            None
        }
        _ => None,
    })?;
    let callee = &text[..at];
    Some(&callee[callee.trim_end_matches(|c| is_part_of_word(c) || c == '.').len()..])
}

fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &str) -> (usize, Vec<String>) {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let member = |name: &str, signature: &str, options: &[&str]| Member {
            name: name.to_owned(),
            signature: signature.to_owned(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        };
        let pull = || {
            vec![
                member("close", "close(linger=, wait=)", &["linger", "wait"]),
                member("closed", "closed()", &[]),
                member("receive", "receive(timeout=)", &["timeout"]),
            ]
        };
        let known = Known {
            names: set(&["ZMQPull", "ZMQPush", "pull", "time"]),
            members: HashMap::from([("pull".to_owned(), pull()), ("ZMQPull()".to_owned(), pull())]),
            options: HashMap::from([("ZMQTaskQueue".to_owned(), vec!["attempts".to_owned()])]),
            methods: set(&["receive", "receiveall", "send"]),
            topics: Rc::new(set(&["zmqpull", "patterns"])),
        };
        let (start, pairs) = complete(line, line.len(), &known);
        (start, pairs.into_iter().map(|pair| pair.replacement).collect())
    }

    #[test]
    fn the_place_says_what_is_offered() {
        assert_eq!(offered("var a = ZMQPu").1, ["ZMQPull", "ZMQPush"]);
        assert_eq!(offered("größe(pul"), ("größe(".len(), vec!["pull".to_owned()]));
        assert_eq!(offered("help ZMQ").1, ["zmqpull"]);
        assert_eq!(offered("? pat").1, ["patterns"]);
        assert_eq!(offered("helpful.pat"), (8, vec![]));
        for nothing in ["", "other.", "send", "ö", "other.receive("] {
            assert_eq!(offered(nothing).1, [""; 0], "{nothing}");
        }
    }

    #[test]
    fn methods_are_those_of_the_class() {
        assert_eq!(offered("pull.rec"), (5, vec!["receive(".to_owned()]));
        assert_eq!(offered("print pull.clo").1, ["close(", "closed()"]);
        assert_eq!(offered("pull.").1.len(), 3);
        assert_eq!(offered("pull.sen").1, [""; 0]);
        assert_eq!(offered("ZMQPull(\"inproc://a\").clo").1.len(), 2);
        // The class is not known in advance.
        assert_eq!(offered("list[0].rec").1, ["receive", "receiveall"]);
        assert_eq!(offered("a.pull.rec").1, ["receive", "receiveall"]);
    }

    #[test]
    fn named_arguments_are_offered() {
        assert_eq!(offered("pull.receive(").1, ["timeout="]);
        assert_eq!(offered("pull.receive(ti").1, ["timeout=", "time"]);
        assert_eq!(offered("f(pull.close(wait=f(1), li").1, ["linger="]);
        assert_eq!(offered("ZMQTaskQueue(\"tcp://*:5559\", ").1, ["attempts="]);
        assert_eq!(offered("pull.closed(").1, [""; 0]);
    }
}
