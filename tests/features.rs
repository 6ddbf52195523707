//! The crates of the program are not built for those who only want the library.

use std::collections::HashSet;
use std::process::Command;

const OF_THE_PROGRAM: [&str; 21] = [
    "annotate-snippets",
    "anstream",
    "anstyle",
    "bytesize",
    "clap",
    "clap_complete",
    "clap_mangen",
    "data-encoding",
    "hdrhistogram",
    "httparse",
    "indicatif",
    "jiff",
    "peg",
    "rusqlite",
    "rustyline",
    "signal-hook",
    "terminal_size",
    "textwrap",
    "tracing",
    "tracing-subscriber",
    "wait-timeout",
];

fn crates(features: &[&str]) -> HashSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges=normal", "--prefix=none"])
        .args(["--format={p}", "--package=zeromq-plugin"])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_library_alone_needs_no_crate_of_the_program() {
    let (library, program) = (crates(&["--no-default-features"]), crates(&[]));
    assert!(library.contains("zeromq-plugin-zmq") && library.is_subset(&program));
    for name in OF_THE_PROGRAM {
        assert!(program.contains(name), "{name}");
        assert!(!library.contains(name), "{name}");
    }
}

#[test]
fn only_the_bridge_needs_a_client_of_nats() {
    let (program, bridge) = (crates(&[]), crates(&["--features=bridge"]));
    for name in ["async-nats", "ring", "rustls", "tokio"] {
        assert!(bridge.contains(name) && !program.contains(name), "{name}");
    }
    assert!(program.is_subset(&bridge));
}
