//! The functions of the fuzz targets. Each takes any input, and panics, or is stopped by a
//! sanitizer, if it finds a bug. `cargo test` runs them on the seeds.

pub mod arrays;
pub mod beacons;
pub mod c_api;
pub mod calls;
pub mod certificates;
pub mod endpoints;
mod folder;
mod input;
pub mod json;
pub mod message_pack;
pub mod methods;
pub mod options;
pub mod passwords;
pub mod pictures;
#[cfg(test)]
mod replay;
pub mod scripts;
pub mod tasks;
pub mod zap;
pub mod zmtp;

// The reference host, which is a part of the program.
#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../../src/bin/zeromq/files.rs"]
mod files;
#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../../src/bin/zeromq/host/mod.rs"]
mod host;
mod interrupt;
#[allow(dead_code, reason = "the program uses the rest")]
#[path = "../../src/bin/zeromq/library.rs"]
mod library;

macro_rules! targets {
    ($($name:ident)*) => {
        /// The targets by name.
        pub const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::run)),*];

        #[cfg(test)]
        mod seeds {
            $(
                #[test]
                fn $name() {
                    crate::replay::replay(stringify!($name), crate::$name::run);
                }
            )*
        }
    };
}

targets! {
    arrays
    beacons
    c_api
    certificates
    endpoints
    json
    message_pack
    methods
    options
    passwords
    pictures
    scripts
    tasks
    zap
    zmtp
}
