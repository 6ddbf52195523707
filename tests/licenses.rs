//! `THIRD-PARTY.md` names the licenses of everything that the library and the program
//! contain.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::root;

/// Everything below this line of the page is generated.
const GENERATED: &str =
    "<!-- Generated from the crates; ZEROMQ_BLESS=1 cargo test --test licenses rewrites it. -->";

/// Licenses, the preferred ones first, each with the beginning of a sentence that only its
/// text contains, in lower case.
const LICENSES: &[(&str, &str)] = &[
    ("MIT", "permission is hereby granted, free of charge,"),
    ("ISC", "permission to use, copy, modify, and"),
    ("BSD-3-Clause", "redistribution and use in source and binary forms"),
    ("Zlib", "this software is provided 'as-is'"),
    ("Unicode-3.0", "unicode license v3"),
    ("BSL-1.0", "boost software license"),
    ("Apache-2.0", "apache license version 2.0"),
];

/// Names of files with licenses contain one of these.
const FILES: [&str; 3] = ["LICEN", "COPYING", "NOTICE"];

/// What `cargo metadata` tells.
struct Graph(Value);

impl Graph {
    /// Asks cargo. Other systems have fewer crates than Linux, or the same.
    fn new(features: &str) -> Graph {
        let output = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
            .args(["metadata", "--format-version", "1", "--locked", features])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(root(""))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "cargo metadata fails: {}", output.status);
        Graph(serde_json::from_slice(&output.stdout).unwrap())
    }

    fn packages(&self) -> impl Iterator<Item = &Value> {
        self.0["packages"].as_array().unwrap().iter()
    }

    fn package(&self, id: &Value) -> &Value {
        self.packages().find(|package| &package["id"] == id).unwrap()
    }

    /// Returns the packages that are linked into what is built. Macros and what builds need
    /// are not.
    fn linked(&self) -> BTreeMap<&str, &Value> {
        let nodes = self.0["resolve"]["nodes"].as_array().unwrap();
        let mut found = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![&self.0["resolve"]["root"]];
        while let Some(id) = open.pop() {
            let package = self.package(id);
            let is_macro = |target: &Value| target["kind"][0] == "proc-macro";
            if package["targets"].as_array().unwrap().iter().any(is_macro)
                || !seen.insert(id.as_str().unwrap())
            {
                continue;
            }
            found.insert(package["name"].as_str().unwrap(), package);
            let node = nodes.iter().find(|node| &node["id"] == id).unwrap();
            let is_normal = |need: &&Value| {
                need["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null())
            };
            let needs = node["deps"].as_array().unwrap().iter().filter(is_normal);
            open.extend(needs.map(|need| &need["pkg"]));
        }
        // The authors of these are those of the project.
        found.retain(|name, _| !["zeromq-plugin", "zeromq-plugin-sys"].contains(name));
        found
    }
}

/// Returns the license of each part of an SPDX expression that we choose.
fn chosen(expression: &str) -> Vec<&'static str> {
    let parts = expression.split(" AND ").map(|part| {
        let names: Vec<_> = part
            .trim_matches(['(', ')'])
            .split(" OR ")
            .flat_map(|name| name.split('/'))
            .map(|name| name.trim())
            .collect();
        let known = LICENSES.iter().find(|(license, _)| names.contains(license));
        known.unwrap_or_else(|| panic!("add {part} to LICENSES in tests/licenses.rs")).0
    });
    parts.collect()
}

fn folder(package: &Value) -> &Path {
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap()
}

/// Returns the text of a license in the sources of a package.
fn text(package: &Value, license: &str) -> String {
    let phrase = LICENSES.iter().find(|(name, _)| *name == license).unwrap().1;
    let mut files: Vec<_> = fs::read_dir(folder(package)).unwrap().map(|f| f.unwrap()).collect();
    files.sort_by_key(|file| file.file_name());
    for file in files {
        let name = file.file_name().to_string_lossy().to_uppercase();
        if !FILES.iter().any(|part| name.contains(part)) {
            continue;
        }
        let text = fs::read_to_string(file.path()).unwrap();
        if joined(&text).to_lowercase().contains(phrase) {
            return text.replace("\r\n", "\n");
        }
    }
    // Its text is the same for everyone, and this project has it.
    assert_eq!(license, "Apache-2.0", "{} has no file with its license", package["name"]);
    fs::read_to_string(root("LICENSE-APACHE")).unwrap()
}

/// Returns a text with a space for each sequence of spaces and line ends.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A license text, who uses it, and for which copyrights.
#[derive(Default)]
struct Terms {
    text: String,
    crates: BTreeSet<String>,
    copyrights: BTreeSet<String>,
}

/// Separates the lines about copyright and the title from the rest of a text.
fn split(text: &str) -> (Vec<&str>, String) {
    let lines = text.lines().map(str::trim_end);
    let is_copyright = |line: &&str| line.trim_start().to_lowercase().starts_with("copyright (c)");
    let is_title = |line: &&str| {
        ["mit license", "isc license", "license"].iter().any(|end| {
            line.len() < 30 && line.trim_matches(['#', ' ', '(', ')']).to_lowercase().ends_with(end)
        }) || line.trim() == "The MIT License (MIT)"
    };
    let copyrights = lines.clone().filter(is_copyright).map(str::trim).collect();
    let rest: Vec<_> = lines.filter(|line| !is_copyright(line) && !is_title(line)).collect();
    (copyrights, rest.join("\n").trim().to_owned())
}

/// Writes a text as a block of code, which keeps its lines.
fn block(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

/// Returns the generated part of the page.
fn page() -> String {
    let (library, all) = (Graph::new("--no-default-features"), Graph::new("--all-features"));
    let (in_library, linked) = (library.linked(), all.linked());
    assert!(in_library.len() > 10 && linked.len() > in_library.len());

    let mut page = String::from("\n\n| crate | license | contained in |\n| --- | --- | --- |\n");
    let mut texts: BTreeMap<(usize, String), Terms> = BTreeMap::new();
    for (name, package) in &linked {
        let license = package["license"].as_str().unwrap_or_else(|| panic!("{name}: no license"));
        let place = if in_library.contains_key(name) { "library and program" } else { "program" };
        page += &format!("| {name} | {license} | {place} |\n");
        for license in chosen(license) {
            let text = text(package, license);
            let (copyrights, rest) = split(&text);
            let rank = LICENSES.iter().position(|(name, _)| *name == license).unwrap();
            let terms = texts.entry((rank, joined(&rest).to_lowercase())).or_default();
            if terms.text.is_empty() {
                terms.text = rest;
            }
            terms.crates.insert((*name).to_owned());
            terms.copyrights.extend(copyrights.into_iter().map(str::to_owned));
        }
    }
    for ((rank, _), terms) in &texts {
        let crates = terms.crates.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        page += &format!("\n### {}: {crates}\n\n", LICENSES[*rank].0);
        for copyright in &terms.copyrights {
            page += &block(copyright);
        }
        if !terms.copyrights.is_empty() {
            page.push('\n');
        }
        page += &block(&terms.text);
    }

    let source = all.packages().find(|package| package["name"] == "zeromq-src").unwrap();
    let vendor = folder(source).join("vendor");
    let read = |path: &str| fs::read_to_string(vendor.join(path)).unwrap();
    page += &format!(
        "\n### SHA-1 in libzmq\n\n{}\n### Mozilla Public License 2.0: libzmq\n\n{}",
        block(&read("external/sha1/license.txt")),
        block(&read("LICENSE"))
    );
    page
}

#[test]
fn the_page_has_every_license() {
    let path = root("THIRD-PARTY.md");
    let text = fs::read_to_string(&path).unwrap();
    let (prose, listed) = text.split_once(GENERATED).unwrap();
    let page = page();
    if env::var_os("ZEROMQ_BLESS").is_some() {
        fs::write(&path, format!("{prose}{GENERATED}{page}")).unwrap();
    } else {
        assert!(
            listed == page,
            "THIRD-PARTY.md is out of date: run ZEROMQ_BLESS=1 cargo test --test licenses"
        );
    }
}
