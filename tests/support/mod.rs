//! Runs scripts on a host, each within a deadline, and leaves no process behind.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wait_timeout::ChildExt;

/// A script that is running. It is killed when this is dropped.
pub struct Running {
    script: PathBuf,
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

/// What a script left behind.
pub struct Finished {
    pub stdout: String,
    pub stderr: String,
    /// `None` when a signal ended it.
    pub status: Option<i32>,
}

/// A file or folder of the repository.
pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Starts a script on the reference host.
pub fn start<A: AsRef<OsStr>>(script: &Path, arguments: &[A]) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_zeromq"))
        .arg("run")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    Running {
        script: script.to_owned(),
        stdout: child.stdout.take().map(reader),
        stderr: child.stderr.take().map(reader),
        child,
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is what there is.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

impl Running {
    /// Waits for the end of the script; panics when it takes longer.
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
        let script = self.script.display();
        let Some(status) = status else {
            panic!(
                "{script} did not end within {deadline:?}; stdout:\n{stdout}\nstderr:\n{stderr}"
            );
        };
        Finished {
            stdout,
            stderr,
            status: status.code(),
        }
    }

    #[allow(dead_code, reason = "not every test file looks at running scripts")]
    pub fn id(&self) -> u32 {
        self.child.id()
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
