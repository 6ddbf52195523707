//! Scripts that contain their expected output.
//!
//! Each line of the expected output is in a comment that begins with `// expect: `. A
//! script named `main.morpho` has peers: the other scripts in its folder are started
//! before it and killed after it. Each of them is passed the path of its own folder for
//! endpoints.
//!
//! A script with lines that begin with `// policy: ` runs under a policy with these rules,
//! in which `FOLDER` stands for that folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Finished, Host, Running, root};

const DEADLINE: Duration = Duration::from_secs(60);

/// Returns the folder that contains all scripts.
pub fn folder() -> PathBuf {
    root("tests/scripts")
}

/// Returns all scripts that are tests, without the peers of others.
pub fn all() -> Vec<PathBuf> {
    let mut scripts = Vec::new();
    find(&folder(), &mut scripts);
    scripts.sort();
    scripts
}

fn find(folder: &Path, scripts: &mut Vec<PathBuf>) {
    let main = folder.join("main.morpho");
    if main.exists() {
        scripts.push(main);
        return;
    }
    for path in entries(folder) {
        if path.is_dir() {
            find(&path, scripts);
        } else if is_script(&path) {
            scripts.push(path);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "morpho")
}

/// Runs a script with its peers. The error is the actual output.
pub fn run(host: &dyn Host, script: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let start = |script: &Path| {
        let policy = policy(&fs::read_to_string(script).unwrap(), folder.path());
        host.start_under(policy.as_deref(), script, &[folder.path().as_os_str()])
    };
    let peers: Vec<Running> = peers(script).iter().map(|peer| start(peer)).collect();
    let result = compare(script, &start(script).finish(DEADLINE));
    drop(peers);
    result
}

/// Returns the scripts that are started before a script.
pub fn peers(script: &Path) -> Vec<PathBuf> {
    if script.file_name().is_none_or(|name| name != "main.morpho") {
        return Vec::new();
    }
    let folder = script.parent().unwrap_or(script);
    let mut peers = entries(folder);
    peers.retain(|path| is_script(path) && path != script);
    peers
}

/// The status is not compared: Morpho's is 0 even after an error.
fn compare(script: &Path, finished: &Finished) -> Result<(), String> {
    let expected = expected(&fs::read_to_string(script).unwrap());
    // Without a status, a signal has ended the host, perhaps after everything was
    // printed.
    if finished.stdout == expected && finished.status.is_some() {
        return Ok(());
    }
    let Finished { stdout, stderr, status } = finished;
    Err(format!("expected:\n{expected}\nprinted:\n{stdout}\nstderr:\n{stderr}\nstatus: {status:?}"))
}

fn policy(source: &str, folder: &Path) -> Option<String> {
    let rules = source.lines().filter_map(|line| line.strip_prefix("// policy: "));
    let rules: Vec<&str> = rules.collect();
    let folder = folder.display().to_string();
    (!rules.is_empty()).then(|| rules.join("\n").replace("FOLDER", &folder))
}

fn expected(source: &str) -> String {
    let lines = source.lines().filter_map(|line| line.split_once("// expect: "));
    lines.fold(String::new(), |text, (_, line)| text + line + "\n")
}
