//! Scripts in the reference host: parsed, resolved and, for a limited number of steps,
//! executed.

use std::io;
use std::path::PathBuf;
use std::thread;

use crate::host::error::{Refusal, Stop};
use crate::host::grammar;
use crate::host::interpreter::Interpreter;
use crate::host::resolve::Program;
use crate::host::resolve::session::Session;
use crate::host::source::Sources;
use crate::host::syntax::Names;
use crate::interrupt;

/// The stack size. It is that of `zeromq run`, because sanitizers need more of it.
const STACK: usize = 1 << 30;

/// Scripts that name these are not executed: they would write any file.
const UNSAFE: &[&str] = &["File"];

/// The input is the script; what is not UTF-8 is replaced.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input).into_owned();
    let thread = thread::Builder::new().stack_size(STACK).spawn(|| script(text));
    thread.expect("there is room for the stack").join().expect("the thread does not panic");
}

fn script(text: String) {
    grammar::is_unfinished(&text);
    let executed = UNSAFE.iter().all(|name| !text.contains(name));
    let (names, mut sources) = (Names::default(), Sources::default());
    // Without a folder, so that imports find nothing.
    let path = PathBuf::from("/dev/null/script");
    let start = sources.add("script".to_owned(), path, text).expect("it is short");
    let mut load = |_: &str| Err("there is no library".to_owned());
    let typed = Session::default().read(start, &names, &mut sources, &mut load);
    let program = match Program::new(start, &names, &mut sources, &mut load) {
        Ok(program) => program,
        Err(refusal) => {
            assert!(typed.is_err() || !matches!(refusal, Refusal::Syntax { .. }));
            let (Refusal::Compile { at, .. }
            | Refusal::Syntax { at, .. }
            | Refusal::Unsupported { at, .. }) = refusal;
            let location = sources.locate(at);
            assert!(location.line > 0 && location.column > 0);
            return;
        }
    };
    if !executed {
        return;
    }
    interrupt::begin();
    let mut interpreter = Interpreter::new(names, sources, Vec::new(), Box::new(io::sink()));
    if let Err(Stop::Error(error)) = interpreter.run(&program) {
        assert!(error.text.len() <= 254, "{}", error.text);
        for (_, at) in &error.frames {
            interpreter.sources.locate(*at);
        }
    }
}
