//! CURVE keys, certificates, and their files.

pub mod certificate;
pub mod key;
pub(super) mod secret_file;
pub mod z85;
pub(super) mod zpl;

pub use certificate::Certificate;
