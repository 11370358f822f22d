//! The build that was served before and was kept: one can go back to it, or drop it.

use std::fs;
use std::io;

use super::place::{BUILD, Build, Lock, Place};

pub(super) const KEPT: &str = "KEPT";

impl Place {
    /// Whether the build that is served now stays when it is replaced. What stayed before goes with the next sweep.
    pub fn keep(&self, _lock: &Lock, keep: bool) -> io::Result<()> {
        match self.current()?.filter(|_| keep) {
            Some(served) => self.replace(KEPT, &format!("{BUILD}{served}\n")),
            None => self.forget(KEPT),
        }
    }

    /// The build that was kept, if there is one.
    pub fn kept(&self) -> io::Result<Option<Build>> {
        let (kept, served) = (self.named(KEPT)?, self.current()?);
        Ok(kept.filter(|kept| served != Some(*kept) && self.directory(*kept).is_dir()))
    }

    /// Makes it the build that is gone on with; `None` if there is none. Its number is a new one: a later build has
    /// the larger number.
    pub fn resume_kept(&self, _lock: &Lock) -> io::Result<Option<Build>> {
        let Some(kept) = self.kept()? else {
            return Ok(None);
        };
        let build = self.next()?;
        fs::rename(self.directory(kept), self.directory(build))?;
        self.forget(KEPT)?;
        Ok(Some(build))
    }

    /// Removes it. False if there was none. Nobody reads or writes it, so this needs no lock.
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
    fn what_is_replaced_stays_if_it_was_to_and_can_be_gone_back_to_or_dropped() {
        let scratch = tempfile::tempdir().expect("a directory");
        let place = Place::at(scratch.path().join("search"));
        assert_eq!(place.kept().expect("readable"), None);
        assert!(!place.drop_kept().expect("nothing to drop"));
        let lock = place.lock().expect("lockable").expect("free");
        let replace = |keep| {
            place.keep(&lock, keep).expect("decides");
            let build = place.begin(&lock).expect("makes one");
            place.serve(&lock, build).expect("serves");
            place.sweep(&lock, &[build]).expect("sweeps");
            (build, place.kept().expect("readable"))
        };
        assert_eq!(replace(true), (1, None));
        assert_eq!(replace(true), (2, Some(1)));
        assert_eq!(replace(true), (3, Some(2)));
        assert!(!place.directory(1).exists());
        assert_eq!(replace(false), (4, None));
        assert!(!place.directory(3).exists());
        assert_eq!(replace(true), (5, Some(4)));
        assert_eq!(place.leftover().expect("readable"), None);
        assert_eq!(place.resume_kept(&lock).expect("resumes"), Some(6));
        assert_eq!(place.kept().expect("readable"), None);
        assert_eq!(place.leftover().expect("readable"), Some(6));
        assert_eq!(place.resume_kept(&lock).expect("nothing to resume"), None);
        assert_eq!(replace(true), (7, Some(5)));
        assert!(place.drop_kept().expect("drops"));
        assert!(!place.directory(5).exists() && place.directory(7).exists());
    }
}
