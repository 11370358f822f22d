//! Rebuild requests: how any process asks the writer process to rebuild the index.

use std::fs;
use std::io;

use super::index_dir::{BUILD_PREFIX, BuildNumber, IndexDir, WriterLock};

const WANTED_FILE: &str = "WANTED";
const BEGUN_FILE: &str = "BEGUN";

const KEEP_OPTION: &str = "keep";
const FROM_KEPT_OPTION: &str = "from-kept";

/// A request to rebuild the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebuildRequest {
    /// Start from the kept build, if there is one, instead of from scratch.
    pub from_kept: bool,
    /// Keep the served build when it is replaced. Otherwise the previously kept build is removed
    /// too.
    pub keep: bool,
}

impl IndexDir {
    /// Requests a rebuild from the writer process.
    pub fn request_rebuild(&self, request: RebuildRequest) -> io::Result<()> {
        fs::create_dir_all(self.path())?;
        let words = [
            (request.from_kept, FROM_KEPT_OPTION),
            (request.keep, KEEP_OPTION),
        ];
        let words: Vec<&str> = words
            .iter()
            .filter_map(|(is_set, word)| is_set.then_some(*word))
            .collect();
        self.replace_file(WANTED_FILE, &words.join(" "))
    }

    /// Reads the pending rebuild request, if there is one.
    pub fn rebuild_request(&self) -> io::Result<Option<RebuildRequest>> {
        let words = self.read_file(WANTED_FILE)?;
        Ok(words.map(|words| {
            let has = |option| words.split_whitespace().any(|word| word == option);
            RebuildRequest {
                from_kept: has(FROM_KEPT_OPTION),
                keep: has(KEEP_OPTION),
            }
        }))
    }

    /// Records that this build answers the pending request, and removes the request. This build or
    /// a later one will satisfy it.
    pub fn record_rebuild_begun(&self, _lock: &WriterLock, build: BuildNumber) -> io::Result<()> {
        self.replace_file(BEGUN_FILE, &format!("{BUILD_PREFIX}{build}\n"))?;
        self.remove_file(WANTED_FILE)
    }

    /// Reads the last build that answered a request.
    pub fn last_begun_build(&self) -> io::Result<Option<BuildNumber>> {
        self.read_build_file(BEGUN_FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuild_request_is_read_back_and_answered_once() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = IndexDir::new(scratch.path().join("search"));
        for (from_kept, keep) in [(false, false), (false, true), (true, false), (true, true)] {
            let request = RebuildRequest { from_kept, keep };
            assert_eq!(directory.rebuild_request().expect("can read"), None);
            directory
                .request_rebuild(request)
                .expect("requests a rebuild");
            assert_eq!(
                directory.rebuild_request().expect("can read"),
                Some(request)
            );
            let lock = directory
                .try_lock()
                .expect("can lock")
                .expect("lock is free");
            directory
                .record_rebuild_begun(&lock, 7)
                .expect("records the build");
            assert_eq!(directory.last_begun_build().expect("can read"), Some(7));
        }
        assert_eq!(directory.rebuild_request().expect("can read"), None);
    }
}
