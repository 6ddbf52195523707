//! The shared library exports its own functions and nothing of its dependencies, so it
//! cannot clash with another libzmq or libsodium in the process. The library and the program
//! are linked so that memory errors are harder to exploit.

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

/// Runs readelf and returns its output.
#[cfg(target_os = "linux")]
fn readelf(options: &str, file: &std::path::Path) -> String {
    let output = Command::new("readelf").args(["-W", options]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_either_written_or_executed() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_zeromq"));
    for file in [&*library(), program] {
        let text = readelf("-l", file);
        // The type of a segment, its place in the file and in memory, its sizes, its flags.
        let segments = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let segments: Vec<_> = segments
            .filter(|words| words.len() > 7 && words[1].starts_with("0x"))
            .map(|words| (words[0], words[6..words.len() - 1].concat()))
            .collect();
        assert!(segments.len() > 5, "{text}");
        assert!(segments.iter().all(|(_, flags)| !flags.contains("WE")), "{text}");
        let flags = |name| segments.iter().find(|(kind, _)| *kind == name).map(|(_, flags)| flags);
        assert_eq!(flags("GNU_STACK").map(String::as_str), Some("RW"), "{text}");
        // The tables of addresses are read-only once the file is loaded.
        assert_eq!(flags("GNU_RELRO").map(String::as_str), Some("R"), "{text}");
        let dynamic = readelf("-d", file);
        assert!(dynamic.contains("BIND_NOW") && dynamic.contains("Flags: NOW"), "{dynamic}");
        // No folder that others might write to is searched for libraries.
        assert!(!dynamic.contains("RPATH") && !dynamic.contains("RUNPATH"), "{dynamic}");
        assert!(!dynamic.contains("TEXTREL"), "{dynamic}");
    }
    let dynamic = readelf("-d", program);
    assert!(dynamic.contains("PIE"), "{dynamic}");
}

#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn the_code_of_libzmq_checks_its_buffers() {
    let names = readelf("--dyn-syms", &library());
    for name in ["__stack_chk_fail@", "__memcpy_chk@", "__memset_chk@", "__snprintf_chk@"] {
        assert!(names.contains(name), "{name} is missing: {names}");
    }
}
