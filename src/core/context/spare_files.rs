//! The limit on open files, checked before libzmq reaches it.

#[cfg(unix)]
use std::fs::File;

/// Returns an error if the process cannot open `count` more files. libzmq aborts the
/// process if it cannot open those of its threads (epoll.cpp).
pub(in crate::core) fn check_spare_files(count: usize) -> zmq::Result<()> {
    #[cfg(unix)]
    {
        let files: Vec<_> = (0..count).map(|_| File::open("/dev/null")).collect();
        let errors = files.iter().filter_map(|file| file.as_ref().err());
        if errors
            .filter_map(std::io::Error::raw_os_error)
            .any(|error| error == zmq::Error::EMFILE.to_raw())
        {
            return Err(zmq::Error::EMFILE);
        }
    }
    #[cfg(not(unix))]
    let _ = count;
    Ok(())
}
