//! `zeromq repl`: the reference host at a prompt. The names that one input declares are
//! known to the next, and an error ends only its input. Called by `main`.

mod complete;
mod editor;
mod highlight;

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
use crate::host::plugin::{self, Library, Method};
use crate::host::resolve::session::Session;
use crate::host::source::Sources;
use crate::host::syntax::Names;
use crate::host::value::{Class, Value};
use crate::interrupt;
use crate::run;
use complete::{Known, Member};
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
        let words = words.chain(["help", "quit", "exit"]).map(str::to_owned);
        let methods = self.interpreter.methods.names().chain(self.session.members());
        let mut known = Known {
            names: self.session.names().map(str::to_owned).chain(words).collect(),
            methods: methods.map(str::to_owned).collect(),
            topics: self.topics.clone(),
            ..Known::default()
        };
        let builtin = builtins::globals().filter_map(|name| Some((name, builtins::global(name)?)));
        for (name, value) in builtin.chain(self.session.values(&self.interpreter)) {
            known.options.insert(name.to_owned(), options(&value));
            known.members.insert(format!("{name}()"), sorted(self.made(&value)));
            known.members.insert(name.to_owned(), sorted(self.members(&value)));
        }
        known.members.insert("\"\"".to_owned(), sorted(self.members(&Value::string(""))));
        known
    }

    /// Returns what can be called on a value.
    fn members(&self, value: &Value) -> Vec<Member> {
        match value {
            Value::Foreign(object) => object.class().methods().map(foreign).collect(),
            Value::ForeignClass(class) => class.functions().map(foreign).collect(),
            Value::Instance(instance) => own(&instance.class),
            Value::Module(module) => {
                module.functions.iter().map(|function| builtin(function.name)).collect()
            }
            value => self.interpreter.methods.of(value.kind()).map(builtin).collect(),
        }
    }

    /// Returns what can be called on an object that a class makes.
    fn made(&self, value: &Value) -> Vec<Member> {
        match value {
            Value::ForeignClass(class) => class.methods().map(foreign).collect(),
            Value::Class(class) => own(class),
            _ => Vec::new(),
        }
    }

    /// Runs an input; some words are commands of the prompt.
    fn answer(&mut self, text: String) -> Next {
        let line = text.trim();
        let word = line.strip_suffix("()").unwrap_or(line);
        if matches!(word, "quit" | "exit") && !self.session.names().any(|name| name == word) {
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

fn sorted(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members
}

/// Describes a method of the library.
fn foreign(method: Method) -> Member {
    let signature = method.signature();
    let call = signature.split(" ->").next().unwrap_or_default().to_owned();
    Member { name: method.name(), signature: call, options: method.options() }
}

/// Describes a method of this host, which takes no named arguments.
fn builtin(name: &str) -> Member {
    Member { name: name.to_owned(), signature: format!("{name}(…)"), options: Vec::new() }
}

/// Describes the methods of a class of the user.
fn own(class: &Class) -> Vec<Member> {
    let methods = class.methods.iter();
    let members = methods.map(|(name, method)| Member {
        name: name.to_string(),
        signature: method.function.signature(name),
        options: method
            .function
            .options
            .iter()
            .map(|(option, _)| option.name.to_string())
            .collect(),
    });
    members.collect()
}

/// Returns the named arguments of a call of a value.
fn options(value: &Value) -> Vec<String> {
    match value {
        Value::ForeignClass(class) => class.constructor().map_or(Vec::new(), Method::options),
        Value::Function(closure) => {
            closure.function.options.iter().map(|(option, _)| option.name.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the topic of a `help` command; scripts cannot use that word as a name.
fn topic(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("help").or_else(|| line.strip_prefix('?'))?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace) || line.starts_with('?'))
        .then_some(rest.trim())
}
