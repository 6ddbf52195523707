//! Runs a script in the reference host. Called by `main` for `zeromq run`.

use std::ffi::OsStr;
use std::io::{ErrorKind, IsTerminal, Read, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::diagnostics;
use crate::host::error::Stop;
use crate::host::hints;
use crate::host::interpreter::{Interpreter, output};
use crate::host::plugin;
use crate::host::resolve::Program;
use crate::host::source::Sources;
use crate::host::syntax::{Names, Position};
use crate::interrupt;

/// The stack size: a script's calls may nest deeply, and so do the host's.
const STACK: usize = 1 << 30;

/// Runs a script. The status is 1 after an uncaught error.
pub fn run(script: &str, arguments: Vec<String>) -> ExitCode {
    let (name, text) = match read(script) {
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return fail(&format!(
                "not supported by the reference host: {script}, which is not UTF-8"
            ));
        }
        Err(error) => {
            println!("Could not open file '{script}'.");
            eprintln!("{script}: {error}{}", similar(Path::new(script)));
            return ExitCode::FAILURE;
        }
    };
    if stderr().is_terminal() {
        // If the system refuses, Ctrl-C keeps its default behavior.
        let _ = interrupt::watch_once();
    }
    let path = PathBuf::from(script);
    on_large_stack(move || {
        let mut sources = Sources::default();
        match sources.add(name, path, text) {
            Some(start) => run_source(start, sources, arguments),
            None => fail("the script is larger than 4 GiB"),
        }
    })
}

/// Runs everything on one thread, because sockets belong to a thread.
pub fn on_large_stack(work: impl FnOnce() -> ExitCode + Send + 'static) -> ExitCode {
    let work = std::thread::Builder::new().stack_size(STACK).spawn(work);
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(error) => fail(&format!("cannot allocate the stack of the script: {error}")),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

fn read(script: &str) -> std::io::Result<(String, String)> {
    if script == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(("standard input".into(), text));
    }
    Ok((script.into(), std::fs::read_to_string(script)?))
}

/// Returns the question whether another script was meant, if there is a similar one.
fn similar(script: &Path) -> String {
    let folder = script.parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let scripts: Vec<String> = names.filter(|name| name.ends_with(".morpho")).collect();
    let name = script.file_name().and_then(OsStr::to_str).unwrap_or_default();
    match hints::did_you_mean(name, scripts.iter().map(String::as_str)) {
        hint if hint.is_empty() => hint,
        hint => format!("; {hint}"),
    }
}

fn run_source(start: Position, mut sources: Sources, arguments: Vec<String>) -> ExitCode {
    let names = Names::default();
    let mut library = None;
    let program = Program::new(start, &names, &mut sources, &mut |_| {
        let (loaded, brought) = plugin::load(&names)?;
        library = Some(loaded);
        Ok(brought)
    });
    let code = match program {
        Ok(program) => run_program(&program, names, sources, arguments),
        Err(refusal) => {
            diagnostics::refuse(&refusal, &sources);
            ExitCode::FAILURE
        }
    };
    if let Some(library) = library {
        interrupt::end();
        library.shutdown();
    }
    code
}

fn run_program(
    program: &Program,
    names: Names,
    sources: Sources,
    arguments: Vec<String>,
) -> ExitCode {
    let mut interpreter = Interpreter::new(names, sources, arguments, output());
    interpreter.warning = diagnostics::warning;
    let result = interpreter.run(program);
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Error(error)) if error.id == "Exit" => ExitCode::SUCCESS,
        Err(stop) if interrupt::asked() => {
            diagnostics::interrupted(&mut interpreter, stop);
            interrupt::die();
            ExitCode::FAILURE
        }
        Err(stop) => {
            diagnostics::stop(&mut interpreter, stop);
            ExitCode::FAILURE
        }
    };
    match interpreter.flush() {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}
