//! Runs each target on its seeds, as part of `cargo test`. With `ZEROMQ_SECONDS`, each target
//! then runs for so long on seeds that are changed at random. `ZEROMQ_SEED` sets where to
//! begin.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// The targets change the state of the process: its authenticator, its folder.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Runs a target on each of its seeds, and on nothing.
pub fn replay(target: &str, run: fn(&[u8])) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).expect("each target has seeds");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 2, "{target}: a good and a bad example at least");
    let mut seeds = vec![Vec::new()];
    run(b"");
    for file in files {
        // The last one printed is the one that failed.
        println!("{}", file.display());
        let seed = fs::read(file).unwrap();
        run(&seed);
        seeds.push(seed);
    }

    let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    let seed: u64 = number("ZEROMQ_SEED").unwrap_or(7);
    let end = Instant::now() + Duration::from_secs(number("ZEROMQ_SECONDS").unwrap_or(0));
    for round in 0.. {
        if Instant::now() >= end {
            break;
        }
        println!("{target}: ZEROMQ_SEED={}", seed + round);
        run(&changed(&seeds, &mut Rng::with_seed(seed + round)));
    }
}

/// Returns a seed with a few changes.
fn changed(seeds: &[Vec<u8>], chance: &mut Rng) -> Vec<u8> {
    let mut input = seeds[chance.usize(..seeds.len())].clone();
    for _ in 0..chance.usize(1..9) {
        let at = chance.usize(..=input.len());
        let rest = input.len() - at;
        match chance.u8(..6) {
            0 if rest > 0 => input[at] ^= 1 << chance.u8(..8),
            1 if rest > 0 => input[at] = chance.u8(..),
            2 => input.insert(at, chance.u8(..)),
            3 if rest > 0 => drop(input.drain(at..at + chance.usize(1..=rest.min(9)))),
            4 if rest > 0 => {
                // Repeats a part of it.
                let part = input[at..at + chance.usize(1..=rest)].to_vec();
                let to = chance.usize(..=input.len());
                input.splice(to..to, part);
            }
            _ => {
                // Takes over a part of another.
                let other = &seeds[chance.usize(..seeds.len())];
                let start = chance.usize(..=other.len());
                let part = &other[start..chance.usize(start..=other.len())];
                input.splice(at..at + chance.usize(..=rest.min(part.len())), part.iter().copied());
            }
        }
    }
    input.truncate(4096);
    input
}

/// `cargo test` builds the targets with the dependencies of the library, not with their own.
#[test]
fn the_fuzzer_has_the_crates_that_the_targets_use() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let manifest = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let (library, fuzzer) = (manifest("Cargo.toml"), manifest("fuzz/Cargo.toml"));
    let mut sources = String::new();
    let program = root.join("src/bin/zeromq");
    let of_program = ["host", "files.rs", "library.rs"].map(|name| program.join(name));
    let mut paths = Vec::from(of_program);
    paths.push(root.join("fuzz/src"));
    while let Some(path) = paths.pop() {
        match path.is_dir() {
            true => paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => sources.push_str(&fs::read_to_string(path).unwrap()),
        }
    }
    let (_, dependencies) = library.split_once("\n[dependencies]\n").unwrap();
    let lines = dependencies.lines().take_while(|line| !line.starts_with("[["));
    let names = lines.filter_map(|line| Some(line.split_once(" = ")?.0));
    // A name is not the end of another one, as ring is of String.
    let used = |name: &&str| {
        let path = format!("{}::", name.replace('-', "_"));
        sources.match_indices(&path).any(|(at, _)| {
            !sources[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
    };
    let used: Vec<&str> = names.filter(used).collect();
    assert!(used.contains(&"smallvec"), "{used:?}");
    for name in used {
        assert!(fuzzer.contains(&format!("\n{name} = ")), "{name} is missing from fuzz/Cargo.toml");
    }
}

#[test]
fn every_folder_of_seeds_is_that_of_a_target() {
    for entry in fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")).unwrap()
    {
        let name = entry.unwrap().file_name();
        assert!(crate::TARGETS.iter().any(|(known, _)| name == *known), "{name:?}");
    }
}
