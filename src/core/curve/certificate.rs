//! CURVE certificates: a key pair, or only its public key, with metadata. Their files
//! have the format of czmq (`name` and `name_secret`), and that of pyzmq if the name
//! ends in `.key`.
//!
//! Secret keys never appear in errors or debug output, and their memory is wiped.

use std::fmt;
use std::io;
use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

use super::key::{PublicKey, SecretKey, TEXT, no_curve, security};
use super::secret_file::{LARGEST, Name, exposed, read, unreadable, unwritable, write, write_both};
use super::zpl;
use crate::core::error::Error;

const PUBLIC: &str = "\
#   ****  ZeroMQ CURVE Public Certificate  ****
#   Exchange securely, or use a secure mechanism to verify the contents
#   of this file after exchange.

";

const SECRET: &str = "\
#   ****  ZeroMQ CURVE **Secret** Certificate  ****
#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

";

/// A key pair, or only its public key, with metadata about its owner.
#[derive(Clone, Debug)]
pub struct Certificate {
    public: PublicKey,
    secret: Option<SecretKey>,
    meta: Vec<(String, String)>,
}

/// The content of a certificate file.
pub(crate) enum Content {
    Public,
    Secret,
}

impl Certificate {
    /// Makes a new key pair.
    ///
    /// # Errors
    /// [`Error::Security`] if libzmq cannot make keys.
    pub fn new() -> Result<Certificate, Error> {
        let (public, mut secret) = zmq_sys::curve::keypair().ok_or_else(no_curve)?;
        let keys = (PublicKey::new(&public[..TEXT]), SecretKey::new(&secret[..TEXT]));
        secret.zeroize();
        Ok(Certificate { public: keys.0?, secret: Some(keys.1?), meta: Vec::new() })
    }

    /// Makes a certificate from a public key, a secret key, or both. The public key can
    /// be computed from the secret one.
    ///
    /// # Errors
    /// [`Error::Security`] if a key is invalid, if both are missing, or if they do not
    /// belong together.
    pub fn from_keys(public: Option<&[u8]>, secret: Option<&[u8]>) -> Result<Certificate, Error> {
        let given = public.map(PublicKey::new).transpose()?;
        let secret = secret.map(SecretKey::new).transpose()?;
        let derived = secret.as_ref().map(SecretKey::public).transpose()?;
        match (given, derived) {
            (Some(given), Some(derived)) if given != derived => {
                Err(security("the public key does not belong to the secret key"))
            }
            (Some(public), _) | (None, Some(public)) => {
                Ok(Certificate { public, secret, meta: Vec::new() })
            }
            (None, None) => Err(security("a certificate needs a public or a secret key")),
        }
    }

    /// Loads a certificate from the file `name_secret`, which has both keys, or from
    /// `name` if there is no such file.
    ///
    /// # Errors
    /// [`Error::Security`] if the file cannot be read or is not a certificate.
    pub fn load(name: &str) -> Result<Certificate, Error> {
        let file = Certificate::secret_file(name);
        match read(Path::new(&file), LARGEST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Certificate::read(Path::new(name))
            }
            Err(error) => Err(unreadable(&file, &error)),
            Ok(text) => Certificate::parse(&text, &file),
        }
    }

    /// Returns a warning if other users than the owner can read or change the secret file
    /// of a certificate that was just loaded.
    pub fn exposure(&self, name: &str) -> Option<String> {
        self.secret.as_ref()?;
        let secret = Certificate::secret_file(name);
        let file = if Path::new(&secret).exists() { &*secret } else { name };
        let mode = exposed(Path::new(file))?;
        Some(format!(
            "{} holds a secret key, but its permissions {mode:o} let other users read or change \
             it; set them with chmod 600",
            Name(file)
        ))
    }

    /// Reads exactly this file.
    pub(in crate::core) fn read(file: &Path) -> Result<Certificate, Error> {
        let name = file.to_string_lossy();
        let text = read(file, LARGEST).map_err(|error| unreadable(&name, &error))?;
        Certificate::parse(&text, &name)
    }

    /// Parses the text of a file with this name.
    pub(crate) fn parse(text: &[u8], file: &str) -> Result<Certificate, Error> {
        let wrong =
            |what: fmt::Arguments| security(format!("{} is not a certificate: {what}", Name(file)));
        let items = zpl::parse(text)
            .map_err(|problem| wrong(format_args!("line {}: {}", problem.line, problem.what)))?;
        let (mut section, mut public, mut secret) = ("", None, None);
        let mut meta: Vec<(String, String)> = Vec::new();
        for item in items {
            match (item.level, section, item.name) {
                (0, _, name) => section = name,
                (1, "curve", "public-key") => public = public.or(Some(item.value)),
                (1, "curve", "secret-key") => secret = secret.or(Some(item.value)),
                (1, "metadata", name) if meta.iter().all(|(known, _)| known != name) => {
                    let value = String::from_utf8_lossy(item.value).into_owned();
                    meta.push((name.to_owned(), value));
                }
                _ => {}
            }
        }
        let public = public.ok_or_else(|| wrong(format_args!("it has no public-key")))?;
        let in_file = |error: Error| wrong(format_args!("{error}"));
        let public = PublicKey::new(public).map_err(in_file)?;
        let secret = secret.map(SecretKey::new).transpose().map_err(in_file)?;
        let secret = secret.filter(|secret| !secret.is_missing());
        if let Some(secret) = &secret
            && secret.public()? != public
        {
            return Err(wrong(format_args!("its keys do not belong together")));
        }
        Ok(Certificate { public, secret, meta })
    }

    /// Returns the name of the file with the secret key, beside that with the public key.
    pub fn secret_file(name: &str) -> String {
        format!("{name}_secret")
    }

    /// Saves both files of the certificate: `name` with the public key, and
    /// `name_secret` with both keys, which only its owner may read.
    ///
    /// # Errors
    /// [`Error::Security`] if there is no secret key or a file cannot be written.
    pub fn save(&self, name: &str) -> Result<(), Error> {
        let (secret, public) = (self.text(&Content::Secret)?, self.text(&Content::Public)?);
        let secret_name = Certificate::secret_file(name);
        let secret = (&*secret_name, secret.as_bytes(), 0o600);
        write_both(secret, (name, public.as_bytes(), 0o644))
            .map_err(|(file, error)| unwritable(file, &error))
    }

    /// Saves the public key and the metadata in this file.
    ///
    /// # Errors
    /// [`Error::Security`] if it cannot be written.
    pub fn save_public(&self, file: &str) -> Result<(), Error> {
        let text = self.text(&Content::Public)?;
        write(file, text.as_bytes(), 0o644).map_err(|error| unwritable(file, &error))
    }

    /// Saves both keys and the metadata in this file, which only its owner may read.
    ///
    /// # Errors
    /// [`Error::Security`] if there is no secret key or the file cannot be written.
    pub fn save_secret(&self, file: &str) -> Result<(), Error> {
        let text = self.text(&Content::Secret)?;
        write(file, text.as_bytes(), 0o600).map_err(|error| unwritable(file, &error))
    }

    pub(crate) fn text(&self, content: &Content) -> Result<Zeroizing<String>, Error> {
        let meta: String = self.meta.iter().map(|(name, value)| zpl::line(name, value)).collect();
        let head = match content {
            Content::Public => PUBLIC,
            Content::Secret => SECRET,
        };
        // Large enough for everything, so that no copy of the key is left behind by a
        // reallocation.
        let mut text = Zeroizing::new(String::with_capacity(head.len() + meta.len() + 256));
        text.push_str(head);
        text.push_str("metadata\n");
        text.push_str(&meta);
        text.push_str("curve\n");
        text.push_str(&zpl::line("public-key", &self.public.to_string()));
        if let Content::Secret = content {
            let secret = self.secret()?.to_text();
            text.push_str(&Zeroizing::new(zpl::line("secret-key", &secret)));
        }
        Ok(text)
    }

    /// Returns the public key.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Returns the secret key.
    ///
    /// # Errors
    /// [`Error::Security`] if there is none.
    pub fn secret(&self) -> Result<&SecretKey, Error> {
        self.secret.as_ref().ok_or_else(|| {
            security("the certificate has no secret key; load the file that ends in _secret")
        })
    }

    /// Returns the value of a metadata entry.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// Returns all metadata entries.
    pub fn metas(&self) -> &[(String, String)] {
        &self.meta
    }

    /// Sets a metadata entry, or removes it if `value` is `None`.
    ///
    /// # Errors
    /// [`Error::Security`] if a certificate file cannot hold the name or the value.
    pub fn set_meta(&mut self, name: &str, value: Option<&str>) -> Result<(), Error> {
        if let Some(problem) = zpl::check_name(name).or(value.and_then(zpl::check_value)) {
            return Err(security(problem));
        }
        self.meta.retain(|(known, _)| known != name);
        if let Some(value) = value {
            self.meta.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn text(error: &Error) -> String {
        error.to_string()
    }

    #[test]
    fn keys_belong_together() {
        let certificate = Certificate::new().unwrap();
        let secret = certificate.secret().unwrap();
        assert_eq!(secret.public().unwrap(), certificate.public());
        let other = Certificate::new().unwrap();
        assert_ne!(other.public(), certificate.public());
        let same = Certificate::from_keys(None, Some(secret.to_text().as_bytes())).unwrap();
        assert_eq!(same.public(), certificate.public());
        let error = Certificate::from_keys(
            Some(other.public().to_string().as_bytes()),
            Some(secret.as_bytes()),
        );
        assert_eq!(text(&error.unwrap_err()), "the public key does not belong to the secret key");
        assert!(Certificate::from_keys(None, None).is_err());
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        let secret = Certificate::new().unwrap().secret().unwrap().to_text().to_string();
        for wrong in [&secret[1..], &format!("\"{}", &secret[1..]), &format!("{secret}x"), ""] {
            let error = text(&SecretKey::new(wrong.as_bytes()).unwrap_err());
            assert!(wrong.is_empty() || !error.contains(&wrong[2..]), "{error}");
        }
        for name in [secret.clone(), format!("{secret}x"), format!("keys/{secret}.key")] {
            let error = text(&Certificate::load(&name).unwrap_err());
            assert!(!error.contains(&secret[5..35]), "{error}");
        }
        let long = "a/long/path/of/forty/characters/or/more/certificate";
        assert!(text(&Certificate::load(long).unwrap_err()).contains(long));
    }

    #[test]
    #[cfg(unix)]
    fn two_files_fit_even_if_one_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("half").to_str().unwrap().to_owned();
        let (one, two) = (Certificate::new().unwrap(), Certificate::new().unwrap());
        for blocked in [Certificate::secret_file(&name), name.clone()] {
            fs::create_dir(&blocked).unwrap();
            assert!(text(&one.save(&name).unwrap_err()).contains("is a directory"));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            fs::remove_dir(&blocked).unwrap();
        }
        one.save(&name).unwrap();
        two.save(&name).unwrap();
        let public = Certificate::read(Path::new(&name)).unwrap().public();
        assert_eq!((Certificate::load(&name).unwrap().public(), public), (two.public(), public));
    }

    #[test]
    #[cfg(unix)]
    fn a_secret_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("server").to_str().unwrap().to_owned();
        Certificate::new().unwrap().save(&name).unwrap();
        let exposure = || Certificate::load(&name).unwrap().exposure(&name);
        assert_eq!(exposure(), None);
        fs::set_permissions(Certificate::secret_file(&name), fs::Permissions::from_mode(0o644))
            .unwrap();
        assert!(exposure().unwrap().contains("its permissions 644"));
        fs::remove_file(Certificate::secret_file(&name)).unwrap();
        assert_eq!(exposure(), None);
    }

    #[test]
    #[cfg(unix)]
    fn pipes_and_devices_are_no_certificates() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let made = std::process::Command::new("mkfifo").arg(name("pipe")).status().unwrap();
        assert!(made.success());
        std::os::unix::fs::symlink("/dev/zero", name("zero")).unwrap();
        for file in ["pipe", "zero"] {
            assert!(text(&Certificate::load(&name(file)).unwrap_err()).contains("not a file"));
        }
        let certificate = Certificate::new().unwrap();
        fs::rename(name("pipe"), name("pipe_secret")).unwrap();
        fs::rename(name("zero"), name("zero_secret")).unwrap();
        fs::File::create(name("long_secret")).unwrap().set_len(1 << 40).unwrap();
        for (file, reason) in [("pipe", "not a file"), ("zero", "not a file"), ("long", "larger")] {
            let error = text(&certificate.save(&name(file)).unwrap_err());
            assert!(error.contains(reason), "{error}");
            assert!(fs::symlink_metadata(name(file)).is_err(), "nothing is written");
            assert!(fs::symlink_metadata(name(&format!("{file}_secret"))).is_ok());
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let certificate = Certificate::new().unwrap();
        let shown = format!("{certificate:?}");
        assert!(!shown.contains(&**certificate.secret().unwrap().to_text()), "{shown}");
        assert!(!shown.contains(&format!("{:?}", certificate.secret().unwrap().as_bytes())));
    }

    #[test]
    fn files_keep_everything() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("server").to_str().unwrap().to_owned();
        let mut certificate = Certificate::new().unwrap();
        certificate.set_meta("name", Some("it's # mine")).unwrap();
        certificate.set_meta("email", Some("\"me\" <me@example>")).unwrap();
        certificate.save(&name).unwrap();
        let loaded = Certificate::load(&name).unwrap();
        assert_eq!(loaded.public(), certificate.public());
        assert_eq!(loaded.secret().unwrap().as_bytes(), certificate.secret().unwrap().as_bytes());
        assert_eq!(loaded.metas(), certificate.metas());

        fs::remove_file(Certificate::secret_file(&name)).unwrap();
        let public = Certificate::load(&name).unwrap();
        assert!(public.secret().is_err());
        assert_eq!(public.meta("name"), Some("it's # mine"));
        assert!(public.save(&name).is_err(), "it has no secret to save");
        public.save_public(&name).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "no other file is left behind: {left:?}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("x.key").to_str().unwrap().to_owned();
        let file = Certificate::secret_file(&name);
        // An existing file is replaced, whatever its mode and even if it is a symbolic
        // link.
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        Certificate::new().unwrap().save(&name).unwrap();
        let mode = |file: &str| fs::symlink_metadata(file).unwrap().permissions().mode();
        assert_eq!(mode(&file), 0o100_600);
        assert_eq!(mode(&name) & 0o200_600, 0o600);
        assert_eq!(fs::read(elsewhere).unwrap(), b"");
    }

    #[test]
    fn any_bytes_are_a_certificate_or_an_error() {
        let mut certificate = Certificate::new().unwrap();
        certificate.set_meta("name", Some("it's me")).unwrap();
        let text = certificate.text(&Content::Secret).unwrap();
        let secret = certificate.secret().unwrap().to_text();
        let mut refused = 0;
        for place in 0..text.len() {
            for byte in *b"\0\n\"'#=/ \xff" {
                let mut bytes = text.as_bytes().to_vec();
                bytes[place] = byte;
                let cut = &bytes[..place];
                for bytes in [&bytes[..], cut] {
                    if let Err(error) = Certificate::parse(bytes, "file") {
                        refused += 1;
                        assert!(!error.to_string().contains(&secret[10..30]), "{error}");
                    }
                }
            }
        }
        assert!(refused > 1000, "{refused}");
    }

    #[test]
    fn files_that_are_no_certificates_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("c").to_str().unwrap().to_owned();
        let problem = |text_of_file: &str| {
            fs::write(&name, text_of_file).unwrap();
            text(&Certificate::load(&name).unwrap_err())
        };
        assert!(problem("").ends_with("c is not a certificate: it has no public-key"));
        assert!(problem("curve\n  public-key = 1").contains("line 2: it is not indented"));
        assert!(problem("curve\n    public-key = \"abc\"").contains("40 characters of Z85"));
        let (one, two) = (Certificate::new().unwrap(), Certificate::new().unwrap());
        let secret = two.secret().unwrap().to_text();
        let both = format!(
            "curve\n    public-key = \"{}\"\n    secret-key = \"{}\"\n",
            one.public(),
            *secret
        );
        let error = problem(&both);
        assert!(error.ends_with("its keys do not belong together"), "{error}");
        assert!(!error.contains(&**secret));
        let zeros = format!(
            "curve\n    public-key = '{}'\n    secret-key = {}",
            one.public(),
            "0".repeat(40)
        );
        fs::write(&name, zeros).unwrap();
        assert!(Certificate::load(&name).unwrap().secret().is_err(), "czmq's zeros are no secret");
        assert!(text(&Certificate::load("/").unwrap_err()).contains("it is not a file"));
        let error = text(&Certificate::load("no\0file").unwrap_err());
        assert!(error.contains("cannot be read"), "{error}");
        assert!(text(&one.save("/no/such/folder/x").unwrap_err()).contains("cannot be written"));
    }
}
