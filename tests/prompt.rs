//! `zeromq repl`, with input from a pipe and at a terminal, and scripts from standard
//! input.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::{Finished, feed, program};

const DEADLINE: Duration = Duration::from_secs(60);

/// Returns the output of the prompt for an input, in an empty home folder.
fn told(input: impl AsRef<[u8]>) -> Finished {
    let home = tempfile::tempdir().unwrap();
    feed(repl(home.path()).arg("repl"), input).finish(DEADLINE)
}

fn repl(home: &Path) -> Command {
    let mut command = program();
    command.env("HOME", home).env_remove("XDG_STATE_HOME");
    command
}

/// Returns the output for an input that has no errors.
fn printed(input: &str) -> String {
    let Finished { stdout, stderr, status } = told(input);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{input}");
    stdout
}

#[test]
fn values_are_shown_and_names_stay() {
    assert_eq!(printed("var a = 3\na\na + 1\nnil\na = 5\nprint a\n\"x\"\n"), "3\n4\n5\nx\n");
    assert_eq!(printed("var a = 1\nfn f(x) {\n  return x + a\n}\nf(2)\n"), "3\n");
}

#[test]
fn functions_see_what_is_declared_later_again() {
    let input = "var a = 1\nfn f(x) { return x + a }\nf(1)\na = 10\nf(1)\nvar a = 20\nf(1)\n";
    assert_eq!(printed(input), "2\n11\n21\n");
    // A new function replaces an old one, even for its callers.
    let input = "fn g() { return 1 }\nfn f() { return g() }\nfn g() { return 2 }\nf()\n";
    assert_eq!(printed(input), "2\n");
    let input = "class A { go() { return 1 } }\nvar a = A()\n\
                 class A { go() { return 2 } }\na.go()\nA().go()\nclass B is A { }\nB().go()\n";
    assert_eq!(printed(input), "1\n2\n2\n");
}

#[test]
fn errors_end_the_input_only() {
    let input = "var kept = 7\nkept.foo()\nmissing\n1 + * 2\nfor (i in 1..2) {\n  i.foo()\n}\n\
                 try { kept.foo() } catch { \"other\": nil }\nvar half = missing\nkept\n";
    let Finished { stdout, stderr, status } = told(input);
    assert_eq!(status, Some(0));
    assert_eq!(stdout.matches("Error 'ClssLcksMthd'").count(), 3, "{stdout}");
    assert_eq!(stdout.matches("Error 'SymblUndf' [line 1 char").count(), 2, "{stdout}");
    assert!(stdout.ends_with("\n7\n"), "{stdout}");
    assert!(stderr.contains("syntax error\n --> input:1:5\n"), "{stderr}");
    // Each error is shown once, with its line and a marker.
    assert_eq!(stderr.matches(" | kept.foo()\n  |      ^^^\n").count(), 1, "{stderr}");
}

#[test]
fn many_errors_leave_the_stack_as_it_was() {
    let input = "fn f(n) { if (n == 0) { return nil.foo() }\n return f(n - 1) }\n".to_owned()
        + &"f(200)\n".repeat(50)
        + &"try { try { f(3) } catch { \"x\": nil } } catch { \"x\": nil }\n".repeat(70)
        + "print \"end\"\n";
    let Finished { stdout, status, .. } = told(&input);
    assert_eq!(status, Some(0));
    assert!(stdout.ends_with("end\n") && !stdout.contains("StckOvflw"), "{stdout}");
    assert!(!stdout.contains("ErrStckOvflw"), "{stdout}");
}

#[test]
fn inputs_may_have_several_lines() {
    assert_eq!(printed("var b = [1,\n2]\nb\nif (true) {\nprint 5\n}\n"), "[ 1, 2 ]\n5\n");
    assert_eq!(printed("/* a\ncomment */\nprint 1\n"), "1\n");
    assert_eq!(printed("print \"two\nlines\"\n"), "two\nlines\n");
    // An empty line or the end of the input abandons an incomplete statement.
    let Finished { stdout, stderr, .. } = told("print (1 +\n\nprint 2\nprint \"open");
    assert_eq!(stdout, "2\n");
    assert_eq!(stderr.matches("syntax error").count(), 2, "{stderr}");
}

#[test]
fn any_input_leaves_the_prompt() {
    let bytes = [&b"print \"\xff\"\n"[..], b"print 1\0\nprint 2\n"].concat();
    let Finished { stdout, stderr, status } = told(bytes);
    assert_eq!((stdout.as_str(), status), ("2\n", Some(0)), "{stderr}");
    assert!(stderr.starts_with("the input is not UTF-8\n"), "{stderr}");
    for part in ["fn a() {", "(", "-", "[", "{1:(", "/*", "\"${", "if (true) 1 else "] {
        // None of these can be continued on the next line forever.
        let Finished { stdout, status, .. } = told(part.repeat(50_000) + "\n\nprint 3\n");
        assert_eq!((stdout.as_str(), status), ("3\n", Some(0)), "{part}");
    }
    // Without a final newline.
    assert_eq!(printed("print 1"), "1\n");
}

#[test]
fn a_file_that_was_not_run_can_be_imported_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("some.morpho");
    std::fs::write(&file, "fn f() { return 1 }\nmissing\n").unwrap();
    let import = format!("import \"{}\"\n", file.display());
    let home = tempfile::tempdir().unwrap();
    let mut running = feed(repl(home.path()).arg("repl"), import.repeat(2) + "f()\nprint 4\n");
    let Finished { stdout, .. } = running.finish(DEADLINE);
    let errors = stdout.matches("Error 'SymblUndf' [line 2 char 1 in module 'some.morpho']");
    assert_eq!(errors.count(), 2, "{stdout}");
    assert!(stdout.ends_with("\n4\n"), "{stdout}");
    std::fs::write(&file, "fn f() { return 1 }\nfn g() { return nil.foo() }\n").unwrap();
    running = feed(repl(home.path()).arg("repl"), format!("{import}{import}f()\ng()\nf()\n"));
    let Finished { stdout, .. } = running.finish(DEADLINE);
    assert!(stdout.starts_with("1\n") && stdout.ends_with("\n1\n"), "{stdout}");
    assert!(stdout.contains("from g at line 2 in module 'some.morpho'"), "{stdout}");
}

#[test]
fn sockets_are_there_and_what_they_sent_leaves() {
    let input = "var pull = ZMQPull(\"inproc://prompt\")\nimport zeromq\n\
                 var push = ZMQPush(\"inproc://prompt\")\npush.send(\"x\")\npull.receive()\n\
                 pull.bind(3)\npush.close()\npush.send(\"y\")\npull.closed()\n";
    let Finished { stdout, .. } = told(input);
    assert!(stdout.starts_with("true\nx\nError 'ZMQArgs': ZMQPull.bind:"), "{stdout}");
    assert!(stdout.contains("Error 'ZMQClosed'") && stdout.ends_with("false\n"), "{stdout}");
}

/// `print` shows what Morpho prints; the prompt shows more.
#[test]
fn sockets_are_shown_with_their_endpoints() {
    let input = "var a = ZMQReply(\"inproc://shown\")\na\nprint a\nvar b = ZMQPush()\nb\n\
                 b.connect(\"inproc://shown,inproc://other\")\nb\na.close()\na\nZMQPoller()\n";
    let expected = "<ZMQSocket: REP> ZMQReply, bound to inproc://shown\n\
                    <ZMQSocket: REP>\n\
                    <ZMQSocket: PUSH> ZMQPush\n\
                    <ZMQSocket: PUSH> ZMQPush, connected to inproc://shown, connected to inproc://other\n\
                    <ZMQSocket: REP closed>\n<ZeroMQPoller>\n";
    let Finished { stdout, .. } = told(input);
    assert_eq!(stdout, expected);
}

#[test]
fn help_and_quit_are_words_of_the_prompt() {
    let Finished { stdout, stderr, status } =
        told("help ZMQErr\n?zmqframe\nhelp nosuch\nquit\nprint 1\n");
    assert_eq!(status, Some(0));
    assert!(stdout.contains("ZMQFrame") && !stdout.ends_with("\n1\n"), "{stdout}");
    assert!(stderr.contains("no help for 'nosuch'"), "{stderr}");
    // After an error, help explains it, once.
    let Finished { stdout, .. } = told("ZMQPull().bind(3)\nhelp\nhelp\nnil.foo()\nhelp\n");
    assert_eq!(stdout.matches("\nZMQArgs\n").count(), 1, "{stdout}");
    assert_eq!(stdout.matches("\nZeroMQ\n").count(), 2, "{stdout}");
    assert_eq!(printed("System.exit()\nprint 1\n"), "");
    for word in ["exit", "exit()", "quit()"] {
        assert_eq!(printed(&format!("{word}\nprint 1\n")), "");
    }
    // A name of the user's is not a word of the prompt.
    assert_eq!(printed("var exit = 5\nexit\n"), "5\n");
}

#[test]
fn a_script_may_come_from_standard_input() {
    let run =
        |text: &str| feed(program().args(["run", "-", "an", "argument"]), text).finish(DEADLINE);
    let Finished { stdout, status, .. } =
        run("import zeromq\nprint ZMQPush().type()\nprint System.arguments()\n");
    assert_eq!((stdout.as_str(), status), ("PUSH\n[ an, argument ]\n", Some(0)));
    let Finished { stdout, stderr, status } = run("var a = 1\nb\n");
    assert_eq!(stdout, "Error 'SymblUndf' [line 2 char 1] : Symbol 'b' not defined.\n");
    assert!(stderr.contains("standard input:2:1"), "{stderr}");
    assert_eq!(status, Some(1));
}

// At a terminal.

#[cfg(unix)]
mod keys {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::repl;
    use crate::support::terminal::Terminal;

    /// Starts a prompt that waits for the first input.
    fn prompt(home: &Path) -> Terminal {
        let mut command = repl(home);
        command.arg("repl");
        let terminal = Terminal::start(command);
        terminal.wait(|shown| shown.ends_with("> "));
        terminal
    }

    /// Waits until an answer was printed and the prompt is back.
    fn answered(terminal: &Terminal, answer: &str) {
        let line = format!("\n{answer}\n");
        terminal.wait(|shown| shown.contains(&line) && shown.ends_with("> "));
    }

    #[test]
    fn what_is_typed_ahead_is_read() {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = prompt(home.path());
        terminal.press("print 1 + 1\rprint 2 + 2\rprint 3 + 3\r");
        answered(&terminal, "6");
        terminal.wait(|shown| shown.contains("\n2\n") && shown.contains("\n4\n"));
    }

    #[test]
    fn the_tab_key_completes_names() {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = prompt(home.path());
        terminal.press("var puller = ZMQPul\t()\r");
        terminal.wait(|shown| shown.contains("ZMQPull()") && shown.ends_with("> "));
        // Methods are those of the class, with their named arguments.
        terminal.press("pulle\t.clo\t\t");
        terminal.wait(|shown| shown.contains("\nclose(linger=, wait=)  closed()\n"));
        terminal.press("d\t\r");
        answered(&terminal, "false");
        terminal.press("puller.receive(time\t0)\r");
        terminal.wait(|shown| shown.contains("receive(timeout=0)\n") && shown.ends_with("> "));
        terminal.press("puller.receivet\t\u{15}");
        terminal.wait(|shown| shown.ends_with("> "));
        terminal.press("help zmqunr\t\r");
        terminal.wait(|shown| shown.contains("zmqunroutable") && shown.ends_with("> "));
    }

    #[test]
    fn lines_that_continue_are_marked() {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = prompt(home.path());
        terminal.press("fn double(x) {\r");
        terminal.wait(|shown| shown.ends_with("\n~ "));
        terminal.press("return 2 * x\r}\r");
        terminal.wait(|shown| shown.ends_with("\n> "));
        terminal.press("double(21)\r");
        answered(&terminal, "42");
        // An empty line gives up, and Ctrl-C drops all lines.
        terminal.press("(1 +\r\r");
        terminal.wait(|shown| shown.contains("syntax error") && shown.ends_with("> "));
        terminal.press("[1,\r2\u{3}");
        terminal.wait(|shown| shown.ends_with("\n> "));
        // The whole input is one entry of the history.
        terminal.press("\u{1b}[A\u{1b}[A\u{1b}[A\r");
        terminal.wait(|shown| shown.contains("return 2 * x\n}") && shown.ends_with("> "));
        terminal.press("exit\r");
        assert_eq!(terminal.finish(), Some(0));
    }

    #[test]
    fn words_have_colors_unless_they_are_not_wanted() {
        let home = tempfile::tempdir().unwrap();
        for (variable, color) in [("COLORTERM", true), ("NO_COLOR", false)] {
            let mut command = repl(home.path());
            command.arg("repl").env_remove("NO_COLOR").env(variable, "1");
            let mut terminal = Terminal::start(command);
            terminal.wait(|shown| shown.ends_with("> "));
            terminal.press("var text = \"hello\" + misspelt\r");
            terminal.wait(|shown| shown.contains("^^^^^^^^") && shown.ends_with("> "));
            let shown = terminal.raw();
            for colored in ["\u{1b}[32m\"hello\"", "\u{1b}[1m\u{1b}[91mError"] {
                assert_eq!(shown.contains(colored), color, "{variable}: {shown:?}");
            }
        }
    }

    #[test]
    fn control_c_ends_what_runs_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = prompt(home.path());
        // A waiting call, a loop, a sleep, and a script that catches everything.
        for waits in [
            "ZMQPull(\"inproc://keys\").receive()",
            "while (true) 1",
            "System.sleep(1000)",
            "while (true) { try { ZMQPull(\"inproc://keys\").receive() } catch { \"ZMQInterrupted\": nil } }",
        ] {
            terminal.press(&format!("print \"begin\"; {waits}\r"));
            terminal.wait(|shown| shown.contains("\nbegin\n"));
            terminal.press("\u{3}");
            terminal.wait(|shown| shown.contains("nterrupted") && shown.ends_with("> "));
            terminal.press("1 + 1\r");
            answered(&terminal, "2");
        }
        // A line that is abandoned.
        terminal.press("print \"dropped\"\u{3}");
        terminal.wait(|shown| shown.ends_with("\n> "));
        terminal.press("\u{4}");
        assert_eq!(terminal.finish(), Some(0));
    }

    #[test]
    fn the_history_stays() {
        let home = tempfile::tempdir().unwrap();
        let mut terminal = prompt(home.path());
        terminal.press("40 + 2\r");
        answered(&terminal, "42");
        terminal.press("quit\r");
        assert_eq!(terminal.finish(), Some(0));
        let history = home.path().join(".local/state/zeromq/history");
        assert!(fs::read_to_string(history).unwrap().contains("40 + 2"));
        let mut terminal = prompt(home.path());
        // The up key twice: quit, and the line before it.
        terminal.press("\u{1b}[A\u{1b}[A\r");
        answered(&terminal, "42");
        terminal.press("\u{4}");
        assert_eq!(terminal.finish(), Some(0));
    }

    #[test]
    fn a_home_that_cannot_be_written_is_no_hindrance() {
        let home = tempfile::tempdir().unwrap();
        // A file in place of a folder stops even the superuser.
        fs::write(home.path().join(".local"), "").unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o500)).unwrap();
        let mut terminal = prompt(home.path());
        terminal.press("40 + 2\r");
        answered(&terminal, "42");
        terminal.press("\u{4}");
        assert_eq!(terminal.finish(), Some(0));
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
}
