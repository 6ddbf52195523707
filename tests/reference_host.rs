//! The reference host refuses scripts that are nested too deeply, and does not crash.

mod support;

use std::time::Duration;

use support::start;

const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn deep_nesting_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("deep.morpho");
    for (part, times) in
        [("fn a() {", 200_000), ("(", 100_000), ("-", 100_000), ("if (true) 1\nelse ", 100_000)]
    {
        std::fs::write(&script, part.repeat(times)).unwrap();
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(1), "{part}: {}", finished.stderr);
        assert_eq!(finished.stdout, "", "{part}");
    }
}

#[test]
fn files_are_written_to_the_end_and_refused_where_morpho_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("files.morpho");
    std::fs::write(folder.path().join("bytes"), b"a\nx\xff\n").unwrap();
    // Nothing frees two objects that hold each other; the file is complete anyway.
    let held = "class A { }\nvar a = A()\na.self = a\na.file = File(\"held\", \"write\")\n\
                a.file.write(\"line\")\na = nil";
    for (text, refusal) in [
        (held, None),
        ("var f = File(\"bytes\")\nf.readline()\nf.readline()", Some("not UTF-8")),
        ("File(\".\")", Some("a folder as a file")),
        ("File(\"out\", \"write\").lines()", Some("never ends")),
        ("File(\"bytes\", mode=\"write\")", Some("named arguments")),
    ] {
        std::fs::write(&script, text).unwrap();
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(i32::from(refusal.is_some())), "{text}");
        assert_eq!(finished.stdout, "", "{text}");
        let refusal = refusal.unwrap_or_default();
        assert!(finished.stderr.contains(refusal), "{text}: {}", finished.stderr);
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("held")).unwrap(), "line\n");
}

#[test]
#[cfg(unix)]
fn pipes_and_devices_are_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("import.morpho");
    std::fs::write(&script, "import \"other.morpho\"").unwrap();
    let other = folder.path().join("other.morpho");
    let made = std::process::Command::new("mkfifo").arg(&other).status().unwrap();
    assert!(made.success());
    for _ in 0..2 {
        let finished = start::<&str>(&script, &[]).finish(DEADLINE);
        assert_eq!(finished.status, Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains("a pipe or a device, not a file"), "{}", finished.stderr);
        std::fs::remove_file(&other).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &other).unwrap();
    }
}
