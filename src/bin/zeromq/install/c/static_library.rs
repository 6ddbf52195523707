//! The static library, which exports only its own names: the libzmq and libsodium in it
//! must not be mixed up with those of another libzmq.a in the same program. The system's
//! tools merge all object files into one and make the other names local.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The prefixes of our names.
const OWN: &str = "zeromq_";

/// Makes the archive with only our names, or returns why it cannot.
pub fn localized(archive: &Path, header: &str) -> Result<Vec<u8>, String> {
    if !cfg!(target_os = "linux") {
        return Err("that can be fixed only on Linux".into());
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let [whole, own, result] =
        ["whole.o", "zeromq.o", "libzeromq.a"].map(|name| folder.path().join(name));

    let mut link = Command::new("ld");
    // Without its groups, for which another library could be taken.
    link.args(["-r", "--force-group-allocation", "-o"]).arg(&whole);
    for name in functions(header) {
        link.args(["-u", name]);
    }
    run(link.arg(archive))?;

    // The bitcode of many parts is none of the whole: other tools stumble over it.
    let bitcode = ["--remove-section=.llvmbc", "--remove-section=.llvmcmd"];
    run(Command::new("objcopy").args(bitcode).arg(&whole))?;
    let mut hide = Command::new("objcopy");
    hide.args(["--wildcard", &format!("--keep-global-symbol={OWN}*")]);
    for (name, kind) in names(&whole)? {
        // What the system has once in a process stays global, so it is renamed.
        if kind == 'u' && !name.starts_with(OWN) {
            hide.arg(format!("--redefine-sym={name}={OWN}{name}"));
        }
    }
    run(hide.args([&whole, &own]))?;
    run(Command::new("ar").arg("rcs").args([&result, &own]))?;

    let left = names(&result)?;
    if left.is_empty() {
        return Err("the tools on this machine cannot read their own output".into());
    }
    if let Some((name, _)) = left.iter().find(|(name, _)| !name.starts_with(OWN)) {
        return Err(format!("{name} cannot be hidden"));
    }
    fs::read(result).map_err(|error| error.to_string())
}

/// Returns the functions of the header, and those that Morpho looks up.
fn functions(header: &str) -> impl Iterator<Item = &str> {
    // What stands before each bracket.
    let words = header.split('(').filter_map(|text| text.rsplit([' ', '*', '\n']).next());
    let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let ours = words.filter(|word| word.starts_with(OWN)).filter(is_name);
    ours.chain(["zeromq_initialize", "zeromq_finalize"])
}

/// Returns the global names that an object or archive defines, with their kinds.
fn names(path: &Path) -> Result<Vec<(String, char)>, String> {
    let mut command = Command::new("nm");
    let text = run(command.args(["-g", "--defined-only", "--format=posix"]).arg(path))?;
    let names = text.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.chars().next()?))
    });
    Ok(names.collect())
}

/// Returns the output of a tool.
fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|_| format!("{name} is not installed"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = complaint.lines().next().unwrap_or("it fails without a message");
    Err(format!("{name} failed ({reason})"))
}
