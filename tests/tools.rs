//! The tools of the program: what they send, receive and print, and how they end.

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::{Finished, Running, feed, launch, program};

const DEADLINE: Duration = Duration::from_secs(60);

/// Returns a command of the program: "sub ENDPOINT --count 1" with spaces between its
/// arguments.
fn tool(line: &str) -> Command {
    let mut command = program();
    command.args(line.split(' '));
    command
}

/// Returns an endpoint in a folder.
fn endpoint(folder: &Path, name: &str) -> String {
    format!("ipc://{}/{name}", folder.display())
}

fn end(running: Running) -> Finished {
    running.finish(DEADLINE)
}

/// Runs a command to its end, without input.
fn run(line: &str) -> Finished {
    end(launch(&mut tool(line)))
}

#[test]
#[cfg(unix)]
fn what_one_command_publishes_another_one_shows() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let input = "plain\ttext\n\n$'two\\nlines'\t$'\\xff'\nlast";
    for (format, shown) in [
        ("text", "plain\ttext\n\n$'two\\nlines'\t$'\\xff'\nlast\n"),
        (
            "json",
            "{\"frames\":[\"plain\",\"text\"]}\n{\"frames\":[\"\"]}\n\
             {\"frames\":[\"two\\nlines\",{\"base64\":\"/w==\"}]}\n{\"frames\":[\"last\"]}\n",
        ),
        ("hex", "706c61696e\t74657874\n\n74776f0a6c696e6573\tff\n6c617374\n"),
        ("raw", "plaintexttwo\nlines\u{fffd}last"),
    ] {
        let sub = launch(&mut tool(&format!("sub {bus} --count 4 --format {format}")));
        let published = end(feed(&mut tool(&format!("pub {bus}")), input));
        assert_eq!((published.status, &*published.stdout), (Some(0), ""));
        let finished = end(sub);
        assert_eq!((finished.status, &*finished.stdout), (Some(0), shown), "{}", finished.stderr);
        if format != "raw" {
            // The same again, from what was shown.
            let sub = launch(&mut tool(&format!("sub {bus} --count 4")));
            let published = feed(&mut tool(&format!("pub {bus} --format {format}")), shown);
            assert_eq!(end(published).status, Some(0));
            assert_eq!(end(sub).stdout, format!("{input}\n"));
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    for (line, problem) in [
        ("sub", "where to? Name an endpoint"),
        ("sub nowhere", "nowhere: an endpoint is transport://address"),
        (
            "sub tcp://localhost:1 --option sndhwn=3",
            "sndhwn: there is no such option; did you mean",
        ),
        ("sub tcp://localhost:1 --option rcvhwm=x", "rcvhwm: expected a whole number"),
        ("sub tcp://localhost:1 --option rcvhwm", "expected NAME=VALUE"),
        ("sub tcp://localhost:1 --option ipv6=2", "ipv6: expected true or false, got \"2\""),
        ("sub tcp://localhost:1 --option rcvhwm=-2", "rcvhwm: -2 is out of range"),
        ("sub tcp://localhost:1 --option conflate=1 --option mechanism=1", "can only be read"),
        ("sub tcp://localhost:1 --option router_mandatory=1", "not for a SUB socket"),
        ("sub tcp://localhost:1 --format raw --stamp", "--stamp does not go with"),
        ("sub tcp://localhost:1 --format json --frames", "--frames goes with"),
        ("sub tcp://localhost:1 --count 0", "--count"),
        ("sub tcp://localhost:1 --format xml", "[possible values: text, json, hex, raw]"),
        ("sub tcp://localhost:1 --curve-serverkey x", "--curve-serverkey"),
        ("sub tcp://localhost:1 --curve-accept any", "--curve-certificate"),
        ("pub inproc://x --format hex xyz", "xyz: expected two hexadecimal digits"),
        ("pub --connect >tcp://localhost:1 x", "does not accept @ or >"),
    ] {
        let finished = run(line);
        assert_eq!((finished.status, &*finished.stdout), (Some(2), ""), "{line}");
        assert!(finished.stderr.contains(problem), "{line}: {}", finished.stderr);
        assert!(finished.stderr.len() < 600, "{line}: {}", finished.stderr);
    }
    let finished = run("sub @ipc:///no/such/folder/x");
    assert_eq!(finished.status, Some(1));
    assert!(finished.stderr.contains("the folder does not exist"), "{}", finished.stderr);
}

#[test]
#[cfg(unix)]
fn a_timeout_has_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let bus = endpoint(folder.path(), "bus");
    let finished = run(&format!("sub {bus} --timeout 50 --quiet"));
    assert_eq!(finished.status, Some(124));
    assert!(finished.stderr.contains("no message has arrived within the timeout"));
    let finished = run(&format!("pub {bus} --timeout 50 x"));
    assert_eq!(finished.status, Some(124));
    assert!(finished.stderr.contains("nobody has subscribed"), "{}", finished.stderr);
}
