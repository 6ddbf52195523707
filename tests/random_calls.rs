//! Random calls of random methods with random arguments, as from a script gone wild:
//! each returns a value or an error within bounded time, and the process survives.
//! `ZEROMQ_SECONDS` sets how long to run, `ZEROMQ_SEED` the seed, and `ZEROMQ_TRACE=1`
//! prints each call before it is made.

// The fuzzer makes the same calls.
#[path = "../fuzz/src/calls.rs"]
mod calls;
mod support;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use support::chance::Chance;
use zeromq::capi::library::zeromq_shutdown;

/// How long the calls of a round may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The bytes of an input, enough for as many calls as are made with the same objects.
const BYTES: usize = 8000;

/// Runs the scripts under this policy.
const POLICY: &str = "ZEROMQ_RANDOM_POLICY";

/// When the current round started, in milliseconds since the start, for the watchdog.
static RUNNING: AtomicU64 = AtomicU64::new(0);

/// Ends the process if a round takes too long.
fn watch(start: Instant) {
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(100));
            let began = Duration::from_millis(RUNNING.load(Ordering::Relaxed));
            if start.elapsed() > began + LIMIT {
                eprintln!("a round took longer than {LIMIT:?}");
                std::process::abort();
            }
        }
    });
}

#[test]
fn no_calls_end_the_process() {
    let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    let seed = number("ZEROMQ_SEED").unwrap_or(7);
    let start = Instant::now();
    let end = start + Duration::from_secs(number("ZEROMQ_SECONDS").unwrap_or(5));
    // Files that scripts write go here.
    let folder = tempfile::tempdir().unwrap();
    env::set_current_dir(folder.path()).unwrap();
    watch(start);
    let policy = env::var(POLICY).ok();
    let mut codes = BTreeMap::new();
    for round in 0.. {
        if Instant::now() > end {
            break;
        }
        // The last one printed is the one that failed.
        println!("ZEROMQ_SEED={}", seed + round);
        let mut chance = Chance::new(seed + round);
        let input: Vec<u8> = (0..BYTES).map(|_| chance.below(256) as u8).collect();
        RUNNING.store(start.elapsed().as_millis() as u64, Ordering::Relaxed);
        let check = || {
            if policy.is_some() {
                check_untouched();
            }
        };
        for (code, count) in calls::calls(&input, policy.as_deref(), check) {
            *codes.entry(code).or_insert(0) += count;
        }
        RUNNING.store(start.elapsed().as_millis() as u64, Ordering::Relaxed);
        // Sockets closed earlier may wait for their peers for as long as their linger,
        // which may be forever.
        let (ended, end) = mpsc::channel();
        thread::spawn(move || ended.send(zeromq_shutdown()));
        let _ = end.recv_timeout(Duration::from_secs(2));
    }
    println!("{codes:?}");
    assert!(codes["a value"] > 0 && codes["ZMQArgs"] > 0, "{codes:?}");
    if policy.is_some() {
        assert!(codes["ZMQPolicy"] > 0, "{codes:?}");
    }
}

/// Checks that this process has no socket of the system and has written no file.
fn check_untouched() {
    let files: Vec<_> = fs::read_dir(".").unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.is_empty(), "{files:?}");
    let descriptors = fs::read_dir("/proc/self/fd").into_iter().flatten();
    let links = descriptors.filter_map(|descriptor| fs::read_link(descriptor.unwrap().path()).ok());
    let sockets: Vec<_> =
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).collect();
    assert!(sockets.is_empty(), "{sockets:?}");
}

#[test]
fn scripts_that_may_do_nothing_touch_nothing() {
    let mut child = Command::new(env::current_exe().unwrap());
    let status = child.args(["--exact", "no_calls_end_the_process"]).env(POLICY, "").status();
    assert!(status.unwrap().success());
}
