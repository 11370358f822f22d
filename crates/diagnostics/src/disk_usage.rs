//! The sizes of directories, and the space on their disks.

use std::io;
use std::path::Path;

use serde::Serialize;
use utoipa::ToSchema;

/// The disk of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiskSpace {
    /// Bytes that can still be written.
    pub free_bytes: u64,
    /// The size of the disk in bytes.
    pub total_bytes: u64,
}

impl DiskSpace {
    /// Measures the disk of a directory, or of the nearest one above it that exists.
    pub fn measure(directory: &Path) -> io::Result<Self> {
        let path = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
        let existing = path.ancestors().find(|path| path.is_dir()).unwrap_or(&path);
        let disk = rustix::fs::statvfs(existing)?;
        Ok(Self {
            free_bytes: disk.f_bavail * disk.f_frsize,
            total_bytes: disk.f_blocks * disk.f_frsize,
        })
    }
}

/// Measures the total size of the files below a directory, in bytes. Files that disappear while
/// this runs, or cannot be read, are not counted. Of the symbolic links, only `servers` is
/// followed: the servers may live outside the data directory.
pub(crate) fn measure_disk_usage(root: &Path) -> u64 {
    let mut bytes = 0;
    let mut pending = vec![root.to_path_buf(), root.join("servers")];
    if !root.join("servers").is_symlink() {
        pending.pop();
    }
    while let Some(dir) = pending.pop() {
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        for entry in entries {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => pending.push(entry.path()),
                Ok(metadata) if metadata.is_file() => bytes += metadata.len(),
                _ => {}
            }
        }
    }
    bytes
}
