//! The names of the files, and how they are read and replaced.

use std::fs::{self, File};
use std::io::{self, Write as _};

use search::index::{BuildNumber, IndexDir, build_name, parse_build_name};

pub(super) use search::index::CURRENT_FILE;

pub(super) const LOCK_FILE: &str = "LOCK";
pub(super) const WANTED_FILE: &str = "WANTED";
pub(super) const BEGUN_FILE: &str = "BEGUN";
pub(super) const KEPT_FILE: &str = "KEPT";
pub(super) const BUILT_FILE: &str = "BUILT";

/// The directory of the builds that are only compared, never served.
pub(super) const VERIFICATION_DIR: &str = "verify";

/// Reads a file; `None` if it does not exist.
pub(super) fn read(dir: &IndexDir, file: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(dir.path().join(file)) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces a file atomically: after a power failure it has either the old or the new content.
pub(super) fn replace(dir: &IndexDir, file: &str, content: &str) -> io::Result<()> {
    let temporary = dir.path().join(format!("{file}.new"));
    let mut new = File::create(&temporary)?;
    new.write_all(content.as_bytes())?;
    new.sync_all()?;
    fs::rename(&temporary, dir.path().join(file))?;
    File::open(dir.path())?.sync_all()
}

/// Removes a file if it exists.
pub(super) fn remove(dir: &IndexDir, file: &str) -> io::Result<()> {
    match fs::remove_file(dir.path().join(file)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Reads the build that a file names.
pub(super) fn read_build(dir: &IndexDir, file: &str) -> io::Result<Option<BuildNumber>> {
    let name = read(dir, file)?;
    Ok(name.and_then(|name| parse_build_name(name.trim())))
}

/// Makes a file name this build.
pub(super) fn write_build(dir: &IndexDir, file: &str, build: BuildNumber) -> io::Result<()> {
    replace(dir, file, &format!("{}\n", build_name(build)))
}

/// Lists the builds that have a directory.
pub(super) fn list_builds(dir: &IndexDir) -> io::Result<Vec<BuildNumber>> {
    let mut builds = Vec::new();
    for entry in fs::read_dir(dir.path())? {
        builds.extend(entry?.file_name().to_str().and_then(parse_build_name));
    }
    Ok(builds)
}

/// Removes a build. Another process may delete it concurrently. The threads of a stopped build may
/// still write for a moment; the next removal removes the rest.
pub(super) fn remove_build(dir: &IndexDir, build: BuildNumber) -> io::Result<()> {
    match fs::remove_dir_all(dir.build_path(build)) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}
