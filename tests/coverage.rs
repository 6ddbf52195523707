//! Every method of the table is called by a script in `tests/scripts`, so hosts that
//! run these scripts run every method.
//!
//! A script calls a method if `.name(` occurs in it outside of comments and it can have
//! an instance of the class: it names the class, a child of it, or a method that
//! returns one. `cargo test --test coverage -- --nocapture` prints the script for each
//! method.

mod support;

use std::fs;

use support::scripts;
use zeromq::binding::{CLASSES, Class, Row, Target, rows};
use zeromq::core::REASONS;

/// A script: its path, and its text without comments.
struct Script {
    name: String,
    code: String,
}

impl Script {
    fn all() -> Vec<Script> {
        let folder = scripts::folder();
        let paths = scripts::all().into_iter().flat_map(|script| {
            let peers = scripts::peers(&script);
            [script].into_iter().chain(peers)
        });
        let read = paths.map(|path| {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            let source = fs::read_to_string(&path).unwrap();
            let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            Script { name, code: lines.collect::<Vec<_>>().join("\n") }
        });
        read.collect()
    }

    /// Returns true if the script contains a name as a whole word.
    fn names(&self, name: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        self.code.match_indices(name).any(|(at, _)| {
            !self.code[..at].ends_with(part) && !self.code[at + name.len()..].starts_with(part)
        })
    }

    /// Returns true if the script can have an instance of a class.
    fn has(&self, class: &'static Class) -> bool {
        let kin = CLASSES.iter().filter(|kin| kin.is(class));
        let mut names = kin.flat_map(|kin| [Some(kin.name), kin.alias]).flatten();
        let mut givers = rows().iter().filter(|row| row.method.result.contains(class.name));
        names.any(|name| self.names(name))
            || givers.any(|row| self.code.contains(&format!(".{}(", row.method.name)))
    }

    fn calls(&self, row: &Row) -> bool {
        let name = row.method.name;
        match row.target {
            // In a call, or as an argument of a call that makes one.
            Target::Constructor => self.names(name),
            Target::Class => self.code.contains(&format!("{}.{name}(", row.class.name)),
            Target::Instance => self.code.contains(&format!(".{name}(")) && self.has(row.class),
        }
    }
}

#[test]
fn every_method_is_called_by_a_script() {
    let scripts = Script::all();
    assert!(scripts.len() > 50);
    let mut missing = Vec::new();
    println!("{:32} {:>7}  the first of the scripts that call it", "method", "scripts");
    for row in rows() {
        let callers: Vec<&str> =
            scripts.iter().filter(|script| script.calls(row)).map(|s| s.name.as_str()).collect();
        let operation = row.operation();
        println!("{operation:32} {:7}  {}", callers.len(), callers.first().unwrap_or(&"-"));
        if callers.is_empty() {
            missing.push(operation);
        }
    }
    assert!(missing.is_empty(), "called by no script: {missing:?}");
}

#[test]
fn every_named_argument_is_given_by_a_script() {
    let scripts = Script::all();
    let mut missing = Vec::new();
    for row in rows() {
        for parameter in row.method.parameters {
            if parameter.role != zeromq::binding::Role::Named {
                continue;
            }
            let given = format!("{}=", parameter.name);
            if !scripts.iter().any(|script| script.calls(row) && script.code.contains(&given)) {
                missing.push(format!("{}({given})", row.operation()));
            }
        }
    }
    assert!(missing.is_empty(), "given by no script: {missing:?}");
}

/// Reasons of `diagnose` that no script can provoke; the unit tests in
/// `src/core/socket/diagnosis/tests.rs` do.
const PROVOKED_BY_UNIT_TESTS: &[&str] = &[
    "IPv6 is off",
    "name takes too long",
    "no answer",
    "unreachable",
    "not ZeroMQ",
    "handshake not done",
    "not accepted",
    "no connection yet",
    "heartbeat lost",
    "peer closes the connection",
];

/// Returns true if a text contains a sentence with some values.
fn tells(text: &str, sentence: &str) -> bool {
    let mut rest = text;
    sentence.split(['{', '}']).step_by(2).all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[test]
fn every_reason_is_provoked_and_every_sentence_is_a_reason() {
    let folder = scripts::folder().join("diagnosis");
    let mut told = Vec::new();
    for script in scripts::all().iter().filter(|path| path.starts_with(&folder)) {
        let source = fs::read_to_string(script).unwrap();
        let expected = source.lines().filter_map(|line| line.split_once("// expect: "));
        told.extend(expected.map(|(_, text)| text.to_owned()));
    }
    let mut missing = Vec::new();
    for reason in REASONS {
        let elsewhere = PROVOKED_BY_UNIT_TESTS.contains(&reason.name);
        if elsewhere == told.iter().any(|text| tells(text, reason.sentence)) {
            missing.push(reason.name);
        }
    }
    assert!(missing.is_empty(), "no script provokes these, or one does: {missing:?}");
    // A finding has a colon before the next step; other expected lines have none.
    let findings =
        told.iter().filter(|text| text.contains(" peer")).flat_map(|text| text.split("; "));
    for finding in findings.filter(|finding| finding.contains(": ")) {
        let known = REASONS.iter().any(|reason| tells(finding, reason.sentence));
        assert!(known, "the help does not list this: {finding}");
    }
}
