//! Several copies of a script, which end together: `zeromq run -n 4`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// How often copies and signals are looked after.
const SLICE: Duration = Duration::from_millis(20);

/// How long copies may take to end after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// Runs copies of a script and shows their output line by line. Ctrl-C and SIGTERM end all
/// of them. The status is 0 if that of every copy is.
pub fn run(count: u16, script: &str, arguments: &[String]) -> ExitCode {
    let (interrupted, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let watched = flag::register(SIGINT, interrupted.clone())
        .and_then(|_| flag::register(SIGTERM, ended.clone()));
    if let Err(error) = watched {
        eprintln!("cannot watch for signals: {error}");
        return ExitCode::FAILURE;
    }
    let (mut copies, mut readers) = (Vec::new(), Vec::new());
    let mut failed = false;
    for _ in 0..count {
        match start(script, arguments) {
            Ok(mut copy) => {
                readers.extend(copy.stdout.take().map(|output| forward(output, io::stdout())));
                readers.extend(copy.stderr.take().map(|output| forward(output, io::stderr())));
                copies.push(copy);
            }
            Err(error) => {
                eprintln!("cannot start a copy: {error}");
                failed = true;
                ended.store(true, Ordering::Relaxed);
                break;
            }
        }
    }
    let mut deadline: Option<Instant> = None;
    while !copies.is_empty() {
        copies.retain_mut(|copy| match copy.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                failed |= !status.success();
                false
            }
            Err(_) => {
                failed = true;
                false
            }
        });
        for (asked, signal) in [(&interrupted, SIGINT), (&ended, SIGTERM)] {
            if asked.swap(false, Ordering::Relaxed) {
                copies.iter_mut().for_each(|copy| send(copy, signal));
                deadline.get_or_insert_with(|| Instant::now() + GRACE);
            }
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            copies.iter_mut().for_each(|copy| drop(copy.kill()));
        }
        thread::sleep(SLICE);
    }
    for reader in readers {
        // It has shown all that there was.
        let _ = reader.join();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn start(script: &str, arguments: &[String]) -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["run", "--", script])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// Shows the lines of a copy, each as a whole.
fn forward(
    output: impl Read + Send + 'static,
    mut shown: impl Write + Send + 'static,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if !line.ends_with(b"\n") {
                line.push(b'\n');
            }
            // Without anybody who reads it, the copy still runs.
            let _ = shown.write_all(&line).and_then(|()| shown.flush());
            line.clear();
        }
    })
}

/// Sends a signal to a copy that runs.
#[cfg(unix)]
fn send(copy: &mut Child, signal: i32) {
    if let Ok(id) = i32::try_from(copy.id()) {
        // SAFETY: the function only takes numbers, and this process has not waited for the
        // end of the copy, so the number is still that of the copy.
        unsafe { libc::kill(id, signal) };
    }
}

#[cfg(not(unix))]
fn send(copy: &mut Child, _signal: i32) {
    // If it has ended already, that is just as well.
    let _ = copy.kill();
}
