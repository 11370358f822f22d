//! The report file, by which the writer process passes the result of a build to a process that
//! waits for it.

use std::io;

use search::index::{BuildNumber, IndexDir, WriterLock};

use super::report::BuildReport;

/// Writes the report. Must be called before the build is served, so that a process that sees the
/// new build can read its report.
pub(super) fn write(
    index_dir: &IndexDir,
    lock: &WriterLock,
    built: &BuildReport,
) -> io::Result<()> {
    index_dir.write_report(lock, &serde_json::to_string(built)?)
}

/// Reads the report of `build`, if it is the latest report.
pub(super) fn read(index_dir: &IndexDir, build: BuildNumber) -> io::Result<Option<BuildReport>> {
    let Some(text) = index_dir.read_report()? else {
        return Ok(None);
    };
    let last: BuildReport = serde_json::from_str(&text)?;
    Ok(Some(last).filter(|last| last.build == build))
}
