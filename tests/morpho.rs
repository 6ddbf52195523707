//! The Morpho extension on two hosts: on a stand-in that is compiled here for every
//! build of Morpho, and on a real Morpho if the environment variable `MORPHO6` is the
//! path of its program.

#![cfg(unix)]

mod support;

use std::env;
use std::ffi::{CString, c_char};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use support::morpho::Morpho;
use support::terminal::Terminal;
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
            // Morpho's functions are looked up in the process.
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

    /// Runs the cases in each possible way.
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
fn matrices_travel() {
    runs_to_the_end("matrices.morpho", include_str!("morpho/matrices.morpho"));
}

#[test]
fn sparse_matrices_travel() {
    runs_to_the_end("sparse.morpho", include_str!("morpho/sparse.morpho"));
}

/// Runs a script that prints only "done", unless something is wrong.
fn runs_to_the_end(name: &str, text: &str) {
    let Some(morpho) = Morpho::named() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join(name);
    fs::write(&script, text).unwrap();
    let finished = support::Host::start(&morpho, &script, &[]).finish(DEADLINE);
    assert_eq!(finished.stdout, "done\n", "{}", finished.stderr);
}

#[test]
fn the_code_of_the_help_on_morpho() {
    if let Some(morpho) = Morpho::named() {
        support::pages::run(&morpho);
    }
}

/// Returns the topics by which pages can be requested, with their titles.
fn topics() -> Vec<(String, String)> {
    let mut topics = Vec::new();
    for page in support::pages::all() {
        let mut title = String::new();
        for line in fs::read_to_string(page).unwrap().lines() {
            if line.starts_with('#') {
                title = line.trim_start_matches('#').trim().to_owned();
            } else if let Some((tag, _)) =
                line.strip_prefix("[tag").and_then(|rest| rest.split_once("]: # ("))
            {
                topics.push((tag.to_owned(), title.clone()));
            }
        }
    }
    assert!(topics.len() > 100, "{}", topics.len());
    topics
}

#[test]
fn help_on_morpho_finds_every_topic() {
    let Some(morpho) = Morpho::named() else {
        return;
    };
    let help = morpho.home.path().join("zeromq/share/help");
    fs::create_dir_all(&help).unwrap();
    for page in support::pages::all() {
        fs::copy(&page, help.join(page.file_name().unwrap())).unwrap();
    }
    let mut command = Command::new(&morpho.program);
    command.env("HOME", morpho.home.path());
    let mut terminal = Terminal::start(command);
    terminal.wait(|shown| shown.ends_with('>'));
    terminal.press("import zeromq\r");
    terminal.wait(|shown| shown.ends_with("import zeromq\n>"));
    terminal.press("ZMQPull().bind(3)\r");
    terminal.wait(|shown| shown.contains("Error 'ZMQArgs'") && shown.ends_with('>'));
    // After an error, help explains it.
    terminal.press("help\r");
    terminal.wait(|shown| shown.contains("\nZMQArgs\n") && shown.ends_with('>'));
    for (tag, title) in topics() {
        terminal.press(&format!("help {tag}\r"));
        // The line is redrawn for each key; then come the topic and a prompt.
        terminal.wait(|shown| {
            let answer = shown.rsplit_once(&format!("help {tag}\n")).map_or("", |(_, rest)| rest);
            answer.trim_start().starts_with(&format!("{title}\n")) && answer.ends_with('>')
        });
    }
    terminal.press("quit\r");
    terminal.finish();
}

/// Morpho 0.6.4 has a second parser, for hosts that show help themselves. It drops a
/// page for the smallest mistake.
#[test]
fn the_strict_parser_of_morpho_takes_every_page() {
    let Some(morpho) = Morpho::named() else {
        return;
    };
    let library = morpho.program.ancestors().nth(2).unwrap().join("lib/libmorpho.so");
    // SAFETY: loading Morpho runs nothing of it.
    let Ok(library) = (unsafe { libloading::Library::new(&library) }) else {
        let _ = writeln!(std::io::stderr(), "skipped, as there is no {}", library.display());
        return;
    };
    type Initialize = unsafe extern "C" fn();
    type Load = unsafe extern "C" fn(*const c_char) -> bool;
    // SAFETY: Morpho's headers declare these functions so.
    let found = unsafe {
        (library.get::<Initialize>(b"morpho_initialize"), library.get::<Load>(b"help_load"))
    };
    let (Ok(initialize), Ok(load)) = found else {
        let _ = writeln!(std::io::stderr(), "skipped, as this Morpho has one parser only");
        return;
    };
    // SAFETY: it is called once, and before anything else.
    unsafe { initialize() };
    for page in support::pages::all() {
        let path = CString::new(page.to_str().unwrap()).unwrap();
        // SAFETY: the path is a text that ends with a zero byte.
        assert!(unsafe { load(path.as_ptr()) }, "{}", page.display());
    }
}

#[test]
fn examples_on_morpho() {
    let Some(morpho) = Morpho::named() else {
        return;
    };
    let failed = examples::all().filter(|(_, example)| {
        // The others are to run as well.
        catch_unwind(AssertUnwindSafe(|| example(&morpho))).is_err()
    });
    let names: Vec<&str> = failed.map(|(name, _)| *name).collect();
    assert!(names.is_empty(), "failed: {names:?}");
}
