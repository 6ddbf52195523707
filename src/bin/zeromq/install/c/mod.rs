//! `zeromq install --c`: installs the files for C programs where compilers look for them:
//! headers for C and C++, shared and static library, descriptions for pkg-config and CMake, and
//! manual pages.

mod descriptions;
pub mod manual;
mod static_library;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use descriptions::SHARED as DESCRIPTION;

use super::licenses;
use super::morpho::home;
use super::record::{Entry, Tree};
use crate::files;
use crate::library;

/// The header of this version.
pub const HEADER: &str = include_str!("../../../../../include/zeromq.h");

/// The header for C++, which includes it.
const WRAPPER: &str = include_str!("../../../../../include/zeromq.hpp");

/// The record of installed files.
const RECORD: &str = "share/zeromq/installed-for-c.txt";

/// The folders where programs find shared libraries by default.
pub const SYSTEM: [&str; 2] = ["/usr", "/usr/local"];

/// The installed files, as paths in a folder.
pub const HEADER_FILE: &str = "include/zeromq.h";
const WRAPPER_FILE: &str = "include/zeromq.hpp";
const STATIC: &str = "lib/libzeromq.a";

/// The folder of the manual pages of functions.
const MANUAL: &str = "share/man/man3";

/// Installs the files.
pub fn install(prefix: Option<&Path>) -> Result<String, String> {
    let folder = folder(prefix)?;
    let shared = library::shared()?;
    let archive = shared.with_file_name("libzeromq.a");
    let read =
        |path: &Path| files::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let bytes = read(&shared)?;
    let (name, linked) = library::names();
    let in_lib = |name: &str| PathBuf::from("lib").join(name);
    let descriptions = descriptions::all(&folder, &name, archive.exists())?;
    let mut files: BTreeMap<PathBuf, Entry> = BTreeMap::from([
        (HEADER_FILE.into(), Entry::File(HEADER.as_bytes())),
        (WRAPPER_FILE.into(), Entry::File(WRAPPER.as_bytes())),
        (in_lib(&name), Entry::File(&bytes)),
    ]);
    let texts = descriptions.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes()));
    files.extend(texts.map(|(path, text)| (path, Entry::File(text))));
    let manual = manual::pages();
    let pages = manual.iter().map(|(name, text)| (Path::new(MANUAL).join(name), text.as_bytes()));
    files.extend(pages.map(|(path, text)| (path, Entry::File(text))));
    files.extend(licenses::files().map(|(path, text)| (path, Entry::File(text.as_bytes()))));
    if linked != name {
        files.insert(in_lib(&linked), Entry::Link(&name));
    }
    let mut warning = String::new();
    let static_library = match archive.exists() {
        true => match static_library::localized(&archive, HEADER) {
            Ok(localized) => Some(localized),
            Err(reason) => {
                warning = format!(
                    "Warning: the static library also exports the names of libzmq, because \
                     {reason}: do not link another libzmq.a into the same program.\n"
                );
                Some(read(&archive)?)
            }
        },
        false => {
            warning = format!(
                "Warning: there is no static library, because {} is missing.\n",
                archive.display()
            );
            None
        }
    };
    if let Some(library) = &static_library {
        files.insert(STATIC.into(), Entry::File(library));
    }
    tree(&folder).lay_out(&files)?;
    let mut text = format!(
        "Installed the header, the library, zeromq.pc and manual pages in {}.\n{warning}",
        folder.display()
    );
    let search = if is_system(&folder) { String::new() } else { search(&folder) + " " };
    let compile = format!("cc hello.c $({search}pkg-config --cflags --libs zeromq)");
    // The shell has to read what pkg-config has put before spaces.
    let is_plain = quoted(&folder) == folder.display().to_string();
    let compile = if is_plain { compile } else { format!("eval \"{compile}\"") };
    text.push_str(&format!("To compile: {compile}\n"));
    Ok(text)
}

/// Returns the setting that makes pkg-config search a folder.
pub fn search(folder: &Path) -> String {
    format!("PKG_CONFIG_PATH={}", quoted(&folder.join("lib/pkgconfig")))
}

/// Returns the files that are installed in a folder.
pub fn tree(folder: &Path) -> Tree<'_> {
    Tree { folder, record: Path::new(RECORD) }
}

/// Removes the files. Calling it twice is harmless.
pub fn uninstall(prefix: Option<&Path>) -> Result<String, String> {
    let folder = folder(prefix)?;
    let shown = folder.display();
    let removed = tree(&folder).remove()?;
    Ok(match removed.any {
        true => format!(
            "Removed the files of `zeromq install --c` from {shown}.\n{}",
            removed.warnings()
        ),
        false => format!(
            "Nothing to remove: there are no files of `zeromq install --c` in \
                          {shown}.\n"
        ),
    })
}

/// Returns the folder to install to.
pub fn folder(prefix: Option<&Path>) -> Result<PathBuf, String> {
    let folder = prefix.map_or_else(|| Ok(home()?.join(".local")), |prefix| Ok(prefix.into()));
    let folder: PathBuf = folder.and_then(|folder: PathBuf| {
        std::path::absolute(&folder).map_err(|error| format!("{}: {error}", folder.display()))
    })?;
    Ok(folder.components().collect())
}

fn is_system(folder: &Path) -> bool {
    SYSTEM.iter().any(|system| folder == Path::new(system))
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
