//! The help: what the terminal shows, and whether the pages agree with the class table.

mod support;

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;
use std::{env, fs};

use support::{Finished, Reference, launch, pages, program, root};
use zeromq::binding::{CLASSES, Class, Group, Method};
use zeromq::core::code::tags;

const DEADLINE: Duration = Duration::from_secs(60);

fn zeromq(arguments: &[&str]) -> Finished {
    launch(program().args(arguments)).finish(DEADLINE)
}

fn shown(topic: &[&str]) -> String {
    let Finished { stdout, stderr, status } = zeromq(&[&["help"], topic].concat());
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{topic:?}");
    // In a file there are no colors, tags and comments.
    assert!(!stdout.contains('\u{1b}') && !stdout.contains("]: # ("), "{stdout}");
    stdout
}

#[test]
fn a_topic_is_found_by_title_tag_and_path() {
    assert!(shown(&[]).starts_with("ZeroMQ\n"));
    assert!(shown(&["ZMQSocket"]).starts_with("ZMQSocket\n"));
    for name in [&["socket"][..], &["ZMQsocket"], &["zeromq", "socket"], &["zeromq.socket"]] {
        assert_eq!(shown(name), shown(&["ZMQSocket"]), "{name:?}");
    }
    // A method is found where it is explained.
    assert_eq!(shown(&["receiveall"]), shown(&["ZMQSocket"]));
    assert_eq!(shown(&["ZMQRouter.dropped"]), shown(&["ZMQRouter"]));
    // For an option, its row is shown; Morpho knows its name without `_`.
    for name in ["tcp_keepalive", "tcpkeepalive", "TCP_KEEPALIVE"] {
        let row = shown(&[name]);
        assert!(row.contains("\n    tcp_keepalive ") && row.lines().count() == 7, "{row}");
    }
    assert!(shown(&["options"]).lines().count() > 100);
    assert!(shown(&["setlinger"]).starts_with("Options\n\nThe usual"));
}

#[test]
fn what_is_misspelled_is_guessed() {
    let Finished { stdout, stderr, status } = zeromq(&["help", "zmqsoket"]);
    assert_eq!((stdout.as_str(), status), ("", Some(1)));
    assert!(stderr.starts_with("no help for 'zmqsoket': did you mean zmqsocket,"), "{stderr}");
    let Finished { stderr, status, .. } = zeromq(&["help", "!!", "0x"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("`help` alone lists the topics"), "{stderr}");
}

#[test]
fn every_command_has_help_and_shells_complete_it() {
    let Finished { stdout, .. } = zeromq(&["--help"]);
    let Finished { stdout: completions, status, .. } = zeromq(&["completions", "bash"]);
    assert_eq!(status, Some(0));
    for command in ["run", "repl", "help", "completions", "install", "uninstall", "doctor"] {
        assert!(stdout.contains(&format!("\n  {command} ")), "{command}: {stdout}");
        let own = zeromq(&[command, "--help"]);
        assert!(own.status == Some(0) && own.stdout.contains("Usage: zeromq"), "{command}");
        assert!(completions.contains(&format!("zeromq__subcmd__{command}")), "{command}");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(zeromq(&["completions", shell]).stdout.contains("uninstall"), "{shell}");
    }
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_colours_and_a_pager() {
    use support::terminal::Terminal;
    let start = |lines: u16, name: &str, value: &str| {
        let mut command = program();
        command.args(["help", "frame"]).env_remove("NO_COLOR").env_remove("LESS").env(name, value);
        Terminal::sized(lines, command)
    };
    let end = "Frames that came over inproc";
    // Short text is shown directly, wrapped at the edge and without markup.
    let terminal = start(500, "PAGER", "false");
    let shown = terminal.wait(|shown| shown.contains(end));
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(!shown.contains('`') && terminal.raw().contains("\u{1b}[36m"), "{shown}");
    assert_eq!(terminal.finish(), Some(0));
    let terminal = start(500, "NO_COLOR", "1");
    terminal.wait(|shown| shown.contains(end));
    assert!(!terminal.raw().contains("\u{1b}[36m"));
    assert_eq!(terminal.finish(), Some(0));
    // Longer text goes through the pager; leaving it early is not an error.
    let terminal = start(10, "PAGER", "sed 's/^/paged: /'");
    assert!(terminal.wait(|shown| shown.contains(end)).contains("paged: "));
    assert_eq!(terminal.finish(), Some(0));
    assert_eq!(start(10, "PAGER", "true").finish(), Some(0));
    let terminal = start(10, "PAGER", "/nowhere/pager");
    terminal.wait(|shown| shown.contains(end));
    assert_eq!(terminal.finish(), Some(0));
}

#[test]
fn the_code_of_the_pages_runs() {
    pages::run(&Reference);
}

/// Returns the names by which a page calls its topics, in lower case.
fn names(page: &str) -> Vec<String> {
    let tag = |line: &str| {
        let (_, rest) = line.strip_prefix("[tag")?.split_once("]: # (")?;
        Some(rest.strip_suffix(')')?.to_owned())
    };
    page.lines().filter_map(tag).collect()
}

#[test]
fn every_class_and_error_has_a_topic_and_every_name_only_one() {
    let mut all = HashMap::new();
    for page in pages::all() {
        for name in names(&fs::read_to_string(&page).unwrap()) {
            // Morpho accepts only letters and digits, and finds only one topic per
            // name.
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
            let other = all.insert(name.clone(), page.clone());
            assert!(other.is_none(), "{name}: {other:?} and {page:?}");
        }
    }
    for name in all.keys() {
        shown(&[name]);
    }
    for class in CLASSES {
        assert!(all.contains_key(&class.name.to_lowercase()), "{}", class.name);
    }
    let tags: HashSet<&str> = tags().into_iter().map(|tag| tag.to_str().unwrap()).collect();
    assert!(tags.len() > 10 && tags.contains("ZMQErr"), "{tags:?}");
    for tag in tags {
        assert!(shown(&[tag]).starts_with(&format!("{tag}\n")), "{tag}");
    }
}

/// The strict parser of Morpho 0.6.4 drops pages with any other Markdown, and its
/// reader limits lines to this length.
#[test]
fn the_pages_are_simple_markdown() {
    for page in pages::all() {
        for (index, line) in fs::read_to_string(&page).unwrap().lines().enumerate() {
            let at = format!("{}:{}: {line}", page.display(), index + 1);
            assert!(
                line.len() < 2000 && !line.starts_with("####") && !line.starts_with(']'),
                "{at}"
            );
            if !line.starts_with("    ") && !line.starts_with('[') {
                let mut outside = line.split('`').step_by(2);
                assert!(line.matches('`').count() % 2 == 0, "{at}");
                assert!(outside.all(|text| !text.contains(['*', '_'])), "{at}");
            }
        }
    }
}

// The reference.

const HEAD: &str = "\
[comment]: # (Written from the table of methods by ZEROMQ_BLESS=1 cargo test --test help)
[version]: # (0.1)

# ZMQMethods
[tagzmqmethods]: # (zmqmethods)
[tagreference]: # (reference)

Every method with what it takes and gives: a name in brackets may be left out, one with dots may \
stand any number of times, and one with = is given by its name.

[showsubtopics]: # (subtopics)
";

fn reference() -> String {
    let mut out = HEAD.to_owned();
    let mut groups = Vec::new();
    for class in CLASSES {
        write_class(&mut out, class, &mut groups);
    }
    while out.contains("\n\n\n") {
        out = out.replace("\n\n\n", "\n\n");
    }
    out.trim_end().to_owned() + "\n"
}

fn write_class(
    out: &mut String,
    class: &'static Class,
    groups: &mut Vec<(&'static Group, String)>,
) {
    topic(out, 2, &format!("{}Reference", class.name));
    line(out, class.doc);
    if let Some(parent) = class.parent {
        line(out, &format!("It has the methods of {}, too.", parent.name));
    }
    if let Some(alias) = class.alias {
        line(out, &format!("Old scripts call it {alias}."));
    }
    for group in class.groups {
        // Some classes share a group.
        if let Some((_, title)) = groups.iter().find(|(known, _)| std::ptr::eq(*known, *group)) {
            line(out, &format!("Its methods for {} are in {title}.", group.name));
        }
    }
    methods(out, class.constructor.as_slice(), "");
    methods(out, class.functions, &format!("{}.", class.name));
    for group in class.groups {
        if groups.iter().any(|(known, _)| std::ptr::eq(*known, *group)) {
            continue;
        }
        let title = format!("{}{}", class.name, joined(group.name));
        topic(out, 3, &title);
        line(out, group.doc);
        methods(out, group.methods, "");
        groups.push((*group, title));
    }
}

/// Joins "frames and batches" into one word, because Morpho finds only single words.
fn joined(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split(' ').map(capital).collect()
}

fn topic(out: &mut String, level: usize, title: &str) {
    let tag = title.to_lowercase();
    write!(out, "\n{} {title}\n[tag{tag}]: # ({tag})\n\n", "#".repeat(level)).unwrap();
}

fn line(out: &mut String, text: &str) {
    write!(out, "{}\n\n", quiet(text)).unwrap();
}

fn methods(out: &mut String, methods: &[Method], prefix: &str) {
    for method in methods {
        writeln!(out, "- `{prefix}{}`: {}", method.signature(), quiet(method.doc)).unwrap();
    }
    out.push('\n');
}

/// Puts words that contain Markdown characters into code spans.
fn quiet(text: &str) -> String {
    let word = |word: &str| {
        if !word.contains(['_', '*']) || word.contains('`') {
            return word.to_owned();
        }
        let code = word.trim_end_matches(['.', ',', ';', ':']);
        format!("`{code}`{}", &word[code.len()..])
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_reference_is_what_the_table_says() {
    let path = root("help/reference.md");
    let found = fs::read_to_string(&path).unwrap_or_default();
    let reference = reference();
    if env::var_os("ZEROMQ_BLESS").is_some() && found != reference {
        fs::write(&path, &reference).unwrap();
    } else {
        assert!(found == reference, "it is stale: run ZEROMQ_BLESS=1 cargo test --test help");
    }
}
