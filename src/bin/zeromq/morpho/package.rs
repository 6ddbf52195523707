//! Our package for Morpho: a folder with the library, the help pages and a
//! module for the case that Morpho cannot load the library. `install` lays it
//! out and takes it back; `doctor` looks whether it is up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::DLL_EXTENSION;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::NAME;
use super::replace::replace;

/// The files with text, as they are in the repository.
const TEXTS: [(&str, &str); 6] = [
    ("share/help/embedding.md", include_str!("../../../../help/embedding.md")),
    ("share/help/errors.md", include_str!("../../../../help/errors.md")),
    ("share/help/guide.md", include_str!("../../../../help/guide.md")),
    ("share/help/reference.md", include_str!("../../../../help/reference.md")),
    ("share/help/zeromq.md", include_str!("../../../../help/zeromq.md")),
    ("share/modules/zeromq.morpho", include_str!("../../../../share/modules/zeromq.morpho")),
];

/// Which files are ours: one to a line, as paths in the package.
const RECORD: &str = "installed-files.txt";

/// Morpho 0.6.0 and 0.6.1 search only these, where they exist.
const HIDING: [&str; 2] = ["lib/morpho", "share/morpho"];

pub struct Package {
    pub folder: PathBuf,
}

impl Package {
    /// The package in a folder, or in the usual one. That is a folder of our
    /// own, with neither `lib/morpho` nor `share/morpho` in its path or in it,
    /// and not where Morpho's package manager keeps its packages.
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

    /// Lays the package out with this library in it.
    pub fn install(&self, library: &Path) -> Result<(), String> {
        let library =
            fs::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
        let files = files(&library);
        let before = self.record()?;
        for path in files.keys().filter(|path| !before.contains(path)) {
            let path = self.folder.join(path);
            if path.exists() {
                return Err(format!(
                    "{} was there before and is not of `zeromq install`: remove it, or choose \
                     another folder with --prefix",
                    path.display()
                ));
            }
        }
        let all: BTreeSet<&Path> = files.keys().chain(&before).map(PathBuf::as_path).collect();
        let record: String = all.iter().map(|path| format!("{}\n", path.display())).collect();
        // The record comes first, so that half a package can be taken back.
        self.write(Path::new(RECORD), record.as_bytes())?;
        for (path, bytes) in &files {
            self.write(path, bytes)?;
        }
        Ok(())
    }

    /// Takes back what `install` laid out; says whether there was anything.
    pub fn remove(&self) -> Result<bool, String> {
        let mut files = self.record()?;
        if files.is_empty() {
            return Ok(false);
        }
        // The record goes last, so that half a removal can be completed.
        files.push(RECORD.into());
        for file in &files {
            self.delete(file)?;
        }
        for folder in files.iter().flat_map(|file| file.ancestors().skip(1)) {
            // A folder that is not empty is not only ours.
            let _ = fs::remove_dir(self.folder.join(folder));
        }
        Ok(true)
    }

    fn delete(&self, file: &Path) -> Result<(), String> {
        let path = self.folder.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("{}: {error}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// The files that `install` has laid out here.
    fn record(&self) -> Result<Vec<PathBuf>, String> {
        let path = self.folder.join(RECORD);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(|error| format!("{}: {error}", path.display()))?,
        };
        let files = text.lines().map(PathBuf::from);
        // Whoever edits the record cannot have files outside the package removed.
        let inside = |file: &PathBuf| file.components().all(|c| matches!(c, Component::Normal(_)));
        Ok(files.filter(inside).collect())
    }

    fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), String> {
        let path = self.folder.join(file);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)
            .and_then(|()| replace(&path, bytes))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Where the library is in a package, as Morpho wants it.
pub fn library() -> PathBuf {
    Path::new("lib").join(NAME).with_extension(DLL_EXTENSION)
}

/// The help pages and modules of a package that are not those of this program.
pub fn outdated(folder: &Path) -> Vec<PathBuf> {
    let texts = TEXTS.map(|(path, text)| (folder.join(path), text));
    let differs = |path: &Path, text: &str| fs::read(path).ok().as_deref() != Some(text.as_bytes());
    texts.into_iter().filter(|(path, text)| differs(path, text)).map(|(path, _)| path).collect()
}

/// The files of a package, with this library.
fn files(library_bytes: &[u8]) -> BTreeMap<PathBuf, &[u8]> {
    let texts = TEXTS.map(|(path, text)| (path.into(), text.as_bytes()));
    texts.into_iter().chain([(library(), library_bytes)]).collect()
}

/// Whether Morpho can be told of a folder, and searches it.
fn check(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    if folder.parent().is_none() || folder.to_string_lossy().contains(char::is_control) {
        return Err(format!(
            "{shown:?} cannot be a package of Morpho: choose another folder with --prefix"
        ));
    }
    match HIDING.iter().find(|hiding| folder.join(hiding).exists()) {
        Some(hiding) => Err(format!(
            "Morpho 0.6.0 and 0.6.1 search nothing but {hiding} in {shown}: choose another \
             folder with --prefix"
        )),
        None => Ok(()),
    }
}
