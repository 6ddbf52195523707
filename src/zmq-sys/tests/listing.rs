//! Repairs are applied only where they fit, and `REPAIRS.md` lists them all.

#[path = "../build/repairs.rs"]
mod repairs;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use repairs::{Edit, Repair};

/// Everything below this line of `REPAIRS.md` is generated.
const GENERATED: &str =
    "<!-- Generated from repairs/*.toml; ZEROMQ_BLESS=1 cargo test rewrites it. -->";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_page_lists_every_repair() {
    let path = here("REPAIRS.md");
    let page = fs::read_to_string(&path).unwrap();
    let (prose, listed) = page.split_once(GENERATED).unwrap();
    let mut list = String::from("\n");
    for repair in repairs::read(&here("repairs")).unwrap() {
        write!(list, "\n## {}\n\n{}.\n\n", repair.name, repair.title).unwrap();
        write!(list, "{}\n\n", repair.reason.trim()).unwrap();
        let mut files: Vec<_> = repair.edits.iter().map(|edit| edit.file.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        writeln!(list, "- Changes: {}", files.join(", ")).unwrap();
        for test in &repair.tests {
            writeln!(list, "- Test: `cargo test --test {test}`").unwrap();
        }
        writeln!(list, "- Upstream: {}", repair.upstream).unwrap();
    }
    if std::env::var_os("ZEROMQ_BLESS").is_some() {
        fs::write(&path, format!("{prose}{GENERATED}{list}")).unwrap();
    } else {
        assert!(listed == list, "REPAIRS.md is out of date: run ZEROMQ_BLESS=1 cargo test");
    }
}

#[test]
fn every_repair_names_tests_that_exist() {
    for repair in repairs::read(&here("repairs")).unwrap() {
        let name = &repair.name;
        assert!(!repair.tests.is_empty(), "{name} has no test");
        assert!(!repair.upstream.is_empty(), "{name} does not say what upstream knows");
        for test in &repair.tests {
            let (target, filter) = test.split_once(' ').unwrap();
            let found = match target {
                "repairs" => filter.split_once("::").is_some_and(|(module, function)| {
                    let file = here(&format!("tests/repairs/{module}.rs"));
                    let text = fs::read_to_string(file).unwrap_or_default();
                    text.contains(&format!("fn {function}()"))
                }),
                "scripts" => [".morpho", "/main.morpho"]
                    .iter()
                    .any(|end| here(&format!("../../tests/scripts/{filter}{end}")).exists()),
                _ => here(&format!("../../tests/{target}.rs")).exists(),
            };
            assert!(found, "{name} names a test that does not exist: {test}");
        }
    }
}

/// Makes a repair of `a.cpp`, whose three lines are `one`, `two` and `three`.
fn repair(name: &str, edits: Vec<Edit>) -> Repair {
    let text = String::new;
    Repair {
        name: name.into(),
        title: text(),
        reason: text(),
        tests: Vec::new(),
        upstream: text(),
        edits,
    }
}

/// Makes an edit of one line whose text is `text`.
fn edit(line: usize, text: &str) -> Edit {
    Edit {
        file: "a.cpp".into(),
        line,
        lines: 1,
        crc: crc32fast::hash(text.as_bytes()),
        before: String::new(),
        instead: None,
        after: String::new(),
    }
}

/// Applies repairs to `a.cpp` and returns its text.
fn apply(repairs: &[Repair]) -> (Result<(), String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.cpp");
    fs::write(&file, "one\ntwo\nthree\n").unwrap();
    let result = repairs::apply(repairs, folder.path());
    (result, fs::read_to_string(file).unwrap())
}

#[test]
fn edits_add_and_replace_lines() {
    let first = Edit { before: "0\n".into(), after: "1.5\n".into(), ..edit(1, "one\n") };
    let rest = Edit {
        lines: 2,
        crc: crc32fast::hash(b"two\nthree\n"),
        instead: Some("2 and 3\n".into()),
        ..edit(2, "")
    };
    let more = Edit { before: "1.7\n".into(), ..edit(2, "two\n") };
    let (result, text) = apply(&[repair("rest", vec![rest, first]), repair("more", vec![more])]);
    assert_eq!(result, Ok(()));
    assert_eq!(text, "0\none\n1.5\n1.7\n2 and 3\n");
}

#[test]
fn a_line_that_has_changed_is_an_error() {
    let fits = Edit { instead: Some("1\n".into()), ..edit(1, "one\n") };
    let other = edit(2, "zwei\n");
    let (result, text) = apply(&[repair("fits", vec![fits]), repair("other", vec![other])]);
    let message = result.unwrap_err();
    let expected = "repairs/other.toml: line 2 of a.cpp has the checksum 0x";
    assert!(message.starts_with(expected), "{message}");
    assert_eq!(text, "one\ntwo\nthree\n", "nothing is changed after an error");
}

#[test]
fn a_line_or_file_that_does_not_exist_is_an_error() {
    let (result, _) = apply(&[repair("far", vec![edit(4, "four\n"), edit(0, "zero\n")])]);
    let message = result.unwrap_err();
    assert!(message.contains("line 4 of a.cpp does not exist"), "{message}");
    assert!(message.contains("line 0 of a.cpp does not exist"), "{message}");

    let elsewhere = Edit { file: "b.cpp".into(), ..edit(1, "one\n") };
    let (result, _) = apply(&[repair("elsewhere", vec![elsewhere])]);
    assert!(result.unwrap_err().contains("b.cpp cannot be read"));
}

#[test]
fn two_repairs_of_the_same_line_are_an_error() {
    let replace = || Edit { instead: Some("2\n".into()), ..edit(2, "two\n") };
    let (result, _) = apply(&[repair("a", vec![replace()]), repair("b", vec![replace()])]);
    let message = result.unwrap_err();
    assert!(message.contains("repairs/b.toml: line 2 of a.cpp is also replaced"), "{message}");
}

#[test]
fn repairs_can_be_left_out_by_name() {
    let both = || vec![repair("a", vec![]), repair("b", vec![])];
    let left: Vec<_> = repairs::without(both(), "b").unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "a");
    assert!(repairs::without(both(), "c").is_err());
}
