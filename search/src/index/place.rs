//! Where an index is: a directory of numbered builds, of which one is served.
//!
//! ```text
//! search/CURRENT     the name of the build that is served; replaced as a whole
//! search/LOCK        held by the one process that writes
//! search/WANTED      somebody wants the index to be built again, and how
//! search/BEGUN       the last build that was begun because it was wanted, or with nothing
//! search/KEPT        the build that stays when another one takes its place
//! search/BUILT       what the one who writes says of the last build
//! search/build-7/    an index
//! ```
//!
//! A new build is made beside the served one and takes its place by the replacement of `CURRENT`. Readers
//! look at that file; what they have open stays readable to them after it has been removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::kept::KEPT;

const CURRENT: &str = "CURRENT";
const LOCK: &str = "LOCK";
const BUILT: &str = "BUILT";
pub(super) const BUILD: &str = "build-";

/// A directory of builds. Naming one makes nothing.
#[derive(Debug, Clone)]
pub struct Place(PathBuf);

/// The number of a build; a later one has a larger number.
pub type Build = u64;

/// Whoever holds it is the one who writes.
#[derive(Debug)]
pub struct Lock(File);

impl Place {
    /// The place at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The directory of a build.
    pub fn directory(&self, build: Build) -> PathBuf {
        self.0.join(format!("{BUILD}{build}"))
    }

    /// The build that is served, if there is one.
    pub fn current(&self) -> io::Result<Option<Build>> {
        self.named(CURRENT)
    }

    /// Becomes the one who writes; `None` if another process is.
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

    /// Whether the lock still guards this place: not if the directory was removed under it.
    pub fn is_guarded_by(&self, lock: &Lock) -> bool {
        let held = lock.0.metadata().map(|file| file.ino());
        let there = fs::metadata(self.0.join(LOCK)).map(|file| file.ino());
        matches!((held, there), (Ok(held), Ok(there)) if held == there)
    }

    /// Makes the empty directory of a new build.
    pub fn begin(&self, _lock: &Lock) -> io::Result<Build> {
        let build = self.next()?;
        fs::create_dir(self.directory(build))?;
        Ok(build)
    }

    /// The number of a build that is to be.
    pub(super) fn next(&self) -> io::Result<Build> {
        let last = self.builds()?.into_iter().max().unwrap_or(0);
        Ok(last.max(self.current()?.unwrap_or(0)) + 1)
    }

    /// A build that came to no end: later than the one that is served.
    pub fn leftover(&self) -> io::Result<Option<Build>> {
        let (last, served) = (self.builds()?.into_iter().max(), self.current()?);
        Ok(last.filter(|last| served.is_none_or(|served| *last > served)))
    }

    /// Serves this build from now on.
    pub fn serve(&self, _lock: &Lock, build: Build) -> io::Result<()> {
        self.replace(CURRENT, &format!("{BUILD}{build}\n"))
    }

    /// Says something of the build that will be served next, to whoever waits for it.
    pub fn tell(&self, _lock: &Lock, what: &str) -> io::Result<()> {
        self.replace(BUILT, what)
    }

    /// What was said of the last build, if something was.
    pub fn told(&self) -> io::Result<Option<String>> {
        self.read(BUILT)
    }

    /// The build whose name a file has.
    pub(super) fn named(&self, file: &str) -> io::Result<Option<Build>> {
        let name = self.read(file)?;
        Ok(name.and_then(|name| number(name.trim())))
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.0.join(name)) {
            Ok(what) => Ok(Some(what)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A file as a whole: it says the one or the other, whenever power fails.
    pub(super) fn replace(&self, name: &str, what: &str) -> io::Result<()> {
        let fresh = self.0.join(format!("{name}.new"));
        let mut file = File::create(&fresh)?;
        file.write_all(what.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, self.0.join(name))?;
        File::open(&self.0)?.sync_all()
    }

    /// A file that may not be there is not there any more.
    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    /// A build goes. One that was stopped may be written for a moment longer: what is left of it goes with the next
    /// sweep. Somebody else may remove it too.
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

    /// Removes every build but these and the one that is to stay.
    pub fn sweep(&self, _lock: &Lock, but: &[Build]) -> io::Result<()> {
        let stays = self.named(KEPT)?;
        for build in self.builds()? {
            if !but.contains(&build) && stays != Some(build) {
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
    fn a_build_is_served_once_it_is_said_to_be_and_the_others_go() {
        let scratch = tempfile::tempdir().expect("a directory");
        let place = Place::at(scratch.path().join("search"));
        assert_eq!(place.current().expect("readable"), None);
        let lock = place.lock().expect("lockable").expect("free");
        assert!(place.lock().expect("lockable").is_none());
        let first = place.begin(&lock).expect("makes one");
        assert_eq!(place.current().expect("readable"), None);
        place.serve(&lock, first).expect("serves");
        assert_eq!(place.leftover().expect("readable"), None);
        let second = place.begin(&lock).expect("makes another");
        assert!(second > first);
        assert_eq!(place.leftover().expect("readable"), Some(second));
        assert_eq!(place.told().expect("readable"), None);
        place.tell(&lock, "all is well").expect("tells");
        assert_eq!(
            place.told().expect("readable").as_deref(),
            Some("all is well")
        );
        place.serve(&lock, second).expect("serves");
        place.sweep(&lock, &[second]).expect("sweeps");
        assert_eq!(place.current().expect("readable"), Some(second));
        assert!(!place.directory(first).exists() && place.directory(second).exists());
        fs::remove_dir_all(place.path()).expect("removes");
        assert!(!place.is_guarded_by(&lock));
        let other = place.lock().expect("lockable").expect("free");
        assert!(place.is_guarded_by(&other));
    }
}
