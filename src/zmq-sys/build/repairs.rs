//! Reads the repairs of libzmq and applies them to its sources.
//!
//! Each repair is a file in `repairs/` that describes a bug, names the tests that cover
//! it, and lists the edits that fix it. An edit identifies its lines by number and
//! checksum. No text of libzmq is stored in this repository, and no repair is applied to
//! a version that it was not written for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A bug in libzmq and the edits that fix it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only the test of REPAIRS.md reads every field")]
pub struct Repair {
    /// The file name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// The behavior with the repair, in one sentence.
    pub title: String,
    /// What goes wrong without the repair, and why.
    pub reason: String,
    /// The tests that fail without the repair: a test target and a filter for its tests.
    pub tests: Vec<String>,
    /// The state of the bug upstream.
    pub upstream: String,
    /// The changes, in any order.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

/// A change to consecutive lines of one file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The path of the file, relative to libzmq's root.
    pub file: String,
    /// The number of the first line, starting at 1.
    pub line: usize,
    /// The number of lines.
    #[serde(default = "one")]
    pub lines: usize,
    /// The CRC-32 of these lines, including their line feeds.
    pub crc: u32,
    /// Text to insert before these lines.
    #[serde(default)]
    pub before: String,
    /// Text that replaces these lines. By default they are kept.
    pub instead: Option<String>,
    /// Text to insert after these lines.
    #[serde(default)]
    pub after: String,
}

fn one() -> usize {
    1
}

/// Returns the repairs in a folder, sorted by name.
///
/// # Errors
///
/// A message that names the file that cannot be read or parsed, and the reason.
pub fn read(folder: &Path) -> Result<Vec<Repair>, String> {
    let wrong = |what: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", what.display());
    let mut repairs = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| wrong(folder, &why))? {
        let path = entry.map_err(|why| wrong(folder, &why))?.path();
        let text = fs::read_to_string(&path).map_err(|why| wrong(&path, &why))?;
        let mut repair: Repair = toml::from_str(&text).map_err(|why| wrong(&path, &why))?;
        repair.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        repairs.push(repair);
    }
    repairs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(repairs)
}

/// Returns the repairs without those in a comma-separated list of names.
///
/// # Errors
///
/// A message about a name that no repair has.
pub fn without(mut repairs: Vec<Repair>, list: &str) -> Result<Vec<Repair>, String> {
    for name in list.split(',').filter(|name| !name.is_empty()) {
        let Some(place) = repairs.iter().position(|repair| repair.name == name) else {
            return Err(format!("no repair is named {name}"));
        };
        repairs.remove(place);
    }
    Ok(repairs)
}

/// Applies the repairs to the copy of libzmq in the folder `sources`. On an error, no
/// file is changed.
///
/// # Errors
///
/// One line for each edit whose lines do not match its checksum, do not exist, or are
/// replaced by another repair as well.
pub fn apply(repairs: &[Repair], sources: &Path) -> Result<(), String> {
    let mut files: BTreeMap<&str, Vec<(&Repair, &Edit)>> = BTreeMap::new();
    for repair in repairs {
        for edit in &repair.edits {
            files.entry(&edit.file).or_default().push((repair, edit));
        }
    }
    let mut faults = Vec::new();
    let mut texts = Vec::new();
    for (file, edits) in files {
        let path = sources.join(file);
        match fs::read_to_string(&path) {
            Ok(text) => texts.push((path, edited(&text, &edits, &mut faults))),
            Err(why) => {
                let name = &edits[0].0.name;
                faults.push(format!("repairs/{name}.toml: libzmq's {file} cannot be read: {why}"));
            }
        }
    }
    if !faults.is_empty() {
        faults.push(
            "the repairs do not fit this version of libzmq; see src/zmq-sys/REPAIRS.md".into(),
        );
        return Err(faults.join("\n"));
    }
    for (path, text) in texts {
        fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(())
}

/// The changes to one line.
#[derive(Clone, Default)]
struct Line {
    before: String,
    /// `None` keeps the line.
    instead: Option<String>,
    after: String,
}

/// Returns the text of a file with the edits applied. Several edits may add text around
/// a line, but only one may replace it.
fn edited(text: &str, edits: &[(&Repair, &Edit)], faults: &mut Vec<String>) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut changes = vec![Line::default(); lines.len()];
    for (repair, edit) in edits {
        let place = format!("repairs/{}.toml: line {} of {}", repair.name, edit.line, edit.file);
        let first = edit.line.wrapping_sub(1);
        let end = first.saturating_add(edit.lines);
        let Some(meant) = lines.get(first..end).filter(|meant| !meant.is_empty()) else {
            faults.push(format!("{place} does not exist"));
            continue;
        };
        let crc = crc32fast::hash(meant.concat().as_bytes());
        if crc != edit.crc {
            faults.push(format!(
                "{place} has the checksum {crc:#010x}, but the repair expects {:#010x}",
                edit.crc
            ));
            continue;
        }
        changes[first].before.push_str(&edit.before);
        changes[end - 1].after.push_str(&edit.after);
        if let Some(instead) = &edit.instead {
            let replaced = &mut changes[first..end];
            if replaced.iter().any(|line| line.instead.is_some()) {
                faults.push(format!("{place} is also replaced by another repair"));
                continue;
            }
            for line in &mut replaced[1..] {
                line.instead = Some(String::new());
            }
            replaced[0].instead = Some(instead.clone());
        }
    }
    let mut result = String::with_capacity(text.len());
    for (line, change) in lines.iter().zip(&changes) {
        result.push_str(&change.before);
        result.push_str(change.instead.as_deref().unwrap_or(line));
        result.push_str(&change.after);
    }
    result
}
