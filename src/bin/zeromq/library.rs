//! Finds the library: a shared one, or else the one that is linked into this program.
//! `plugin` loads it, `install` copies the shared one, and `doctor` reports which it is.

use std::env::consts::{self, DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

/// Where a package installs the library, if that is not `lib` beside the folder of the
/// program. Set when the program is built.
const FOLDER: Option<&str> = option_env!("ZEROMQ_LIBRARY_FOLDER");

/// The variable that names a shared library.
const VARIABLE: &str = "ZEROMQ_PLUGIN";

/// The library that scripts run on.
pub enum Library {
    /// A shared library.
    Shared(PathBuf),
    /// The one in this program, as after `cargo install`, which installs nothing else.
    Linked,
}

/// Returns the places where a shared library can be.
fn candidates() -> Vec<PathBuf> {
    let file = libloading::library_filename("zeromq");
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1).take(2);
    let built = folders.flat_map(|folder| [folder.join(&file), folder.join("deps").join(&file)]);
    let prefix = program.ancestors().nth(2).map(|prefix| prefix.join("lib"));
    let (installed, _) = names();
    let folders = prefix.into_iter().chain(FOLDER.map(|folder| Path::new(folder).to_owned()));
    built.chain(folders.map(|folder| folder.join(&installed))).collect()
}

/// Returns the shared library that `ZEROMQ_PLUGIN` names or that is beside the program, or
/// else the one in the program.
///
/// # Errors
/// `ZEROMQ_PLUGIN` names no file.
pub fn find() -> Result<Library, String> {
    if let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if path.exists() {
            return Ok(Library::Shared(path));
        }
        return Err(format!(
            "the library was not found: the environment variable {VARIABLE} is {}, and there is \
             no such file; correct it, or unset it to use the library in this program",
            path.display()
        ));
    }
    let found = candidates().into_iter().find(|path| path.exists());
    Ok(found.map_or(Library::Linked, Library::Shared))
}

/// Returns the shared library, for those who install it.
///
/// # Errors
/// There is none; the message says how to get it.
pub fn shared() -> Result<PathBuf, String> {
    match find()? {
        Library::Shared(path) => Ok(path),
        Library::Linked => {
            let (version, (_, file)) = (env!("CARGO_PKG_VERSION"), names());
            let tried: String =
                candidates().iter().map(|path| format!("\n  {}", path.display())).collect();
            Err(format!(
                "this needs the shared library {file}, which is not beside this program: in the \
                 sources of zeromq {version}, run `cargo build --release`, and then this command \
                 again with the program in target/release; or set the environment variable \
                 {VARIABLE} to the path of the library. It was looked for in:{tried}"
            ))
        }
    }
}

/// Returns the names of the installed library and of the symbolic link that points to it.
pub fn names() -> (String, String) {
    let major = env!("CARGO_PKG_VERSION_MAJOR");
    let linked = format!("{DLL_PREFIX}zeromq{DLL_SUFFIX}");
    let library = match consts::OS {
        "windows" => linked.clone(),
        "macos" => format!("libzeromq.{major}.dylib"),
        _ => format!("{linked}.{major}"),
    };
    (library, linked)
}
