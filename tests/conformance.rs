//! The reference host against Morpho 0.6.4: scripts with what Morpho prints for
//! them. The host prints exactly the same, or it refuses the script; it never
//! prints something else.
//!
//! Each script in `tests/conformance`, `name.morpho`, stands beside what the real
//! Morpho printed for it, `name.expected`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The deadline of a script.
const DEADLINE: Duration = Duration::from_secs(20);

/// How many scripts have to run.
const ENOUGH: usize = 55;

/// The numbers of the scripts that have to run.
const REQUIRED: [std::ops::RangeInclusive<u32>; 10] =
    [1..=3, 12..=16, 21..=33, 44..=49, 58..=62, 66..=66, 70..=71, 78..=81, 86..=86, 89..=89];

#[derive(PartialEq)]
enum Verdict {
    Exact,
    Refused(String),
    Wrong(String),
}

#[test]
fn scripts_print_what_morpho_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let (mut exact, mut refused, mut wrong) = (0, 0, Vec::new());
    for script in scripts(&folder) {
        let name = script.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match judge(&script) {
            Verdict::Exact => exact += 1,
            Verdict::Refused(why) if is_required(&name) => wrong.push(format!("{name}: {why}")),
            Verdict::Refused(why) => {
                println!("{name}: {why}");
                refused += 1;
            }
            Verdict::Wrong(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    println!("{exact} scripts run exactly, {refused} are refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(exact >= ENOUGH, "only {exact} scripts run");
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let files = entries.map(|entry| entry.expect("the entry can be read").path());
    let mut scripts: Vec<_> = files.filter(|path| is_script(path)).collect();
    scripts.sort();
    scripts
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "morpho")
        && path.with_extension("expected").exists()
}

fn is_required(name: &str) -> bool {
    let number = name.split('-').next().and_then(|number| number.parse().ok());
    number.is_some_and(|number| REQUIRED.iter().any(|range| range.contains(&number)))
}

fn judge(script: &Path) -> Verdict {
    let expected = std::fs::read(script.with_extension("expected")).expect("it can be read");
    let mut child = Command::new(env!("CARGO_BIN_EXE_zeromq"))
        .arg("run")
        .arg(script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Both pipes are read while the script runs, so that it cannot block.
    let output = drain(child.stdout.take());
    let errors = drain(child.stderr.take());
    let in_time = wait(&mut child);
    let output = output.join().expect("the output was read");
    let errors =
        String::from_utf8_lossy(&errors.join().expect("the errors were read")).into_owned();
    let refusal =
        errors.lines().find(|line| line.starts_with("not supported by the reference host: "));
    match refusal {
        _ if !in_time => Verdict::Wrong(format!("not finished after {DEADLINE:?}")),
        _ if output == expected && refusal.is_none() => Verdict::Exact,
        Some(refusal) if expected.starts_with(&output) => Verdict::Refused(refusal.to_string()),
        _ => Verdict::Wrong(format!("printed\n{}\n{errors}", String::from_utf8_lossy(&output))),
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// Waits until a script ends, and kills it after the deadline.
fn wait(child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        if child.try_wait().expect("the program can be waited for").is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}
