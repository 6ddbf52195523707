//! `zeromq repl`: the reference host at a prompt. The names that one input declares are
//! known to the next, and an error ends only its input. Called by `main`.

mod complete;
mod editor;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use crate::diagnostics;
use crate::help;
use crate::host::builtins;
use crate::host::error::{Refusal, Stop};
use crate::host::grammar;
use crate::host::interpreter::{Interpreter, output};
use crate::host::plugin::{self, Library};
use crate::host::resolve::session::Session;
use crate::host::source::Sources;
use crate::host::syntax::Names;
use crate::interrupt;
use crate::run;
use complete::Known;
use editor::{Editor, Input};

/// Runs until the user leaves. The status does not reflect errors, which were already
/// shown.
pub fn repl() -> ExitCode {
    run::on_large_stack(|| match Editor::new() {
        Ok(editor) => converse(editor),
        Err(error) => {
            eprintln!("cannot start the prompt: {error}");
            ExitCode::FAILURE
        }
    })
}

fn converse(mut editor: Editor) -> ExitCode {
    if let Err(error) = interrupt::watch() {
        eprintln!("Ctrl-C will end the program: {error}");
    }
    let mut prompt = Prompt::new();
    prompt.run("import zeromq".to_owned());
    editor.greet();
    let code = loop {
        match editor.read(|| prompt.known()) {
            Ok(Input::Text(text)) => match prompt.answer(text) {
                Next::Read => {}
                Next::Leave => break ExitCode::SUCCESS,
            },
            Ok(Input::Dropped) => {}
            Ok(Input::End) => break ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("cannot read the input: {error}");
                break ExitCode::FAILURE;
            }
        }
    };
    editor.save();
    interrupt::end();
    prompt.leave();
    code
}

/// The action after an input.
enum Next {
    Read,
    Leave,
}

/// The state that inputs work on.
struct Prompt {
    interpreter: Interpreter,
    session: Session,
    library: Option<&'static Library>,
    /// The tag of the last error, until help is requested.
    error: Option<String>,
    topics: Rc<BTreeSet<String>>,
}

impl Prompt {
    fn new() -> Prompt {
        let (names, sources) = (Names::default(), Sources::default());
        let mut interpreter = Interpreter::new(names, sources, Vec::new(), output());
        interpreter.warning = diagnostics::warning;
        let topics = help::Topics::new();
        let topics = topics.iter().flat_map(help::Topic::names).map(str::to_owned).collect();
        let (session, topics) = (Session::default(), Rc::new(topics));
        Prompt { interpreter, session, library: None, error: None, topics }
    }

    /// Returns the names that can be used now.
    fn known(&self) -> Known {
        let words = grammar::KEYWORDS.into_iter().chain(builtins::globals());
        let words = words.chain(["help", "quit"]).map(str::to_owned);
        let methods = self.interpreter.methods.names().chain(self.session.members());
        Known {
            names: self.session.names().map(str::to_owned).chain(words).collect(),
            methods: methods.map(str::to_owned).collect(),
            topics: self.topics.clone(),
        }
    }

    /// Runs an input; some words are commands of the prompt.
    fn answer(&mut self, text: String) -> Next {
        let line = text.trim();
        if line == "quit" {
            return Next::Leave;
        }
        if let Some(topic) = topic(line) {
            self.help(topic);
            return Next::Read;
        }
        self.run(text)
    }

    /// Without a topic, help is about the last error, if there was one.
    fn help(&mut self, topic: &str) {
        let look = help::Look::of_output();
        let last = self.error.take().filter(|_| topic.is_empty());
        let explained = last.and_then(|tag| help::text(&tag, look).ok());
        match explained.map_or_else(|| help::text(topic, look), Ok) {
            Ok(text) => {
                help::page(&text);
            }
            Err(message) => eprintln!("{message}"),
        }
    }

    fn run(&mut self, text: String) -> Next {
        let Prompt { interpreter, session, library, .. } = self;
        let Interpreter { names, sources, .. } = interpreter;
        let Some(start) = sources.add("input".into(), PathBuf::new(), text) else {
            eprintln!("the input is larger than 4 GiB");
            return Next::Leave;
        };
        interrupt::forget();
        let program = session.read(start, names, sources, &mut |_| {
            let (loaded, brought) = plugin::load(names)?;
            *library = Some(loaded);
            Ok(brought)
        });
        match program {
            Ok(program) => {
                let result = interpreter.run(&program);
                self.settle(result)
            }
            Err(refusal) => {
                self.refuse(&refusal);
                // What it imported was not run, and can be imported again.
                self.interpreter.sources.forget(start);
                Next::Read
            }
        }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        diagnostics::refuse(refusal, &self.interpreter.sources);
    }

    fn settle(&mut self, result: Result<(), Stop>) -> Next {
        let next = match result {
            Ok(()) => Next::Read,
            Err(Stop::Error(error)) if error.id == "Exit" => Next::Leave,
            Err(stop) => {
                let next = match &stop {
                    // Nobody reads what would come.
                    Stop::Stream(_) => Next::Leave,
                    Stop::Error(error) => {
                        self.error = Some(error.id.clone());
                        Next::Read
                    }
                    Stop::Unsupported(_) | Stop::Interrupted => Next::Read,
                };
                diagnostics::stop(&mut self.interpreter, stop);
                self.interpreter.recover();
                next
            }
        };
        match self.interpreter.flush() {
            Ok(()) => next,
            Err(_) => Next::Leave,
        }
    }

    /// Frees the values and waits briefly until messages have been sent.
    fn leave(self) {
        let Prompt { interpreter, library, .. } = self;
        drop(interpreter);
        if let Some(library) = library {
            library.shutdown();
        }
    }
}

/// Returns the topic of a `help` command; scripts cannot use that word as a name.
fn topic(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("help").or_else(|| line.strip_prefix('?'))?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace) || line.starts_with('?'))
        .then_some(rest.trim())
}
