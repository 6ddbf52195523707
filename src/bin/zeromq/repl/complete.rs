//! Tab completion: the names that can appear at the cursor.

use std::collections::BTreeSet;
use std::rc::Rc;

/// The names that the prompt knows.
#[derive(Default)]
pub struct Known {
    /// Variables, functions and classes.
    pub names: BTreeSet<String>,
    /// Methods of all types, because the type of a value is not known in advance.
    pub methods: BTreeSet<String>,
    /// The help topics, which do not change.
    pub topics: Rc<BTreeSet<String>>,
}

/// Returns the start of the word before the cursor, and its completions.
pub fn complete(line: &str, cursor: usize, known: &Known) -> (usize, Vec<String>) {
    let before = &line[..cursor];
    let start = before.trim_end_matches(is_part_of_word).len();
    let word = &before[start..];
    let (names, fits): (_, fn(&str, &str) -> bool) = match super::topic(before) {
        Some(_) => (&*known.topics, |name, word| name.starts_with(&word.to_lowercase())),
        None if before[..start].ends_with('.') => {
            (&known.methods, |name, word| name.starts_with(word))
        }
        None => (&known.names, |name, word| name.starts_with(word)),
    };
    // Everything at once would be no help.
    let asked = !word.is_empty();
    let fitting = names.iter().filter(|name| asked && fits(name, word));
    (start, fitting.cloned().collect())
}

fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &str) -> (usize, Vec<String>) {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let known = Known {
            names: set(&["ZMQPull", "ZMQPush", "pull"]),
            methods: set(&["receive", "receiveall", "send"]),
            topics: Rc::new(set(&["zmqpull", "patterns"])),
        };
        complete(line, line.len(), &known)
    }

    #[test]
    fn the_place_says_what_is_offered() {
        assert_eq!(offered("var a = ZMQPu").1, ["ZMQPull", "ZMQPush"]);
        assert_eq!(offered("pull.rec"), (5, vec!["receive".to_owned(), "receiveall".to_owned()]));
        assert_eq!(offered("größe(pul"), ("größe(".len(), vec!["pull".to_owned()]));
        assert_eq!(offered("help ZMQ").1, ["zmqpull"]);
        assert_eq!(offered("? pat").1, ["patterns"]);
        assert_eq!(offered("helpful.pat"), (8, vec![]));
        for nothing in ["", "pull.", "send", "ö"] {
            assert_eq!(offered(nothing).1, [""; 0], "{nothing}");
        }
    }
}
