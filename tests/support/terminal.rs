//! A pseudo-terminal for programs that read keys.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use wait_timeout::ChildExt;

const DEADLINE: Duration = Duration::from_secs(30);

/// A program at a terminal. It is killed when it is dropped.
pub struct Terminal {
    keys: File,
    child: Child,
    shown: Arc<(Mutex<Vec<u8>>, Condvar)>,
    /// How much of the output was examined.
    seen: usize,
}

impl Terminal {
    pub fn start(command: Command) -> Terminal {
        Terminal::sized(500, command)
    }

    /// Starts it at a terminal with this many lines.
    pub fn sized(lines: u16, mut command: Command) -> Terminal {
        let (mut master, mut slave) = (0, 0);
        let size = libc::winsize { ws_row: lines, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 };
        let (null, none) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: both descriptors and the size are there; name and settings may
        // be NULL.
        let code =
            unsafe { libc::openpty(&mut master, &mut slave, null, none, &raw const size as _) };
        assert_eq!(code, 0);
        // SAFETY: openpty has just opened them, and nobody else has them.
        let (master, slave) = unsafe { (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
        command.env("TERM", "xterm").stdin(slave.try_clone().unwrap());
        command.stdout(slave.try_clone().unwrap()).stderr(slave);
        // SAFETY: the two calls may be made between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY as _, 0);
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        drop(command);
        let shown: Arc<(Mutex<Vec<u8>>, Condvar)> = Arc::default();
        let (mut output, reader) = (master.try_clone().unwrap(), shown.clone());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // At the end there is an error.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                reader.0.lock().unwrap().extend(&buffer[..count]);
                reader.1.notify_all();
            }
        });
        Terminal { keys: master, child, shown, seen: 0 }
    }

    /// Presses keys, and forgets the earlier output.
    pub fn press(&mut self, keys: &str) {
        self.seen = self.shown.0.lock().unwrap().len();
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the output since then is as wanted.
    pub fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            let text = plain(&String::from_utf8_lossy(&shown[self.seen..]));
            if wanted(&text) {
                return text;
            }
            let left = DEADLINE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "it shows only:\n{text}");
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Returns the whole output so far.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap()).into_owned()
    }

    /// Waits for the end of the program and returns its status.
    pub fn finish(mut self) -> Option<i32> {
        let status = self.child.wait_timeout(DEADLINE).unwrap();
        status.expect("it does not end").code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Removes cursor movements and colors from text.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                // "[", numbers, and a letter.
                let _ = characters.find(char::is_ascii_alphabetic);
            }
            '\r' => {}
            other => out.push(other),
        }
    }
    out
}
