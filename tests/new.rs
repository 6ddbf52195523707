//! `zeromq new`: each pair of scripts works, on the reference host and on Morpho.

mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use support::examples::endpoints;
#[cfg(unix)]
use support::morpho::Morpho;
use support::{Finished, Host, Reference, Running, launch, program};

const DEADLINE: Duration = Duration::from_secs(60);

/// Runs `zeromq new` in a folder.
fn new(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = program();
    launch(command.arg("new").args(arguments).current_dir(folder)).finish(DEADLINE)
}

/// A pair of scripts in a folder of its own.
struct Pair<'a> {
    host: &'a dyn Host,
    folder: tempfile::TempDir,
    /// The scripts, in the order in which they are to be started.
    scripts: Vec<String>,
}

impl<'a> Pair<'a> {
    fn new(host: &'a dyn Host, pattern: &str) -> Pair<'a> {
        let folder = tempfile::tempdir().unwrap();
        let told = new(folder.path(), &[pattern]);
        assert_eq!((told.stderr.as_str(), told.status), ("", Some(0)));
        let runs = told.stdout.lines().filter_map(|line| line.trim().strip_prefix("zeromq run "));
        let scripts: Vec<String> = runs.map(str::to_owned).collect();
        assert_eq!(scripts.len(), 2, "{}", told.stdout);
        Pair { host, folder, scripts }
    }

    fn start(&self, number: usize, arguments: &[&str]) -> Running {
        let script: PathBuf = self.folder.path().join(&self.scripts[number]);
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        self.host.start(&script, &arguments)
    }
}

/// Returns the output of a script that ends.
fn output(running: Running) -> String {
    let Finished { stdout, stderr, .. } = running.finish(DEADLINE);
    assert_eq!(stderr, "", "{stdout}");
    stdout
}

fn request_reply(host: &dyn Host) {
    let pair = Pair::new(host, "request-reply");
    let [endpoint] = endpoints();
    let _server = pair.start(0, &[&endpoint]);
    let replies = "Hello, Ada\nHello, Grace\nHello, Karen\n";
    for _ in 0..2 {
        assert_eq!(output(pair.start(1, &[&endpoint])), replies);
    }
    // Nobody answers: the client says why, and ends.
    let [dead] = endpoints();
    let told = output(pair.start(1, &[&dead]));
    assert!(told.contains(&dead) && told.contains("start the program that binds it"), "{told}");
}

fn publish_subscribe(host: &dyn Host) {
    let pair = Pair::new(host, "publish-subscribe");
    let [endpoint] = endpoints();
    let subscriber = pair.start(1, &["Oslo", &endpoint]);
    let _publisher = pair.start(0, &[&endpoint]);
    let printed = output(subscriber) + &output(pair.start(1, &["Oslo", &endpoint]));
    assert_eq!(printed.lines().count(), 10, "{printed}");
    for line in printed.lines() {
        let degrees = line.strip_prefix("Oslo: ").and_then(|line| line.strip_suffix(" degrees"));
        assert!(degrees.unwrap().parse::<u8>().unwrap() < 40);
    }
}

fn pipeline(host: &dyn Host) {
    let pair = Pair::new(host, "pipeline");
    let [endpoint] = endpoints();
    let source = pair.start(0, &[&endpoint]);
    let sink = pair.start(1, &[&endpoint]);
    let expected = format!("Listening on {endpoint}, waiting for a sink\n10 tasks are sent\n");
    assert_eq!(output(source), expected);
    let tasks: String = (1..=10).map(|number| format!("Working on task {number}\n")).collect();
    assert_eq!(output(sink), tasks + "10 tasks are done\n");
}

fn dealer_router(host: &dyn Host) {
    let pair = Pair::new(host, "dealer-router");
    let [endpoint] = endpoints();
    let _router = pair.start(0, &[&endpoint]);
    let names = ["Ada", "Grace"];
    for (dealer, name) in names.map(|name| pair.start(1, &[name, &endpoint])).into_iter().zip(names)
    {
        let answers = (1..=3).map(|number| format!("Answer to request {number} of {name}\n"));
        assert_eq!(output(dealer), answers.collect::<String>());
    }
}

fn task_queue(host: &dyn Host) {
    let pair = Pair::new(host, "task-queue");
    let [endpoint] = endpoints();
    let worker = pair.start(1, &[&endpoint]);
    let queue = pair.start(0, &[&endpoint]);
    let expected = format!(
        "Listening on {endpoint}, waiting for workers\nThe sum of the squares up to 10 is 385\n"
    );
    assert_eq!(output(queue), expected);
    // The worker ends with the queue.
    let tasks = (1..=10).map(|number| format!("Computing the square of {number}\n"));
    assert_eq!(output(worker), tasks.collect::<String>());
}

const PAIRS: [fn(&dyn Host); 5] =
    [request_reply, publish_subscribe, pipeline, dealer_router, task_queue];

#[test]
fn each_pair_works() {
    PAIRS.iter().for_each(|pair| pair(&Reference));
}

#[cfg(unix)]
#[test]
fn each_pair_works_on_morpho() {
    if let Some(morpho) = Morpho::named() {
        PAIRS.iter().for_each(|pair| pair(&morpho));
    }
}

#[test]
fn patterns_are_listed_and_all_of_them_tested() {
    let folder = tempfile::tempdir().unwrap();
    let listed = new(folder.path(), &[]).stdout;
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names.len(), PAIRS.len(), "{listed}");
    // Their scripts have names of their own, so that all of them fit into one folder.
    for name in names {
        assert_eq!(new(folder.path(), &[name]).status, Some(0), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2 * PAIRS.len());
}

#[test]
fn the_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "mine").unwrap();
    for out in ["file", "file/inside"] {
        let told = new(folder.path(), &["pipeline", "--out", out]);
        assert_eq!(told.status, Some(1));
        assert!(told.stderr.starts_with("file is not a folder: --out takes"), "{}", told.stderr);
    }
    let told = new(folder.path(), &["pipeline", "--out", "no/such/folder"]);
    assert_eq!((told.stderr.as_str(), told.status), ("", Some(0)));
    assert!(folder.path().join("no/such/folder/sink.morpho").exists());
}

#[test]
fn files_are_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/request.morpho");
    fs::create_dir(folder.path().join("made")).unwrap();
    fs::write(&path, "mine").unwrap();
    let told = new(folder.path(), &["request-reply", "--out", "made"]);
    assert_eq!(told.status, Some(1));
    assert!(told.stderr.contains("already exists") && told.stderr.contains("--out"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    // Nor is one of two written.
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    let told = new(folder.path(), &["request-replay"]);
    assert!(told.stderr.contains("did you mean request-reply?"), "{}", told.stderr);
    let told = new(folder.path(), &["pipeline", "--out", "other/folder"]);
    assert!(told.stdout.contains("zeromq run other/folder/source.morpho"), "{}", told.stdout);
    assert!(folder.path().join("other/folder/sink.morpho").exists());
}
