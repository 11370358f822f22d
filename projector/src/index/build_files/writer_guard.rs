//! What only the writer process may do with the builds of an index directory.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;

use search::index::BuildNumber;

use super::files::{self, BEGUN_FILE, BUILT_FILE, CURRENT_FILE, KEPT_FILE, LOCK_FILE, WANTED_FILE};
use super::index_builds::IndexBuilds;
use super::request::RebuildRequest;
use crate::index::report::BuildReport;

/// The lock that makes its holder the writer process of an index directory.
#[derive(Debug)]
pub struct WriterGuard {
    builds: IndexBuilds,
    lock: File,
}

impl WriterGuard {
    /// Makes this process the writer, and creates the directory if it does not exist. Returns
    /// `None` if another process is the writer.
    pub fn acquire(builds: &IndexBuilds) -> io::Result<Option<Self>> {
        let dir = builds.dir().path();
        fs::create_dir_all(dir)?;
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                builds: builds.clone(),
                lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Returns the builds that this process may write.
    pub fn builds(&self) -> &IndexBuilds {
        &self.builds
    }

    /// Whether the lock is still valid. It is not if the directory was removed in the meantime.
    pub fn is_valid(&self) -> bool {
        let locked = self.lock.metadata().map(|file| file.ino());
        let on_disk = fs::metadata(self.builds.dir().path().join(LOCK_FILE)).map(|file| file.ino());
        matches!((locked, on_disk), (Ok(locked), Ok(on_disk)) if locked == on_disk)
    }

    /// Creates the empty directory of a new build. Its number is larger than that of any existing
    /// build, because a stopped build may still be writing.
    pub fn create_build(&self) -> io::Result<BuildNumber> {
        let build = self.next_build()?;
        fs::create_dir(self.builds.dir().build_path(build))?;
        Ok(build)
    }

    fn next_build(&self) -> io::Result<BuildNumber> {
        let dir = self.builds.dir();
        let last = files::list_builds(dir)?.into_iter().max().unwrap_or(0);
        Ok(last.max(dir.current_build()?.unwrap_or(0)) + 1)
    }

    /// Accepts a rebuild request: leaves only the build to be resumed, as requested, and removes
    /// all other unfinished builds. Records which build answers the request, and removes the
    /// request: that build or a later one will satisfy it.
    pub fn accept_request(&self, request: RebuildRequest) -> io::Result<()> {
        let restored = if request.from_kept {
            self.restore_kept()?
        } else {
            None
        };
        self.set_keep_current(request.keep)?;
        let build = match restored {
            Some(restored) => {
                self.remove_unfinished_except(restored)?;
                restored
            }
            None => self.start_empty()?,
        };
        files::write_build(self.builds.dir(), BEGUN_FILE, build)?;
        files::remove(self.builds.dir(), WANTED_FILE)
    }

    /// Starts from an empty directory: the files of an earlier build may be corrupted, or may still
    /// contain content that has been erased since. Removes all other unfinished builds, and those
    /// of verifications.
    pub fn start_empty(&self) -> io::Result<BuildNumber> {
        match fs::remove_dir_all(self.builds.for_verification().dir().path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let build = self.create_build()?;
        self.remove_unfinished_except(build)?;
        Ok(build)
    }

    /// Sets whether the currently served build is kept when it is replaced. If not, the previously
    /// kept one is removed with the next removal of other builds.
    pub fn set_keep_current(&self, keep: bool) -> io::Result<()> {
        let dir = self.builds.dir();
        match dir.current_build()?.filter(|_| keep) {
            Some(served) => files::write_build(dir, KEPT_FILE, served),
            None => files::remove(dir, KEPT_FILE),
        }
    }

    /// Turns the kept build into the unfinished one, to be resumed. Returns `None` if there is no
    /// kept build. It gets a new number, because later builds must have larger numbers.
    fn restore_kept(&self) -> io::Result<Option<BuildNumber>> {
        let Some(kept) = self.builds.kept_build()? else {
            return Ok(None);
        };
        let (dir, build) = (self.builds.dir(), self.next_build()?);
        fs::rename(dir.build_path(kept), dir.build_path(build))?;
        files::remove(dir, KEPT_FILE)?;
        Ok(Some(build))
    }

    /// Publishes a finished build: it is served from now on. Removes all other builds except the
    /// kept one.
    ///
    /// The order matters. A process that waits for the build reads the report as soon as it sees
    /// that the build is served, so the report comes first. The old build is removed last, because
    /// until then readers open it.
    pub fn publish_build(&self, report: &BuildReport) -> io::Result<()> {
        let dir = self.builds.dir();
        files::replace(dir, BUILT_FILE, &serde_json::to_string(report)?)?;
        files::write_build(dir, CURRENT_FILE, report.build)?;
        self.remove_except(&[report.build])
    }

    /// Removes all builds except this one, the served one and the kept one.
    pub fn remove_unfinished_except(&self, build: BuildNumber) -> io::Result<()> {
        let served = self.builds.dir().current_build()?.into_iter();
        let retained: Vec<BuildNumber> = served.chain([build]).collect();
        self.remove_except(&retained)
    }

    /// Removes all builds except these and the kept one.
    fn remove_except(&self, retained: &[BuildNumber]) -> io::Result<()> {
        let dir = self.builds.dir();
        let kept = files::read_build(dir, KEPT_FILE)?;
        for build in files::list_builds(dir)? {
            if !retained.contains(&build) && kept != Some(build) {
                files::remove_build(dir, build)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use search::index::IndexDir;
    use tempfile::TempDir;

    use super::*;

    fn new_builds() -> (TempDir, IndexBuilds) {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let builds = IndexBuilds::new(IndexDir::new(scratch.path().join("search")));
        (scratch, builds)
    }

    fn acquire(builds: &IndexBuilds) -> WriterGuard {
        WriterGuard::acquire(builds)
            .expect("can lock")
            .expect("lock is free")
    }

    fn report(build: BuildNumber) -> BuildReport {
        BuildReport {
            build,
            messages: 3,
            position: 5,
            resumed: 0,
            comparison: None,
        }
    }

    fn current(builds: &IndexBuilds) -> Option<BuildNumber> {
        builds.dir().current_build().expect("can read")
    }

    #[test]
    fn a_published_build_is_served_and_replaces_the_others() {
        let (_scratch, builds) = new_builds();
        assert_eq!(current(&builds), None);
        let writer = acquire(&builds);
        let first = writer.create_build().expect("creates a build");
        assert_eq!(current(&builds), None);
        assert_eq!(builds.read_report().expect("can read"), None);
        writer.publish_build(&report(first)).expect("publishes");
        assert_eq!(current(&builds), Some(first));
        assert_eq!(builds.unfinished_build().expect("can read"), None);
        let second = writer.create_build().expect("creates another build");
        assert!(second > first);
        assert_eq!(builds.unfinished_build().expect("can read"), Some(second));
        assert_eq!(current(&builds), Some(first));
        writer.publish_build(&report(second)).expect("publishes");
        assert_eq!(current(&builds), Some(second));
        assert_eq!(
            builds.read_report().expect("can read"),
            Some(report(second))
        );
        assert!(!builds.dir().build_path(first).exists());
        assert!(builds.dir().build_path(second).exists());
    }

    #[test]
    fn one_process_is_the_writer_until_the_directory_is_removed() {
        let (_scratch, builds) = new_builds();
        let writer = acquire(&builds);
        assert!(
            WriterGuard::acquire(&builds)
                .expect("can try to lock")
                .is_none()
        );
        assert!(writer.is_valid());
        fs::remove_dir_all(builds.dir().path()).expect("removes the directory");
        assert!(!writer.is_valid());
        assert!(acquire(&builds).is_valid());
    }

    #[test]
    fn a_rebuild_request_is_read_back_and_answered_once() {
        let (_scratch, builds) = new_builds();
        for (build, (from_kept, keep)) in
            (1..).zip([(false, false), (false, true), (true, false), (true, true)])
        {
            let request = RebuildRequest { from_kept, keep };
            assert_eq!(builds.rebuild_request().expect("can read"), None);
            builds.request_rebuild(request).expect("requests a rebuild");
            assert_eq!(builds.rebuild_request().expect("can read"), Some(request));
            acquire(&builds).accept_request(request).expect("accepts");
            assert_eq!(builds.last_begun_build().expect("can read"), Some(build));
            assert_eq!(builds.unfinished_build().expect("can read"), Some(build));
        }
        assert_eq!(builds.rebuild_request().expect("can read"), None);
    }

    #[test]
    fn a_replaced_build_is_kept_on_request_and_can_be_restored_or_removed() {
        let (_scratch, builds) = new_builds();
        let writer = acquire(&builds);
        let kept_build = || builds.kept_build().expect("can read");
        let path = |build| builds.dir().build_path(build);
        assert_eq!(kept_build(), None);
        assert!(!builds.remove_kept().expect("nothing to remove"));
        let replace = |keep| {
            writer.set_keep_current(keep).expect("sets what to keep");
            let build = writer.create_build().expect("creates a build");
            writer.publish_build(&report(build)).expect("publishes");
            (build, kept_build())
        };
        assert_eq!(replace(true), (1, None));
        assert_eq!(replace(true), (2, Some(1)));
        assert_eq!(replace(true), (3, Some(2)));
        assert!(!path(1).exists());
        assert_eq!(replace(false), (4, None));
        assert!(!path(3).exists());
        assert_eq!(replace(true), (5, Some(4)));
        assert_eq!(builds.unfinished_build().expect("can read"), None);
        let restore = || writer.restore_kept().expect("restores the kept build");
        assert_eq!(restore(), Some(6));
        assert_eq!(kept_build(), None);
        assert_eq!(builds.unfinished_build().expect("can read"), Some(6));
        assert_eq!(restore(), None);
        assert_eq!(replace(true), (7, Some(5)));
        assert!(builds.remove_kept().expect("removes the kept build"));
        assert!(!path(5).exists() && path(7).exists());
    }
}
