//! Runs a script in the reference host and reports errors. Called by `main` for `zeromq
//! run`.

use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::host::error::{Refusal, ScriptError, Stop};
use crate::host::interpreter::{Interpreter, output};
use crate::host::plugin;
use crate::host::resolve::Program;
use crate::host::source::{Location, Sources};
use crate::host::syntax::{Names, Position};

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
            eprintln!("{script}: {error}");
            return ExitCode::FAILURE;
        }
    };
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
            report_refusal(&refusal, &sources);
            ExitCode::FAILURE
        }
    };
    if let Some(library) = library {
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
    let result = interpreter.run(program);
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Error(error)) if error.id == "Exit" => ExitCode::SUCCESS,
        Err(stop) => {
            report_stop(&mut interpreter, stop);
            ExitCode::FAILURE
        }
    };
    match interpreter.flush() {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

pub fn report_refusal(refusal: &Refusal, sources: &Sources) {
    match refusal {
        Refusal::Compile { id, text, at, note } => {
            let location = sources.locate(*at);
            let Location { line, column, .. } = location;
            let module = location.module.map(|module| format!(" in module '{module}'"));
            println!(
                "Error '{id}' [line {line} char {column}{}] : {text}",
                module.unwrap_or_default()
            );
            excerpt(&location);
            advise(note);
        }
        Refusal::Syntax { at, hint } => {
            eprintln!("syntax error");
            excerpt(&sources.locate(*at));
            advise(hint);
        }
        Refusal::Unsupported { what, at, hint } => {
            report_unsupported(what, *at, sources);
            advise(hint);
        }
    }
}

/// Shows what to do about an error, if anything is known.
fn advise(hint: &str) {
    if !hint.is_empty() {
        eprintln!("{hint}");
    }
}

pub fn report_stop(interpreter: &mut Interpreter, stop: Stop) {
    match stop {
        Stop::Error(error) => {
            let text = traced(&error, &interpreter.sources);
            // Where the text cannot be written, nothing else can be.
            let _ = interpreter.write(&text);
            let _ = interpreter.flush();
            advise(&error.hint);
        }
        Stop::Unsupported(what) => {
            let _ = interpreter.flush();
            report_unsupported(&what, interpreter.at, &interpreter.sources);
        }
        Stop::Interrupted => eprintln!("interrupted"),
        // Who closes a pipe early does not want to hear of it.
        Stop::Stream(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Stop::Stream(error) => eprintln!("input or output of the script failed: {error}"),
    }
}

/// Formats an error like Morpho.
fn traced(error: &ScriptError, sources: &Sources) -> String {
    let mut text = format!("Error '{}': {}\n", error.id, error.text);
    for (name, at) in error.frames.iter().filter(|_| error.shows_frames) {
        let Location { line, module, .. } = sources.locate(*at);
        text.push_str(&format!("  from {name} at line {line}"));
        if let Some(module) = module {
            text.push_str(&format!(" in module '{module}'"));
        }
        text.push('\n');
    }
    text
}

fn report_unsupported(what: &str, at: Position, sources: &Sources) {
    let location = sources.locate(at);
    eprintln!("not supported by the reference host: {what}");
    excerpt(&location);
}

/// Shows a line of a script and the position in it.
fn excerpt(location: &Location<'_>) {
    let Location { file, line, column, text, .. } = location;
    let before = text.get(..column - 1).unwrap_or("");
    let blanks: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    eprintln!("{file}:{line}:{column}\n    {text}\n    {blanks}^");
}
