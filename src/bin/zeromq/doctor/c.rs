//! The doctor's report on the header and libraries for C programs, and on pkg-config, with
//! which programs find them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::report::Report;
use crate::files;
use crate::host::plugin::file::version;
use crate::install::c::{DESCRIPTION, HEADER, HEADER_FILE, SYSTEM, folder, search, tree};
use crate::library::{self, Library};

/// The fix for files that are missing or out of date.
const AGAIN: &str = "run `zeromq install --c` again, with the same --prefix";

/// Checks the usual folder and the one that pkg-config finds.
pub fn check(report: &mut Report) {
    let found = pkg_config();
    let mut folders: Vec<PathBuf> = folder(None).into_iter().collect();
    folders.extend(SYSTEM.map(PathBuf::from));
    folders.extend(found.as_ref().ok().cloned().flatten());
    let real = |folder: &PathBuf| folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let mut seen = Vec::new();
    folders.retain(|folder| {
        let new = !seen.contains(&real(folder));
        seen.push(real(folder));
        new && tree(folder).files().is_ok_and(|files| !files.is_empty())
    });
    if folders.is_empty() {
        report.ok("nothing for C programs is installed; `zeromq install --c` adds it");
    }
    for folder in &folders {
        match check_files(report, folder) {
            Ok(version) => report.ok(format!("for C: zeromq {version} in {}", folder.display())),
            Err(problem) => report.problem(format!("for C: {problem}: {AGAIN}")),
        }
        check_search(report, folder, &found);
    }
}

/// Checks that every file is present and that all have one version, which it returns.
fn check_files(report: &Report, folder: &Path) -> Result<String, String> {
    for file in tree(folder).files()? {
        let file = folder.join(file);
        if !file.exists() {
            return Err(format!("{} is missing", file.display()));
        }
    }
    let (library, linked) = library::names();
    let lib = folder.join("lib");
    let header = files::read(folder.join(HEADER_FILE)).unwrap_or_default();
    let versions = [
        ("the header", version_of_header(&String::from_utf8_lossy(&header))),
        ("the library", version(&lib.join(&library))?),
        ("zeromq.pc", version_of_description(folder)),
    ];
    let [(_, first), rest @ ..] = &versions;
    if let Some((what, other)) = rest.iter().find(|(_, other)| other != first) {
        return Err(format!("the header has version {first}, but {what} has version {other}"));
    }
    if fs::canonicalize(lib.join(&linked)).ok() != fs::canonicalize(lib.join(&library)).ok() {
        return Err(format!("{linked} does not link to {library} in {}", lib.display()));
    }
    // The library in this program has no bytes of its own; its version is that of the header.
    let original = match library::find() {
        Ok(Library::Shared(path)) => files::read(path).ok(),
        _ => None,
    };
    if header != HEADER.as_bytes()
        || original.is_some_and(|bytes| files::read(lib.join(library)).ok() != Some(bytes))
    {
        report.warning(format!(
            "the files in {} are not from this program: {AGAIN}",
            folder.display()
        ));
    }
    Ok(first.clone())
}

fn version_of_header(text: &str) -> String {
    let number = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("#define ZEROMQ_VERSION_")?.strip_prefix(name));
        line.map_or("?", str::trim).to_owned()
    };
    ["MAJOR ", "MINOR ", "PATCH "].map(number).join(".")
}

fn version_of_description(folder: &Path) -> String {
    let text = files::read_text(folder.join(DESCRIPTION)).unwrap_or_default();
    let version = text.lines().find_map(|line| line.strip_prefix("Version:"));
    version.map_or("?", str::trim).to_owned()
}

/// Checks that pkg-config finds this folder.
fn check_search(report: &Report, folder: &Path, found: &Result<Option<PathBuf>, String>) {
    let same = |other: &Path| other.canonicalize().ok() == folder.canonicalize().ok();
    match found {
        Ok(Some(other)) if same(other) => report.ok("pkg-config finds it"),
        Ok(Some(other)) => report.warning(format!(
            "pkg-config finds zeromq in {}; to use this one, set {}",
            other.display(),
            search(folder)
        )),
        Ok(None) => report.warning(format!("pkg-config does not find it: set {}", search(folder))),
        Err(reason) => report.warning(format!(
            "{reason}: compile with -I{0}/include -L{0}/lib -Wl,-rpath,{0}/lib -lzeromq",
            folder.display()
        )),
    }
}

/// Returns the folder of zeromq according to pkg-config.
fn pkg_config() -> Result<Option<PathBuf>, String> {
    let mut command = Command::new("pkg-config");
    command.args(["--variable=prefix", "zeromq"]).stdin(Stdio::null());
    let output = command.output().map_err(|_| "pkg-config is not in the PATH".to_owned())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let prefix = text.trim_end_matches('\n');
    Ok((output.status.success() && !prefix.is_empty()).then(|| prefix.into()))
}
