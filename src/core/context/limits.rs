//! What the system lets the process have, asked before libzmq needs it.

#[cfg(unix)]
use std::fs::File;

/// Whether the process may open so many more files. When libzmq cannot, as it asks
/// for the network interfaces in a bind (ip_resolver.cpp) or begins to wait for
/// events (epoll.cpp), it ends the process.
pub(in crate::core) fn spare_files(count: usize) -> zmq::Result<()> {
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
