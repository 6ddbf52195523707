//! `zeromq doctor`: says what is on this machine, line by line, and what to do
//! about what is wrong. `main` calls it.

mod library;
mod report;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::morpho::list::{List, Meaning};
use crate::morpho::provider::{self, Provider};
use crate::morpho::{home, package, program};
use report::Report;

const VERSION: &str = "print System.version()\n";

const IMPORT: &str = "import zeromq\nprint \"libzmq \" + ZMQ.version()\n";

/// Looks at everything. The status is 1 when there is a problem.
pub fn doctor() -> ExitCode {
    let mut report = Report::default();
    report.ok(format!("zeromq {}", env!("CARGO_PKG_VERSION")));
    if let Err(problem) = library::check(&report) {
        report.problem(problem);
    }
    match home().and_then(|home| List::read(&home)) {
        Ok(list) => {
            check_lines(&mut report, &list);
            check_package(&mut report, &list);
        }
        Err(problem) => report.problem(problem),
    }
    check_programs(&mut report);
    report.status()
}

/// The lines of Morpho's list that do not do what their writer meant.
fn check_lines(report: &mut Report, list: &List) {
    for line in list.lines() {
        match line.meaning() {
            Meaning::Package(_) => {}
            Meaning::Root => report.problem(line.complaint(list)),
            Meaning::Nothing(_) => report.warning(line.complaint(list)),
        }
    }
}

/// Our package, and those that come in its way.
fn check_package(report: &mut Report, list: &List) {
    let providers = provider::all(list);
    let Some(ours) = providers.iter().rfind(|provider| provider.is_ours()) else {
        report.warning(format!(
            "no package of this zeromq in {}: `zeromq install` adds it",
            list.path.display()
        ));
        for other in &providers {
            report.warning(format!("{other} provides zeromq, but is another package"));
        }
        return;
    };
    report.ok(format!("package {ours}"));
    check_copy(report, ours);
    match provider::rivals(&providers, &ours.folder) {
        Ok(odd) => odd.iter().for_each(|odd| report.warning(odd)),
        Err(wrong) => report.problem(wrong),
    }
}

/// Whether the package has the library that this program has.
fn check_copy(report: &Report, ours: &Provider) {
    let read = |path: &Path| fs::read(path).ok();
    let original = crate::library::find().ok();
    let original = original.and_then(|path| read(&path));
    let copy = read(&ours.folder.join(package::library()));
    if original.is_some() && original != copy {
        report.warning(format!(
            "the library in {} is not the one of this program: `zeromq install --prefix {0}` renews it",
            ours.folder.display()
        ));
    }
}

/// Whether Morpho can import the package.
fn check_programs(report: &mut Report) {
    let programs = program::all();
    if programs.is_empty() {
        report.warning("no morpho6 in the PATH; the environment variable MORPHO6 may name one");
    }
    for program in programs {
        let shown = program.display();
        let version = match program::run(&program, VERSION) {
            Ok(version) if version.starts_with(|c: char| c.is_ascii_digit()) => version,
            Ok(line) => {
                report.problem(format!("{shown} is not Morpho 0.6; it prints: {line}"));
                continue;
            }
            Err(problem) => {
                report.problem(format!("{shown} {problem}"));
                continue;
            }
        };
        let found = format!("Morpho {version}: {shown}");
        match program::run(&program, IMPORT) {
            Ok(line) if line.starts_with("libzmq ") => {
                report.ok(format!("{found}, import zeromq brings {line}"));
            }
            Ok(line) => report.problem(format!("{found}, import zeromq fails: {line}")),
            Err(problem) => report.problem(format!("{found}, import zeromq {problem}")),
        }
    }
}
