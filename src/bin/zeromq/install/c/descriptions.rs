//! What pkg-config and CMake read to find the libraries.

use std::path::Path;

use super::is_system;

/// The pkg-config file of the shared library, and that of the static one.
pub const SHARED: &str = "lib/pkgconfig/zeromq.pc";
const STATIC: &str = "lib/pkgconfig/zeromq-static.pc";

/// The package that CMake finds, and its version.
const CMAKE: &str = "lib/cmake/zeromq-plugin/zeromq-plugin-config.cmake";
const CMAKE_VERSION: &str = "lib/cmake/zeromq-plugin/zeromq-plugin-config-version.cmake";

/// The libraries that the static library needs.
const NEEDED: &[&str] = if cfg!(target_os = "linux") {
    &["stdc++", "gcc_s", "util", "rt", "pthread", "m", "dl", "c"]
} else {
    &["c++", "System", "c", "m"]
};

/// Returns the contents of the files, by their paths in the folder. `library` is the name of
/// the shared library.
pub fn all(
    folder: &Path,
    library: &str,
    has_static: bool,
) -> Result<Vec<(&'static str, String)>, String> {
    let version = include_str!("zeromq-plugin-config-version.cmake")
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"));
    let config = include_str!("zeromq-plugin-config.cmake")
        .replace("@LIBRARY@", library)
        .replace("@NEEDED@", &NEEDED.join(";"));
    let needed: String = NEEDED.iter().map(|name| format!(" -l{name}")).collect();
    // Programs find the library where it is, unless the system looks there anyway.
    let found =
        if is_system(folder) && cfg!(target_os = "linux") { "" } else { " -Wl,-rpath,${libdir}" };
    let shared = format!("Libs: -L${{libdir}}{found} -lzeromq\nLibs.private:{needed}\n");
    let mut all =
        vec![(CMAKE, config), (CMAKE_VERSION, version), (SHARED, pkg_config(folder, &shared)?)];
    if has_static {
        let libraries = format!("Libs: ${{libdir}}/libzeromq.a{needed}\n");
        all.push((STATIC, pkg_config(folder, &libraries)?));
    }
    Ok(all)
}

/// Returns the contents of a pkg-config file with these lines about libraries.
fn pkg_config(folder: &Path, libraries: &str) -> Result<String, String> {
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
    Ok(format!(
        "prefix={escaped}\n\
         includedir=${{prefix}}/include\n\
         libdir=${{prefix}}/lib\n\n\
         Name: zeromq\n\
         Description: ZeroMQ for C and for embedded scripting languages\n\
         Version: {}\n\
         Cflags: -I${{includedir}}\n\
         {libraries}",
        env!("CARGO_PKG_VERSION")
    ))
}
