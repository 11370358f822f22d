//! The kept build: a previously served build that can be restored or removed.

use std::fs;
use std::io;

use super::place::{BUILD, Build, Lock, Place};

pub(super) const KEPT: &str = "KEPT";

impl Place {
    /// Sets whether the currently served build is kept when it is replaced. The next call of
    /// [`IndexDir::remove_except`] removes the previously kept one.
    pub fn keep(&self, _lock: &Lock, keep: bool) -> io::Result<()> {
        match self.current()?.filter(|_| keep) {
            Some(served) => self.replace(KEPT, &format!("{BUILD}{served}\n")),
            None => self.forget(KEPT),
        }
    }

    /// Returns the kept build, if there is one.
    pub fn kept(&self) -> io::Result<Option<Build>> {
        let (kept, served) = (self.named(KEPT)?, self.current()?);
        Ok(kept.filter(|kept| served != Some(*kept) && self.directory(*kept).is_dir()))
    }

    /// Turns the kept build into the unfinished one, to be resumed. Returns `None` if there is no
    /// kept build. It gets a new number, because later builds must have larger numbers.
    pub fn resume_kept(&self, _lock: &Lock) -> io::Result<Option<Build>> {
        let Some(kept) = self.kept()? else {
            return Ok(None);
        };
        let build = self.next()?;
        fs::rename(self.directory(kept), self.directory(build))?;
        self.forget(KEPT)?;
        Ok(Some(build))
    }

    /// Removes the kept build and returns whether there was one. Needs no lock, because no process
    /// reads or writes it.
    pub fn drop_kept(&self) -> io::Result<bool> {
        let Some(kept) = self.kept()? else {
            return Ok(false);
        };
        self.forget(KEPT)?;
        self.remove(kept)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_build_is_kept_on_request_and_can_be_restored_or_removed() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = Place::at(scratch.path().join("search"));
        assert_eq!(directory.kept().expect("can read"), None);
        assert!(!directory.drop_kept().expect("nothing to remove"));
        let lock = directory.lock().expect("can lock").expect("lock is free");
        let replace = |keep| {
            directory.keep(&lock, keep).expect("sets what to keep");
            let build = directory.begin(&lock).expect("creates a build");
            directory.serve(&lock, build).expect("serves");
            directory
                .sweep(&lock, &[build])
                .expect("removes other builds");
            (build, directory.kept().expect("can read"))
        };
        assert_eq!(replace(true), (1, None));
        assert_eq!(replace(true), (2, Some(1)));
        assert_eq!(replace(true), (3, Some(2)));
        assert!(!directory.directory(1).exists());
        assert_eq!(replace(false), (4, None));
        assert!(!directory.directory(3).exists());
        assert_eq!(replace(true), (5, Some(4)));
        assert_eq!(directory.leftover().expect("can read"), None);
        assert_eq!(
            directory
                .resume_kept(&lock)
                .expect("restores the kept build"),
            Some(6)
        );
        assert_eq!(directory.kept().expect("can read"), None);
        assert_eq!(directory.leftover().expect("can read"), Some(6));
        assert_eq!(
            directory.resume_kept(&lock).expect("nothing to restore"),
            None
        );
        assert_eq!(replace(true), (7, Some(5)));
        assert!(directory.drop_kept().expect("removes the kept build"));
        assert!(!directory.directory(5).exists() && directory.directory(7).exists());
    }
}
