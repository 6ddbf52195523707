//! The folder for the files that targets write.

use std::env;
use std::fs;
use std::sync::Once;

/// Makes a folder among the temporary files the working directory, once.
pub fn enter() {
    static ENTERED: Once = Once::new();
    ENTERED.call_once(|| {
        let folder = env::temp_dir().join("zeromq-fuzz");
        fs::create_dir_all(&folder).expect("there is room for files");
        env::set_current_dir(&folder).expect("it is a folder");
    });
}
