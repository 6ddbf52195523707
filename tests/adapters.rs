//! The library in other virtual machines: Lua, Python, Tcl and QuickJS as users have them,
//! and one table of calls that must give the same results on every host.
//!
//! If Lua, Python or Tcl is missing, its tests report that and pass; with
//! `ZEROMQ_INTEROP=required` they fail. QuickJS is not part of every system: its tests run if
//! it is installed with its header, or in the folder that the environment variable QUICKJS
//! names.

#![cfg(unix)]

mod support;

use std::collections::HashMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use support::cases::{self, Case};
use support::morpho::Morpho;
use support::{Finished, Host, Reference, Running, launch, library, relay, root};

const DEADLINE: Duration = Duration::from_secs(60);

/// Where Debian installs the headers of Lua.
const HEADERS: &str = "/usr/include/lua5.4";

/// Writes past the test harness, which captures the output of tests.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Reports that a test is skipped, unless that is not allowed.
fn skip<T>(why: &str) -> Option<T> {
    assert_ne!(env::var("ZEROMQ_INTEROP").as_deref(), Ok("required"), "{why}");
    tell(&format!("skipped: {why}"));
    None
}

fn runs(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Returns the folder with the adapter for Lua, compiled as README.md describes.
fn adapter() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(compile).as_deref()
}

fn compile() -> Option<PathBuf> {
    if !runs(Command::new("lua5.4").arg("-v")) {
        return skip("there is no lua5.4");
    }
    if !Path::new(HEADERS).exists() {
        return skip("there is no liblua5.4-dev");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lua");
    fs::create_dir_all(&folder).unwrap();
    let mut command = compiler();
    command
        .args(["-shared", "-fPIC", "-I"])
        .arg(root("include"))
        .arg(root("examples/hosts/lua/zeromq.c"))
        .arg(library())
        .arg(format!("-Wl,-rpath,{}", library().parent().unwrap().display()))
        .arg("-o")
        .arg(folder.join("zeromq.so"));
    let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(0), "{stderr}");
    Some(folder)
}

/// Returns the compiler, set up to find the headers of Lua.
fn compiler() -> Command {
    let mut command = Command::new(env::var("CC").unwrap_or("cc".into()));
    command
        .args(["-std=c11", "-O2", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(HEADERS);
    command
}

fn lua() -> Option<Command> {
    let mut command = Command::new("lua5.4");
    command.env("LUA_CPATH", adapter()?.join("?.so"));
    Some(command)
}

fn python() -> Option<Command> {
    if !runs(Command::new("python3").args(["-c", "import ctypes"])) {
        return skip("there is no python3 with ctypes");
    }
    let mut command = Command::new("python3");
    command
        .env("PYTHONPATH", root("examples/hosts/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ZEROMQ_PLUGIN", library());
    Some(command)
}

/// Where Debian installs the headers of Tcl, and the static library of its stubs.
const TCL: &str = "/usr/include/tcl8.6";

/// Returns the command for Tcl, with the adapter in an environment variable.
fn tcl() -> Option<Command> {
    static ADAPTER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let adapter = ADAPTER.get_or_init(|| {
        // Its standard input is empty.
        if !runs(&mut Command::new("tclsh8.6")) {
            return skip("there is no tclsh8.6");
        }
        if !Path::new(TCL).exists() {
            return skip("there is no tcl8.6-dev");
        }
        Some(shared("tcl", &["-std=c11", "-DUSE_TCL_STUBS", "-isystem", TCL], &["-ltclstub8.6"]))
    });
    let mut command = Command::new("tclsh8.6");
    command.env("ZEROMQ_ADAPTER", adapter.as_ref()?);
    Some(command)
}

/// Returns the command for QuickJS, with the adapter in an environment variable.
fn quickjs() -> Option<Command> {
    static FOUND: OnceLock<Option<(PathBuf, PathBuf)>> = OnceLock::new();
    let (program, adapter) = FOUND.get_or_init(find_quickjs).as_ref()?;
    let mut command = Command::new(program);
    command.args(["--std", "-m"]).env("ZEROMQ_ADAPTER", adapter);
    Some(command)
}

fn find_quickjs() -> Option<(PathBuf, PathBuf)> {
    let (program, headers) = match env::var_os("QUICKJS").map(PathBuf::from) {
        Some(folder) => (folder.join("qjs"), folder),
        None => ("qjs".into(), "/usr/include/quickjs".into()),
    };
    let found = runs(Command::new(&program).args(["-e", "0"]));
    if !found || !headers.join("quickjs.h").exists() {
        tell("skipped: there is no QuickJS with its header");
        return None;
    }
    let options = ["-std=gnu11", "-isystem", headers.to_str().unwrap()];
    Some((program, shared("quickjs", &options, &[])))
}

/// Returns the command for the runner of the template for adapters in C.
fn template() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("template");
        fs::create_dir_all(&folder).unwrap();
        compile_c(&root("examples/hosts/kit/calls.c"), &folder)
    });
    Command::new(program)
}

/// Compiles an adapter as README.md describes. Returns the path of its library.
fn shared(name: &str, options: &[&str], libraries: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(env::var("CC").unwrap_or("cc".into()));
    command
        .args(["-shared", "-fPIC", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(root("include"))
        .args(options)
        .arg(root("examples/hosts").join(name).join("zeromq.c"))
        .arg(library())
        .args(libraries)
        .arg(format!("-Wl,-rpath,{}", library().parent().unwrap().display()))
        .arg("-o")
        .arg(folder.join("zeromq.so"));
    let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(0), "{stderr}");
    folder.join("zeromq.so")
}

/// Runs a program whose comments contain its expected output.
fn run(command: Option<Command>, program: &str, comment: &str) {
    let Some(mut command) = command else {
        return;
    };
    let path = root("tests/adapters").join(program);
    let source = fs::read_to_string(&path).unwrap();
    let expected = source.lines().filter_map(|line| line.split_once(comment));
    let expected: String = expected.map(|(_, line)| format!("{line}\n")).collect();
    assert_ne!(expected, "");
    let Finished { stdout, stderr, status } = launch(command.arg(&path)).finish(DEADLINE);
    assert!(stdout == expected, "expected:\n{expected}\nprinted:\n{stdout}\nstderr:\n{stderr}");
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn values_objects_and_errors_of_lua() {
    run(lua(), "objects.lua", "--> ");
}

#[test]
fn arrays_of_lua() {
    run(lua(), "arrays.lua", "--> ");
}

#[test]
fn sparse_matrices_of_lua() {
    run(lua(), "sparse.lua", "--> ");
}

#[test]
fn functions_of_lua() {
    run(lua(), "callbacks.lua", "--> ");
}

#[test]
fn finalizers_of_lua_make_calls() {
    run(lua(), "collected.lua", "--> ");
}

#[test]
fn tasks_of_lua() {
    run(lua(), "tasks.lua", "--> ");
}

#[test]
fn tasks_of_python() {
    run(python(), "tasks.py", "#> ");
}

#[test]
fn any_call_of_lua() {
    let folder = tempfile::tempdir().unwrap();
    let command = lua().map(|mut command| {
        command.current_dir(folder.path());
        command
    });
    run(command, "wild.lua", "--> ");
}

/// Several Lua states in one program.
#[test]
fn states_of_lua_come_and_go() {
    let Some(folder) = adapter() else {
        return;
    };
    let program = folder.join("states");
    let mut command = compiler();
    command.arg(root("tests/adapters/states.c")).arg("-o").arg(&program).arg("-llua5.4");
    let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(0), "{stderr}");
    let mut command = Command::new(&program);
    let running = launch(command.env("LUA_CPATH", folder.join("?.so")));
    let Finished { stdout, stderr, status } = running.finish(DEADLINE);
    assert_eq!(
        stdout, "Hello\nthe last one\tfalse\nagain\ntrue\nnothing is left\nend\n",
        "{stderr}"
    );
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn values_objects_and_errors_of_python() {
    run(python(), "objects.py", "#> ");
}

#[test]
fn words_objects_and_functions_of_tcl() {
    run(tcl(), "objects.tcl", "#> ");
}

#[test]
fn values_objects_and_functions_of_quickjs() {
    run(quickjs(), "objects.js", "//> ");
}

/// What an author of an adapter has to write stays short: the kit does the rest.
#[test]
fn adapters_with_the_kit_are_short() {
    for (file, most) in [("kit/template.c", 150), ("tcl/zeromq.c", 299), ("quickjs/zeromq.c", 299)]
    {
        let source = fs::read_to_string(root("examples/hosts").join(file)).unwrap();
        let count = source.lines().count();
        assert!(count <= most, "{file} has {count} lines");
        let longest = source.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= 100, "{file} has a line of {longest} characters");
    }
}

#[test]
fn hello_of_tcl_and_quickjs() {
    for (command, program) in [(tcl(), "tcl/hello.tcl"), (quickjs(), "quickjs/hello.js")] {
        let Some(mut command) = command else {
            continue;
        };
        let adapter = command.get_envs().find(|(name, _)| *name == "ZEROMQ_ADAPTER");
        let folder = Path::new(adapter.unwrap().1.unwrap()).parent().unwrap().to_owned();
        let path = folder.join(Path::new(program).file_name().unwrap());
        fs::copy(root("examples/hosts").join(program), &path).unwrap();
        command.arg(path).current_dir(folder);
        let Finished { stdout, stderr, status } = launch(&mut command).finish(DEADLINE);
        assert_eq!((stdout.as_str(), status), ("Hello\nWorld!\n", Some(0)), "{stderr}");
    }
}

#[test]
fn arrays_of_python() {
    run(python(), "arrays.py", "#> ");
}

#[test]
fn sparse_matrices_of_python() {
    run(python(), "sparse.py", "#> ");
}

#[test]
fn arrays_of_numpy() {
    let found = runs(Command::new("python3").args(["-c", "import numpy"]));
    run(if found { python() } else { skip("there is no numpy") }, "arrays-numpy.py", "#> ");
}

#[test]
fn sockets_of_python_wait_in_the_loop_of_asyncio() {
    run(python(), "asyncio-sockets.py", "#> ");
}

#[test]
fn forked_children_of_python_close_what_they_inherit() {
    run(python(), "forks.py", "#> ");
}

#[test]
fn functions_and_threads_of_python() {
    run(python(), "callbacks.py", "#> ");
}

#[test]
fn python_ends_while_threads_call_functions() {
    run(python(), "end.py", "#> ");
}

/// Python with pyzmq, which has its own libzmq.
fn pyzmq() -> Option<Command> {
    let found = runs(Command::new("python3").args(["-c", "import zmq"]));
    if found { python() } else { skip("there is no pyzmq") }
}

#[test]
fn beside_pyzmq() {
    run(pyzmq(), "beside-pyzmq.py", "#> ");
}

#[test]
fn beside_czmq_and_another_copy() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("libcopy.so");
    fs::copy(library(), &copy).unwrap();
    let command = pyzmq().map(|mut command| {
        command.env("ZEROMQ_COPY", &copy);
        command
    });
    let czmq =
        runs(Command::new("python3").args(["-c", "import ctypes; ctypes.CDLL('libczmq.so.4')"]));
    let command = if czmq { command } else { skip("there is no libczmq") };
    run(command, "beside-czmq.py", "#> ");
}

/// Messages sent at the very end of a program arrive, however it ends.
#[test]
fn nothing_is_lost_at_the_end() {
    let lua_ends = ["", "os.exit(0)", "os.exit(0, true)", "error('oops')"];
    let python_ends = ["", "import sys; sys.exit(0)", "raise KeyError"];
    for end in lua_ends {
        farewell(
            lua(),
            "lua",
            &format!(
                "local zeromq = require 'zeromq'\nlocal push = zeromq.ZMQPush(arg[1])\npush:setlinger(-1)\n\
             push:send('farewell')\n{end}\n"
            ),
        );
    }
    for end in python_ends {
        farewell(
            python(),
            "py",
            &format!(
                "import sys, zeromq\npush = zeromq.ZMQPush(sys.argv[1])\npush.setlinger(-1)\npush.send('farewell')\n{end}\n"
            ),
        );
    }
}

fn farewell(command: Option<Command>, extension: &str, program: &str) {
    let Some(mut command) = command else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("program.{extension}"));
    fs::write(&path, program).unwrap();
    let context = zmq::Context::new();
    let pull = context.socket(zmq::PULL).unwrap();
    pull.set_rcvtimeo(i32::try_from(DEADLINE.as_millis()).unwrap()).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.get_last_endpoint().unwrap().unwrap();
    let running = launch(command.arg(&path).arg(endpoint));
    assert_eq!(receive(&pull), "farewell", "{program}");
    assert!(running.finish(DEADLINE).status.is_some(), "{program}");
}

/// Child processes that end interrupt a wait.
fn receive(socket: &zmq::Socket) -> String {
    loop {
        match socket.recv_string(0) {
            Err(zmq::Error::EINTR) => {}
            received => return received.unwrap().unwrap(),
        }
    }
}

/// Ctrl-C ends a waiting Lua program, just as it ends one that calculates.
#[test]
fn lua_can_be_interrupted() {
    for (program, expected) in [
        ("pull:receive()", "interrupted!"),
        ("print(select(2, pcall(pull.receive, pull)))", "interrupted!"),
        ("print(coroutine.wrap(function() return pcall(pull.receive, pull) end)())", "interrupted"),
    ] {
        let Some(mut command) = lua() else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program.lua");
        let start = "local zeromq = require 'zeromq'\n\
                     local pull = zeromq.ZMQPull('tcp://127.0.0.1:*')\n\
                     local push = zeromq.ZMQPush(arg[1])\npush:send('ready')\n";
        fs::write(&path, format!("{start}{program}\n")).unwrap();
        let context = zmq::Context::new();
        let ready = context.socket(zmq::PULL).unwrap();
        ready.set_rcvtimeo(i32::try_from(DEADLINE.as_millis()).unwrap()).unwrap();
        ready.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = ready.get_last_endpoint().unwrap().unwrap();
        let running = launch(command.arg(&path).arg(endpoint));
        receive(&ready);
        // SAFETY: the process is a child of this one that was not waited for.
        unsafe { libc::kill(running.id() as i32, libc::SIGINT) };
        let Finished { stdout, stderr, status } = running.finish(DEADLINE);
        assert!(status.is_some() && (stdout + &stderr).contains(expected), "{program}: {stderr}");
    }
}

/// Ctrl-C ends the last wait, also after `catchinterrupts`.
#[test]
fn ctrl_c_ends_the_last_flush() {
    let folder = tempfile::tempdir().unwrap();
    let of_lua = "local z = require 'zeromq'\nz.ZMQ.catchinterrupts(true)\n\
                  local push = z.ZMQPush()\npush:setlinger(-1)\n\
                  push:connect('tcp://127.0.0.1:1')\npush:send('x')\nio.open(arg[1], 'w'):close()\n";
    let of_python = "import zeromq as z\nz.ZMQ.catchinterrupts(True)\n\
                     push = z.ZMQPush()\npush.setlinger(-1)\n\
                     push.connect('tcp://127.0.0.1:1')\npush.send('x')\nimport sys\nopen(sys.argv[1], 'w').close()\n";
    for (command, program) in [(lua(), of_lua), (python(), of_python)] {
        let Some(mut command) = command else {
            continue;
        };
        let (path, end) = (folder.path().join("program"), folder.path().join("end"));
        let _ = fs::remove_file(&end);
        fs::write(&path, program).unwrap();
        let running = launch(command.arg(&path).arg(&end));
        let begin = std::time::Instant::now();
        while !end.exists() && begin.elapsed() < DEADLINE {
            std::thread::sleep(Duration::from_millis(20));
        }
        let Finished { stderr, status, .. } = running.interrupt(DEADLINE);
        assert_eq!(status, None, "a signal has ended it: {stderr}");
    }
}

/// A row of the table of counts.
struct Count {
    host: &'static str,
    passed: Option<usize>,
    /// Cases that make no sense on this host.
    left_out: usize,
}

/// Runs the cases with the runner of an adapter, which reads the table.
fn kit(host: &'static str, runner: &str, command: Option<Command>, failures: &mut String) -> Count {
    let Some(mut command) = command else {
        return Count { host, passed: None, left_out: 0 };
    };
    command.arg(root("examples/hosts").join(runner)).arg(cases::table());
    let finished = launch(&mut command).finish(DEADLINE);
    Count { host, passed: Some(count(host, &finished, failures)), left_out: 0 }
}

fn count(host: &str, finished: &Finished, failures: &mut String) -> usize {
    let Finished { stdout, stderr, status } = finished;
    // Some hosts print warnings among the other output.
    let lines = stdout.lines().filter(|line| !line.starts_with("Warning '"));
    let (passed, failed): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("ok: "));
    if !failed.is_empty() || *status != Some(0) {
        writeln!(failures, "{host}: {status:?}\n{}\n{stderr}", failed.join("\n")).unwrap();
    }
    passed.len()
}

#[test]
fn the_same_calls_give_the_same_on_every_host() {
    let cases = cases::all();
    assert!(cases.len() >= 60);
    let mut failures = String::new();
    let morpho = cases::morpho::program(&cases);
    let counts = [
        directly(&cases, &mut failures),
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("cases.morpho");
            fs::write(&path, &morpho).unwrap();
            let finished = Reference.start(&path, &[]).finish(DEADLINE);
            Count {
                host: "reference host",
                passed: Some(count("reference host", &finished, &mut failures)),
                left_out: 0,
            }
        },
        in_c(&cases, &mut failures),
        kit("Lua", "lua/calls.lua", lua(), &mut failures),
        kit("Python", "python/calls.py", python(), &mut failures),
        {
            let finished = launch(template().arg(cases::table())).finish(DEADLINE);
            let passed = count("template", &finished, &mut failures);
            Count { host: "template", passed: Some(passed), left_out: 0 }
        },
        kit("Tcl", "tcl/calls.tcl", tcl(), &mut failures),
        kit("QuickJS", "quickjs/calls.js", quickjs(), &mut failures),
        on_morpho(&morpho, &mut failures),
    ];
    tell(&format!("{:<16} {:>6}", "host", "passed"));
    for Count { host, passed, left_out } in &counts {
        let shown = passed.map_or("skipped".to_owned(), |passed| passed.to_string());
        let out = if *left_out > 0 { format!(", {left_out} left out") } else { String::new() };
        tell(&format!("{host:<16} {shown:>6}  of {}{out}", cases.len()));
    }
    assert_eq!(failures, "");
    assert!(
        counts.iter().all(|count| {
            count.passed.is_none_or(|passed| passed + count.left_out == cases.len())
        })
    );
}

/// Runs the cases that make sense in C, as a C program.
fn in_c(cases: &[Case], failures: &mut String) -> Count {
    for name in cases::capi::LEFT_OUT.iter().flat_map(|(_, names)| *names) {
        assert!(cases.iter().any(|case| case.name == *name), "{name} is no case");
    }
    let (left_out, run): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| cases::capi::reason(case).is_some());
    for (reason, names) in cases::capi::LEFT_OUT {
        tell(&format!("{:>3} not in C: {reason}", names.len()));
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("cases.c");
    fs::write(&source, cases::capi::program(&run)).unwrap();
    let program = compile_c(&source, folder.path());
    let finished = launch(&mut Command::new(&program)).finish(DEADLINE);
    let passed = count("C", &finished, failures);
    assert!(passed >= 60 || !failures.is_empty(), "{passed}");
    Count { host: "C", passed: Some(passed), left_out: left_out.len() }
}

/// Compiles a C program into a folder.
fn compile_c(source: &Path, folder: &Path) -> PathBuf {
    let program = folder.join("program");
    let place = library().parent().unwrap().display().to_string();
    let mut command = Command::new(env::var("CC").unwrap_or("cc".into()));
    command
        .args(["-std=c99", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-I"])
        .arg(root("include"))
        .arg(source)
        .arg("-o")
        .arg(&program)
        .args([format!("-L{place}"), format!("-Wl,-rpath,{place}"), "-lzeromq".into()]);
    let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
    assert_eq!(status, Some(0), "{stderr}");
    program
}

fn directly(cases: &[Case], failures: &mut String) -> Count {
    let mut passed = 0;
    for case in cases {
        match cases::direct::run(case) {
            Ok(()) => passed += 1,
            Err(got) => writeln!(failures, "directly: {}: {got}", case.name).unwrap(),
        }
    }
    Count { host: "zeromq_call", passed: Some(passed), left_out: 0 }
}

fn on_morpho(program: &str, failures: &mut String) -> Count {
    let morpho = Morpho::named();
    let command = morpho.as_ref().map(|morpho| {
        let mut command = Command::new(&morpho.program);
        command.env("HOME", morpho.home.path());
        command
    });
    let Some(mut command) = command else {
        return Count { host: "Morpho", passed: None, left_out: 0 };
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases");
    fs::write(&path, program).unwrap();
    let finished = launch(command.arg(&path)).finish(DEADLINE);
    Count { host: "Morpho", passed: Some(count("Morpho", &finished, failures)), left_out: 0 }
}

/// A table in which every case has one mistake, which each runner finds.
const WRONG: &str = r#"[
 {"case": "a result", "steps": [{"do": "ZMQ.has", "args": ["curve"], "result": false}]},
 {"case": "a kind", "steps": [
  {"let": "pull", "do": "ZMQPull", "args": ["inproc://wrong-1"]},
  {"let": "push", "do": "ZMQPush", "args": ["inproc://wrong-1"]},
  {"do": "push.send", "args": ["1"], "result": true},
  {"do": "pull.receive", "named": {"timeout": 5000}, "result": "2"}
 ]},
 {"case": "bytes", "steps": [
  {"let": "frame", "do": "ZMQFrame", "args": [{"$bytes": "00ff"}]},
  {"do": "frame.hex", "result": "00fe"}
 ]},
 {"case": "an error that is expected", "steps": [
  {"do": "ZMQ.has", "args": ["curve"], "error": "ZMQArgs"}
 ]},
 {"case": "an error that is not expected", "steps": [{"do": "ZMQPush", "args": ["nonsense"]}]},
 {"case": "another error", "steps": [
  {"do": "ZMQPush", "args": ["nonsense"], "error": "ZMQArgs"}
 ]},
 {"case": "another message", "steps": [
  {"do": "ZMQPush", "args": ["nonsense"], "error": "ZMQErr", "says": "something else"}
 ]},
 {"case": "a text", "steps": [
  {"let": "push", "do": "ZMQPush"}, {"text": ["push", "<ZMQSocket: PULL>"]}
 ]},
 {"case": "an array", "steps": [
  {"let": "pull", "do": "ZMQPull", "args": ["inproc://wrong-2"]},
  {"let": "push", "do": "ZMQPush", "args": ["inproc://wrong-2"]},
  {"do": "push.sendarray", "args": [{"$array": [[1.0, 2.0]]}], "result": true},
  {"do": "pull.receivearray", "named": {"timeout": 5000}, "result": {"$array": [[1.0, 3.0]]}}
 ]},
 {"case": "a list", "steps": [
  {"let": "subscriber", "do": "ZMQSubscriber"},
  {"do": "subscriber.subscribe", "args": ["a", "b"], "result": null},
  {"do": "subscriber.subscriptions", "result": ["a"]}
 ]},
 {"case": "null", "steps": [
  {"let": "pull", "do": "ZMQPull"}, {"do": "pull.endpoint", "result": "inproc://x"}
 ]}
]"#;

#[test]
fn the_runners_of_adapters_find_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("wrong.json");
    fs::write(&table, WRONG).unwrap();
    let of = |command: Option<Command>, runner: &str| {
        command.map(|mut command| {
            command.arg(root("examples/hosts").join(runner));
            command
        })
    };
    for (runner, command) in [
        ("Lua", of(lua(), "lua/calls.lua")),
        ("Python", of(python(), "python/calls.py")),
        ("Tcl", of(tcl(), "tcl/calls.tcl")),
        ("QuickJS", of(quickjs(), "quickjs/calls.js")),
        ("template", Some(template())),
    ] {
        let Some(mut command) = command else {
            continue;
        };
        command.arg(&table);
        let Finished { stdout, stderr, status } = launch(&mut command).finish(DEADLINE);
        assert_eq!(status, Some(0), "{stderr}");
        assert_eq!(stdout.lines().count(), 11, "{runner}: {stdout}");
        assert!(!stdout.contains("ok: "), "{runner}: {stdout}");
    }
}

/// Cases do not disturb each other: no two name the same endpoint.
#[test]
fn every_case_has_its_own_endpoints() {
    let table = fs::read_to_string(cases::table()).unwrap();
    let mut owners: HashMap<&str, usize> = HashMap::new();
    for (case, text) in table.split("{\"case\":").enumerate() {
        for part in text.split("inproc://").skip(1) {
            let endpoint = part.split(|end: char| "\",; ".contains(end)).next().unwrap();
            let endpoint = endpoint.trim_end_matches([':', '.']);
            assert_eq!(*owners.entry(endpoint).or_insert(case), case, "{endpoint}");
        }
    }
    assert!(owners.len() > 60, "{owners:?}");
}

/// Heartbeats do not end a connection while a long message is under way, in either
/// direction and on any host.
#[test]
fn a_long_message_crosses_a_slow_link_on_every_host() {
    let folder = tempfile::tempdir().unwrap();
    let source = |extension: &str| root("tests/adapters/slow-link").with_extension(extension);
    let (script, program) = (source("morpho"), compile_c(&source("c"), folder.path()));
    let morpho = Morpho::named();
    let with = |command: Option<Command>, extension: &str, endpoint: &str| {
        command.map(|mut command| launch(command.arg(source(extension)).arg(endpoint)))
    };
    type Start<'a> = &'a (dyn Fn(&str) -> Option<Running> + Sync);
    let hosts: [(&str, Start); 5] = [
        ("reference host", &|endpoint| Some(Reference.start(&script, &[endpoint.as_ref()]))),
        ("C", &|endpoint| Some(launch(Command::new(&program).arg(endpoint)))),
        ("Lua", &|endpoint| with(lua(), "lua", endpoint)),
        ("Python", &|endpoint| with(python(), "py", endpoint)),
        ("Morpho", &|endpoint| {
            morpho.as_ref().map(|morpho| morpho.start(&script, &[endpoint.as_ref()]))
        }),
    ];
    let context = zmq::Context::new();
    thread::scope(|scope| {
        for (host, start) in hosts {
            let context = &context;
            let thread = thread::Builder::new().name(host.to_owned());
            let talk = move || {
                let peer = context.socket(zmq::DEALER).unwrap();
                peer.set_heartbeat_ivl(200).unwrap();
                peer.set_heartbeat_timeout(600).unwrap();
                peer.set_rcvtimeo(20_000).unwrap();
                peer.bind("tcp://127.0.0.1:*").unwrap();
                let server = peer.get_last_endpoint().unwrap().unwrap();
                // Each direction takes about two seconds.
                let Some(running) = start(&relay::start(&server, 1 << 18)) else {
                    return;
                };
                let message = receive(&peer);
                peer.send(&message, 0).unwrap();
                let Finished { stdout, stderr, .. } = running.finish(DEADLINE);
                assert_eq!(stdout, "true\n", "{stderr}");
            };
            thread.spawn_scoped(scope, talk).unwrap();
        }
    });
}
