//! Compiles libzmq as one translation unit. The compiler then inlines the small functions
//! of messages, pipes and queues across libzmq's files, which makes small messages 1.6
//! times as fast.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{platform, sources};

/// Prefixes of files that are not compiled: transports and mechanisms that are not
/// supported, and a file that only serves precompiled headers.
const LEFT_OUT: &[&str] = &["gssapi_", "norm_", "pgm_", "precompiled", "tipc_", "vmci", "wss_"];

/// Flags that make memory errors harder to exploit, at no measurable cost.
/// `-fstack-protector-strong` would cost 5 % for small messages.
const HARDENING: &[&str] = &["-fstack-protector", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"];

/// A macro of ours in libzmq's sources: `noexcept` for C++, nothing for C.
const NO_THROW: &str = "ZMQ_NO_THROW";

/// Compiles the sources into `lib/libzmq.a` in the folder `out`.
pub fn compile(sources: &Path, out: &Path) {
    declare_noexcept(sources);
    let files = files(&sources.join("src"));
    let unit = out.join("libzmq.cpp");
    let mut text = String::new();
    for file in &files {
        writeln!(text, "#include \"{}\"", file.display()).expect("a String grows");
    }
    fs::write(&unit, text).expect("OUT_DIR is writable");
    // The macros of the platform are passed to the compiler instead.
    fs::write(out.join("platform.hpp"), "").expect("OUT_DIR is writable");

    let mut as_one = settings(sources, out);
    as_one.file(&unit);
    if let Err(error) = as_one.try_compile("zmq") {
        println!(
            "cargo::warning=libzmq does not compile as one translation unit on this platform. \
             It is compiled file by file, which makes small messages slower: {error}"
        );
        let mut one_by_one = settings(sources, out);
        one_by_one.files(&files);
        one_by_one.compile("zmq");
    }
}

/// Declares that no function of the API throws an exception, in the headers and where it is
/// defined. If memory runs out in a container of C++, the process then ends where the
/// exception would leave libzmq, and says why. It must not unwind callers in other languages.
fn declare_noexcept(sources: &Path) {
    let change = |file: &str, changed: &dyn Fn(String) -> String| {
        let file = sources.join(file);
        let text = fs::read_to_string(&file).expect("zeromq-src copies libzmq's sources");
        fs::write(file, changed(text)).expect("OUT_DIR is writable");
    };
    let declarations = |text: String| {
        let mut result = format!("#ifndef {NO_THROW}\n#define {NO_THROW}\n#endif\n");
        for statement in text.split_inclusive(';') {
            let function = statement.contains("zmq_") && !statement.contains("typedef");
            match statement.strip_suffix(");").filter(|_| function) {
                Some(start) => result.extend([start, ") ", NO_THROW, ";"]),
                None => result.push_str(statement),
            }
        }
        result
    };
    for header in ["include/zmq.h", "src/zmq_draft.h"] {
        change(header, &declarations);
    }
    for file in ["src/zmq.cpp", "src/zmq_utils.cpp"] {
        // The parameters of zmq_ppoll depend on the platform.
        for end in ["\n{\n", "\n#else\n// Windows has no sigset_t\n"] {
            change(file, &|text| text.replace(&format!("){end}"), &format!(") {NO_THROW}{end}")));
        }
    }
}

/// Returns the settings for both ways to compile.
fn settings(sources: &Path, out: &Path) -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++11")
        // 1.05 times as fast as -O2 for messages of several frames.
        .opt_level(3)
        .include(sources.join("include"))
        .include(sources.join("src"))
        .include(sources::sodium("INCLUDE"))
        .include(out)
        .out_dir(out.join("lib"))
        // zeromq-src has told cargo what to link.
        .cargo_metadata(false)
        // The warnings are about libzmq's own code. Hidden symbols cannot clash with
        // another libzmq in the same process.
        .warnings(false)
        .flag("-w")
        .flag("-fvisibility=hidden")
        .file(sources.join("external/sha1/sha1.c"));
    for item in platform::macros() {
        let (name, value) = item.split_once('=').unzip();
        build.define(name.unwrap_or(item), value);
    }
    build.define(NO_THROW, "noexcept");
    for flag in HARDENING {
        build.flag_if_supported(flag);
    }
    // Assertions contain the names of their files. Without the folder of the build, every
    // build is the same, and tells nothing about the machine that it was made on.
    for (folder, name) in [(sources.to_owned(), "libzmq"), (out.join("libzmq.cpp"), "libzmq.cpp")] {
        build.flag_if_supported(format!("-ffile-prefix-map={}={name}", folder.display()));
    }
    for flag in env::var(crate::FLAGS).unwrap_or_default().split_whitespace() {
        build.flag(flag);
    }
    build
}

/// Returns the C++ files to compile, sorted so that every build is the same.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("zeromq-src copies libzmq's sources")
        .map(|entry| entry.expect("a folder in OUT_DIR can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !LEFT_OUT.iter().any(|left_out| name.starts_with(left_out))
        })
        .collect();
    files.sort();
    files
}
