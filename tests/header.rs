//! `include/zeromq.h` matches what cbindgen generates from the sources, and compiles on
//! its own without warnings, as C and as C++. `ZEROMQ_BLESS=1` rewrites it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use zeromq::binding::{CLASSES, Target};
use zeromq::capi::library::{ZEROMQ_VERSION_MAJOR, ZEROMQ_VERSION_MINOR, ZEROMQ_VERSION_PATCH};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the template, with each `@file file` line replaced by what cbindgen
/// generates from the files.
fn generated() -> String {
    let template = fs::read_to_string(root().join("include/zeromq.h.in")).unwrap();
    let parts = template.lines().map(|line| match line.strip_prefix('@') {
        Some(file) => part(file),
        None => line.to_owned(),
    });
    parts.map(|part| part + "\n").collect()
}

fn part(files: &str) -> String {
    let mut config = cbindgen::Config::from_file(root().join("include/cbindgen.toml")).unwrap();
    if files.contains("src/capi/") {
        // Handles are pointers to incomplete types.
        config.style = cbindgen::Style::Type;
    }
    // A value can be a class, which only the part for virtual machines defines.
    config.export.rename.insert("Class".to_owned(), "struct zeromq_class".to_owned());
    if files.contains("src/vm/") {
        config.export.rename.insert("Class".to_owned(), "zeromq_class".to_owned());
    }
    let mut part = Vec::new();
    let builder = cbindgen::Builder::new().with_config(config);
    files
        .split(' ')
        .fold(builder, |builder, file| builder.with_src(root().join(file)))
        .generate()
        .unwrap_or_else(|error| panic!("{files}: {error}"))
        .write(&mut part);
    String::from_utf8(part).unwrap().trim().to_owned()
}

/// Returns the source files that export functions.
fn sources() -> Vec<PathBuf> {
    let template = fs::read_to_string(root().join("include/zeromq.h.in")).unwrap();
    let files = template.lines().filter_map(|line| line.strip_prefix('@'));
    files.flat_map(|files| files.split(' ')).map(|file| root().join(file)).collect()
}

/// `help czmq` names functions that exist, here and in czmq.
#[test]
fn the_table_for_users_of_czmq_is_right() {
    let page = fs::read_to_string(root().join("help/zeromq.md")).unwrap();
    let table = page.split("[comment]: # (table begins)").nth(1).unwrap();
    let table = table.split("[comment]: # (table ends)").next().unwrap();
    let header = fs::read_to_string(root().join("include/zeromq.h")).unwrap();
    let czmq: String =
        ["zactor", "zcert", "zframe", "zloop", "zmsg", "zpoller", "zsock", "zstr", "zsys"]
            .iter()
            .map(|name| fs::read_to_string(format!("/usr/include/{name}.h")).unwrap_or_default())
            .collect();
    let words = table.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: Vec<&str> =
        words.filter(|word| word.contains('_') && word.starts_with('z')).collect();
    for name in &names {
        let headers = if name.starts_with("zeromq_") { &header } else { &czmq };
        // libczmq-dev may not be installed.
        let mut words = headers.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        assert!(headers.is_empty() || words.any(|word| word == *name), "{name}");
    }
    assert!(names.len() > 120, "{}", names.len());
}

/// `help methodsinc` has a line for each method of each class, and names functions that
/// exist.
#[test]
fn each_method_has_a_function_or_a_reason() {
    let page = fs::read_to_string(root().join("help/zeromq.md")).unwrap();
    let table = page.split("[comment]: # (methods begins)").nth(1).unwrap();
    let table = table.split("[comment]: # (methods ends)").next().unwrap();
    let header = fs::read_to_string(root().join("include/zeromq.h")).unwrap();
    let mut told = HashSet::new();
    for block in table.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let mut lines = block.lines().map(str::trim);
        let classes: Vec<&str> = lines.next().unwrap().split(", ").collect();
        for line in lines {
            let (methods, instead) = line.split_at(METHODS);
            for method in methods.trim().split(", ") {
                let known = classes.iter().filter(|class| has(class, method)).count();
                assert!(known > 0, "{method} is no method of {classes:?}");
                told.extend(classes.iter().map(|class| (*class, method)));
            }
            check_functions(instead, &header);
        }
    }
    let rows = CLASSES.iter().flat_map(|class| class.rows());
    for row in rows.filter(|row| row.target != Target::Constructor) {
        let (class, method) = (row.class.name, row.method.name);
        assert!(
            told.contains(&(class, method)),
            "help methodsinc has no line for {class}.{method}"
        );
    }
}

/// Where the functions begin in a line of the table.
const METHODS: usize = 29;

fn has(class: &str, method: &str) -> bool {
    let mut classes = CLASSES.iter().filter(|known| known.name == class);
    classes.any(|known| known.rows().any(|row| row.method.name == method))
}

/// Checks that the functions in a line exist. "..._bind" begins like the one before.
fn check_functions(line: &str, header: &str) {
    let exists = |name: &str| header.contains(&format!("{name}("));
    let mut last = "";
    for word in line.split([' ', ',']).filter(|word| !word.is_empty()) {
        if let Some(end) = word.strip_prefix("...") {
            let mut starts = last.match_indices('_').map(|(at, _)| &last[..at]);
            assert!(starts.any(|start| exists(&format!("{start}{end}"))), "{word} in {line}");
        } else if let Some(name) = word.starts_with("zeromq_").then(|| word.split('(').next()) {
            last = name.unwrap();
            assert!(exists(last), "{last} is not in the header");
        }
    }
}

#[test]
fn the_header_is_up_to_date() {
    let path = root().join("include/zeromq.h");
    let expected = generated();
    if env::var_os("ZEROMQ_BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "include/zeromq.h is stale: run ZEROMQ_BLESS=1 cargo test --test header"
    );
}

#[test]
fn the_header_exports_what_the_library_does() {
    let header = fs::read_to_string(root().join("include/zeromq.h")).unwrap();
    let folders = ["src/capi", "src/vm"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let files = folders.into_iter().flatten().map(|file| file.unwrap().path());
    let mut sources = String::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        if text.contains("no_mangle") {
            assert!(self::sources().contains(&file), "{file:?} is not in zeromq.h.in");
        }
        sources.push_str(&text);
    }
    let functions: Vec<&str> = sources
        .split("extern \"C\" fn ")
        .skip(1)
        .map(|rest| rest.split('(').next().unwrap())
        .collect();
    assert!(functions.len() > 60);
    for function in functions {
        assert!(header.contains(&format!("{function}(")), "{function} is not in the header");
    }
    for word in ["impl ", "Option<", "usize", "unsafe", "Rust", "panic"] {
        assert!(!header.contains(word), "{word} means nothing to a C programmer");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = [ZEROMQ_VERSION_MAJOR, ZEROMQ_VERSION_MINOR, ZEROMQ_VERSION_PATCH];
    let version = version.map(|number| number.to_string()).join(".");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let header = fs::read_to_string(root().join("include/zeromq.h")).unwrap();
    let library = format!("\"libzeromq.so.{ZEROMQ_VERSION_MAJOR}\"");
    assert!(header.contains(&library), "the library has another name");
}

#[test]
fn the_header_compiles_alone() {
    for (compiler, extension, standard) in [
        (env::var("CC").unwrap_or("cc".into()), "c", "c99"),
        (env::var("CXX").unwrap_or("c++".into()), "cpp", "c++17"),
    ] {
        compile(&compiler, extension, standard);
    }
}

fn compile(compiler: &str, extension: &str, standard: &str) {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("header.{extension}"));
    fs::write(
        &source,
        "#include \"zeromq.h\"\n#include \"zeromq.h\"\n\
         zeromq_code use(void);\n\
         zeromq_code use(void) { return zeromq_host_register((const zeromq_host *)0, 0); }\n",
    )
    .unwrap();
    let output = Command::new(compiler)
        .arg(format!("-std={standard}"))
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .unwrap_or_else(|error| panic!("{compiler} does not run: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} -std={standard}:\n{errors}");
}
