//! Runs scripts on a host and the other commands of the program, each with a deadline,
//! and leaves no process behind.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod cases;
pub mod chance;
pub mod examples;
pub mod markdown;
#[cfg(unix)]
pub mod morpho;
pub mod pages;
pub mod reference;
pub mod relay;
pub mod scripts;
#[cfg(unix)]
pub mod terminal;

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wait_timeout::ChildExt;

/// A running script or command. It is killed when it is dropped.
pub struct Running {
    /// How it was started, for messages.
    shown: String,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

/// The result of a finished program.
pub struct Finished {
    pub stdout: String,
    pub stderr: String,
    /// `None` if a signal ended it.
    pub status: Option<i32>,
}

/// Returns the path of a file or folder in the repository.
pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the shared library that cargo built for the tests. Another one next to the
/// executable may be left over from an earlier build.
pub fn library() -> PathBuf {
    let name = format!("{DLL_PREFIX}zeromq{DLL_SUFFIX}");
    let folder = Path::new(env!("CARGO_BIN_EXE_zeromq")).parent().unwrap();
    let library = folder.join("deps").join(name);
    assert!(library.exists(), "{} is not there", library.display());
    library
}

/// A host that runs scripts.
pub trait Host {
    /// Starts a script, under a policy if one is given.
    fn start_under(&self, policy: Option<&str>, script: &Path, arguments: &[&OsStr]) -> Running;

    /// Starts a script that may do everything.
    fn start(&self, script: &Path, arguments: &[&OsStr]) -> Running {
        self.start_under(None, script, arguments)
    }

    /// Starts a script in a folder. Its beacons stay on this machine.
    fn start_in(&self, folder: &Path, script: &Path) -> Running;

    /// Starts a shell script, in which the variable `MORPHO` names this host.
    fn start_shell(&self, command: &mut Command) -> Running;
}

/// The reference host.
pub struct Reference;

impl Host for Reference {
    fn start_under(&self, policy: Option<&str>, script: &Path, arguments: &[&OsStr]) -> Running {
        let mut command = program();
        restrict(&mut command, policy);
        launch(loopback(command.arg("run").arg(script).args(arguments)))
    }

    fn start_in(&self, folder: &Path, script: &Path) -> Running {
        launch(local(program().arg("run").arg(script), folder))
    }

    fn start_shell(&self, command: &mut Command) -> Running {
        let host = concat!(env!("CARGO_BIN_EXE_zeromq"), " run");
        launch(command.env("MORPHO", host).env("ZEROMQ_PLUGIN", library()))
    }
}

/// Returns a command that runs in a folder and whose beacons stay on this machine.
pub fn local<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    loopback(command.current_dir(folder))
}

/// Makes scripts of a command subject to a policy.
pub fn restrict(command: &mut Command, policy: Option<&str>) {
    if let Some(policy) = policy {
        command.env("ZEROMQ_POLICY", policy);
    }
}

/// Returns a command whose beacons stay on this machine.
pub fn loopback(command: &mut Command) -> &mut Command {
    command.env("ZSYS_INTERFACE", "127.0.0.1")
}

/// Starts a script on the reference host.
pub fn start<A: AsRef<OsStr>>(script: &Path, arguments: &[A]) -> Running {
    let mut command = program();
    launch(loopback(command.arg("run").arg(script).args(arguments)))
}

/// Returns the program, set up with the library that belongs to it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zeromq"));
    command.env("ZEROMQ_PLUGIN", library());
    command
}

/// Starts a command with an empty input.
pub fn launch(command: &mut Command) -> Running {
    begin(command.stdin(Stdio::null()))
}

/// Starts a command with this input.
pub fn feed(command: &mut Command, input: impl AsRef<[u8]>) -> Running {
    let mut running = begin(command.stdin(Stdio::piped()));
    let mut pipe = running.child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    // A command that ends early does not read all of it.
    thread::spawn(move || pipe.write_all(&input));
    running
}

fn begin(command: &mut Command) -> Running {
    let shown = format!("{command:?}");
    #[cfg(unix)]
    heeds_interrupts(command);
    let mut child = command
        // Cargo's value would lead programs to a library that is left over.
        .env_remove("LD_LIBRARY_PATH")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    Running {
        shown,
        stdout: child.stdout.take().map(reader),
        stderr: child.stderr.take().map(reader),
        child,
    }
}

/// If the tests run in the background of a shell, programs would ignore Ctrl-C.
#[cfg(unix)]
fn heeds_interrupts(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: signal may be called between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::signal(libc::SIGINT, libc::SIG_DFL) {
            libc::SIG_ERR => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is kept.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

impl Running {
    /// Waits for the end; panics after the deadline.
    pub fn finish(mut self, deadline: Duration) -> Finished {
        let status = self.child.wait_timeout(deadline).unwrap();
        if status.is_none() {
            self.kill();
        }
        let text = |reader: &mut Option<JoinHandle<Vec<u8>>>| {
            let bytes = reader.take().unwrap().join().unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (stdout, stderr) = (text(&mut self.stdout), text(&mut self.stderr));
        let shown = &self.shown;
        let Some(status) = status else {
            panic!("{shown} did not end within {deadline:?}; stdout:\n{stdout}\nstderr:\n{stderr}");
        };
        Finished { stdout, stderr, status: status.code() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Interrupts it again and again, as an impatient user does, until it ends.
    #[cfg(unix)]
    pub fn interrupt(mut self, deadline: Duration) -> Finished {
        let end = Instant::now() + deadline;
        while self.child.try_wait().unwrap().is_none() && Instant::now() < end {
            // SAFETY: the process is a child of this one that was not waited for.
            unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGINT) };
            thread::sleep(Duration::from_millis(500));
        }
        self.finish(Duration::from_secs(1))
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
