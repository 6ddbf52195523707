//! `zeromq install --program`: puts this program where shells find it. It needs no other
//! file there. Called by `main`, which prints what the functions return.

use std::collections::BTreeMap;
use std::env;
use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::{Path, PathBuf};

use super::morpho::home;
use super::record::{Entry, Tree};
use crate::files;

/// The program, in the folder `.local` of the user.
const PROGRAM: &str = "bin/zeromq";

/// The record of the installed file.
const RECORD: &str = "share/zeromq/installed-program.txt";

/// Installs the program.
pub fn install() -> Result<String, String> {
    let folder = folder()?;
    let path = folder.join(PROGRAM);
    let running = env::current_exe().map_err(|error| format!("this program: {error}"))?;
    if is_same(&path, &running) {
        return Ok(format!("The program is in {} already.\n{}", path.display(), reach(&path)));
    }
    let bytes = files::read(&running).map_err(|error| format!("{}: {error}", running.display()))?;
    let tree = tree(&folder);
    if path.symlink_metadata().is_ok() && !tree.is_ours(Path::new(PROGRAM))? {
        return Err(format!(
            "{} already exists and is not from `zeromq install`: remove it first",
            path.display()
        ));
    }
    tree.lay_out(&BTreeMap::from([(PROGRAM.into(), Entry::Program(&bytes))]))?;
    Ok(format!("Installed the program as {}.\n{}", path.display(), reach(&path)))
}

/// Removes the program that `install` has installed, if there is one.
pub fn uninstall() -> Result<String, String> {
    let folder = folder()?;
    let removed = tree(&folder).remove()?;
    Ok(match removed.any && removed.left.is_empty() {
        true => format!("Removed the program {}.\n", folder.join(PROGRAM).display()),
        false => removed.warnings(),
    })
}

/// Asks the user whether to install the program, if there is somebody to ask and no shell
/// finds it yet.
pub fn is_wanted() -> bool {
    let Ok(folder) = folder() else {
        return false;
    };
    if !stdin().is_terminal() || !stderr().is_terminal() || first().is_some() {
        return false;
    }
    let _ = write!(stderr(), "Also put the program into {}/bin? [y/N] ", folder.display());
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Says what to do where shells do not find the program.
fn reach(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path);
    match first() {
        Some(first) if is_same(&first, path) => String::new(),
        Some(first) => format!(
            "Warning: shells start {} instead, which comes first in PATH: remove it, or put {} \
             before its folder.\n",
            first.display(),
            folder.display()
        ),
        None => format!(
            "Warning: {0} is not in PATH: add the line `export PATH=\"{0}:$PATH\"` to ~/.profile, \
             and log in again.\n",
            folder.display()
        ),
    }
}

/// Returns the program that shells start.
fn first() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join("zeromq")).find(|path| path.is_file())
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

fn folder() -> Result<PathBuf, String> {
    Ok(home()?.join(".local"))
}

fn tree(folder: &Path) -> Tree<'_> {
    Tree { folder, record: Path::new(RECORD) }
}
