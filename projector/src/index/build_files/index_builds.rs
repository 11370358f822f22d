//! What any process may do with the builds of an index directory.

use std::fs;
use std::io;

use search::index::{BuildNumber, IndexDir};

use super::files::{self, BEGUN_FILE, BUILT_FILE, KEPT_FILE, VERIFICATION_DIR, WANTED_FILE};
use super::request::RebuildRequest;
use crate::index::report::BuildReport;

/// The builds of an index directory. Creating this value does not create the directory.
#[derive(Debug, Clone)]
pub struct IndexBuilds {
    dir: IndexDir,
}

impl IndexBuilds {
    /// Refers to the builds in this directory.
    pub fn new(dir: IndexDir) -> Self {
        Self { dir }
    }

    /// Returns the directory.
    pub fn dir(&self) -> &IndexDir {
        &self.dir
    }

    /// Returns the builds that are only compared with the served one and never served.
    pub(in crate::index) fn for_verification(&self) -> Self {
        Self::new(IndexDir::new(self.dir.path().join(VERIFICATION_DIR)))
    }

    /// Returns the last build if it is unfinished, which means later than the one that is served.
    pub fn unfinished_build(&self) -> io::Result<Option<BuildNumber>> {
        let last = files::list_builds(&self.dir)?.into_iter().max();
        let served = self.dir.current_build()?;
        Ok(last.filter(|last| served.is_none_or(|served| *last > served)))
    }

    /// Requests a rebuild from the writer process.
    pub fn request_rebuild(&self, request: RebuildRequest) -> io::Result<()> {
        fs::create_dir_all(self.dir.path())?;
        files::replace(&self.dir, WANTED_FILE, &request.to_text())
    }

    /// Reads the pending rebuild request, if there is one.
    pub fn rebuild_request(&self) -> io::Result<Option<RebuildRequest>> {
        let text = files::read(&self.dir, WANTED_FILE)?;
        Ok(text.as_deref().map(RebuildRequest::parse))
    }

    /// Reads the last build that answered a request.
    pub fn last_begun_build(&self) -> io::Result<Option<BuildNumber>> {
        files::read_build(&self.dir, BEGUN_FILE)
    }

    /// Reads the report on the last build, if there is one.
    pub fn read_report(&self) -> io::Result<Option<BuildReport>> {
        let report = files::read(&self.dir, BUILT_FILE)?;
        Ok(report.as_deref().map(serde_json::from_str).transpose()?)
    }

    /// Returns the kept build, if there is one: a build that was served and can be restored.
    pub fn kept_build(&self) -> io::Result<Option<BuildNumber>> {
        let kept = files::read_build(&self.dir, KEPT_FILE)?;
        let served = self.dir.current_build()?;
        Ok(kept.filter(|kept| served != Some(*kept) && self.dir.build_path(*kept).is_dir()))
    }

    /// Removes the kept build and returns whether there was one. Any process may do so, because no
    /// process reads or writes that build.
    pub fn remove_kept(&self) -> io::Result<bool> {
        let Some(kept) = self.kept_build()? else {
            return Ok(false);
        };
        files::remove(&self.dir, KEPT_FILE)?;
        files::remove_build(&self.dir, kept)?;
        Ok(true)
    }
}
