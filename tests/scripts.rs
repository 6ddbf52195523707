//! Runs every script below `tests/scripts` as a test of its own.
//!
//! What a script is to print stands in it, line for line, in comments that begin
//! with `// expect: `. A script named `main.morpho` has peers: the other scripts
//! of its folder are started before it and killed after it, and each of them
//! gets the path of a folder of their own as its argument, for endpoints.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::{Finished, Running, root, start};

const DEADLINE: Duration = Duration::from_secs(60);

fn main() {
    let arguments = Arguments::from_args();
    let mut scripts = Vec::new();
    find(&root("tests/scripts"), &mut scripts);
    scripts.sort();
    let trials = scripts.into_iter().map(|script| {
        let name = script
            .strip_prefix(root("tests/scripts"))
            .unwrap_or(&script);
        Trial::test(name.display().to_string(), move || run(&script))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// All scripts that are tests; peers are not.
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
    path.extension()
        .is_some_and(|extension| extension == "morpho")
}

fn run(script: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let start = |script: &Path| start(script, &[folder.path()]);
    let peers: Vec<Running> = peers(script).iter().map(|peer| start(peer)).collect();
    let result = compare(script, &start(script).finish(DEADLINE));
    drop(peers);
    result
}

fn peers(script: &Path) -> Vec<PathBuf> {
    if script.file_name().is_none_or(|name| name != "main.morpho") {
        return Vec::new();
    }
    let folder = script.parent().unwrap_or(script);
    let mut peers = entries(folder);
    peers.retain(|path| is_script(path) && path != script);
    peers
}

fn compare(script: &Path, finished: &Finished) -> Result<(), Failed> {
    let expected = expected(&fs::read_to_string(script)?);
    if finished.stdout == expected {
        return Ok(());
    }
    let Finished {
        stdout,
        stderr,
        status,
    } = finished;
    Err(
        format!("expected:\n{expected}\nprinted:\n{stdout}\nstderr:\n{stderr}\nstatus: {status:?}")
            .into(),
    )
}

fn expected(source: &str) -> String {
    let lines = source
        .lines()
        .filter_map(|line| line.split_once("// expect: "));
    lines.fold(String::new(), |text, (_, line)| text + line + "\n")
}
