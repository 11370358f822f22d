//! The report file, by which the writer process passes the result of a build to a process that
//! waits for it.

use std::io;

use search::index::{BuildNumber, IndexDir, WriterLock};

use super::built::Built;

/// Writes the report. Must be called before the build is served, so that a process that sees the
/// new build can read its report.
pub(super) fn tell(index_dir: &IndexDir, lock: &WriterLock, built: &Built) -> io::Result<()> {
    index_dir.write_report(lock, &serde_json::to_string(built)?)
}

/// Reads the report of `build`, if it is the latest report.
pub(super) fn of(index_dir: &IndexDir, build: BuildNumber) -> io::Result<Option<Built>> {
    let Some(text) = index_dir.read_report()? else {
        return Ok(None);
    };
    let last: Built = serde_json::from_str(&text)?;
    Ok(Some(last).filter(|last| last.build == build))
}
