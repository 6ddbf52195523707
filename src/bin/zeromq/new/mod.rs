//! `zeromq new`: writes a pair of scripts to start from. Called by `main`, which prints what
//! the functions return.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::host::hints;

/// A pattern, and its scripts, in the order in which they are started.
struct Pattern {
    name: &'static str,
    /// What it is for.
    purpose: &'static str,
    scripts: [Script; 2],
}

/// The name of a file and its text.
type Script = (&'static str, &'static str);

/// Makes a script of the file beside this one.
macro_rules! script {
    ($name:literal) => {
        ($name, include_str!($name))
    };
}

const PATTERNS: [Pattern; 5] = [
    Pattern {
        name: "request-reply",
        purpose: "a server answers the requests of clients",
        scripts: [script!("reply.morpho"), script!("request.morpho")],
    },
    Pattern {
        name: "publish-subscribe",
        purpose: "subscribers receive the messages that they choose",
        scripts: [script!("publisher.morpho"), script!("subscriber.morpho")],
    },
    Pattern {
        name: "pipeline",
        purpose: "each message goes to one of several receivers",
        scripts: [script!("source.morpho"), script!("sink.morpho")],
    },
    Pattern {
        name: "dealer-router",
        purpose: "many requests at a time, answered in any order",
        scripts: [script!("router.morpho"), script!("dealer.morpho")],
    },
    Pattern {
        name: "task-queue",
        purpose: "workers run tasks, none of which is lost",
        scripts: [script!("queue.morpho"), script!("worker.morpho")],
    },
];

/// Lists the patterns.
pub fn list() -> String {
    let mut text = "zeromq new PATTERN writes two scripts into the current folder:\n\n".to_owned();
    for Pattern { name, purpose, .. } in &PATTERNS {
        text.push_str(&format!("  {name:17}  {purpose}\n"));
    }
    text + "\n`zeromq help guide` helps to choose one.\n"
}

/// Makes a folder, unless it is there.
fn make(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    fs::create_dir_all(folder).map_err(|error| {
        let there = folder.ancestors().find(|path| path.symlink_metadata().is_ok());
        match there.filter(|path| !path.is_dir()) {
            Some(path) => format!(
                "{} is not a folder: --out takes the folder to write the two scripts into, which \
                 need not exist",
                path.display()
            ),
            None => format!("cannot make the folder {shown}: {error}"),
        }
    })
}

/// Writes the scripts of a pattern into a folder, unless a file there has one of the names.
pub fn write(name: &str, folder: &Path) -> Result<String, String> {
    let Some(pattern) = PATTERNS.iter().find(|pattern| pattern.name == name) else {
        let names = PATTERNS.iter().map(|pattern| pattern.name);
        let hint = match hints::did_you_mean(name, names) {
            hint if hint.is_empty() => "`zeromq new` lists the patterns".to_owned(),
            hint => hint,
        };
        return Err(format!("there is no pattern '{name}': {hint}"));
    };
    make(folder)?;
    let here = folder == Path::new(".");
    let path = |file: &str| if here { PathBuf::from(file) } else { folder.join(file) };
    let paths = pattern.scripts.map(|(file, text)| (path(file), text));
    if let Some((path, _)) = paths.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(format!(
            "{} already exists: move it, or choose another folder with --out",
            path.display()
        ));
    }
    for (path, text) in &paths {
        File::create_new(path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let [(first, _), (second, _)] = &paths;
    Ok(format!(
        "Wrote {0} and {1}. Run them in two terminals:\n\n    zeromq run {0}\n    zeromq run {1}\n",
        first.display(),
        second.display()
    ))
}
