//! `zeromq run -n`: several copies of a script, which end together.

#![cfg(unix)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use support::{Finished, Running, launch, program};
use zeromq::core::tasks::{Queue, Settings};
use zeromq::core::{Frame, Wait};

const DEADLINE: Duration = Duration::from_secs(60);

/// A script that says hello, and then what `rest` does.
fn script(folder: &tempfile::TempDir, rest: &str) -> PathBuf {
    let path = folder.path().join("worker.morpho");
    fs::write(&path, format!("import zeromq\nprint \"hello\"\n{rest}\n")).unwrap();
    path
}

fn copies(count: u32, script: &PathBuf, arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(["run", "-n", &count.to_string()]).arg(script).args(arguments);
    command
}

#[test]
fn copies_show_their_output_and_succeed_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(&folder, "print System.arguments()");
    let Finished { stdout, stderr, status } =
        launch(&mut copies(4, &path, &["a b", "-n"])).finish(DEADLINE);
    let mut lines: Vec<&str> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [["[ a b, -n ]"; 4], ["hello"; 4]].concat(), "{stderr}");
    assert_eq!(status, Some(0));
    // Options after the script are the script's.
    let mut one = program();
    let Finished { stdout, .. } =
        launch(one.arg("run").arg(&path).args(["-n", "5", "--help"])).finish(DEADLINE);
    assert_eq!(stdout, "hello\n[ -n, 5, --help ]\n");
}

#[test]
fn copies_that_fail_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = script(&folder, "Error(\"Mine\", \"a mistake\").throw()");
    let Finished { stdout, stderr, status } = launch(&mut copies(3, &path, &[])).finish(DEADLINE);
    assert_eq!((status, stdout.matches("a mistake").count()), (Some(1), 3), "{stdout}{stderr}");
    for copy in 1..=3 {
        assert!(stderr.contains(&format!("copy {copy} ended with exit status: 1\n")), "{stderr}");
    }
    // A single copy is the script itself.
    let Finished { stderr, status, .. } = launch(&mut copies(1, &path, &[])).finish(DEADLINE);
    assert_eq!((status, stderr.contains("copy")), (Some(1), false), "{stderr}");
}

/// What a worker does.
const SERVE: &str = "ZMQWorker(System.arguments()[0]).serve(fn (task) { return task })";

fn queue() -> (Queue, String) {
    let queue = Queue::new(Settings::default()).unwrap();
    queue.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = queue.endpoint().unwrap().unwrap();
    (queue, endpoint)
}

/// Waits until something is true.
fn until(is_true: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_true() {
        assert!(Instant::now() < end);
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_copy_that_dies_is_named_and_the_others_go_on() {
    let (queue, endpoint) = queue();
    let folder = tempfile::tempdir().unwrap();
    let path = script(&folder, SERVE);
    let running = launch(&mut copies(3, &path, &[&endpoint]));
    until(|| queue.stats().unwrap().workers == 3);
    let task = || vec![Frame::from(vec![1])];
    let wait = Wait::new(Some(DEADLINE));
    queue.add(task()).unwrap();
    // The name ends with the number of the process.
    let name = queue.next(&wait).unwrap().unwrap().worker;
    let victim: i32 = name.rsplit(' ').next().unwrap().parse().unwrap();
    // SAFETY: the function only takes numbers; the process has just answered.
    unsafe { libc::kill(victim, libc::SIGKILL) };
    until(|| queue.stats().unwrap().workers == 2);
    assert_eq!(queue.map((0..9).flat_map(|_| task()).collect(), &wait).unwrap().len(), 9);
    queue.stop_workers().unwrap();
    let Finished { stdout, stderr, status } = running.finish(DEADLINE);
    assert_eq!((&*stdout, status), ("hello\nhello\nhello\n", Some(1)), "{stderr}");
    assert!(stderr.contains(" ended with signal: 9"), "{stderr}");
}

fn send(running: &Running, signal: i32) {
    // SAFETY: the process is a child of this one that was not waited for.
    unsafe { libc::kill(running.id() as i32, signal) };
}

#[test]
fn signals_end_all_copies() {
    let (queue, endpoint) = queue();
    let folder = tempfile::tempdir().unwrap();
    let path = script(&folder, SERVE);
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let running = launch(&mut copies(4, &path, &[&endpoint]));
        until(|| queue.stats().unwrap().workers == 4);
        send(&running, signal);
        // Its output ends, so no copy has it open any longer.
        let Finished { stdout, stderr, status } = running.finish(DEADLINE);
        assert_eq!((&*stdout, status), (&*"hello\n".repeat(4), Some(128 + signal)), "{stderr}");
        until(|| queue.stats().unwrap().workers == 0);
    }
}

/// A copy that does not end by itself, and a program that it has started and that ignores
/// every signal but SIGKILL, which has the output open.
#[cfg(target_os = "linux")]
#[test]
fn what_ignores_signals_is_killed() {
    let (queue, endpoint) = queue();
    let folder = tempfile::tempdir().unwrap();
    let path = script(&folder, SERVE);
    let (source, library) = (folder.path().join("child.c"), folder.path().join("child.so"));
    let pid = folder.path().join("pid");
    // Each copy starts one, before its script.
    fs::write(
        &source,
        r#"
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        __attribute__((constructor)) static void begin(void) {
            char command[4096] = {0};
            FILE *file = fopen("/proc/self/cmdline", "r");
            size_t size = file ? fread(command, 1, sizeof command - 1, file) : 0;
            if (file)
                fclose(file);
            if (size < 10 || !memmem(command, size, "run\0--", 7))
                return;
            unsetenv("LD_PRELOAD");
            signal(SIGTERM, SIG_IGN);
            if (fork() == 0) {
                signal(SIGINT, SIG_IGN);
                FILE *pid = fopen(getenv("PID"), "w");
                fprintf(pid, "%d", (int)getpid());
                fclose(pid);
                for (;;)
                    pause();
            }
        }
        "#,
    )
    .unwrap();
    let compiled = Command::new(std::env::var("CC").unwrap_or("cc".into()))
        .args(["-D_GNU_SOURCE", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    assert!(compiled.unwrap().success());
    let mut command = copies(2, &path, &[&endpoint]);
    let running = launch(command.env("LD_PRELOAD", &library).env("PID", &pid));
    until(|| queue.stats().unwrap().workers == 2);
    send(&running, libc::SIGTERM);
    let Finished { stderr, status, .. } = running.finish(DEADLINE);
    assert_eq!(status, Some(128 + libc::SIGTERM), "{stderr}");
    // It is gone, or nobody has asked for its status yet.
    let stat = PathBuf::from(format!("/proc/{}/stat", fs::read_to_string(pid).unwrap()));
    until(|| fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z ")) || !stat.exists());
}
