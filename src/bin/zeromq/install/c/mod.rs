//! `zeromq install --c`: installs the files for C programs where compilers look for them:
//! header, shared and static library, and a pkg-config file.

use std::collections::BTreeMap;
use std::env::consts::{self, DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use super::morpho::home;
use super::record::{Entry, Tree};
use super::static_library;
use crate::files;
use crate::library;

/// The header of this version.
pub const HEADER: &str = include_str!("../../../../include/zeromq.h");

/// The record of installed files.
const RECORD: &str = "share/zeromq/installed-for-c.txt";

/// The folders where programs find shared libraries by default.
pub const SYSTEM: [&str; 2] = ["/usr", "/usr/local"];

/// The libraries that the static library needs.
const NEEDED: &str = if cfg!(target_os = "linux") {
    "-lstdc++ -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
} else {
    "-lc++ -lSystem -lc -lm"
};

/// The installed files, as paths in a folder.
pub const HEADER_FILE: &str = "include/zeromq.h";
pub const DESCRIPTION: &str = "lib/pkgconfig/zeromq.pc";
const STATIC: &str = "lib/libzeromq.a";

/// Returns the names of the shared library and of the symbolic link that points to it.
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

/// Installs the files.
pub fn install(prefix: Option<&Path>) -> Result<String, String> {
    let folder = folder(prefix)?;
    let shared = library::find()?;
    let archive = shared.with_file_name("libzeromq.a");
    let read =
        |path: &Path| files::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let library = read(&shared)?;
    let (name, linked) = names();
    let in_lib = |name: &str| PathBuf::from("lib").join(name);
    let description = description(&folder)?;
    let mut files: BTreeMap<PathBuf, Entry> = BTreeMap::from([
        (HEADER_FILE.into(), Entry::File(HEADER.as_bytes())),
        (in_lib(&name), Entry::File(&library)),
        (DESCRIPTION.into(), Entry::File(description.as_bytes())),
    ]);
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
        "Installed the header, the library and zeromq.pc in {}.\n{warning}",
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
    Ok(match tree(&folder).remove()? {
        true => format!("Removed the files of `zeromq install --c` from {shown}.\n"),
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

/// Returns the contents of the pkg-config file.
fn description(folder: &Path) -> Result<String, String> {
    let prefix = folder.to_str().filter(|text| !text.contains(|c: char| c.is_control()));
    let Some(prefix) = prefix else {
        return Err(format!(
            "{folder:?} cannot be written in a pkg-config file: choose another \
                            --prefix"
        ));
    };
    // Spaces and what means something to pkg-config or to the shell.
    let mut escaped = String::new();
    for character in prefix.chars() {
        if !character.is_alphanumeric() && !"/._-+~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    let found =
        if is_system(folder) && cfg!(target_os = "linux") { "" } else { " -Wl,-rpath,${libdir}" };
    Ok(format!(
        "prefix={escaped}\n\
         includedir=${{prefix}}/include\n\
         libdir=${{prefix}}/lib\n\n\
         Name: zeromq\n\
         Description: ZeroMQ for C and for embedded scripting languages\n\
         Version: {}\n\
         Cflags: -I${{includedir}}\n\
         Libs: -L${{libdir}}{found} -lzeromq\n\
         Libs.private: {NEEDED}\n",
        env!("CARGO_PKG_VERSION")
    ))
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.chars().all(|c| c.is_alphanumeric() || "/._-+".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
