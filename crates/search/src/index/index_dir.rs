//! The index directory: numbered builds, of which one is served.
//!
//! ```text
//! search/CURRENT     the name of the build that is served; replaced atomically
//! search/LOCK        locked by the writer process
//! search/WANTED      a rebuild request and its options
//! search/BEGUN       the last build that was begun on request or from scratch
//! search/KEPT        the build that is kept when another one replaces it
//! search/BUILT       the writer process's report on the last build
//! search/build-7/    an index
//! ```
//!
//! A new build is created next to the served one and replaces it when `CURRENT` is replaced.
//! Readers check that file; a build that a reader has open stays readable to it after it has been
//! removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::previous::KEPT_FILE;

const CURRENT_FILE: &str = "CURRENT";
const LOCK_FILE: &str = "LOCK";
const BUILT_FILE: &str = "BUILT";
pub(super) const BUILD_PREFIX: &str = "build-";

/// The directory of an index's builds. Creating this value does not create the directory.
#[derive(Debug, Clone)]
pub struct IndexDir(PathBuf);

/// The number of a build. Later builds have larger numbers.
pub type BuildNumber = u64;

/// The lock that makes its holder the writer process.
#[derive(Debug)]
pub struct WriterLock(File);

impl IndexDir {
    /// Refers to the directory at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a build.
    pub fn build_path(&self, build: BuildNumber) -> PathBuf {
        self.0.join(format!("{BUILD_PREFIX}{build}"))
    }

    /// Reads which build is served, if any.
    pub fn current_build(&self) -> io::Result<Option<BuildNumber>> {
        self.read_build_file(CURRENT_FILE)
    }

    /// Makes this process the writer. Returns `None` if another process already is.
    pub fn try_lock(&self) -> io::Result<Option<WriterLock>> {
        fs::create_dir_all(&self.0)?;
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.0.join(LOCK_FILE))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(WriterLock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether the lock is still valid. It is not if the directory was removed in the meantime.
    pub fn is_locked_by(&self, lock: &WriterLock) -> bool {
        let locked = lock.0.metadata().map(|file| file.ino());
        let on_disk = fs::metadata(self.0.join(LOCK_FILE)).map(|file| file.ino());
        matches!((locked, on_disk), (Ok(locked), Ok(on_disk)) if locked == on_disk)
    }

    /// Creates the empty directory of a new build.
    pub fn create_build(&self, _lock: &WriterLock) -> io::Result<BuildNumber> {
        let build = self.next_build()?;
        fs::create_dir(self.build_path(build))?;
        Ok(build)
    }

    /// Returns the number for the next build.
    pub(super) fn next_build(&self) -> io::Result<BuildNumber> {
        let last = self.list_builds()?.into_iter().max().unwrap_or(0);
        Ok(last.max(self.current_build()?.unwrap_or(0)) + 1)
    }

    /// Returns the last build if it is unfinished, which means later than the one that is served.
    pub fn unfinished_build(&self) -> io::Result<Option<BuildNumber>> {
        let (last, served) = (self.list_builds()?.into_iter().max(), self.current_build()?);
        Ok(last.filter(|last| served.is_none_or(|served| *last > served)))
    }

    /// Makes this build the one that is served.
    pub fn serve(&self, _lock: &WriterLock, build: BuildNumber) -> io::Result<()> {
        self.replace_file(CURRENT_FILE, &format!("{BUILD_PREFIX}{build}\n"))
    }

    /// Writes a report on the next build, for processes that wait for it.
    pub fn write_report(&self, _lock: &WriterLock, report: &str) -> io::Result<()> {
        self.replace_file(BUILT_FILE, report)
    }

    /// Reads the report on the last build, if there is one.
    pub fn read_report(&self) -> io::Result<Option<String>> {
        self.read_file(BUILT_FILE)
    }

    /// Reads the build that a file names.
    pub(super) fn read_build_file(&self, file: &str) -> io::Result<Option<BuildNumber>> {
        let name = self.read_file(file)?;
        Ok(name.and_then(|name| parse_build_name(name.trim())))
    }

    pub(super) fn read_file(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.0.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces a file atomically: after a power failure it has either the old or the new content.
    pub(super) fn replace_file(&self, name: &str, content: &str) -> io::Result<()> {
        let temporary = self.0.join(format!("{name}.new"));
        let mut file = File::create(&temporary)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, self.0.join(name))?;
        File::open(&self.0)?.sync_all()
    }

    /// Removes a file if it exists.
    pub(super) fn remove_file(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Removes a build. Another process may delete it concurrently. The threads of a stopped build
    /// may still write for a moment; the next call of [`IndexDir::remove_except`] removes the rest.
    pub(super) fn remove_build(&self, build: BuildNumber) -> io::Result<()> {
        match fs::remove_dir_all(self.build_path(build)) {
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

    /// Removes every build except these and the kept one.
    pub fn remove_except(&self, _lock: &WriterLock, except: &[BuildNumber]) -> io::Result<()> {
        let kept = self.read_build_file(KEPT_FILE)?;
        for build in self.list_builds()? {
            if !except.contains(&build) && kept != Some(build) {
                self.remove_build(build)?;
            }
        }
        Ok(())
    }

    pub(super) fn list_builds(&self) -> io::Result<Vec<BuildNumber>> {
        let mut builds = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            builds.extend(entry?.file_name().to_str().and_then(parse_build_name));
        }
        Ok(builds)
    }
}

fn parse_build_name(name: &str) -> Option<BuildNumber> {
    name.strip_prefix(BUILD_PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_the_current_build_and_removes_the_others() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = IndexDir::new(scratch.path().join("search"));
        assert_eq!(directory.current_build().expect("can read"), None);
        let lock = directory
            .try_lock()
            .expect("can lock")
            .expect("lock is free");
        assert!(directory.try_lock().expect("can lock").is_none());
        let first = directory.create_build(&lock).expect("creates a build");
        assert_eq!(directory.current_build().expect("can read"), None);
        directory.serve(&lock, first).expect("serves");
        assert_eq!(directory.unfinished_build().expect("can read"), None);
        let second = directory
            .create_build(&lock)
            .expect("creates another build");
        assert!(second > first);
        assert_eq!(
            directory.unfinished_build().expect("can read"),
            Some(second)
        );
        assert_eq!(directory.read_report().expect("can read"), None);
        directory
            .write_report(&lock, "all is well")
            .expect("writes the report");
        assert_eq!(
            directory.read_report().expect("can read").as_deref(),
            Some("all is well")
        );
        directory.serve(&lock, second).expect("serves");
        directory
            .remove_except(&lock, &[second])
            .expect("removes other builds");
        assert_eq!(directory.current_build().expect("can read"), Some(second));
        assert!(!directory.build_path(first).exists() && directory.build_path(second).exists());
        fs::remove_dir_all(directory.path()).expect("removes the directory");
        assert!(!directory.is_locked_by(&lock));
        let other = directory
            .try_lock()
            .expect("can lock")
            .expect("lock is free");
        assert!(directory.is_locked_by(&other));
    }
}
