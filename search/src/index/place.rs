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

use super::kept::KEPT;

const CURRENT: &str = "CURRENT";
const LOCK: &str = "LOCK";
const BUILT: &str = "BUILT";
pub(super) const BUILD: &str = "build-";

/// The directory of an index's builds. Creating this value does not create the directory.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

/// The number of a build. Later builds have larger numbers.
pub type Build = u64;

/// The lock that makes its holder the writer process.
#[derive(Debug)]
pub struct Lock(File);

impl Place {
    /// Refers to the directory at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a build.
    pub fn directory(&self, build: Build) -> PathBuf {
        self.0.join(format!("{BUILD}{build}"))
    }

    /// Reads which build is served, if any.
    pub fn current(&self) -> io::Result<Option<Build>> {
        self.named(CURRENT)
    }

    /// Makes this process the writer. Returns `None` if another process already is.
    pub fn lock(&self) -> io::Result<Option<Lock>> {
        fs::create_dir_all(&self.0)?;
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.0.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether the lock is still valid. It is not if the directory was removed in the meantime.
    pub fn is_guarded_by(&self, lock: &Lock) -> bool {
        let locked = lock.0.metadata().map(|file| file.ino());
        let on_disk = fs::metadata(self.0.join(LOCK)).map(|file| file.ino());
        matches!((locked, on_disk), (Ok(locked), Ok(on_disk)) if locked == on_disk)
    }

    /// Creates the empty directory of a new build.
    pub fn begin(&self, _lock: &Lock) -> io::Result<Build> {
        let build = self.next()?;
        fs::create_dir(self.directory(build))?;
        Ok(build)
    }

    /// Returns the number for the next build.
    pub(super) fn next(&self) -> io::Result<Build> {
        let last = self.builds()?.into_iter().max().unwrap_or(0);
        Ok(last.max(self.current()?.unwrap_or(0)) + 1)
    }

    /// Returns the last build if it is unfinished, which means later than the one that is served.
    pub fn leftover(&self) -> io::Result<Option<Build>> {
        let (last, served) = (self.builds()?.into_iter().max(), self.current()?);
        Ok(last.filter(|last| served.is_none_or(|served| *last > served)))
    }

    /// Makes this build the one that is served.
    pub fn serve(&self, _lock: &Lock, build: Build) -> io::Result<()> {
        self.replace(CURRENT, &format!("{BUILD}{build}\n"))
    }

    /// Writes a report on the next build, for processes that wait for it.
    pub fn tell(&self, _lock: &Lock, report: &str) -> io::Result<()> {
        self.replace(BUILT, report)
    }

    /// Reads the report on the last build, if there is one.
    pub fn told(&self) -> io::Result<Option<String>> {
        self.read(BUILT)
    }

    /// Reads the build that a file names.
    pub(super) fn named(&self, file: &str) -> io::Result<Option<Build>> {
        let name = self.read(file)?;
        Ok(name.and_then(|name| number(name.trim())))
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.0.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces a file atomically: after a power failure it has either the old or the new content.
    pub(super) fn replace(&self, name: &str, content: &str) -> io::Result<()> {
        let temporary = self.0.join(format!("{name}.new"));
        let mut file = File::create(&temporary)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, self.0.join(name))?;
        File::open(&self.0)?.sync_all()
    }

    /// Removes a file if it exists.
    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Removes a build. Another process may delete it concurrently. The threads of a stopped build
    /// may still write for a moment; the next call of [`IndexDir::remove_except`] removes the rest.
    pub(super) fn remove(&self, build: Build) -> io::Result<()> {
        match fs::remove_dir_all(self.directory(build)) {
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
    pub fn sweep(&self, _lock: &Lock, except: &[Build]) -> io::Result<()> {
        let kept = self.named(KEPT)?;
        for build in self.builds()? {
            if !except.contains(&build) && kept != Some(build) {
                self.remove(build)?;
            }
        }
        Ok(())
    }

    pub(super) fn builds(&self) -> io::Result<Vec<Build>> {
        let mut builds = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            builds.extend(entry?.file_name().to_str().and_then(number));
        }
        Ok(builds)
    }
}

fn number(name: &str) -> Option<Build> {
    name.strip_prefix(BUILD)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_the_current_build_and_removes_the_others() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = Place::at(scratch.path().join("search"));
        assert_eq!(directory.current().expect("can read"), None);
        let lock = directory.lock().expect("can lock").expect("lock is free");
        assert!(directory.lock().expect("can lock").is_none());
        let first = directory.begin(&lock).expect("creates a build");
        assert_eq!(directory.current().expect("can read"), None);
        directory.serve(&lock, first).expect("serves");
        assert_eq!(directory.leftover().expect("can read"), None);
        let second = directory.begin(&lock).expect("creates another build");
        assert!(second > first);
        assert_eq!(directory.leftover().expect("can read"), Some(second));
        assert_eq!(directory.told().expect("can read"), None);
        directory
            .tell(&lock, "all is well")
            .expect("writes the report");
        assert_eq!(
            directory.told().expect("can read").as_deref(),
            Some("all is well")
        );
        directory.serve(&lock, second).expect("serves");
        directory
            .sweep(&lock, &[second])
            .expect("removes other builds");
        assert_eq!(directory.current().expect("can read"), Some(second));
        assert!(!directory.directory(first).exists() && directory.directory(second).exists());
        fs::remove_dir_all(directory.path()).expect("removes the directory");
        assert!(!directory.is_guarded_by(&lock));
        let other = directory.lock().expect("can lock").expect("lock is free");
        assert!(directory.is_guarded_by(&other));
    }
}
