//! The sizes of directories.

use std::path::Path;

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
