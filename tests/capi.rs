//! The library from C: the tests of each type and the examples, compiled as users
//! compile them. They run plainly, under valgrind, and with AddressSanitizer, which
//! also checks libzmq if `tests/capi/sanitize.sh` runs them.

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

const TESTS: [&str; 9] =
    ["lent", "loops", "message", "misuse", "patterns", "peers", "socket", "tasks", "values"];

/// The examples with their expected output.
const EXAMPLES: [(&str, &str); 8] = [
    ("hello", "Hello\nWorld!\n"),
    ("weather", "Oslo, day 1: rain\nOslo, day 2: rain\nOslo, day 3: rain\n"),
    ("broker", "3 requests answered\n"),
    ("cache", "A = 2\nA = 3\n"),
    (
        "pirate",
        "Reply to 1\nReply to 2\nReply to 3\n\
         No reply to 4: zeromq_socket_request: timed out\n",
    ),
    ("curve", "a friend gets through\na stranger fails\n"),
    ("event_loop", "1000 requests, 1000 replies\n"),
    (
        "orders",
        "tea costs 6\njam costs 15\nair: zeromq_value_get_int: expected an integer, got nil\n",
    ),
];

/// The example that works for a broker written as a script.
const WORKER: &str = "majordomo_worker";

/// A program and its folder.
struct Program {
    folder: TempDir,
    file: PathBuf,
}

impl Program {
    fn compile(source: &Path, flags: &[&str]) -> Program {
        Program::linked(source, flags, &library())
    }

    fn linked(source: &Path, flags: &[&str], library: &Path) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
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

    /// Runs the program with the command `under` and returns its output.
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

/// The wrapper for C++ compiles without warnings, and does what it says.
#[test]
fn the_wrapper_for_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrapper");
    let place = library().parent().unwrap().display().to_string();
    let mut command = Command::new(env::var("CXX").unwrap_or("c++".into()));
    command
        .args(["-std=c++17", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(root("include"))
        .arg(root("tests/capi/wrapper.cpp"))
        .args([format!("-L{place}"), format!("-Wl,-rpath,{place}"), "-lzeromq".into()])
        .arg("-o")
        .arg(&file);
    let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(0), "{stderr}");
    let Finished { stderr, status, .. } = launch(&mut Command::new(&file)).finish(DEADLINE);
    assert_eq!((status, &*stderr), (Some(0), ""));
}

fn test(name: &str) -> PathBuf {
    root("tests/capi").join(name).with_extension("c")
}

fn example(name: &str) -> PathBuf {
    root("examples/c").join(name).with_extension("c")
}

/// Returns true if a program exists. It must, if the environment requires it.
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
    // Once it is running, it receives each request once.
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

const SANITIZE: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Returns a library that is itself instrumented, as `tests/capi/sanitize.sh` builds
/// it.
fn sanitized() -> Option<PathBuf> {
    env::var_os("ZEROMQ_SANITIZED").map(PathBuf::from)
}

#[test]
fn address_sanitizer_finds_nothing() {
    let library = sanitized().unwrap_or_else(library);
    for name in TESTS {
        let program = Program::linked(&test(name), &SANITIZE, &library);
        assert_eq!(program.run(&[]), "", "{name}");
    }
    for (name, expected) in EXAMPLES {
        let program = Program::linked(&example(name), &SANITIZE, &library);
        assert_eq!(program.run(&[]), expected, "{name}");
    }
}

/// A clean result only means something if a bug would have been found.
#[test]
fn address_sanitizer_sees_into_an_instrumented_library() {
    let instrumented = sanitized();
    let library = instrumented.clone().unwrap_or_else(library);
    let program = Program::linked(&test("dangling"), &SANITIZE, &library);
    let Finished { stdout, stderr, status } =
        launch(&mut Command::new(&program.file)).finish(DEADLINE);
    if instrumented.is_some() {
        assert_ne!(status, Some(0), "{stdout}");
        assert!(stderr.contains("heap-use-after-free") && stderr.contains("zmq::"), "{stderr}");
    } else {
        assert_eq!((status, &*stdout), (Some(0), "nobody has noticed\n"), "{stderr}");
    }
}

#[test]
#[ignore = "needs a library with ThreadSanitizer, which tests/capi/threads.sh builds"]
fn thread_sanitizer_finds_nothing() {
    let library = sanitized().expect("ZEROMQ_SANITIZED is not set");
    let flags = ["-fsanitize=thread"];
    for name in TESTS {
        let program = Program::linked(&test(name), &flags, &library);
        assert_eq!(program.run(&[]), "", "{name}");
    }
    for (name, expected) in EXAMPLES {
        let program = Program::linked(&example(name), &flags, &library);
        assert_eq!(program.run(&[]), expected, "{name}");
    }
    // A clean result only means something if a bug would have been found.
    let program = Program::linked(&test("dangling"), &flags, &library);
    let Finished { stdout, stderr, status } =
        launch(&mut Command::new(&program.file)).finish(DEADLINE);
    assert_ne!(status, Some(0), "{stdout}");
    assert!(stderr.contains("ThreadSanitizer: heap-use-after-free"), "{stderr}");
}

#[test]
fn calls_say_where_memory_has_run_out() {
    let program = Program::compile(&test("memory"), &[]);
    assert_eq!(program.run(&[]), "it goes on\n");
}

/// Runs a scenario of `tests/proofs/memory.c` for each of its allocations, which fails.
/// `tests/prove allocations` does so with all types.
#[cfg(target_env = "gnu")]
fn with_each_failure(scenario: &str) -> Vec<Finished> {
    let folder = tempfile::tempdir().unwrap();
    let preloaded = folder.path().join("liballocations.so");
    let mut command = Command::new("cc");
    let source = root("tests/proofs/allocations.c");
    command.args(["-std=gnu99", "-fPIC", "-shared", "-o"]).arg(&preloaded).arg(source);
    assert_eq!(launch(&mut command).finish(DEADLINE).status, Some(0));
    let source = root("tests/proofs/memory.c");
    let program = Program::compile(&source, &[preloaded.to_str().unwrap()]);
    let run = |number: i64| {
        let mut command = Command::new(&program.file);
        command.args([scenario.as_ref(), folder.path().as_os_str()]);
        command.env("LD_PRELOAD", &preloaded).env("FAIL", number.to_string());
        launch(&mut command).finish(DEADLINE)
    };
    let all = run(-1).stdout;
    let (_, count) = all.trim_end().split_once("allocations: ").unwrap();
    (0..count.parse().unwrap()).map(run).collect()
}

#[cfg(target_env = "gnu")]
#[test]
fn calls_end_with_an_error_if_an_allocation_fails() {
    let runs = with_each_failure("message");
    for (number, Finished { stdout, stderr, status }) in runs.iter().enumerate() {
        let ended = (*status, stderr.as_str());
        assert_eq!(ended, (Some(0), ""), "allocation {number}: {stdout}{stderr}");
    }
    let failures = runs.iter().filter(|run| run.stdout.contains("ZEROMQ_CODE_ZMQ")).count();
    assert!(failures > 5, "{failures} of {}", runs.len());
}

#[cfg(target_env = "gnu")]
#[test]
fn a_lack_of_memory_is_called_by_its_name() {
    // The last one is what the system says if it has no memory for a thread.
    const NAMES: [&str; 5] = [
        "memory allocation of",
        "out of memory",
        "std::bad_alloc",
        "cannot allocate memory",
        "resource temporarily unavailable",
    ];
    let runs = with_each_failure("sockets");
    for (number, Finished { stdout, stderr, status }) in runs.iter().enumerate() {
        let stderr = stderr.to_lowercase();
        let named = NAMES.iter().any(|name| stderr.contains(name));
        let ended = *status == Some(0) || status.is_none() && named;
        assert!(ended, "allocation {number}: {status:?}: {stdout}{stderr}");
    }
    let named = runs.iter().filter(|run| run.stderr.contains("OUT OF MEMORY")).count();
    assert!(named > 5, "{named} of {}", runs.len());
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn an_idle_socket_costs_little() {
    let program = Program::compile(&test("idle"), &[]);
    println!("{}", program.run(&[]));
}

#[test]
fn what_is_sent_at_the_end_leaves() {
    let program = Program::compile(&test("farewell"), &[]);
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.bind(&format!("ipc://{}/farewell", program.folder.path().display())).unwrap();
    assert_eq!(program.run(&[]), "");
    // It has arrived, or the program has handed it over and it is on its way.
    pull.set_rcvtimeo(i32::try_from(DEADLINE.as_millis()).unwrap()).unwrap();
    let received = loop {
        match pull.recv_bytes(0) {
            // A child process of another test has ended.
            Err(zmq::Error::EINTR) => {}
            received => break received.unwrap(),
        }
    };
    assert_eq!(received.len(), 8 << 20);
}

#[test]
fn it_gets_along_with_other_libraries_and_with_itself() {
    let czmq = Path::new("/usr/include/czmq.h").exists();
    let required = env::var("ZEROMQ_INTEROP").is_ok_and(|value| value == "required");
    assert!(czmq || !required, "czmq is not there");
    if !czmq {
        return;
    }
    // The order of the libraries must not matter.
    for flags in [["-lczmq", "-lzmq", "-ldl"], ["-Wl,--no-as-needed", "-lzmq", "-lczmq"]] {
        let program = Program::compile(&test("neighbours"), &flags);
        let copy = program.folder.path().join("copy.so");
        fs::copy(library(), &copy).unwrap();
        let mut command = Command::new(&program.file);
        let Finished { stdout, stderr, status } = launch(command.arg(&copy)).finish(DEADLINE);
        assert_eq!((status, &*stdout), (Some(0), "no clash\n"), "{stderr}");
    }
}

/// Runs a shell command in a folder and returns its output.
fn shell(line: &str, folder: &Path) -> String {
    let mut command = Command::new("sh");
    command.args(["-ec", line]).current_dir(folder);
    command.env("PKG_CONFIG_PATH", folder.join("prefix/lib/pkgconfig"));
    let Finished { stdout, stderr, status } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(0), "{line}: {stdout}{stderr}");
    stdout
}

/// Installs or uninstalls the files for C and returns the output.
fn install(what: &str, prefix: &Path, path: Option<&Path>) -> String {
    let mut command = program();
    command.args([what, "--c", "--prefix"]).arg(prefix);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let Finished { stdout, stderr, status } = launch(&mut command).finish(DEADLINE);
    assert_eq!((status, &*stderr), (Some(0), ""), "{stdout}");
    stdout
}

#[test]
fn what_is_installed_is_found_by_pkg_config() {
    if !is_there("pkg-config") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("prefix");
    let install = |what: &str| install(what, &prefix, None);
    let told = install("install");
    assert!(told.contains("pkg-config --cflags --libs zeromq"), "{told}");
    assert!(!told.contains("Warning"), "{told}");
    // Doing it twice is harmless.
    install("install");
    let hello = example("hello");
    let hello = hello.display();
    let shared = "$(pkg-config --cflags --libs zeromq)";
    let linked = "$(pkg-config --static --cflags --libs zeromq | sed s/-lzeromq/-l:libzeromq.a/)";
    let name = format!("libzeromq.so.{}", env!("CARGO_PKG_VERSION_MAJOR"));
    assert_eq!(fs::read_link(prefix.join("lib/libzeromq.so")).unwrap(), Path::new(&name));
    for compile in [
        format!("cc {hello} {shared} -o hello"),
        format!("c++ -x c++ {hello} {shared} -o hello"),
        format!("c++ -std=c++17 {} {shared} -o hello", root("examples/cpp/hello.cpp").display()),
        // Programs run without the link, which is only needed to compile them.
        "rm prefix/lib/libzeromq.so".to_owned(),
        // The static library alone is enough. It makes no program's stack executable.
        format!(
            "rm prefix/lib/{name} && cc {hello} {linked} -o hello && \
             readelf -lW hello | grep -q 'GNU_STACK.* RW '"
        ),
    ] {
        assert_eq!(shell(&format!("{compile} && ./hello"), folder.path()), "Hello\nWorld!\n");
    }
    install("uninstall");
    assert!(!prefix.exists() || fs::read_dir(&prefix).unwrap().next().is_none());
}

#[test]
fn what_is_told_compiles_in_a_folder_with_spaces() {
    if !is_there("pkg-config") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let told = install("install", &folder.path().join("it's a prefix"), None);
    let (_, compile) = told.trim_end().rsplit_once("To compile: ").unwrap();
    fs::copy(example("hello"), folder.path().join("hello.c")).unwrap();
    let compile = format!("{compile} && ./a.out");
    assert_eq!(shell(&compile, folder.path()), "Hello\nWorld!\n");
}

#[test]
fn manual_pages_have_no_mistakes_and_lead_to_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("prefix");
    install("install", &prefix, Some(Path::new("/nowhere")));
    let pages = prefix.join("share/man/man3");
    let link = fs::read_to_string(pages.join("zeromq_socket_send.3")).unwrap();
    assert_eq!(link, ".so man3/zeromq_socket.3\n");
    let printed = launch(program().args(["man", "zeromq_socket_send"])).finish(DEADLINE);
    assert_eq!(printed.stdout, fs::read_to_string(pages.join("zeromq_socket.3")).unwrap());
    if !is_there("man") {
        return;
    }
    for page in fs::read_dir(&pages).unwrap() {
        let mut command = Command::new("man");
        command.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"]);
        command.arg(page.unwrap().path()).current_dir(prefix.join("share/man"));
        command.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80");
        let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
        assert_eq!((status, &*stderr), (Some(0), ""));
    }
}

/// In an older version, the library was a file where the link is now.
#[test]
fn an_installation_without_a_link_gets_one() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("prefix");
    install("install", &prefix, None);
    let link = prefix.join("lib/libzeromq.so");
    fs::remove_file(&link).unwrap();
    fs::write(&link, "old").unwrap();
    install("install", &prefix, None);
    assert!(link.is_symlink() && fs::read(&link).unwrap().starts_with(b"\x7fELF"));
    // A file that is not from the program stays.
    install("uninstall", &prefix, None);
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/nowhere", &link).unwrap();
    let mut command = program();
    command.args(["install", "--c", "--prefix"]).arg(&prefix);
    let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("already exists"), "{stderr}");
}

/// The libraries that a static libzmq needs on Debian.
const OTHERS: &str = "-lsodium -lpgm -lnorm -lgssapi_krb5 -lbsd -lstdc++ -lpthread -lm -ldl";

#[test]
fn the_static_library_leaves_another_libzmq_alone() {
    if !is_there("pkg-config") || !is_there("objcopy") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("prefix");
    let told = install("install", &prefix, None);
    assert!(!told.contains("Warning"), "{told}");
    let names = shell("nm -g --defined-only --format=posix prefix/lib/libzeromq.a", folder.path());
    let mut names = names.lines().filter(|line| line.contains(' '));
    assert!(names.all(|line| line.starts_with("zeromq_")));

    // A library with the same names but nothing else in common.
    let fake = "const char *zmq_init(int n) { return n ? \"mine\" : 0; }\n\
                int zmq_socket(void) { return 7; }\nint sodium_init(void) { return 8; }\n\
                int zmq_msg_send(void) { return 9; }\n";
    fs::write(folder.path().join("fake.c"), fake).unwrap();
    let test = test("beside");
    let test = test.display();
    let ours = "$(pkg-config --static --cflags --libs zeromq | sed s/-lzeromq/-l:libzeromq.a/)";
    let fake = "cc -c fake.c && ar rcs libfake.a fake.o";
    for order in [format!("{ours} libfake.a"), format!("libfake.a {ours}")] {
        let compile = format!("{fake} && cc -DFAKE {test} {order} -o beside && ./beside");
        assert_eq!(shell(&compile, folder.path()), "mine 7 8 9\n");
    }

    // Debian's libzmq, which talks to ours.
    let there = Command::new("cc").args(["-print-file-name=libzmq.a"]).output().unwrap();
    let there = String::from_utf8(there.stdout).unwrap().trim().starts_with('/');
    let required = env::var("ZEROMQ_INTEROP").is_ok_and(|value| value == "required");
    assert!(there || !required, "libzmq.a is not there");
    if !there {
        return;
    }
    for order in [format!("{ours} -l:libzmq.a"), format!("-l:libzmq.a {ours}")] {
        let compile = format!("cc {test} {order} {OTHERS} -o beside && ./beside");
        assert_eq!(shell(&compile, folder.path()), "Hello\nWorld!\n");
    }
}

#[test]
fn a_static_library_as_it_is_comes_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let told = install("install", &folder.path().join("prefix"), Some(folder.path()));
    assert!(told.contains("because ld is not installed: do not link another libzmq.a"), "{told}");
    assert!(folder.path().join("prefix/lib/libzeromq.a").exists());
}

fn doctor(home: &Path, environment: &[(&str, &OsStr)]) -> (Option<i32>, Vec<String>) {
    let mut command = program();
    command.arg("doctor").env("HOME", home).env_remove("MORPHO6").env_remove("PKG_CONFIG_PATH");
    command.envs(environment.iter().copied());
    let Finished { stdout, status, .. } = launch(&mut command).finish(DEADLINE);
    (status, stdout.lines().map(str::to_owned).collect())
}

#[test]
fn the_doctor_looks_at_what_is_installed_for_c() {
    if !is_there("pkg-config") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let prefix = home.path().join(".local");
    let search = prefix.join("lib/pkgconfig");
    let found = [("PKG_CONFIG_PATH", search.as_os_str())];
    let has = |lines: &[String], verdict: &str, text: &str| {
        lines.iter().any(|line| line.starts_with(verdict) && line.contains(text))
    };
    let (_, said) = doctor(home.path(), &[]);
    assert!(has(&said, "ok", "`zeromq install --c` adds it"), "{said:?}");

    // Without the tools for the static library, which take time.
    let install = |prefix: &Path| install("install", prefix, Some(Path::new("/nowhere")));
    install(&prefix);
    let version = env!("CARGO_PKG_VERSION");
    let whole = format!("for C: zeromq {version} in {}", prefix.display());
    let (status, said) = doctor(home.path(), &found);
    assert_eq!(status, Some(0), "{said:?}");
    assert!(has(&said, "ok", &whole) && has(&said, "ok", "pkg-config finds it"), "{said:?}");
    let (_, said) = doctor(home.path(), &[]);
    let advice = format!("set PKG_CONFIG_PATH={}", search.display());
    assert!(has(&said, "warning", &advice), "{said:?}");
    let (_, said) = doctor(home.path(), &[("PATH", OsStr::new("/nowhere"))]);
    assert!(has(&said, "warning", "pkg-config is not in the PATH"), "{said:?}");

    // Another one comes first.
    let other = home.path().join("other");
    install(&other);
    let first = [other.join("lib/pkgconfig"), search.clone()];
    let first = env::join_paths(first).unwrap();
    let (_, said) = doctor(home.path(), &[("PKG_CONFIG_PATH", &first)]);
    let elsewhere = format!("finds zeromq in {}", other.display());
    assert!(has(&said, "warning", &elsewhere) && has(&said, "warning", &advice), "{said:?}");
    assert!(has(&said, "ok", &format!("for C: zeromq {version} in {}", other.display())));

    // Files that do not match or are missing.
    let header = prefix.join("include/zeromq.h");
    let text = fs::read_to_string(&header).unwrap();
    let name = format!("libzeromq.so.{}", env!("CARGO_PKG_VERSION_MAJOR"));
    let old = text.replace("#define ZEROMQ_VERSION_MINOR 2", "#define ZEROMQ_VERSION_MINOR 0");
    for (file, content, verdict, expected) in [
        ("include/zeromq.h", Some(&*old), "problem", "the header has version 0.0.0"),
        ("include/zeromq.h", Some(&*(text + "\n")), "warning", "are not from this program"),
        ("include/zeromq.h", None, "problem", "zeromq.h is missing"),
        (&format!("lib/{name}"), Some("no library"), "problem", "cannot be loaded"),
        (&format!("lib/{name}"), None, "problem", "is missing"),
        ("lib/pkgconfig/zeromq.pc", Some("Version: 7\n"), "problem", "zeromq.pc has version 7"),
    ] {
        let path = prefix.join(file);
        let right = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let (status, said) = doctor(home.path(), &found);
        assert!(has(&said, verdict, expected), "{expected}: {said:?}");
        assert!(has(&said, verdict, "run `zeromq install --c` again"), "{said:?}");
        assert_eq!(status, Some(i32::from(verdict == "problem")));
        fs::write(path, right).unwrap();
    }
}
