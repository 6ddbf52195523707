//! Every example runs on the reference host, and prints what its readers are told.

mod support;

use std::fs;
use std::path::Path;

use support::{Reference, examples, root};

#[test]
fn hello() {
    examples::hello(&Reference);
}

#[test]
fn request_reply() {
    examples::request_reply(&Reference);
}

#[test]
fn reversed() {
    examples::reversed(&Reference);
}

#[test]
fn publish_subscribe() {
    examples::publish_subscribe(&Reference);
}

#[test]
fn pipeline() {
    examples::pipeline(&Reference);
}

#[test]
fn dealer_router() {
    examples::dealer_router(&Reference);
}

#[test]
fn every_example_is_tested() {
    let tests = include_str!("support/examples.rs");
    let mut count = 0;
    visit(&root("examples"), &mut |script| {
        let name = script.strip_prefix(root("examples")).unwrap().to_str().unwrap();
        assert!(tests.contains(&format!("\"{name}\"")), "{name} has no test");
        count += 1;
    });
    assert!(count > 0);
}

fn visit(folder: &Path, script: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, script);
        } else if path.extension().is_some_and(|extension| extension == "morpho") {
            script(&path);
        }
    }
}
