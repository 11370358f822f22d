//! The kept build: a previously served build that can be restored or removed.

use std::fs;
use std::io;

use super::index_dir::{BUILD_PREFIX, BuildNumber, IndexDir, WriterLock};

pub(super) const KEPT_FILE: &str = "KEPT";

impl IndexDir {
    /// Sets whether the currently served build is kept when it is replaced. The next call of
    /// [`IndexDir::remove_except`] removes the previously kept one.
    pub fn set_keep_current(&self, _lock: &WriterLock, keep: bool) -> io::Result<()> {
        match self.current_build()?.filter(|_| keep) {
            Some(served) => self.replace_file(KEPT_FILE, &format!("{BUILD_PREFIX}{served}\n")),
            None => self.remove_file(KEPT_FILE),
        }
    }

    /// Returns the kept build, if there is one.
    pub fn kept_build(&self) -> io::Result<Option<BuildNumber>> {
        let (kept, served) = (self.read_build_file(KEPT_FILE)?, self.current_build()?);
        Ok(kept.filter(|kept| served != Some(*kept) && self.build_path(*kept).is_dir()))
    }

    /// Turns the kept build into the unfinished one, to be resumed. Returns `None` if there is no
    /// kept build. It gets a new number, because later builds must have larger numbers.
    pub fn restore_kept(&self, _lock: &WriterLock) -> io::Result<Option<BuildNumber>> {
        let Some(kept) = self.kept_build()? else {
            return Ok(None);
        };
        let build = self.next_build()?;
        fs::rename(self.build_path(kept), self.build_path(build))?;
        self.remove_file(KEPT_FILE)?;
        Ok(Some(build))
    }

    /// Removes the kept build and returns whether there was one. Needs no lock, because no process
    /// reads or writes it.
    pub fn remove_kept(&self) -> io::Result<bool> {
        let Some(kept) = self.kept_build()? else {
            return Ok(false);
        };
        self.remove_file(KEPT_FILE)?;
        self.remove_build(kept)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_build_is_kept_on_request_and_can_be_restored_or_removed() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = IndexDir::new(scratch.path().join("search"));
        assert_eq!(directory.kept_build().expect("can read"), None);
        assert!(!directory.remove_kept().expect("nothing to remove"));
        let lock = directory
            .try_lock()
            .expect("can lock")
            .expect("lock is free");
        let replace = |keep| {
            directory
                .set_keep_current(&lock, keep)
                .expect("sets what to keep");
            let build = directory.create_build(&lock).expect("creates a build");
            directory.serve(&lock, build).expect("serves");
            directory
                .remove_except(&lock, &[build])
                .expect("removes other builds");
            (build, directory.kept_build().expect("can read"))
        };
        assert_eq!(replace(true), (1, None));
        assert_eq!(replace(true), (2, Some(1)));
        assert_eq!(replace(true), (3, Some(2)));
        assert!(!directory.build_path(1).exists());
        assert_eq!(replace(false), (4, None));
        assert!(!directory.build_path(3).exists());
        assert_eq!(replace(true), (5, Some(4)));
        assert_eq!(directory.unfinished_build().expect("can read"), None);
        assert_eq!(
            directory
                .restore_kept(&lock)
                .expect("restores the kept build"),
            Some(6)
        );
        assert_eq!(directory.kept_build().expect("can read"), None);
        assert_eq!(directory.unfinished_build().expect("can read"), Some(6));
        assert_eq!(
            directory.restore_kept(&lock).expect("nothing to restore"),
            None
        );
        assert_eq!(replace(true), (7, Some(5)));
        assert!(directory.remove_kept().expect("removes the kept build"));
        assert!(!directory.build_path(5).exists() && directory.build_path(7).exists());
    }
}
