//! Known passwords and keys, in tables or in files that are read again when they
//! change.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::curve::Certificate;
use crate::core::curve::key::{PublicKey, security};
use crate::core::curve::secret_file::{Name, read, unreadable};
use crate::core::error::Error;

/// Why a client is accepted.
pub(crate) struct Admission {
    pub reason: String,
    /// The metadata of the certificate of its key.
    pub meta: Vec<(String, String)>,
}

/// Larger than any password file.
const LARGEST: u64 = 16 << 20;

/// A directory with more files is not a certificate directory.
const MOST_FILES: usize = 10_000;

/// A directory with at most this many files is searched for each client.
const FEW_FILES: usize = 100;

/// The longest time during which changes in a directory are not noticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The maximum nesting depth of certificates in a directory.
const DEEPEST: usize = 16;

/// User names and their passwords.
pub(crate) enum Passwords {
    Table(Table),
    File { file: PathBuf, seen: Option<Stamp>, table: Result<Table, Error> },
}

type Table = HashMap<String, Zeroizing<String>>;

/// Known keys.
pub(crate) enum Keys {
    /// Any key is accepted.
    Any,
    Listed(HashMap<PublicKey, Vec<(String, String)>>),
    Directory(Directory),
}

/// A directory of certificates.
pub(crate) struct Directory {
    path: PathBuf,
    seen: Vec<(PathBuf, Stamp)>,
    known: HashMap<PublicKey, Vec<(String, String)>>,
    /// The number of files that are not certificates.
    others: usize,
    /// When the directory was last searched, and how long that took.
    searched: Option<(Instant, Duration)>,
}

/// Metadata that differs when a file has changed. Anybody can set the time of modification,
/// as `cp -p` and `touch` do; the time of the last change of the metadata belongs to the
/// system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
    #[cfg(unix)]
    inode: (u64, u64),
    #[cfg(unix)]
    changed: (i64, i64),
    /// True if the file had not changed for a while. The times of a file system are coarse,
    /// so a file can change again at the same time: until then, it is read each time.
    settled: bool,
}

/// Coarser than the times of any file system.
const COARSE: Duration = Duration::from_secs(3);

impl Stamp {
    fn of(about: &fs::Metadata) -> Stamp {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        #[cfg(unix)]
        let changed = u64::try_from(about.ctime()).ok().map(Duration::from_secs);
        #[cfg(not(unix))]
        let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let age = changed.and_then(|changed| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
            now.checked_sub(changed)
        });
        Stamp {
            modified: about.modified().ok(),
            size: about.len(),
            #[cfg(unix)]
            inode: (about.dev(), about.ino()),
            #[cfg(unix)]
            changed: (about.ctime(), about.ctime_nsec()),
            settled: age.is_some_and(|age| age > COARSE),
        }
    }

    /// Returns true if the file is certainly the one that was read with this stamp.
    fn holds(&self, now: &Stamp) -> bool {
        self.settled && self == now
    }
}

impl Passwords {
    /// Makes a table of user names and passwords.
    pub fn table(entries: Vec<(String, String)>) -> Passwords {
        let entries = entries.into_iter();
        Passwords::Table(entries.map(|(name, word)| (name, Zeroizing::new(word))).collect())
    }

    /// Makes the table of a text of `name=value` lines.
    ///
    /// # Errors
    /// [`Error::Security`] if it is not UTF-8.
    pub fn parse(text: &[u8]) -> Result<Passwords, Error> {
        parse_table(text, "the file").map(Passwords::Table)
    }

    /// Reads a file of `name=value` lines, which is read again when it changes.
    ///
    /// # Errors
    /// [`Error::Security`] if it cannot be read now.
    pub fn file(file: &str) -> Result<Passwords, Error> {
        let path = PathBuf::from(file);
        let seen = stamp(&path);
        let table = read_table(&path)?;
        Ok(Passwords::File { file: path, seen, table: Ok(table) })
    }

    pub fn has(&mut self, username: &str, password: &str) -> Result<bool, String> {
        let table = match self {
            Passwords::Table(table) => table,
            Passwords::File { file, seen, table } => {
                let now = stamp(file);
                let same =
                    seen.as_ref().zip(now.as_ref()).is_some_and(|(seen, now)| seen.holds(now));
                if !same {
                    *table = read_table(file);
                    *seen = now;
                }
                table.as_ref().map_err(ToString::to_string)?
            }
        };
        let known = table.get(username);
        // An unknown user name takes as long as a known one.
        let same = same(known.map_or("", |word| word), password);
        Ok(known.is_some() && same)
    }
}

/// Compares two strings in a time that reveals only their lengths.
fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn stamp(file: &Path) -> Option<Stamp> {
    fs::metadata(file).ok().map(|about| Stamp::of(&about))
}

/// Reads `name=value` lines. Other lines, and those that begin with #, are ignored.
fn read_table(file: &Path) -> Result<Table, Error> {
    let name = file.to_string_lossy();
    let text = read(file, LARGEST).map_err(|error| unreadable(&name, &error))?;
    parse_table(&text, &name)
}

/// Parses the text of a file with this name.
fn parse_table(text: &[u8], name: &str) -> Result<Table, Error> {
    let text = std::str::from_utf8(text)
        .map_err(|_| security(format!("{} is not UTF-8 text", Name(name))))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let entries = lines.filter_map(|line| line.split_once('='));
    let entries = entries.filter(|(name, _)| !name.is_empty());
    Ok(entries.map(|(name, word)| (name.to_owned(), Zeroizing::new(word.to_owned()))).collect())
}

impl Keys {
    /// Lists the keys of certificates, with their metadata.
    pub fn listed(certificates: &[Certificate]) -> Keys {
        let entry = |c: &Certificate| (c.public(), c.metas().to_vec());
        Keys::Listed(certificates.iter().map(entry).collect())
    }

    /// Reads the keys of all certificates in a directory and its subdirectories. They
    /// are read again when a file changes.
    ///
    /// # Errors
    /// [`Error::Security`] if it cannot be read now.
    pub fn directory(path: &str) -> Result<Keys, Error> {
        let mut directory = Directory {
            path: PathBuf::from(path),
            seen: Vec::new(),
            known: HashMap::new(),
            others: 0,
            searched: None,
        };
        directory.refresh()?;
        Ok(Keys::Directory(directory))
    }

    pub fn find(&mut self, key: &PublicKey) -> Result<Admission, String> {
        let known =
            |meta: &Vec<_>| Admission { reason: "the key is known".to_owned(), meta: meta.clone() };
        match self {
            Keys::Any => {
                Ok(Admission { reason: "every key is accepted".to_owned(), meta: Vec::new() })
            }
            Keys::Listed(listed) => {
                listed.get(key).map(known).ok_or("the key is not in the list".to_owned())
            }
            Keys::Directory(directory) => {
                directory.refresh().map_err(|error| error.to_string())?;
                directory.known.get(key).map(known).ok_or_else(|| match directory.others {
                    0 => "the key is not in the directory".to_owned(),
                    others => format!(
                        "the key is not in the directory (files in it that are not certificates: \
                         {others})"
                    ),
                })
            }
        }
    }
}

impl Directory {
    /// Reads the directory again if a file has changed. Searching a large one takes at
    /// most a tenth of the time, so that clients that come again and again do not occupy a
    /// processor; a change then takes effect up to a second later.
    fn refresh(&mut self) -> Result<(), Error> {
        if let Some((when, took)) = self.searched
            && self.seen.len() > FEW_FILES
            && when.elapsed() < (took * 10).min(LONGEST_PAUSE)
        {
            return Ok(());
        }
        let begin = Instant::now();
        let result = self.search();
        self.searched = Some((Instant::now(), begin.elapsed()));
        result
    }

    fn search(&mut self) -> Result<(), Error> {
        let mut found = Vec::new();
        if let Err(error) = search(&self.path, DEEPEST, &mut found) {
            // Access may have been revoked, so the known keys are dropped.
            self.seen.clear();
            self.known.clear();
            return Err(error);
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let same = found.len() == self.seen.len()
            && found
                .iter()
                .zip(&self.seen)
                .all(|((path, now), (known, seen))| path == known && seen.holds(now));
        if same {
            return Ok(());
        }
        self.known.clear();
        self.others = 0;
        for (file, _) in &found {
            match Certificate::read(file) {
                Ok(certificate) => {
                    self.known.insert(certificate.public(), certificate.metas().to_vec());
                }
                Err(_) => self.others += 1,
            }
        }
        self.seen = found;
        Ok(())
    }
}

/// Finds all files in a directory and its subdirectories, except secret ones.
fn search(directory: &Path, deeper: usize, found: &mut Vec<(PathBuf, Stamp)>) -> Result<(), Error> {
    let name = directory.to_string_lossy();
    let entries = fs::read_dir(directory).map_err(|error| unreadable(&name, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&name, &error))?;
        let path = entry.path();
        // Links to directories are not followed, because they may form a cycle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if deeper > 0 {
                search(&path, deeper - 1, found)?;
            }
            continue;
        }
        let secret = entry.file_name().to_string_lossy().ends_with("_secret");
        // A file that was just removed is skipped.
        if let Ok(about) = fs::metadata(&path)
            && about.is_file()
            && !secret
        {
            found.push((path, Stamp::of(&about)));
        }
        if found.len() > MOST_FILES {
            return Err(security(format!("{} has more than 10000 files", Name(&name))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_passwords_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passwords");
        let name = file.to_str().unwrap();
        assert!(Passwords::file(name).is_err());
        fs::write(&file, "# users\na=1\r\nb = 2\nc=x=y\n=z\nnothing\n#d=1\n").unwrap();
        let mut passwords = Passwords::file(name).unwrap();
        for (name, word, right) in [
            ("a", "1", true),
            ("b", "2", false),
            ("b ", " 2", true),
            ("c", "x=y", true),
            ("", "z", false),
            ("#d", "1", false),
            ("nothing", "", false),
        ] {
            assert_eq!(passwords.has(name, word), Ok(right), "{name}");
        }
        fs::write(&file, "a=12").unwrap();
        assert_eq!(passwords.has("a", "12"), Ok(true));
        assert_eq!(passwords.has("a", "1"), Ok(false));
        fs::remove_file(&file).unwrap();
        assert!(passwords.has("a", "12").unwrap_err().contains("cannot be read"));
        fs::write(&file, "a=12").unwrap();
        assert_eq!(passwords.has("a", "12"), Ok(true));
    }

    /// Copies a file as `cp -p` does: onto the same file, with the same time.
    #[cfg(unix)]
    fn copy_with_time(from: &Path, to: &Path) {
        fs::write(to, fs::read(from).unwrap()).unwrap();
        let modified = fs::metadata(from).unwrap().modified().unwrap();
        fs::File::options().write(true).open(to).unwrap().set_modified(modified).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_the_same_size_and_time_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let in_folder = |name: &str| folder.path().join(name);
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let write = |name: &str, text: &str| {
            fs::write(in_folder(name), text).unwrap();
            let file = fs::File::options().write(true).open(in_folder(name)).unwrap();
            file.set_modified(long_ago).unwrap();
        };
        write("one", "a=1");
        write("two", "a=2");
        fs::create_dir(in_folder("keys")).unwrap();
        let alice = Certificate::new().unwrap();
        let bob = Certificate::new().unwrap();
        for (name, certificate) in [("alice", &alice), ("bob", &bob)] {
            certificate.save(in_folder(name).to_str().unwrap()).unwrap();
            let text = fs::read_to_string(in_folder(name)).unwrap();
            write(name, &text);
        }
        let (users, client) = (in_folder("users"), in_folder("keys").join("client"));
        // At once, when the times of the system may be the same, and later, when they differ.
        for pause in [0, 10, 3500] {
            copy_with_time(&in_folder("one"), &users);
            copy_with_time(&in_folder("alice"), &client);
            let mut passwords = Passwords::file(users.to_str().unwrap()).unwrap();
            let mut keys = Keys::directory(in_folder("keys").to_str().unwrap()).unwrap();
            std::thread::sleep(Duration::from_millis(pause));
            assert_eq!(passwords.has("a", "1"), Ok(true));
            assert!(keys.find(&alice.public()).is_ok());
            copy_with_time(&in_folder("two"), &users);
            copy_with_time(&in_folder("bob"), &client);
            assert_eq!(passwords.has("a", "1"), Ok(false), "{pause}");
            assert_eq!(passwords.has("a", "2"), Ok(true), "{pause}");
            assert!(keys.find(&alice.public()).is_err(), "{pause}");
            assert!(keys.find(&bob.public()).is_ok(), "{pause}");
        }
    }

    #[test]
    fn a_directory_of_certificates_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let mut keys = Keys::directory(&path).unwrap();
        let mut one = Certificate::new().unwrap();
        one.set_meta("name", Some("one")).unwrap();
        let two = Certificate::new().unwrap();
        assert!(keys.find(&one.public()).is_err());
        fs::create_dir(folder.path().join("deeper")).unwrap();
        one.save(&format!("{path}/deeper/one")).unwrap();
        two.save_secret(&format!("{path}/two_secret")).unwrap();
        assert_eq!(keys.find(&one.public()).ok().unwrap().meta, one.metas());
        assert!(keys.find(&two.public()).is_err(), "a secret file is not read");
        fs::write(format!("{path}/notes"), "these are notes").unwrap();
        assert!(keys.find(&two.public()).err().unwrap().contains("not certificates: 1)"));
        fs::remove_file(format!("{path}/deeper/one")).unwrap();
        assert!(keys.find(&one.public()).is_err(), "what is removed is not known any more");
        folder.close().unwrap();
        assert!(keys.find(&one.public()).is_err());
        assert!(Keys::directory(&path).is_err());
    }

    #[test]
    fn a_large_directory_is_not_searched_for_each_client() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=FEW_FILES {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
        }
        let mut keys = Keys::directory(folder.path().to_str().unwrap()).unwrap();
        let certificate = Certificate::new().unwrap();
        let long_ago = Duration::from_secs(3600);
        if let Keys::Directory(directory) = &mut keys {
            directory.searched = Some((Instant::now(), long_ago));
        }
        certificate.save_public(folder.path().join("new").to_str().unwrap()).unwrap();
        assert!(keys.find(&certificate.public()).is_err());
        std::thread::sleep(LONGEST_PAUSE);
        assert!(keys.find(&certificate.public()).is_ok());
    }
}
