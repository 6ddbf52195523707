//! The code blocks in the help pages and their output. The blocks of a topic form one
//! script, and a `print` at the start of a line is followed by its expected output
//! after `//`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::{Finished, Host, root};

const DEADLINE: Duration = Duration::from_secs(60);

/// Returns all pages.
pub fn all() -> Vec<PathBuf> {
    let entries = fs::read_dir(root("help")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = entries.collect();
    pages.sort();
    assert!(pages.iter().all(|page| page.extension().is_some_and(|extension| extension == "md")));
    pages
}

/// The code of a topic.
pub struct Example {
    /// The page and the heading.
    pub topic: String,
    pub code: String,
}

/// Returns the code of all topics that have some.
pub fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for page in all() {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&page).unwrap();
        let mut example = Example { topic: name.clone(), code: String::new() };
        let mut in_table = false;
        for line in text.lines() {
            if line.starts_with("[comment]") {
                in_table = line.contains("begins");
            } else if line.starts_with('#') {
                examples.push(example);
                example = Example { topic: format!("{name}: {line}"), code: String::new() };
            } else if let Some(code) = line.strip_prefix("    ").filter(|_| !in_table) {
                example.code += code;
                example.code.push('\n');
            }
        }
        examples.push(example);
    }
    examples.retain(|example| !example.code.is_empty());
    assert!(examples.len() > 10, "{}", examples.len());
    examples
}

impl Example {
    /// Returns the expected output.
    fn expected(&self) -> Result<String, String> {
        let mut expected = String::new();
        for line in self.code.lines().filter(|line| line.contains("print ")) {
            match (line.split_once("   // "), line.starts_with("print ")) {
                (Some((_, printed)), _) => expected = expected + printed + "\n",
                (None, true) => return Err(format!("does not say what it prints: {line}")),
                // It prints sometimes, or many times.
                (None, false) => {}
            }
        }
        Ok(expected)
    }

    /// Returns the script, with fixed ports replaced by free ones.
    fn script(&self) -> String {
        let mut script = String::new();
        if !self.code.contains("import zeromq") {
            script += "import zeromq\n";
        }
        let mut parts = self.code.split("tcp://*:");
        script += parts.next().unwrap_or("");
        for part in parts {
            script += "tcp://127.0.0.1:*";
            script += part.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        script
    }

    fn run(&self, host: &dyn Host) -> Result<(), String> {
        let expected = self.expected()?;
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("clients")).unwrap();
        let script = folder.path().join("example.morpho");
        fs::write(&script, self.script()).unwrap();
        let running = host.start_in(folder.path(), &script);
        let Finished { stdout, stderr, status } = running.finish(DEADLINE);
        if stdout == expected && stderr.is_empty() && status == Some(0) {
            return Ok(());
        }
        Err(format!("expected:\n{expected}\nprinted:\n{stdout}\nstderr:\n{stderr}\n{status:?}"))
    }
}

/// Runs all of them; panics if one does not print what it should.
pub fn run(host: &dyn Host) {
    let mut failures = String::new();
    for example in examples() {
        if let Err(failure) = example.run(host) {
            writeln!(failures, "{}: {failure}", example.topic).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
