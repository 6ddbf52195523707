//! `zeromq install --c`: what C programs are built with, in the folders where
//! compilers look for it: header, shared and static library, and a file for
//! pkg-config.

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::{Path, PathBuf};

use crate::library;
use crate::morpho::home;
use crate::tree::Tree;

const HEADER: &[u8] = include_bytes!("../../../include/zeromq.h");

/// Which files are ours.
const RECORD: &str = "share/zeromq/installed-for-c.txt";

/// Where programs find shared libraries without being told.
const SYSTEM: [&str; 2] = ["/usr", "/usr/local"];

/// What the static library needs beside it.
const NEEDED: &str = if cfg!(target_os = "linux") {
    "-lstdc++ -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
} else {
    "-lc++ -lSystem -lc -lm"
};

/// Lays the files out.
pub fn install(prefix: Option<&Path>) -> Result<String, String> {
    let folder = folder(prefix)?;
    let shared = library::find()?;
    let archive = shared.with_file_name("libzeromq.a");
    let read = |path: &Path| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let library = read(&shared)?;
    let static_library = if archive.exists() { Some(read(&archive)?) } else { None };
    let description = description(&folder)?;
    let mut files: BTreeMap<PathBuf, &[u8]> = BTreeMap::from([
        ("include/zeromq.h".into(), HEADER),
        (format!("lib/{DLL_PREFIX}zeromq{DLL_SUFFIX}").into(), &*library),
        ("lib/pkgconfig/zeromq.pc".into(), description.as_bytes()),
    ]);
    if let Some(library) = &static_library {
        files.insert("lib/libzeromq.a".into(), library);
    }
    Tree { folder: &folder, record: Path::new(RECORD) }.lay_out(&files)?;
    let shown = folder.display();
    let mut text = format!("Header, library and zeromq.pc are in {shown}.\n");
    if static_library.is_none() {
        text.push_str(&format!(
            "Warning: there is no static library, for {} is not there.\n",
            archive.display()
        ));
    }
    let search = if is_system(&folder) {
        String::new()
    } else {
        format!("PKG_CONFIG_PATH={} ", quoted(&folder.join("lib/pkgconfig")))
    };
    text.push_str(&format!(
        "To compile: cc hello.c $({search}pkg-config --cflags --libs zeromq)\n"
    ));
    Ok(text)
}

/// Takes them back. To do it twice is no mistake.
pub fn uninstall(prefix: Option<&Path>) -> Result<String, String> {
    let folder = folder(prefix)?;
    let shown = folder.display();
    Ok(match (Tree { folder: &folder, record: Path::new(RECORD) }).remove()? {
        true => format!("What `zeromq install --c` had put in {shown} is removed.\n"),
        false => format!("There was nothing of `zeromq install --c` in {shown}.\n"),
    })
}

fn folder(prefix: Option<&Path>) -> Result<PathBuf, String> {
    let folder = prefix.map_or_else(|| Ok(home()?.join(".local")), |prefix| Ok(prefix.into()));
    let folder: PathBuf = folder.and_then(|folder: PathBuf| {
        std::path::absolute(&folder).map_err(|error| format!("{}: {error}", folder.display()))
    })?;
    Ok(folder.components().collect())
}

fn is_system(folder: &Path) -> bool {
    SYSTEM.iter().any(|system| folder == Path::new(system))
}

/// What pkg-config is told.
fn description(folder: &Path) -> Result<String, String> {
    let prefix = folder.to_str().filter(|text| !text.contains(|c: char| c.is_control()));
    let Some(prefix) = prefix else {
        return Err(format!("{folder:?} cannot be told to pkg-config: choose another --prefix"));
    };
    // Spaces and what means something to pkg-config or to the shell.
    let mut escaped = String::new();
    for character in prefix.chars() {
        if !character.is_alphanumeric() && !"/._-+~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    let found = if is_system(folder) { "" } else { " -Wl,-rpath,${libdir}" };
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
