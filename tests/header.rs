//! `include/zeromq.h` is what cbindgen writes from the sources, and compiles
//! alone, without a warning, as C and as C++. `ZEROMQ_BLESS=1` rewrites it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn generated() -> String {
    let root = root();
    let config = cbindgen::Config::from_file(root.join("include/cbindgen.toml")).unwrap();
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/plugin/abi.rs"))
        .with_src(root.join("src/core/error.rs"))
        .with_src(root.join("src/plugin/mod.rs"))
        .generate()
        .unwrap()
        .write(&mut header);
    String::from_utf8(header).unwrap()
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
    let sources = fs::read_to_string(root().join("src/plugin/mod.rs")).unwrap();
    let functions: Vec<&str> = sources
        .split("extern \"C\" fn ")
        .skip(1)
        .map(|rest| rest.split('(').next().unwrap())
        .collect();
    assert!(functions.len() > 5);
    for function in functions {
        assert!(header.contains(&format!("{function}(")), "{function} is not in the header");
    }
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
         zeromq_code use(void) { return zeromq_register((const zeromq_host *)0); }\n",
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
