//! The help: what the terminal shows, and that the pages say what the table says.

mod support;

use std::time::Duration;

use support::{Finished, launch, program};

const DEADLINE: Duration = Duration::from_secs(60);

fn zeromq(arguments: &[&str]) -> Finished {
    launch(program().args(arguments)).finish(DEADLINE)
}

fn shown(topic: &[&str]) -> String {
    let Finished { stdout, stderr, status } = zeromq(&[&["help"], topic].concat());
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{topic:?}");
    // A file gets text without colours, tags and comments.
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
    // A method is where it is explained.
    assert_eq!(shown(&["receiveall"]), shown(&["ZMQSocket"]));
    assert_eq!(shown(&["ZMQRouter.dropped"]), shown(&["ZMQRouter"]));
    assert!(shown(&["maxmsgsize"]).contains("    maxmsgsize"));
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
