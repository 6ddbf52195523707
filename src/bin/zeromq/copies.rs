//! Several copies of a script, which end together: `zeromq run -n 4`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals that end all copies.
#[cfg(unix)]
const SIGNALS: &[i32] = &[SIGINT, SIGTERM, libc::SIGHUP, libc::SIGQUIT];
#[cfg(not(unix))]
const SIGNALS: &[i32] = &[SIGINT, SIGTERM];

/// How often copies and signals are looked after.
const SLICE: Duration = Duration::from_millis(20);

/// How long copies may take to end after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// How long output is awaited after the last copy has ended. A program that a copy has
/// started may still have it open.
const REST: Duration = Duration::from_secs(1);

/// Runs copies of a script and shows their output line by line. Ctrl-C and SIGTERM end all
/// of them, and programs that they have started. The status is 0 if that of every copy is,
/// and 128 more than the number of the signal if one has ended them.
pub fn run(count: u16, script: &str, arguments: &[String]) -> ExitCode {
    let mut asked = Vec::new();
    for signal in SIGNALS {
        let flag = Arc::new(AtomicBool::new(false));
        if let Err(error) = flag::register(*signal, flag.clone()) {
            eprintln!("cannot watch for signals: {error}");
            return ExitCode::FAILURE;
        }
        asked.push((signal, flag));
    }
    let mut copies = Copies::default();
    for number in 1..=count {
        if let Err(error) = copies.start(number, script, arguments) {
            eprintln!("cannot start a copy: {error}");
            copies.failed = true;
            copies.stop(SIGTERM);
            break;
        }
    }
    let mut ended_by = None;
    while !copies.have_ended() {
        for (signal, flag) in &asked {
            if flag.swap(false, Ordering::Relaxed) {
                ended_by.get_or_insert(**signal);
                copies.stop(**signal);
            }
        }
        thread::sleep(SLICE);
    }
    copies.show_rest();
    match ended_by {
        Some(signal) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)),
        None if copies.failed => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    }
}

/// A copy, and its number.
struct Copy {
    number: u16,
    process: Child,
    /// True once it has ended. Programs that it has started may go on.
    ended: bool,
}

#[derive(Default)]
struct Copies {
    copies: Vec<Copy>,
    readers: Vec<JoinHandle<()>>,
    failed: bool,
    /// When whoever has not ended is killed.
    deadline: Option<Instant>,
}

impl Copies {
    fn start(&mut self, number: u16, script: &str, arguments: &[String]) -> io::Result<()> {
        let mut process = start(script, arguments)?;
        self.readers.extend(process.stdout.take().map(|output| forward(output, io::stdout())));
        self.readers.extend(process.stderr.take().map(|output| forward(output, io::stderr())));
        self.copies.push(Copy { number, process, ended: false });
        Ok(())
    }

    /// Sends a signal to all copies. Those that ignore it are killed after a while.
    fn stop(&mut self, signal: i32) {
        self.copies.iter_mut().for_each(|copy| copy.send(signal));
        self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
    }

    /// Returns true once all copies have ended and, after a signal, whatever they have
    /// started.
    fn have_ended(&mut self) -> bool {
        let stopping = self.deadline.is_some();
        let kill = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        let failed = &mut self.failed;
        self.copies.retain_mut(|copy| {
            if !copy.ended
                && let Some(status) = copy.status()
            {
                copy.ended = true;
                *failed |= !status.is_some_and(|status| status.success());
                if let (false, Some(status)) = (stopping, status)
                    && !status.success()
                {
                    eprintln!("copy {} ended with {status}", copy.number);
                }
            }
            if kill {
                copy.kill();
            }
            !copy.ended || (stopping && !kill && copy.has_children())
        });
        self.copies.is_empty()
    }

    /// Waits until all output is shown, but not for programs that go on.
    fn show_rest(&mut self) {
        let until = Instant::now() + REST;
        while Instant::now() < until && !self.readers.iter().all(JoinHandle::is_finished) {
            thread::sleep(SLICE);
        }
    }
}

fn start(script: &str, arguments: &[String]) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", "--", script]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: otherwise the terminal would send it a second Ctrl-C, and the
    // programs that it has started could not be told to end.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
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

impl Copy {
    /// Returns its status if it has ended, or nothing within that if it is unknown.
    fn status(&mut self) -> Option<Option<ExitStatus>> {
        self.process.try_wait().map_or(Some(None), |status| status.map(Some))
    }
}

#[cfg(unix)]
impl Copy {
    /// Sends a signal to the group of the copy.
    fn send(&mut self, signal: i32) {
        if let Ok(id) = i32::try_from(self.process.id()) {
            // SAFETY: the function only takes numbers. The group has the number of the copy
            // until all of its processes have ended, and then nobody has it so soon.
            unsafe { libc::kill(-id, signal) };
        }
    }

    fn kill(&mut self) {
        self.send(libc::SIGKILL);
    }

    /// Returns true if programs that it has started still run.
    fn has_children(&mut self) -> bool {
        // SAFETY: as above; signal 0 only asks.
        i32::try_from(self.process.id()).is_ok_and(|id| unsafe { libc::kill(-id, 0) } == 0)
    }
}

#[cfg(not(unix))]
impl Copy {
    fn send(&mut self, _signal: i32) {
        self.kill();
    }

    fn kill(&mut self) {
        // If it has ended already, that is just as well.
        let _ = self.process.kill();
    }

    fn has_children(&mut self) -> bool {
        false
    }
}
