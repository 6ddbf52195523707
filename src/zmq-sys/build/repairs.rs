//! Repairs of libzmq. Each is a file of its own in `repairs/`, which says what is
//! wrong, which test shows it, and what to write at which lines. A line is known by its
//! number and a checksum, so that nothing of libzmq's text is kept here, and a repair
//! never lands in a version that it was not written for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// What is wrong with libzmq in one place, and what cures it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the build reads the edits, a test writes the rest to REPAIRS.md")]
pub struct Repair {
    /// The name of its file, without the ending.
    #[serde(skip)]
    pub name: String,
    /// What is so with the repair, in one sentence.
    pub title: String,
    /// What happens without it, and why.
    pub reason: String,
    /// The tests that fail without it.
    pub tests: Vec<String>,
    /// Whether libzmq's authors know, or have mended it.
    pub upstream: String,
    /// What is written where.
    #[serde(rename = "edit")]
    pub edits: Vec<Edit>,
}

/// Text for one place of a file of libzmq.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file, from the folder of libzmq's sources.
    pub file: String,
    /// The first line that is meant, from 1.
    pub line: usize,
    /// How many lines are meant.
    #[serde(default = "one")]
    pub lines: usize,
    /// The CRC-32 of these lines, each with its line feed.
    pub crc: u32,
    /// What comes before these lines.
    #[serde(default)]
    pub before: String,
    /// What comes in place of them; they stay if nothing is said.
    pub instead: Option<String>,
    /// What comes after them.
    #[serde(default)]
    pub after: String,
}

fn one() -> usize {
    1
}

/// The repairs of a folder, in the order of their names.
///
/// # Errors
///
/// A sentence that names the file that cannot be read and why.
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

/// All repairs but those that a list names, with commas between them.
///
/// # Errors
///
/// A sentence about a name that no repair has.
pub fn without(mut repairs: Vec<Repair>, list: &str) -> Result<Vec<Repair>, String> {
    for name in list.split(',').filter(|name| !name.is_empty()) {
        let Some(place) = repairs.iter().position(|repair| repair.name == name) else {
            return Err(format!("there is no repair with the name {name}"));
        };
        repairs.remove(place);
    }
    Ok(repairs)
}

/// Makes the repairs in libzmq's sources, which lie in `sources`.
///
/// # Errors
///
/// A sentence about each line that is not the one a repair was written for, or that two
/// repairs mean; nothing is written then.
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
        faults.push("libzmq is not the version that its repairs are for; see REPAIRS.md".into());
        return Err(faults.join("\n"));
    }
    for (path, text) in texts {
        fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(())
}

/// What becomes of one line.
#[derive(Clone, Default)]
struct Line {
    before: String,
    /// Nothing if the line stays.
    instead: Option<String>,
    after: String,
}

/// The text of a file with its edits. Several may add something around the same line,
/// yet only one may replace it.
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
                "{place} has the checksum {crc:#010x}, yet the repair is for one with {:#010x}",
                edit.crc
            ));
            continue;
        }
        changes[first].before.push_str(&edit.before);
        changes[end - 1].after.push_str(&edit.after);
        if let Some(instead) = &edit.instead {
            let replaced = &mut changes[first..end];
            if replaced.iter().any(|line| line.instead.is_some()) {
                faults.push(format!("{place} is replaced by another repair as well"));
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
