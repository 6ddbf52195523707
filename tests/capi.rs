//! The library from C: the tests of each type and the examples, compiled as users
//! compile them, and run as they are, under valgrind, and with AddressSanitizer.

#![cfg(target_os = "linux")]

mod support;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use support::{Finished, Running, examples, launch, library, program, root};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(120);

const TESTS: [&str; 4] = ["message", "socket", "misuse", "patterns"];

/// The examples with what they print.
const EXAMPLES: [(&str, &str); 6] = [
    ("hello", "Hello\nWorld!\n"),
    ("weather", "Oslo, day 1: rain\nOslo, day 2: rain\nOslo, day 3: rain\n"),
    ("broker", "3 requests answered\n"),
    ("cache", "A = 2\nA = 3\n"),
    (
        "pirate",
        "Reply to 1\nReply to 2\nReply to 3\n\
         No reply to 4: zeromq_socket_receive: the time ran out\n",
    ),
    ("curve", "a friend gets through\na stranger fails\n"),
];

/// The example that works for a broker of scripts.
const WORKER: &str = "majordomo_worker";

/// A program, and the folder that it is in.
struct Program {
    folder: TempDir,
    file: PathBuf,
}

impl Program {
    fn compile(source: &Path, flags: &[&str]) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        let library = library();
        let place = library.parent().unwrap().display();
        let mut command = Command::new(env::var("CC").unwrap_or("cc".into()));
        command
            .args([
                "-std=c99",
                "-D_DEFAULT_SOURCE",
                "-g",
                "-fmax-errors=5",
                "-Wall",
                "-Wextra",
                "-Werror",
            ])
            .arg("-I")
            .arg(root("include"))
            .arg(source)
            .arg("-o")
            .arg(&file)
            .args([format!("-L{place}"), format!("-Wl,-rpath,{place}")])
            .args(["-lzeromq", "-pthread"])
            .args(flags);
        let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
        assert_eq!(status, Some(0), "{}: {stderr}", source.display());
        Program { folder, file }
    }

    /// What it prints. `under` is what runs it.
    fn run(&self, under: &[&str]) -> String {
        let Finished { stdout, stderr, status } =
            self.start(under, &[self.folder.path().as_os_str()]).finish(DEADLINE);
        assert_eq!((status, &*stderr), (Some(0), ""), "{under:?}: {stderr}");
        stdout
    }

    fn start(&self, under: &[&str], arguments: &[&OsStr]) -> Running {
        let mut words = under.iter().map(OsStr::new).chain([self.file.as_os_str()]);
        let mut command = Command::new(words.next().unwrap());
        launch(command.args(words).args(arguments))
    }
}

fn test(name: &str) -> PathBuf {
    root("tests/capi").join(name).with_extension("c")
}

fn example(name: &str) -> PathBuf {
    root("examples/c").join(name).with_extension("c")
}

/// Whether a program is there. It has to be, if the environment says so.
fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    let required = env::var("ZEROMQ_INTEROP").is_ok_and(|value| value == "required");
    assert!(there || !required, "{program} is not there");
    there
}

const VALGRIND: [&str; 7] = [
    "valgrind",
    "--quiet",
    "--child-silent-after-fork=yes",
    "--leak-check=full",
    "--errors-for-leak-kinds=definite",
    "--show-leak-kinds=definite",
    "--error-exitcode=9",
];

#[test]
fn every_type_does_what_the_header_says() {
    for name in TESTS {
        assert_eq!(Program::compile(&test(name), &[]).run(&[]), "", "{name}");
    }
}

#[test]
fn the_examples_print_what_they_should() {
    for (name, expected) in EXAMPLES {
        assert_eq!(Program::compile(&example(name), &["-pedantic"]).run(&[]), expected, "{name}");
    }
}

#[test]
fn a_worker_in_c_answers_scripts() {
    let under: &[&str] = if is_there("valgrind") { &VALGRIND } else { &[] };
    let program = Program::compile(&example(WORKER), &["-pedantic"]);
    let [endpoint] = examples::endpoints();
    let start = |script: &str, arguments: &[&str]| {
        support::start(&root("examples/majordomo").join(script), arguments)
    };
    let _broker = start("broker.morpho", &[&endpoint]);
    let _other = start("worker.morpho", &["backwards", &endpoint]);
    let worker = program.start(under, &[endpoint.as_ref(), "6".as_ref()]);
    // Once it is there it gets each request once.
    let mut services = String::new();
    let begin = Instant::now();
    while !services.starts_with("backwards: 200\nlength: 200\n") {
        assert!(begin.elapsed() < DEADLINE, "{services}");
        services = start("services.morpho", &[&endpoint]).finish(DEADLINE).stdout;
    }
    let told = start("client.morpho", &[&endpoint]).finish(DEADLINE).stdout;
    assert!(told.starts_with("star backwards is rats, length 4\n"), "{told}");
    assert!(told.ends_with("\ndiaper backwards is repaid, length 6\n"), "{told}");
    let Finished { stdout, stderr, status } = worker.finish(DEADLINE);
    assert_eq!((status, &*stdout, &*stderr), (Some(0), "", ""));
}

#[test]
fn the_example_in_the_header_is_complete() {
    let header = fs::read_to_string(root("include/zeromq.h")).unwrap();
    let lines = header.lines().skip_while(|line| !line.ends_with("#include <stdio.h>"));
    let lines = lines.take_while(|line| *line != " * CONVENTIONS");
    let source: String =
        lines.map(|line| line.strip_prefix(" *").unwrap().to_owned() + "\n").collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hello.c");
    fs::write(&file, source).unwrap();
    assert_eq!(Program::compile(&file, &["-pedantic"]).run(&[]), "Hello\n");
}

#[test]
fn an_example_can_be_read_at_once() {
    let mut known: Vec<_> = EXAMPLES.iter().map(|(name, _)| example(name)).collect();
    known.push(example(WORKER));
    let mut found: Vec<PathBuf> =
        fs::read_dir(root("examples/c")).unwrap().map(|file| file.unwrap().path()).collect();
    known.sort();
    found.sort();
    assert_eq!(known, found);
    for file in found {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines < 80, "{} has {lines} lines", file.display());
    }
}

#[test]
fn valgrind_finds_nothing() {
    if !is_there("valgrind") {
        return;
    }
    for name in TESTS {
        assert_eq!(Program::compile(&test(name), &[]).run(&VALGRIND), "", "{name}");
    }
}

#[test]
fn valgrind_finds_nothing_in_the_examples() {
    if !is_there("valgrind") {
        return;
    }
    for (name, expected) in EXAMPLES {
        assert_eq!(Program::compile(&example(name), &[]).run(&VALGRIND), expected, "{name}");
    }
}

#[test]
fn address_sanitizer_finds_nothing() {
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    for name in TESTS {
        assert_eq!(Program::compile(&test(name), &flags).run(&[]), "", "{name}");
    }
    for (name, expected) in EXAMPLES {
        assert_eq!(Program::compile(&example(name), &flags).run(&[]), expected, "{name}");
    }
}

#[test]
fn it_gets_along_with_other_libraries_and_with_itself() {
    let czmq = Path::new("/usr/include/czmq.h").exists();
    let required = env::var("ZEROMQ_INTEROP").is_ok_and(|value| value == "required");
    assert!(czmq || !required, "czmq is not there");
    if !czmq {
        return;
    }
    // Whichever comes first must not matter.
    for flags in [["-lczmq", "-lzmq", "-ldl"], ["-Wl,--no-as-needed", "-lzmq", "-lczmq"]] {
        let program = Program::compile(&test("neighbours"), &flags);
        let copy = program.folder.path().join("copy.so");
        fs::copy(library(), &copy).unwrap();
        let mut command = Command::new(&program.file);
        let Finished { stdout, stderr, status } = launch(command.arg(&copy)).finish(DEADLINE);
        assert_eq!((status, &*stdout), (Some(0), "no clash\n"), "{stderr}");
    }
}

#[test]
fn what_is_installed_is_found_by_pkg_config() {
    if !is_there("pkg-config") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("prefix");
    let install = |what: &str| {
        let mut command = program();
        let Finished { stdout, stderr, status } =
            launch(command.args([what, "--c", "--prefix"]).arg(&prefix)).finish(DEADLINE);
        assert_eq!((status, &*stderr), (Some(0), ""), "{stdout}");
        stdout
    };
    let told = install("install");
    assert!(told.contains("pkg-config --cflags --libs zeromq"), "{told}");
    assert!(!told.contains("Warning"), "{told}");
    // To do it twice is no mistake.
    install("install");
    let search = prefix.join("lib/pkgconfig");
    let hello = example("hello");
    let hello = hello.display();
    let shared = "$(pkg-config --cflags --libs zeromq)";
    let linked = "$(pkg-config --static --cflags --libs zeromq | sed s/-lzeromq/-l:libzeromq.a/)";
    for compile in [format!("cc {hello} {shared}"), format!("c++ -x c++ {hello} {shared}"), {
        // The static library is enough.
        format!("rm prefix/lib/libzeromq.so && cc {hello} {linked}")
    }] {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{compile} -o hello && ./hello")]);
        command.env("PKG_CONFIG_PATH", &search).current_dir(folder.path());
        let Finished { stdout, stderr, status } = launch(&mut command).finish(DEADLINE);
        assert_eq!((status, &*stdout), (Some(0), "Hello\nWorld!\n"), "{compile}: {stderr}");
    }
    install("uninstall");
    assert!(!prefix.exists() || fs::read_dir(&prefix).unwrap().next().is_none());
}
