//! The Morpho programs on this machine. `doctor` runs a one-line script in each, with a
//! time limit.

use std::env;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use wait_timeout::ChildExt;

/// Morpho starts slowly if it reads help pages, and an empty line in its list of packages
/// makes it search for minutes.
const LIMIT: Duration = Duration::from_secs(10);

/// Returns the program that the environment variable MORPHO6 names, and all in the PATH.
pub fn all() -> Vec<PathBuf> {
    let named = env::var_os("MORPHO6").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).map(|folder| folder.join("morpho6"));
    let mut found: Vec<PathBuf> = Vec::new();
    for program in named.into_iter().chain(folders.filter(|path| path.is_file())) {
        let real = |path: &Path| path.canonicalize().ok();
        if !found.iter().any(|known| real(known) == real(&program)) {
            found.push(program);
        }
    }
    found
}

/// Returns the first line that a script prints.
pub fn run(program: &Path, script: &str) -> Result<String, String> {
    let (output, ended) =
        output(program, script).map_err(|error| format!("cannot be run: {error}"))?;
    if !ended {
        let seconds = LIMIT.as_secs();
        return Err(format!("did not end within {seconds} seconds"));
    }
    let mut lines = output.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().ok_or("prints nothing")?;
    Ok(first.trim().to_owned())
}

/// Returns the output of a script, and whether it ended within the limit.
fn output(program: &Path, script: &str) -> io::Result<(String, bool)> {
    let mut source = tempfile::Builder::new().suffix(".morpho").tempfile()?;
    source.write_all(script.as_bytes())?;
    // A file, for a pipe would be open as long as a child of the program lives.
    let mut printed: File = tempfile::tempfile()?;
    let mut child = Command::new(program)
        .arg(source.path())
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .stderr(printed.try_clone()?)
        .spawn()?;
    let ended = child.wait_timeout(LIMIT)?.is_some();
    if !ended {
        // It may end by itself just now.
        let _ = child.kill();
        child.wait()?;
    }
    let mut text = Vec::new();
    printed.rewind()?;
    printed.read_to_end(&mut text)?;
    Ok((String::from_utf8_lossy(&text).into_owned(), ended))
}
