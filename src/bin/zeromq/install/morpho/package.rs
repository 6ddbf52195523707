//! Our package for Morpho: a folder with the library, its licenses, the help pages and a
//! fallback module for a Morpho that cannot load the library. `install` installs and removes
//! it; `doctor` checks whether it is up to date.

use std::collections::BTreeMap;
use std::env::consts::DLL_EXTENSION;
use std::path::{Path, PathBuf};

use super::NAME;
use crate::files;
use crate::help::pages::PAGES;
use crate::install::licenses;
use crate::install::record::{Entry, Removed, Tree};

/// The module that Morpho reads if it cannot load the library.
const MODULE: (&str, &str) =
    ("share/modules/zeromq.morpho", include_str!("../../../../../share/modules/zeromq.morpho"));

/// The text files, unchanged from the repository, by their paths in the package.
fn texts() -> BTreeMap<PathBuf, &'static str> {
    let help = Path::new("share/help");
    let pages = PAGES.map(|(name, text)| (help.join(name), text));
    pages.into_iter().chain([(MODULE.0.into(), MODULE.1)]).chain(licenses::files()).collect()
}

/// The record of installed files: one path per line, relative to the package.
const RECORD: &str = "installed-files.txt";

/// The only folders that Morpho 0.6.0 and 0.6.1 search, if they exist.
const HIDING: [&str; 2] = ["lib/morpho", "share/morpho"];

pub struct Package {
    pub folder: PathBuf,
}

impl Package {
    /// Returns the package in a folder, or in the default one. It must be a folder of our
    /// own: without `lib/morpho` or `share/morpho` in its path or contents, and not where
    /// Morpho's package manager keeps its packages.
    pub fn new(prefix: Option<&Path>, home: &Path) -> Result<Package, String> {
        let usual = || home.join(".local/share").join(NAME);
        let folder = prefix.map_or_else(usual, Path::to_owned);
        let complaint = |error| format!("{}: {error}", folder.display());
        let folder = std::path::absolute(&folder).map_err(complaint)?;
        // The line has no slash at its end, so that it is found again.
        let folder: PathBuf = folder.components().collect();
        check(&folder)?;
        Ok(Package { folder })
    }

    /// Installs the package with this library.
    pub fn install(&self, library: &Path) -> Result<(), String> {
        let library =
            files::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
        self.tree().lay_out(&files(&library))
    }

    /// Removes the files that `install` installed.
    pub fn remove(&self) -> Result<Removed, String> {
        self.tree().remove()
    }

    fn tree(&self) -> Tree<'_> {
        Tree { folder: &self.folder, record: Path::new(RECORD) }
    }
}

/// The path of the library in a package, as Morpho expects it.
pub fn library() -> PathBuf {
    Path::new("lib").join(NAME).with_extension(DLL_EXTENSION)
}

/// Returns the help pages and modules of a package that differ from those of this program.
pub fn outdated(folder: &Path) -> Vec<PathBuf> {
    let texts = texts().into_iter().map(|(path, text)| (folder.join(path), text));
    let differs =
        |path: &Path, text: &str| files::read(path).ok().as_deref() != Some(text.as_bytes());
    texts.filter(|(path, text)| differs(path, text)).map(|(path, _)| path).collect()
}

/// Returns the files of a package with this library.
fn files(library_bytes: &[u8]) -> BTreeMap<PathBuf, Entry<'_>> {
    let texts = texts().into_iter().map(|(path, text)| (path, Entry::File(text.as_bytes())));
    texts.chain([(library(), Entry::File(library_bytes))]).collect()
}

/// Checks that a folder can be in Morpho's list and that Morpho searches it.
fn check(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    if folder.parent().is_none() || folder.to_string_lossy().contains(char::is_control) {
        return Err(format!(
            "{shown:?} cannot be a Morpho package: choose another folder with --prefix"
        ));
    }
    match HIDING.iter().find(|hiding| folder.join(hiding).exists()) {
        Some(hiding) => Err(format!(
            "Morpho 0.6.0 and 0.6.1 search only {hiding} in {shown}: choose another folder with \
             --prefix"
        )),
        None => Ok(()),
    }
}
