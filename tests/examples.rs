//! Every example runs on the reference host and prints what its documentation says.

mod support;

use std::fs;
use std::path::Path;

use support::{Reference, examples, root};

/// Defines a test for each example, named after it.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            examples::run(&Reference, stringify!($name));
        })*

        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

tests! {
    // The basic patterns.
    hello, request_reply, reversed, publish_subscribe, pipeline, sweep, dealer_router,
    // Market data.
    market_settings, market_sequence, market_consumer, market_cache, market_recording, market_group,
    market_lost_member, market_journal, market_keys, market_stopped, market_failover, market_monitor,
    market_start, market_interrupted,
    // Publishers and subscribers.
    envelopes, last_value_cache, high_water_marks, nodrop, conflate, snail, clone, ephemeral,
    espresso,
    // Others.
    kill_signal, plain, stonehouse, ironhouse, web_server, discovery,
    // Requests that survive failures.
    broker, balance, lazy_pirate, paranoid_pirate, majordomo, freelance, binary_star,
    titanic,
}

#[test]
fn every_example_is_tested() {
    let untested: Vec<&str> =
        examples::all().map(|(name, _)| *name).filter(|name| !TESTED.contains(name)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn every_script_belongs_to_an_example() {
    let mut tests = String::new();
    visit(&root("tests/support/examples"), "rs", &mut |path| {
        tests += &fs::read_to_string(path).unwrap();
    });
    let mut count = 0;
    visit(&root("examples"), "morpho", &mut |script| {
        let name = script.strip_prefix(root("examples")).unwrap().to_str().unwrap();
        assert!(tests.contains(&format!("\"{name}\"")), "{name} has no test");
        count += 1;
    });
    assert!(count > 0);
}

/// Visits every file of a kind in a folder and its subfolders.
fn visit(folder: &Path, kind: &str, file: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, kind, file);
        } else if path.extension().is_some_and(|extension| extension == kind) {
            file(&path);
        }
    }
}
