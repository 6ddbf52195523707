//! The shared library shows its own functions to the process, and nothing of
//! what it is made of, so that it cannot clash with another libzmq or libsodium.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The library that cargo built for this test, beside it.
fn library() -> PathBuf {
    let name = format!(
        "{}zeromq{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    let folder = Path::new(env!("CARGO_BIN_EXE_zeromq")).parent().unwrap();
    let places = [folder.join("deps").join(&name), folder.join(&name)];
    let mut places = places.into_iter().filter(|place| place.exists());
    places
        .next()
        .unwrap_or_else(|| panic!("there is no {name} in {}", folder.display()))
}

#[test]
#[cfg(unix)]
fn only_its_own_functions_are_exported() {
    let output = Command::new("nm")
        .args(["-D", "--defined-only", "--format=posix"])
        .arg(library())
        .output()
        .expect("nm is part of every C compiler's binutils");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    found.sort_unstable();

    let header = include_str!("../include/zeromq.h");
    let functions = header
        .split('(')
        .filter_map(|text| text.rsplit([' ', '*', '\n']).next());
    let mut expected: Vec<&str> = functions
        .filter(|name| name.starts_with("zeromq_"))
        .collect();
    expected.retain(|name| header.contains(&format!("{name}(")) && !name.ends_with(')'));
    expected.sort_unstable();
    expected.dedup();
    assert!(expected.len() >= 9, "{expected:?}");
    assert_eq!(found, expected);
}

#[test]
#[cfg(target_os = "linux")]
fn it_needs_only_the_libraries_of_every_system() {
    let output = Command::new("ldd").arg(library()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for library in ["libzmq", "libsodium", "libczmq"] {
        assert!(!text.contains(library), "{text}");
    }
    assert!(text.contains("libc.so"), "{text}");
}
