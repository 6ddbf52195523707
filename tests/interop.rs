//! Scripts of this library with peers of other libraries, in both directions: pyzmq and
//! czmq. A peer that is not installed is skipped, and the name of the test says so;
//! with `ZEROMQ_INTEROP=required` the test fails.

mod support;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::{program, root};
use tempfile::TempDir;
use wait_timeout::ChildExt;

/// Longer than any case takes.
const DEADLINE: Duration = Duration::from_secs(30);

/// The longest time, in milliseconds, that accepted and refused clients wait.
const LONG: &str = "20000";
const SHORT: &str = "500";

/// A library with programs that do the same in each mode.
#[derive(Clone)]
enum Library {
    Ours,
    Pyzmq,
    Czmq(Arc<Built>),
}

/// The program that uses czmq.
struct Built {
    _folder: TempDir,
    program: PathBuf,
}

impl Library {
    fn start(&self, mode: &str, arguments: &[&OsStr]) -> Peer {
        let mut command = match self {
            Library::Ours => {
                let mut command = program();
                command.arg("run").arg(root("tests/interop").join(format!("{mode}.morpho")));
                command
            }
            Library::Pyzmq => {
                let mut command = Command::new("python3");
                command.arg("-u").arg(root("tests/interop/peer.py")).arg(mode);
                command
            }
            Library::Czmq(built) => {
                let mut command = Command::new(&built.program);
                command.arg(mode);
                command
            }
        };
        Peer::start(command.args(arguments))
    }
}

/// A running program and the lines that it prints. It is killed when it is dropped.
struct Peer {
    shown: String,
    child: Child,
    lines: Receiver<String>,
}

impl Peer {
    fn start(command: &mut Command) -> Peer {
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        let stdout: ChildStdout = child.stdout.take().unwrap();
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // If the test is over, nobody is listening anymore.
                let _ = send.send(line);
            }
        });
        Peer { shown, child, lines }
    }

    fn line(&self) -> String {
        let line = self.lines.recv_timeout(DEADLINE);
        line.unwrap_or_else(|_| panic!("{} printed no further line", self.shown))
    }

    /// Returns the remaining output of a program that ends successfully.
    fn rest(mut self) -> Vec<String> {
        let status = self.child.wait_timeout(DEADLINE).unwrap();
        let lines: Vec<String> =
            if status.is_some() { self.lines.iter().collect() } else { vec![] };
        assert!(status.is_some_and(|status| status.success()), "{}: {status:?}", self.shown);
        lines
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server and a client do with each other.
type Case = fn(server: &Library, client: &Library);

const CASES: &[(&str, Case)] = &[
    ("requests", requests),
    ("topics", topics),
    ("envelopes", envelopes),
    ("passwords", passwords),
    #[cfg(unix)]
    ("heartbeats", heartbeats),
    ("a long time to live", time_to_live),
    ("many subscriptions", subscriptions),
];

/// A case in which the server is ours.
type ServerCase = (&'static str, fn(client: &Library));

const SERVER_CASES: &[ServerCase] =
    &[("small messages only", small_messages), ("a full client leaves", full_client)];

/// The same, with certificates written by the third library.
type KeyCase = fn(server: &Library, client: &Library, writer: &Library);

const KEY_CASES: &[(&str, KeyCase)] = &[("curve", curve)];

fn requests(server: &Library, client: &Library) {
    let server = server.start("reply", &[]);
    let client = client.start("request", &[server.line().as_ref()]);
    assert_eq!(client.rest(), ["re|hello||1", "re|hello||2", "re|hello||3"]);
    assert!(server.rest().is_empty());
}

fn topics(server: &Library, client: &Library) {
    let server = server.start("publish", &[]);
    let client = client.start("subscribe", &[server.line().as_ref()]);
    assert_eq!(client.rest(), ["weather.oslo 21.5", "weather.rome 30.5"]);
    // The byte 1, and "weather".
    assert_eq!(server.rest(), ["0177656174686572"]);
}

fn envelopes(server: &Library, client: &Library) {
    let server = server.start("router", &[]);
    let client = client.start("dealer", &[server.line().as_ref()]);
    assert_eq!(client.rest(), ["2 0 answer to 3", "2 0 answer to 2", "2 0 answer to 1"]);
    assert!(server.rest().is_empty());
}

/// A connection kept alive only by heartbeats has the same routing id at the end. A
/// frozen peer, whose system still accepts data, is detected.
#[cfg(unix)]
fn heartbeats(server: &Library, client: &Library) {
    let server = server.start("keeper", &[]);
    let client = client.start("idler", &[server.line().as_ref()]);
    assert_eq!(server.line(), "true");
    assert_eq!(server.line(), "after");
    let frozen = Command::new("kill").arg("-STOP").arg(client.child.id().to_string()).status();
    assert!(frozen.unwrap().success());
    assert_eq!(server.rest(), ["gone"]);
}

/// A time to live that wraps in 16 bits does not end the connection.
fn time_to_live(server: &Library, client: &Library) {
    let server = server.start("holder", &[]);
    let client = client.start("sleeper", &[server.line().as_ref()]);
    assert_eq!(server.rest(), ["true", "after"]);
    assert!(client.rest().is_empty());
}

/// All subscriptions arrive, also those beyond the high-water mark.
fn subscriptions(server: &Library, client: &Library) {
    let server = server.start("hub", &[]);
    let client = client.start("listener", &[server.line().as_ref()]);
    assert_eq!(server.rest(), ["1500"]);
    assert_eq!(client.rest(), ["tick"]);
}

/// A small `maxmsgsize` ends neither the handshake nor messages that are short enough.
fn small_messages(client: &Library) {
    let server = Library::Ours.start("limited", &[]);
    let _client = client.start("heavy", &[server.line().as_ref()]);
    assert_eq!(server.rest(), ["0123456789", "[ 01234, 56789 ]", "DISCONNECTED", "nil"]);
}

/// A send without a time limit ends when its peer, which has no room, goes away.
fn full_client(client: &Library) {
    let server = Library::Ours.start("supplier", &[]);
    let client = client.start("leaver", &[server.line().as_ref()]);
    assert!(client.rest().is_empty());
    assert_eq!(server.rest(), ["gone"]);
}

fn passwords(server: &Library, client: &Library) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords");
    fs::write(&file, "# users\nalice=wonderland\nbob=builder\n").unwrap();
    let ours = matches!(server, Library::Ours);
    let server = server.start("plain-server", &[file.as_ref()]);
    let endpoint = server.line();
    let ask = |name: &str, word: &str, patience: &str| {
        let arguments = [&endpoint, name, word, patience].map(OsStr::new);
        client.start("plain-client", &arguments).rest()
    };
    assert_eq!(ask("alice", "wonderland", LONG), ["welcome"]);
    assert_eq!(ask("alice", "builder", SHORT), ["nil"]);
    assert_eq!(ask("carol", "wonderland", SHORT), ["nil"]);
    assert_eq!(ask("bob", "builder", LONG), ["welcome"]);
    let refused = "refused: the user name or the password is wrong";
    let told = ["alice", "bob", refused, refused];
    assert_eq!(server.rest(), if ours { &told[..] } else { &told[..2] });
}

fn curve(server: &Library, client: &Library, writer: &Library) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("clients")).unwrap();
    assert_eq!(writer.start("certificates", &[path.as_ref()]).rest(), ["written"]);
    check_secret(&path.join("server.key_secret"), writer);
    hide_secrets(path);
    hide_secrets(&path.join("clients"));

    let ours = matches!(server, Library::Ours);
    let server = server.start("curve-server", &[path.as_ref()]);
    let endpoint = server.line();
    let ask = |name: &str, patience: &str| {
        let arguments =
            [endpoint.as_ref(), path.as_os_str(), OsStr::new(name), OsStr::new(patience)];
        client.start("curve-client", &arguments).rest()
    };
    let first = ask("clients/alice", LONG);
    let [key, answer] = first.as_slice() else { panic!("{first:?}") };
    assert_eq!((key.len(), &**answer), (40, "welcome"));
    assert_eq!(ask("stranger", SHORT)[1], "nil");
    assert_eq!(ask("clients/alice", LONG), first);
    let told = [key, key, "refused: the key is not in the directory"];
    assert_eq!(server.rest(), if ours { &told[..] } else { &told[..2] });
}

/// Checks that only the owner may read a secret that we have written.
fn check_secret(file: &Path, writer: &Library) {
    #[cfg(unix)]
    if let Library::Ours = writer {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    #[cfg(not(unix))]
    let _ = (file, writer);
}

/// Lets only the owner read the secrets in a folder, as we warn otherwise. pyzmq does not.
fn hide_secrets(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        #[cfg(unix)]
        if file.extension().is_some_and(|extension| extension == "key_secret") {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = file;
    }
}

/// A worker on plain pyzmq runs the tasks of a queue.
fn tasks() {
    let queue = Library::Ours.start("tasks", &[]);
    let script = root("tests/interop/task_worker.py");
    let worker = Peer::start(Command::new("python3").arg("-u").arg(script).arg(queue.line()));
    assert_eq!(queue.rest(), ["2550", "python"]);
    assert!(worker.rest().is_empty());
}

/// Sparse matrices are what plain pyzmq reads and writes.
fn matrices() {
    let ours = Library::Ours.start("matrices", &[]);
    let script = root("tests/interop/matrices.py");
    let theirs = Peer::start(Command::new("python3").arg("-u").arg(script).arg(ours.line()));
    assert_eq!(theirs.line(), "csc [2, 3] [1.0, -3.0, 2.5] [0, 0, 1] [0, 1, 1, 3]");
    let same = ["[ 3, 3 ]", "[ 1, -3, 2.5 ]", "[ 0, 0, 1 ]", "[ 0, 1, 1, 3 ]"];
    let turned = ["[ 2, 3 ]", "[ 1, -3, 2.5 ]", "[ 0, 1, 0 ]", "[ 0, 1, 2, 3 ]"];
    assert_eq!(ours.rest(), [same, turned].concat());
    assert!(theirs.rest().is_empty());
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, peer) in [("pyzmq", pyzmq()), ("czmq", czmq())] {
        add(&mut trials, name, &peer);
    }
    trial(&mut trials, "we give pyzmq tasks".to_owned(), &pyzmq(), |_| tasks());
    trial(&mut trials, "pyzmq and we exchange matrices".to_owned(), &pyzmq(), |_| matrices());
    libtest_mimic::run(&arguments, trials).exit();
}

fn pyzmq() -> Result<Library, String> {
    let found = Command::new("python3").args(["-c", "import zmq"]).stderr(Stdio::null()).status();
    match found {
        Ok(status) if status.success() => Ok(Library::Pyzmq),
        _ => Err("pyzmq is not installed: pip install pyzmq".to_owned()),
    }
}

fn czmq() -> Result<Library, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = folder.path().join("peer");
    let compiler = env::var("CC").unwrap_or("cc".to_owned());
    let mut words = compiler.split_whitespace();
    let built = Command::new(words.next().unwrap_or("cc"))
        .args(words)
        .arg("-o")
        .arg(&program)
        .arg(root("tests/interop/peer.c"))
        .args(["-lczmq", "-lzmq"])
        .output();
    match built {
        Ok(output) if output.status.success() => {
            Ok(Library::Czmq(Arc::new(Built { _folder: folder, program })))
        }
        Ok(output) if Path::new("/usr/include/czmq.h").exists() => {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
        _ => Err("czmq is not installed: apt-get install libczmq-dev".to_owned()),
    }
}

/// Adds all cases, with our side as the server and as the client.
fn add(trials: &mut Vec<Trial>, name: &str, peer: &Result<Library, String>) {
    for (case, run) in CASES {
        let run = *run;
        trial(trials, format!("{name} serves us: {case}"), peer, move |peer| {
            run(peer, &Library::Ours);
        });
        trial(trials, format!("we serve {name}: {case}"), peer, move |peer| {
            run(&Library::Ours, peer);
        });
    }
    for (case, run) in SERVER_CASES {
        let run = *run;
        trial(trials, format!("we serve {name}: {case}"), peer, run);
    }
    for (case, run) in KEY_CASES {
        let run = *run;
        for ours in [true, false] {
            let whose = if ours { "our certificates" } else { "its certificates" };
            let writer = move |peer: &Library| if ours { Library::Ours } else { peer.clone() };
            trial(trials, format!("{name} serves us: {case}, {whose}"), peer, move |peer| {
                run(peer, &Library::Ours, &writer(peer));
            });
            trial(trials, format!("we serve {name}: {case}, {whose}"), peer, move |peer| {
                run(&Library::Ours, peer, &writer(peer));
            });
        }
    }
}

fn trial(
    trials: &mut Vec<Trial>,
    name: String,
    peer: &Result<Library, String>,
    run: impl FnOnce(&Library) + Send + 'static,
) {
    match peer.clone() {
        Ok(peer) => trials.push(Trial::test(name, move || {
            run(&peer);
            Ok(())
        })),
        Err(why) => {
            let required = env::var("ZEROMQ_INTEROP").is_ok_and(|value| value == "required");
            let shown = format!("{name} [skipped: {}]", why.lines().next().unwrap_or_default());
            let trial = Trial::test(shown, move || Err(Failed::from(why)));
            trials.push(trial.with_ignored_flag(!required));
        }
    }
}
