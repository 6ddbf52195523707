//! The extension of Morpho, on two hosts: on a stand-in that is compiled here for
//! every build of Morpho that there is, and on a real one if the environment
//! variable `MORPHO6` is the path of its program.

#![cfg(unix)]

mod support;

use std::env;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use support::morpho::Morpho;
use support::{Finished, examples, launch, library, root, scripts};

const DEADLINE: Duration = Duration::from_secs(60);

/// A build of Morpho: 0.6.`release`, with values in NaNs or in structs.
struct Variant {
    release: u8,
    struct_values: bool,
}

impl Variant {
    /// Compiles the stand-in for it.
    fn compile(&self) -> PathBuf {
        let values = u8::from(self.struct_values);
        let name = format!("morpho-0.6.{}-{values}", self.release);
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let compiler = env::var("CC").unwrap_or("cc".into());
        let mut command = Command::new(&compiler);
        command
            .args(["-std=c11", "-D_GNU_SOURCE", "-g", "-O1"])
            .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"])
            // Morpho's functions are found in the process.
            .arg("-rdynamic")
            .arg(format!("-DRELEASE={}", self.release))
            .arg(format!("-DSTRUCT_VALUES={values}"))
            .args([root("tests/morpho/host.c"), root("tests/morpho/cases.c")])
            .arg("-o")
            .arg(&program)
            .args(["-lm", "-ldl", "-pthread"]);
        let Finished { stderr, status, .. } = launch(&mut command).finish(DEADLINE);
        assert_eq!(status, Some(0), "{compiler}: {stderr}");
        program
    }

    /// Runs the cases in each of the ways that they can be run.
    fn test(&self) {
        let program = self.compile();
        for way in ["idle", "unknown", "due", "always"] {
            let mut command = Command::new(&program);
            let Finished { stdout, stderr, status } =
                launch(command.arg(library()).arg(way)).finish(DEADLINE);
            assert_eq!(status, Some(0), "{way}: {stderr}\nlast of:\n{stdout}");
            assert!(stdout.ends_with("end\n"), "{way}: {stdout}");
            assert_eq!(stderr, "", "{way}");
        }
    }
}

#[test]
fn release_0_6_0() {
    boxed(0);
}

#[test]
fn release_0_6_1() {
    boxed(1);
}

#[test]
fn release_0_6_2() {
    boxed(2);
}

#[test]
fn release_0_6_3() {
    boxed(3);
}

#[test]
fn release_0_6_4() {
    boxed(4);
}

#[test]
fn release_0_6_3_without_nan_boxing() {
    in_structs(3);
}

#[test]
fn release_0_6_4_without_nan_boxing() {
    in_structs(4);
}

fn boxed(release: u8) {
    Variant { release, struct_values: false }.test();
}

fn in_structs(release: u8) {
    Variant { release, struct_values: true }.test();
}

#[test]
fn scripts_on_morpho() {
    let Some(morpho) = Morpho::named() else {
        return;
    };
    let mut failures = String::new();
    for script in scripts::all() {
        if let Err(difference) = scripts::run(&morpho, &script) {
            writeln!(failures, "{}: {difference}", script.display()).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn examples_on_morpho() {
    let Some(morpho) = Morpho::named() else {
        return;
    };
    let failed = examples::ALL.iter().filter(|(_, example)| {
        // The others are to run as well.
        catch_unwind(AssertUnwindSafe(|| example(&morpho))).is_err()
    });
    let names: Vec<&str> = failed.map(|(name, _)| *name).collect();
    assert!(names.is_empty(), "failed: {names:?}");
}
