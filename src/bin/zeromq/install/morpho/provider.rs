//! The packages that provide `import zeromq`, and which of them wins. `install` and
//! `doctor` warn if it is not ours.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use super::NAME;
use super::list::{List, Meaning};

/// A package with a library or module of our name.
pub struct Provider {
    pub folder: PathBuf,
    line: usize,
    library: bool,
    module: bool,
}

impl Provider {
    /// True if it is our package. Only ours has both: no other one has a fallback module.
    pub fn is_ours(&self) -> bool {
        self.library && self.module
    }

    /// True if its folder is this one; symbolic links and `..` make no difference.
    pub fn is_in(&self, folder: &Path) -> bool {
        let real = |path: &Path| fs::canonicalize(path).ok();
        real(&self.folder) == real(folder)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Provider { folder, line, .. } = self;
        write!(f, "{} on line {line} of .morphopackages", folder.display())
    }
}

/// Returns all of them, in the order of their lines.
pub fn all(list: &List) -> Vec<Provider> {
    let packages = list.lines().filter_map(|line| match line.meaning() {
        Meaning::Package(folder) => Some((line.number, folder)),
        _ => None,
    });
    let providers = packages.map(|(line, folder)| Provider {
        library: has(&folder.join("lib"), &["so", "dylib"]),
        module: has(&folder.join("share/modules"), &["morpho"]),
        folder,
        line,
    });
    providers.filter(|provider| provider.library || provider.module).collect()
}

/// Returns the package that Morpho uses: it first searches for a library, from the last
/// line up, and then for a module.
pub fn winner(providers: &[Provider]) -> Option<&Provider> {
    let library = providers.iter().rfind(|provider| provider.library);
    library.or(providers.last())
}

/// Checks the packages besides the one in this folder: an error if Morpho uses another one,
/// otherwise remarks. Morpho uses the library of the last line and the help pages of the
/// first.
pub fn rivals(providers: &[Provider], folder: &Path) -> Result<Vec<String>, String> {
    match winner(providers) {
        Some(winner) if !winner.is_in(folder) => Err(format!(
            "Morpho loads {NAME} from {winner}, which is another package: remove that line, or \
             move it up"
        )),
        _ => {
            let others = providers.iter().filter(|provider| !provider.is_in(folder));
            let odd = |other| {
                format!(
                    "{other} also provides {NAME}: Morpho does not load it from there, but help \
                     may show its pages: remove that line"
                )
            };
            Ok(others.map(odd).collect())
        }
    }
}

/// True if a folder or its subfolders contain a file of our name, by Morpho's search rules.
fn has(folder: &Path, endings: &[&str]) -> bool {
    let matches = |ending| folder.join(NAME).with_extension(ending).is_file();
    if endings.iter().any(matches) {
        return true;
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    // Links to folders are left out: they may lead around in a circle.
    let folders =
        entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.into_iter().any(|entry| has(&entry.path(), endings))
}
