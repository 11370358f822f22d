//! Rebuild requests: how any process asks the writer process to rebuild the index.

use std::fs;
use std::io;

use super::place::{BUILD, Build, Lock, Place};

const WANTED: &str = "WANTED";
const BEGUN: &str = "BEGUN";

const KEEP: &str = "keep";
const FROM_KEPT: &str = "from-kept";

/// A request to rebuild the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Start from the kept build, if there is one, instead of from scratch.
    pub from_kept: bool,
    /// Keep the served build when it is replaced. Otherwise the previously kept build is removed
    /// too.
    pub keep: bool,
}

impl Place {
    /// Requests a rebuild from the writer process.
    pub fn want_rebuild(&self, request: Wish) -> io::Result<()> {
        fs::create_dir_all(self.path())?;
        let words = [(request.from_kept, FROM_KEPT), (request.keep, KEEP)];
        let words: Vec<&str> = words
            .iter()
            .filter_map(|(is_set, word)| is_set.then_some(*word))
            .collect();
        self.replace(WANTED, &words.join(" "))
    }

    /// Reads the pending rebuild request, if there is one.
    pub fn wish(&self) -> io::Result<Option<Wish>> {
        let words = self.read(WANTED)?;
        Ok(words.map(|words| {
            let has = |option| words.split_whitespace().any(|word| word == option);
            Wish {
                from_kept: has(FROM_KEPT),
                keep: has(KEEP),
            }
        }))
    }

    /// Records that this build answers the pending request, and removes the request. This build or
    /// a later one will satisfy it.
    pub fn rebuild_begun(&self, _lock: &Lock, build: Build) -> io::Result<()> {
        self.replace(BEGUN, &format!("{BUILD}{build}\n"))?;
        self.forget(WANTED)
    }

    /// Reads the last build that answered a request.
    pub fn begun(&self) -> io::Result<Option<Build>> {
        self.named(BEGUN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuild_request_is_read_back_and_answered_once() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = Place::at(scratch.path().join("search"));
        for (from_kept, keep) in [(false, false), (false, true), (true, false), (true, true)] {
            let request = Wish { from_kept, keep };
            assert_eq!(directory.wish().expect("can read"), None);
            directory.want_rebuild(request).expect("requests a rebuild");
            assert_eq!(directory.wish().expect("can read"), Some(request));
            let lock = directory.lock().expect("can lock").expect("lock is free");
            directory
                .rebuild_begun(&lock, 7)
                .expect("records the build");
            assert_eq!(directory.begun().expect("can read"), Some(7));
        }
        assert_eq!(directory.wish().expect("can read"), None);
    }
}
