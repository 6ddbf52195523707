//! `zeromq doctor`: reports what is installed, line by line, and how to fix problems.
//! Called by `main`.

mod c;
mod library;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::files;
use crate::host::plugin::file::{obstacle, version};
use crate::install::morpho::list::{List, Meaning};
use crate::install::morpho::provider;
use crate::install::morpho::{home, package, program};
use crate::library::Library;
use report::Report;

const VERSION: &str = "print System.version()\n";

const IMPORT: &str = "import zeromq\nprint \"libzmq \" + ZMQ.version()\n";

/// The error that the fallback module raises when Morpho cannot load the library.
const UNLOADED: &str = "'ZMQLoad'";

/// Checks everything. The status is 1 if there is a problem.
pub fn doctor() -> ExitCode {
    let mut report = Report::default();
    let program = std::env::current_exe().unwrap_or_default();
    report.ok(format!("zeromq {}: {}", env!("CARGO_PKG_VERSION"), program.display()));
    if let Err(problem) = library::check(&report) {
        report.problem(problem);
    }
    let copy = match home().and_then(|home| List::read(&home)) {
        Ok(list) => {
            check_lines(&mut report, &list);
            check_package(&mut report, &list)
        }
        Err(problem) => {
            report.problem(problem);
            None
        }
    };
    check_programs(&mut report, copy.as_deref());
    c::check(&mut report);
    report.status()
}

/// Reports the lines in Morpho's list that do not do what their author intended.
fn check_lines(report: &mut Report, list: &List) {
    for line in list.lines() {
        match line.meaning() {
            Meaning::Package(_) => {}
            Meaning::Root => report.problem(line.complaint(list)),
            Meaning::Nothing(_) => report.warning(line.complaint(list)),
        }
    }
}

/// Checks our package and others that take precedence over it. Returns its library.
fn check_package(report: &mut Report, list: &List) -> Option<PathBuf> {
    let providers = provider::all(list);
    let Some(ours) = providers.iter().rfind(|provider| provider.is_ours()) else {
        let how = match crate::library::find() {
            Ok(Library::Linked) => ", if the program is that of `cargo build --release`",
            _ => "",
        };
        report.warning(format!(
            "{} does not list a package of this zeromq: `zeromq install` adds it{how}",
            list.path.display()
        ));
        for other in &providers {
            report.warning(format!("{other} provides zeromq, but it is another package"));
        }
        return None;
    };
    report.ok(format!("package {ours}"));
    let copy = ours.folder.join(package::library());
    check_copy(report, &copy);
    for file in package::outdated(&ours.folder) {
        report.warning(format!(
            "{} is not the file of this program: install the package again, with the same options",
            file.display()
        ));
    }
    match provider::rivals(&providers, &ours.folder) {
        Ok(odd) => odd.iter().for_each(|odd| report.warning(odd)),
        Err(wrong) => report.problem(wrong),
    }
    Some(copy)
}

/// Checks that the package contains the same library as this program.
fn check_copy(report: &Report, copy: &Path) {
    let differs = match crate::library::find() {
        Ok(Library::Shared(original)) => files::read(original).ok() != files::read(copy).ok(),
        Ok(Library::Linked) => version(copy).as_deref() != Ok(env!("CARGO_PKG_VERSION")),
        // That is a problem already.
        Err(_) => false,
    };
    if differs {
        report.warning(format!(
            "{} is not the library of this program: install the package again, with the same \
             options",
            copy.display()
        ));
    }
}

/// Checks that Morpho can import the package with this library.
fn check_programs(report: &mut Report, copy: Option<&Path>) {
    let programs = program::all();
    if programs.is_empty() {
        report.warning(
            "there is no morpho6 in the PATH; set the environment variable MORPHO6 to \
                        its path",
        );
    }
    for program in programs {
        match check_program(&program, copy) {
            Ok(good) => report.ok(good),
            Err(bad) => report.problem(bad),
        }
    }
}

fn check_program(program: &Path, copy: Option<&Path>) -> Result<String, String> {
    let shown = program.display();
    let version = program::run(program, VERSION).map_err(|wrong| format!("{shown} {wrong}"))?;
    if !version.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(format!("{shown} is not Morpho 0.6; it prints: {version}"));
    }
    let found = format!("Morpho {version}: {shown}, import zeromq");
    let line = program::run(program, IMPORT).map_err(|wrong| format!("{found} {wrong}"))?;
    if line.starts_with("libzmq ") {
        return Ok(format!("{found} loads {line}"));
    }
    // Of the fallback module it is known what it says; here is why it says so.
    let why = copy.filter(|_| line.contains(UNLOADED)).and_then(obstacle);
    Err(format!("{found} fails: {}", why.unwrap_or(line)))
}
