//! The real Morpho of this machine.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Host, Running, launch, library, local, loopback, restrict};

/// A real Morpho with its own home folder, in which the library is installed.
pub struct Morpho {
    pub program: PathBuf,
    pub home: TempDir,
}

impl Morpho {
    pub fn new(program: PathBuf) -> Morpho {
        let home = tempfile::tempdir().unwrap();
        let package = home.path().join("zeromq");
        fs::create_dir_all(package.join("lib")).unwrap();
        symlink(library(), package.join("lib/zeromq.so")).unwrap();
        let line = format!("{}\n", package.display());
        fs::write(home.path().join(".morphopackages"), line).unwrap();
        Morpho { program, home }
    }

    /// Returns the one that `MORPHO6` names, and reports if there is none.
    pub fn named() -> Option<Morpho> {
        let program = env::var_os("MORPHO6").filter(|program| !program.is_empty());
        if program.is_none() {
            // Past the test harness, which captures the output of tests.
            let _ = writeln!(std::io::stderr(), "skipped, as MORPHO6 names no morpho6");
        }
        program.map(|program| Morpho::new(program.into()))
    }
}

impl Host for Morpho {
    fn start_under(&self, policy: Option<&str>, script: &Path, arguments: &[&OsStr]) -> Running {
        let mut command = Command::new(&self.program);
        command.env("HOME", self.home.path());
        restrict(&mut command, policy);
        launch(loopback(command.arg(script).args(arguments)))
    }

    fn start_in(&self, folder: &Path, script: &Path) -> Running {
        let mut command = Command::new(&self.program);
        command.env("HOME", self.home.path());
        launch(local(command.arg(script), folder))
    }

    fn start_shell(&self, command: &mut Command) -> Running {
        launch(command.env("MORPHO", &self.program).env("HOME", self.home.path()))
    }
}
