//! The shared library exports its own functions and nothing of its dependencies, so it
//! cannot clash with another libzmq or libsodium in the process.

mod support;

use std::process::Command;

use support::library;

#[test]
#[cfg(unix)]
fn only_its_own_functions_are_exported() {
    let output = Command::new("nm")
        .args(["-D", "--defined-only", "--format=posix"])
        .arg(library())
        .output()
        .expect("nm is part of every C compiler's binutils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    found.sort_unstable();

    let header = include_str!("../include/zeromq.h");
    let functions = header.split('(').filter_map(|text| text.rsplit([' ', '*', '\n']).next());
    let mut expected: Vec<&str> = functions.filter(|name| name.starts_with("zeromq_")).collect();
    expected.retain(|name| header.contains(&format!("{name}(")) && !name.ends_with(')'));
    // Morpho looks these up by name; no other host calls them.
    expected.extend(["zeromq_initialize", "zeromq_finalize"]);
    expected.sort_unstable();
    expected.dedup();
    assert!(expected.len() >= 9, "{expected:?}");
    assert_eq!(found, expected);
}

#[test]
#[cfg(target_os = "linux")]
fn programs_find_it_by_the_name_of_its_version() {
    let output = Command::new("readelf").arg("-d").arg(library()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let name = format!("libzeromq.so.{}", env!("CARGO_PKG_VERSION_MAJOR"));
    assert!(text.contains(&format!("soname: [{name}]")), "{text}");
    // Also where cargo puts it.
    let link = library().with_file_name(name);
    assert_eq!(link.canonicalize().unwrap(), library().canonicalize().unwrap());
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
