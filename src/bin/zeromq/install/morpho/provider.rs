//! Which packages answer `import zeromq`, and which of them wins. `install` and
//! `doctor` tell the user when it is another one than ours.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use super::NAME;
use super::list::{List, Meaning};

/// A package with a library or a module of our name.
pub struct Provider {
    pub folder: PathBuf,
    line: usize,
    library: bool,
    module: bool,
}

impl Provider {
    /// Ours has both; nobody else has a module for the case that the library
    /// cannot be loaded.
    pub fn is_ours(&self) -> bool {
        self.library && self.module
    }

    /// Links and `..` in a line make no difference.
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

/// All of them, in the order of their lines.
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

/// Morpho looks for a library first, from the last line up, then for a module.
pub fn winner(providers: &[Provider]) -> Option<&Provider> {
    let library = providers.iter().rfind(|provider| provider.library);
    library.or(providers.last())
}

/// What there is to say of the packages beside the one in this folder: what is
/// wrong when Morpho takes another, otherwise what is merely odd. Libraries are taken
/// from the last line, help pages from the first.
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

/// Whether a folder, or one in it, has a file of our name, as Morpho searches.
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
