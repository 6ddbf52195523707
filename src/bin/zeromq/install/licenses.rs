//! The licenses of the library, which are installed wherever it is.

use std::path::PathBuf;

/// The licenses, by their names.
const LICENSES: [(&str, &str); 3] = [
    ("LICENSE-APACHE", include_str!("../../../../LICENSE-APACHE")),
    ("LICENSE-MIT", include_str!("../../../../LICENSE-MIT")),
    ("THIRD-PARTY.md", include_str!("../../../../THIRD-PARTY.md")),
];

/// Returns the licenses, by their paths in the folder of a package.
pub fn files() -> impl Iterator<Item = (PathBuf, &'static str)> {
    LICENSES.iter().map(|(name, text)| (["share/doc/zeromq", name].iter().collect(), *text))
}
