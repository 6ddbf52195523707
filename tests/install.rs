//! `zeromq install`, `uninstall` and `doctor`, each test with its own home folder.

#![cfg(unix)]

mod support;

use std::env::consts::DLL_EXTENSION;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use support::{Finished, feed, launch, library, loopback, program, root};
use tempfile::TempDir;
use zeromq::binding::CLASSES;

const DEADLINE: Duration = Duration::from_secs(60);

/// A home folder in which nothing is installed and no Morpho is found.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    /// Makes a home with this list of packages.
    fn listing(text: &str) -> Home {
        let home = Home::new();
        fs::write(home.list(), text).unwrap();
        home
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn list(&self) -> PathBuf {
        self.path(".morphopackages")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.list()).unwrap()
    }

    /// The folder of the package, unless a prefix overrides it.
    fn package(&self) -> PathBuf {
        self.path(".local/share/zeromq")
    }

    fn line(&self) -> String {
        format!("{}\n", self.package().display())
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = program();
        let morpho = self.path("morpho6");
        if morpho.exists() {
            command.env("MORPHO6", morpho);
        } else {
            command.env_remove("MORPHO6");
        }
        command.env("HOME", self.0.path()).env("PATH", "/nowhere");
        launch(command.args(arguments)).finish(DEADLINE)
    }

    /// Runs a command that succeeds and returns its output.
    fn succeed(&self, arguments: &[&str]) -> String {
        let Finished { stdout, stderr, .. } = &self.run(arguments);
        assert_eq!(stderr, "", "{stdout}");
        stdout.clone()
    }

    /// Runs a command that fails and returns its error message.
    fn fail(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.status, Some(1), "{}", finished.stdout);
        finished.stderr
    }

    /// Runs the doctor and returns its lines with a verdict.
    fn doctor(&self, status: i32, verdict: &str) -> Vec<String> {
        let finished = self.run(&["doctor"]);
        let Finished { stdout, stderr, .. } = &finished;
        assert_eq!(finished.status, Some(status), "{stdout}{stderr}");
        assert_eq!(stderr, "");
        let lines = stdout.lines().filter_map(|line| line.split_once(' '));
        let said = lines.filter(|(word, _)| *word == verdict);
        said.map(|(_, text)| text.trim_start().to_owned()).collect()
    }

    /// Makes an old package with a library of the same name.
    fn other_package(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(folder.join("lib")).unwrap();
        fs::write(folder.join("lib/zeromq.so"), "").unwrap();
        folder
    }

    /// Makes a Morpho that prints a version, and this for every import.
    fn morpho(&self, version: &str, import: &str) {
        let script = format!(
            "#!/bin/sh\nwhile read -r line; do case $line in import*) echo \"{import}\"; exit;; esac; \
             done < \"$1\"\necho '{version}'\n"
        );
        let path = self.path("morpho6");
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
}

/// Returns all files below a folder as relative paths, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = files(&entry.path()).into_iter();
            found.extend(inner.map(|file| format!("{name}/{file}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

fn contains(lines: &[String], text: &str) -> bool {
    lines.iter().any(|line| line.contains(text))
}

// install

#[test]
fn install_lays_out_the_package() {
    let home = Home::new();
    home.succeed(&["install"]);
    let package = home.package();
    let installed = format!("lib/zeromq.{DLL_EXTENSION}");
    let pages = files(&root("help"));
    let pages: Vec<String> = pages.iter().map(|page| format!("share/help/{page}")).collect();
    let mut expected = vec!["installed-files.txt", &installed, "share/modules/zeromq.morpho"];
    expected.extend(pages.iter().map(String::as_str));
    let licenses = ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY.md"];
    let documents = licenses.map(|name| format!("share/doc/zeromq/{name}"));
    expected.extend(documents.iter().map(String::as_str));
    expected.sort();
    assert_eq!(files(&package), expected);
    let same = |a: &Path, b: &Path| assert!(fs::read(a).unwrap() == fs::read(b).unwrap());
    same(&package.join(installed), &library());
    for file in files(&root("help")) {
        same(&package.join("share/help").join(&file), &root("help").join(file));
    }
    for (name, installed) in licenses.iter().zip(&documents) {
        same(&package.join(installed), &root(name));
    }
    assert_eq!(home.text(), home.line());
}

#[test]
fn install_twice_is_the_same() {
    let home = Home::new();
    home.succeed(&["install"]);
    let before = files(home.0.path());
    assert!(home.succeed(&["install"]).contains("already in"));
    assert_eq!(files(home.0.path()), before);
    assert_eq!(home.text(), home.line());
}

#[test]
fn install_keeps_the_lines_of_others() {
    let texts: [&[u8]; 3] = [b"/a\n/b\n", b"/a\r\n  ~/b # c\n\n", b"/\xff\n"];
    for text in texts {
        let home = Home::new();
        fs::write(home.list(), text).unwrap();
        home.succeed(&["install"]);
        let expected = [text, home.line().as_bytes()].concat();
        assert_eq!(fs::read(home.list()).unwrap(), expected);
        home.succeed(&["uninstall"]);
        assert_eq!(fs::read(home.list()).unwrap(), text);
    }
}

#[test]
fn install_ends_the_last_line_and_adds_no_empty_one() {
    let home = Home::listing("/a");
    home.succeed(&["install"]);
    assert_eq!(home.text(), format!("/a\n{}", home.line()));
    let home = Home::listing("");
    home.succeed(&["install"]);
    assert_eq!(home.text(), home.line());
}

#[test]
fn install_knows_its_line_by_the_folder() {
    let home = Home::new();
    for line in ["", "/", "/\n"] {
        let text = format!("{}{line}", home.package().display());
        fs::write(home.list(), &text).unwrap();
        home.succeed(&["install"]);
        assert_eq!(home.text(), text);
    }
}

#[test]
fn the_list_keeps_its_permissions_and_stays_a_link() {
    let home = Home::new();
    let real = home.path("dotfile");
    fs::write(&real, "/a\n").unwrap();
    fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
    symlink(&real, home.list()).unwrap();
    home.succeed(&["install"]);
    assert!(home.list().is_symlink());
    let mode = fs::metadata(&real).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_to_string(real).unwrap(), format!("/a\n{}", home.line()));
}

#[test]
fn install_takes_another_folder() {
    let home = Home::new();
    let folder = home.path("else where");
    let prefix = format!("{}/", folder.display());
    home.succeed(&["install", "--prefix", &prefix]);
    assert_eq!(home.text(), format!("{}\n", folder.display()));
    home.succeed(&["uninstall", "--prefix", &prefix]);
    assert_eq!(files(home.0.path()), [""; 0]);
    assert!(!folder.exists());
}

#[test]
fn install_refuses_folders_that_morpho_does_not_search() {
    let home = Home::new();
    fs::create_dir_all(home.path("usr/share/morpho")).unwrap();
    let usr = home.path("usr").display().to_string();
    for prefix in ["/", "/a\nb", &usr] {
        let complaint = home.fail(&["install", "--prefix", prefix]);
        assert!(complaint.contains("--prefix"), "{complaint}");
    }
    assert!(!home.list().exists());
}

#[test]
fn install_overwrites_nothing_of_others() {
    let home = Home::new();
    let folder = home.other_package("old");
    fs::create_dir_all(folder.join("share/help")).unwrap();
    fs::write(folder.join("share/help/zeromq.md"), "old").unwrap();
    let (before, prefix) = (files(&folder), folder.display().to_string());
    let complaint = home.fail(&["install", "--prefix", &prefix]);
    assert!(complaint.contains("already exists"), "{complaint}");
    home.succeed(&["uninstall", "--prefix", &prefix]);
    assert_eq!(files(&folder), before);
}

#[test]
fn install_says_when_another_package_wins() {
    let home = Home::new();
    let old = home.other_package("old");
    let old = old.display();
    fs::write(home.list(), format!("{}{old}\n", home.line())).unwrap();
    let said = home.succeed(&["install"]);
    assert!(said.contains(&format!("Morpho loads zeromq from {old} on line 2")), "{said}");
    fs::write(home.list(), format!("{old}\n{}", home.line())).unwrap();
    let said = home.succeed(&["install"]);
    assert!(said.contains("does not load it from there"), "{said}");
}

#[test]
fn commands_need_a_home() {
    for command in ["install", "uninstall"] {
        let finished = launch(program().arg(command).env_remove("HOME")).finish(DEADLINE);
        assert_eq!(finished.status, Some(1));
        assert!(finished.stderr.contains("HOME is not set"));
    }
}

// uninstall

#[test]
fn uninstall_takes_everything_back() {
    let home = Home::new();
    home.succeed(&["install"]);
    home.succeed(&["uninstall"]);
    assert_eq!(files(home.0.path()), [""; 0]);
    assert!(!home.package().exists());
    assert!(home.succeed(&["uninstall"]).contains("there is no package"));
}

#[test]
fn uninstall_leaves_what_is_not_its_own() {
    let home = Home::new();
    home.succeed(&["install"]);
    fs::write(home.package().join("share/help/mine.md"), "").unwrap();
    let record = home.package().join("installed-files.txt");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(home.path("precious"), "").unwrap();
    let outside = home.path("precious").display().to_string();
    fs::write(record, format!("{text}../../../precious\n{outside}\n")).unwrap();
    home.succeed(&["uninstall"]);
    assert_eq!(files(home.0.path()), [".local/share/zeromq/share/help/mine.md", "precious"]);
}

// doctor

#[test]
fn doctor_is_content_with_a_working_package() {
    let home = Home::new();
    home.succeed(&["install"]);
    home.morpho("0.6.4", "libzmq 4.3.5");
    let good = home.doctor(0, "ok");
    let version = env!("CARGO_PKG_VERSION");
    for text in [
        &format!("zeromq {version}"),
        &format!("library {version}: {}", library().display()),
        "libzmq 4.3.5 with curve, ipc",
        &format!("package {} on line 1", home.package().display()),
        "Morpho 0.6.4",
        "import zeromq loads libzmq 4.3.5",
    ] {
        assert!(contains(&good, text), "{text}: {good:?}");
    }
    assert_eq!(home.doctor(0, "warning"), [""; 0]);
}

#[test]
fn doctor_says_what_is_not_installed() {
    let home = Home::new();
    let odd = home.doctor(0, "warning");
    assert!(contains(&odd, "`zeromq install` adds it"), "{odd:?}");
    assert!(contains(&odd, "MORPHO6"), "{odd:?}");
}

#[test]
fn doctor_finds_lines_that_do_nothing() {
    let home = Home::listing("/nowhere\n~/package\n # comment\n# comment\n/usr\r\n/usr/\n");
    let odd = home.doctor(0, "warning");
    for text in [
        "line 1 of",
        "does not name a folder",
        "line 2 of",
        "begins with ~",
        "line 3 of",
        "has spaces",
        "line 4 of",
        "is a comment",
        "line 5 of",
        "carriage return",
    ] {
        assert!(contains(&odd, text), "{text}: {odd:?}");
    }
    assert!(!contains(&odd, "line 6 of"), "{odd:?}");
}

#[test]
fn doctor_finds_empty_lines() {
    for text in ["\n", "/usr\n\n", "/\n"] {
        let bad = Home::listing(text).doctor(1, "problem");
        assert!(contains(&bad, "search all of /lib"), "{bad:?}");
    }
}

#[test]
fn doctor_says_which_package_wins() {
    let home = Home::new();
    let old = home.other_package("old");
    home.succeed(&["install"]);
    fs::write(home.list(), format!("{}{}\n", home.line(), old.display())).unwrap();
    let bad = home.doctor(1, "problem");
    assert!(contains(&bad, &format!("from {} on line 2", old.display())), "{bad:?}");
    fs::write(home.list(), format!("{}\n{}", old.display(), home.line())).unwrap();
    let odd = home.doctor(0, "warning");
    assert!(contains(&odd, "does not load it from there"), "{odd:?}");
}

#[test]
fn doctor_knows_an_outdated_package() {
    let home = Home::new();
    home.succeed(&["install"]);
    let library = format!("lib/zeromq.{DLL_EXTENSION}");
    for file in [library.as_str(), "share/help/errors.md", "share/modules/zeromq.morpho"] {
        fs::write(home.package().join(file), "").unwrap();
        let odd = home.doctor(0, "warning");
        assert!(contains(&odd, "install the package again") && contains(&odd, file), "{file}");
        home.succeed(&["install"]);
        assert!(!contains(&home.doctor(0, "warning"), "install the package again"));
    }
}

#[test]
fn doctor_tries_the_import_in_morpho() {
    let home = Home::new();
    home.morpho("0.6.1", "Error of the import");
    let bad = home.doctor(1, "problem");
    assert!(contains(&bad, "import zeromq fails: Error of the import"), "{bad:?}");
    home.morpho("Hello", "");
    assert!(contains(&home.doctor(1, "problem"), "it prints: Hello"));
    fs::set_permissions(home.path("morpho6"), Permissions::from_mode(0o644)).unwrap();
    assert!(contains(&home.doctor(1, "problem"), "cannot be run"));
}

#[test]
fn doctor_says_why_morpho_cannot_load_the_library() {
    let home = Home::new();
    home.succeed(&["install"]);
    let copy = home.package().join("lib/zeromq").with_extension(DLL_EXTENSION);
    fs::write(&copy, "not a library").unwrap();
    home.morpho("0.6.4", "Error 'ZMQLoad': it could not be loaded");
    let bad = home.doctor(1, "problem");
    assert!(contains(&bad, &format!("loaded: {}", copy.display())), "{bad:?}");
}

#[test]
fn doctor_needs_a_library_and_a_home() {
    let mut command = program();
    command.arg("doctor").env_remove("HOME").env("PATH", "/nowhere");
    let command = command.env_remove("MORPHO6").env("ZEROMQ_PLUGIN", "/nowhere");
    let finished = launch(command).finish(DEADLINE);
    assert_eq!(finished.status, Some(1));
    assert!(finished.stdout.contains("problem  the library was not found"));
    assert!(finished.stdout.contains("problem  HOME is not set"));
}

// The program alone, as `cargo install` puts it.

/// A program in a folder of its own, without the variables of this library.
struct Alone {
    folder: TempDir,
    home: Home,
}

impl Alone {
    fn new() -> Alone {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_zeromq"), folder.path().join("bin/zeromq")).unwrap();
        Alone { folder, home: Home::new() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.folder.path().join("bin/zeromq"));
        for name in ["ZEROMQ_PLUGIN", "ZEROMQ_POLICY", "MORPHO6", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command.env("HOME", self.home.0.path()).env("PATH", "/nowhere").current_dir("/");
        loopback(&mut command).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        launch(&mut self.command(arguments)).finish(DEADLINE)
    }

    /// Runs a command that succeeds and returns its output.
    fn succeed(&self, arguments: &[&str]) -> String {
        let Finished { stdout, stderr, status } = self.run(arguments);
        assert_eq!((stderr.as_str(), status), ("", Some(0)), "{arguments:?}");
        stdout
    }
}

#[test]
fn the_program_runs_alone() {
    let alone = Alone::new();
    let hello = root("examples/hello.morpho").display().to_string();
    assert_eq!(alone.succeed(&["run", &hello]), "Hello\nWorld!\n");
    assert_eq!(alone.succeed(&["run", "-n", "2", &hello]).matches("World!\n").count(), 2);
    let input =
        "var a = ZMQPull(\"inproc://a\")\nZMQPush(\"inproc://a\").send(\"x\")\na.receive()\n";
    let prompt = feed(&mut alone.command(&["repl"]), input).finish(DEADLINE);
    assert_eq!((prompt.stdout.as_str(), prompt.stderr.as_str()), ("true\nx\n", ""));
    assert!(alone.succeed(&["help", "zmqpull"]).starts_with("ZMQPull\n"));
    let found = alone.succeed(&["doctor"]);
    let version = env!("CARGO_PKG_VERSION");
    assert!(found.contains(&format!("library {version}: the one in this program")), "{found}");
    assert!(found.contains("libzmq 4.3.5 with curve, ipc"), "{found}");
    // A package that another program has installed is up to date, too.
    alone.home.succeed(&["install"]);
    let found = alone.succeed(&["doctor"]);
    assert!(found.contains("ok       package") && !found.contains("not the library"), "{found}");
}

#[cfg(feature = "tools")]
#[test]
fn the_tools_run_alone() {
    let alone = Alone::new();
    let endpoint = format!("ipc://{}/tools", alone.folder.path().display());
    let sub = launch(&mut alone.command(&["sub", &endpoint, "--count", "1"]));
    let sent = alone.run(&["pub", &endpoint, "hello", "--quiet"]);
    assert_eq!((sent.stderr.as_str(), sent.status), ("", Some(0)));
    assert_eq!(sub.finish(DEADLINE).stdout, "hello\n");
}

#[test]
fn without_a_shared_library_install_says_how_to_get_one() {
    let alone = Alone::new();
    for arguments in [&["install"][..], &["install", "--c"]] {
        let Finished { stderr, status, .. } = alone.run(arguments);
        assert_eq!(status, Some(1));
        assert!(stderr.contains("run `cargo build --release`"), "{stderr}");
    }
    assert_eq!(files(alone.home.0.path()), [""; 0]);
    // The name of a library that is not there is a mistake.
    let hello = root("examples/hello.morpho").display().to_string();
    let mut command = alone.command(&["run", &hello]);
    let Finished { stderr, status, .. } =
        launch(command.env("ZEROMQ_PLUGIN", "/nowhere")).finish(DEADLINE);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("correct it, or unset it"), "{stderr}");
}

#[test]
fn the_program_is_installed_and_removed() {
    let alone = Alone::new();
    let installed = alone.home.path(".local/bin/zeromq");
    let add = |folder: &Path| {
        let mut command = alone.command(&["install", "--program"]);
        launch(command.env("PATH", folder)).finish(DEADLINE)
    };
    let elsewhere = Path::new("/nowhere");
    let Finished { stdout: told, stderr, status } = add(elsewhere);
    assert!(told.contains("is not in PATH: add the line `export PATH="), "{told}");
    // There is no library to install, which is no reason to fail.
    assert_eq!((stderr.as_str(), status), ("", Some(0)));
    assert!(told.contains("is not beside this program"), "{told}");
    let hello = root("examples/hello.morpho");
    let mut command = Command::new(&installed);
    let run = launch(command.arg("run").arg(&hello).env_remove("ZEROMQ_PLUGIN")).finish(DEADLINE);
    assert_eq!(run.stdout, "Hello\nWorld!\n", "{}", run.stderr);
    // Again, found by shells, and behind another one.
    let told = add(installed.parent().unwrap()).stdout;
    assert!(told.contains("Installed the program") && !told.contains("Warning"), "{told}");
    // From there it is in place already.
    let mut command = Command::new(&installed);
    command.args(["install", "--program"]).env_remove("ZEROMQ_PLUGIN");
    command.env("HOME", alone.home.0.path()).env("PATH", installed.parent().unwrap());
    let Finished { stdout, stderr, status } = launch(&mut command).finish(DEADLINE);
    assert_eq!((stderr.as_str(), status), ("", Some(0)));
    assert!(stdout.contains("The program is in ") && stdout.contains(" already"), "{stdout}");
    let told = add(&alone.folder.path().join("bin")).stdout;
    assert!(told.contains("which comes first in PATH"), "{told}");
    assert!(alone.succeed(&["uninstall"]).contains("Removed the program"));
    assert_eq!(files(alone.home.0.path()), [""; 0]);
    // What is not from install stays.
    fs::create_dir_all(installed.parent().unwrap()).unwrap();
    fs::write(&installed, "mine").unwrap();
    assert!(add(elsewhere).stderr.contains("already exists and is not from `zeromq install`"));
    alone.succeed(&["uninstall", "--program", "--c"]);
    assert_eq!(fs::read_to_string(&installed).unwrap(), "mine");
}

/// A file that somebody has put in place of ours is theirs.
#[test]
fn uninstall_leaves_what_was_replaced() {
    let alone = Alone::new();
    let installed = alone.home.path(".local/bin/zeromq");
    alone.succeed(&["install", "--program"]);
    fs::write(&installed, "mine").unwrap();
    let told = alone.run(&["install", "--program"]).stderr;
    assert!(told.contains("already exists and is not from `zeromq install`"), "{told}");
    let told = alone.succeed(&["uninstall"]);
    let left = format!("Left {}, which is not as it was installed.\n", installed.display());
    assert!(told.contains(&left) && !told.contains("Removed the program"), "{told}");
    assert_eq!(files(alone.home.0.path()), [".local/bin/zeromq"]);
    assert_eq!(fs::read_to_string(&installed).unwrap(), "mine");

    // Files and links of the other packages.
    let home = Home::new();
    home.succeed(&["install"]);
    home.succeed(&["install", "--c"]);
    let changed = [".local/share/zeromq/share/help/zeromq.md", ".local/include/zeromq.h"];
    for path in changed {
        fs::write(home.path(path), "changed").unwrap();
    }
    let link = home.path(".local/lib/libzeromq.so");
    let linked = link.symlink_metadata().is_ok_and(|about| about.is_symlink());
    if linked {
        fs::remove_file(&link).unwrap();
        symlink("/dev/null", &link).unwrap();
    }
    let told = home.succeed(&["uninstall"]) + &home.succeed(&["uninstall", "--c"]);
    assert_eq!(told.matches("Left ").count(), if linked { 3 } else { 2 }, "{told}");
    let left = files(home.0.path()).into_iter().filter(|path| path.starts_with(".local"));
    assert_eq!(left.count(), if linked { 3 } else { 2 });
}

/// The records of earlier versions do not say what the files contained, and those of an installation
/// that was interrupted name two versions of a file.
#[test]
fn uninstall_reads_every_record() {
    let home = Home::new();
    home.succeed(&["install"]);
    let record = home.package().join("installed-files.txt");
    let text = fs::read_to_string(&record).unwrap();
    let paths: String =
        text.lines().map(|line| format!("{}\n", line.split('\t').next().unwrap())).collect();
    assert_ne!(paths, text);
    fs::write(home.package().join("share/help/zeromq.md"), "of another version").unwrap();
    fs::write(&record, &paths).unwrap();
    assert!(!home.succeed(&["uninstall"]).contains("Left"));
    assert_eq!(files(home.0.path()), [""; 0]);

    home.succeed(&["install"]);
    let both = text.clone() + "share/help/zeromq.md\t5 0072c9a34c1b4441\n";
    fs::write(&record, &both).unwrap();
    home.succeed(&["install"]);
    assert_eq!(fs::read_to_string(&record).unwrap(), text);
    fs::write(&record, &both).unwrap();
    fs::write(home.package().join("share/help/zeromq.md"), "older").unwrap();
    assert!(!home.succeed(&["uninstall"]).contains("Left"));
    assert_eq!(files(home.0.path()), [""; 0]);
}

/// At a terminal, install asks.
#[test]
fn install_asks_for_the_program() {
    use support::terminal::Terminal;
    let home = Home::new();
    let start = |path: &Path| {
        let mut command = program();
        command.env("HOME", home.0.path()).env("PATH", path).arg("install");
        Terminal::start(command)
    };
    let installed = home.path(".local/bin/zeromq");
    for (answer, wanted) in [("\r", false), ("no\r", false), ("y\r", true)] {
        let mut terminal = start(Path::new("/nowhere"));
        terminal.wait(|shown| shown.ends_with(".local/bin? [y/N] "));
        terminal.press(answer);
        assert_eq!(terminal.finish(), Some(0));
        assert_eq!(installed.exists(), wanted, "{answer:?}");
    }
    // A program that shells find is there already.
    let terminal = start(installed.parent().unwrap());
    let told = terminal.wait(|shown| shown.contains(".morphopackages.\n"));
    assert_eq!(terminal.finish(), Some(0));
    assert!(!told.contains("[y/N]"), "{told}");
}

// The module that Morpho compiles when it cannot load the library.

#[test]
fn the_fallback_has_the_names_of_the_library() {
    let module = include_str!("../share/modules/zeromq.morpho");
    let classes = module.lines().filter_map(|line| line.strip_prefix("class "));
    let mut found: Vec<&str> = classes.filter_map(|line| line.split_whitespace().next()).collect();
    let names = CLASSES.iter().flat_map(|class| [Some(class.name), class.alias]).flatten();
    let mut expected: Vec<&str> = names.collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    for function in CLASSES.iter().flat_map(|class| class.functions) {
        let name = function.name;
        assert!(module.contains(&format!("\n  {name}(")), "{name}");
    }
}

#[test]
fn a_list_that_is_a_pipe_or_a_device_is_an_error() {
    let home = Home::new();
    let made = std::process::Command::new("mkfifo").arg(home.list()).status().unwrap();
    assert!(made.success());
    for _ in 0..2 {
        for command in ["install", "uninstall"] {
            let error = home.fail(&[command]);
            assert!(error.contains("a pipe or a device, not a file"), "{command}: {error}");
        }
        assert_eq!(home.run(&["doctor"]).status, Some(1));
        fs::remove_file(home.list()).unwrap();
        symlink("/dev/zero", home.list()).unwrap();
    }
}
