//! What beginners do wrong, and the advice that they get. Each script in `tests/mistakes`
//! makes one mistake and begins with the comment `// advice: ` and what the program says to
//! do; the other mistakes are made in a shell, a C compiler and Python.

mod support;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use support::{Finished, launch, program, root};

const DEADLINE: Duration = Duration::from_secs(60);

/// The fewest mistakes that are worth a test.
const ENOUGH: usize = 40;

fn scripts() -> Vec<PathBuf> {
    let entries = fs::read_dir(root("tests/mistakes")).unwrap();
    let mut scripts: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    scripts
}

#[test]
fn each_script_gets_its_advice() {
    let scripts = scripts();
    assert!(scripts.len() >= ENOUGH);
    let mut failures = Vec::new();
    for script in scripts {
        let text = fs::read_to_string(&script).unwrap();
        let advice = text.lines().next().unwrap().strip_prefix("// advice: ").unwrap();
        let mut command = program();
        let finished = launch(command.arg("run").arg(&script)).finish(DEADLINE);
        let Finished { stdout, stderr, status } = finished;
        let said = format!("{stdout}{stderr}");
        // Some are warned of, and the script goes on.
        let place = format!("--> {}:", script.display());
        let shown = status == Some(0) || stderr.contains(&place) && stderr.contains('^');
        let once = said.matches("Error '").count() <= 1 && said.matches(advice).count() == 1;
        if !shown || !once {
            failures.push(format!("{}: {advice}\n{said}", script.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Returns what a command line of the program says.
fn told(arguments: &[&str]) -> String {
    let mut command = program();
    let finished = launch(command.args(arguments).current_dir(root("examples"))).finish(DEADLINE);
    finished.stdout + &finished.stderr
}

#[test]
fn command_lines_get_advice() {
    for (line, advice) in [
        ("hello.morpho", "to run a script: zeromq run hello.morpho"),
        ("run helo.morpho", "did you mean hello.morpho?"),
        ("run hello", "did you mean hello.morpho?"),
        ("sbu tcp://localhost:5556", "'sub'"),
        ("req localhost:5555 hello", "as in tcp://localhost:5555"),
        ("sub tcp://localhost:5556 --cuont 1", "'--count'"),
        ("help ZMQPul", "did you mean zmqpull"),
        ("new pipelin", "did you mean pipeline?"),
    ] {
        let said = told(&line.split(' ').collect::<Vec<_>>());
        assert!(said.contains(advice), "{line}: {said}");
    }
}

#[test]
fn a_wrong_link_line_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = env::var("CC").unwrap_or("cc".into());
    let compile = |include: &str| {
        let mut command = Command::new(&compiler);
        command.args(["-I", include]).arg(root("examples/c/hello.c")).arg("-o");
        let finished = launch(command.arg(folder.path().join("hello"))).finish(DEADLINE);
        assert_ne!(finished.status, Some(0));
        finished.stderr
    };
    let include = root("include").display().to_string();
    for (include, word) in [(include.as_str(), "ndefined"), ("/nowhere", "zeromq.h")] {
        let error = compile(include);
        let line = error.lines().find(|line| line.contains(word)).expect(&error);
        let said = told(&["help", line]);
        assert!(said.contains("pkg-config --cflags --libs zeromq"), "{line}: {said}");
    }
}

#[test]
fn python_without_the_library_is_told_where_it_comes_from() {
    let mut command = Command::new("python3");
    command.args(["-c", "import zeromq"]).env("PYTHONPATH", root("examples/hosts/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("ZEROMQ_PLUGIN", "/nowhere");
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let error = launch(&mut command).finish(DEADLINE).stderr;
    assert!(error.contains("ImportError") && error.contains("cargo build --release"), "{error}");
}

/// Nothing arrives, and the user presses Ctrl-C: the program says where the script was, and
/// why nothing has come.
#[cfg(unix)]
#[test]
fn ctrl_c_says_what_was_awaited() {
    use support::terminal::Terminal;
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("waits.morpho");
    for (text, marked, advice) in [
        (
            "var pull = ZMQPull(\"inproc://nobody\")\nprint \"begin\"\npull.receive()",
            "pull.receive()\n  |      ^^^^^^^",
            "no peer has connected",
        ),
        (
            "var sub = ZMQSubscriber(\"inproc://nobody\", nil)\nprint \"begin\"\nsub.receive()",
            "sub.receive()\n  |     ^^^^^^^",
            "subscribe to a prefix",
        ),
        ("print \"begin\"\nwhile (true) 1", "while (true) 1\n  |              ^", ""),
        ("print \"begin\"\nSystem.sleep(1000)", "sleep(1000)\n  |        ^^^^^", ""),
    ] {
        fs::write(&script, format!("import zeromq\n{text}")).unwrap();
        let mut command = program();
        command.arg("run").arg(&script);
        let mut terminal = Terminal::start(command);
        terminal.wait(|shown| shown.contains("begin\n"));
        terminal.press("\u{3}");
        terminal.wait(|shown| {
            shown.contains("interrupted\n --> ") && shown.contains(marked) && shown.contains(advice)
        });
        assert_eq!(terminal.finish(), None, "the signal ends it");
    }
    // Nothing looks at signals while a line is read, so one is enough.
    fs::write(&script, "print \"begin\"\nSystem.readline()").unwrap();
    let mut command = program();
    command.arg("run").arg(&script);
    let mut terminal = Terminal::start(command);
    terminal.wait(|shown| shown.contains("begin\n"));
    terminal.press("\u{3}");
    assert_eq!(terminal.finish(), None);
}
