//! The program that `fuzz/run` builds. The name by which it is called is that of the target.

#![no_main]

use std::env;
use std::path::PathBuf;
use std::sync::LazyLock;

use zeromq_fuzz::TARGETS;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let path = PathBuf::from(env::args_os().next().unwrap_or_default());
    let name = path.file_name().unwrap_or_default();
    let target = TARGETS.iter().find(|(known, _)| name == *known);
    target.unwrap_or_else(|| panic!("{name:?} is not the name of a target")).1
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| (*RUN)(input));
