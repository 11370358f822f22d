//! Rebuilds the index on request: in the writer process if one is running, otherwise in this
//! process.

use std::io;
use std::time::Duration;

use search::index::IndexDir;
use sqlx::PgPool;
use tokio::time::sleep;

use super::build::{FilledIndex, build};
use super::build_files::{IndexBuilds, RebuildRequest, WriterGuard};
use super::error::IndexingError;
use super::index_pair::IndexPair;
use super::report::BuildReport;
use super::writable_index::WritableIndex;
use crate::{PreviousVersion, RebuildStart};

/// How often to check whether the writer process has finished.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The progress of an index rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexProgress {
    /// The index is being filled in this process.
    Filled {
        /// How many messages it contains so far.
        messages: u64,
        /// About how many messages it will contain.
        total: u64,
    },
    /// The writer process of this index directory does the rebuild.
    Delegated,
}

/// Rebuilds the index while the old one is served, and compares the two.
///
/// If another process is the writer, this requests the rebuild from it and waits as long as it
/// runs. The old index is removed, or kept until the next rebuild or until
/// [`IndexBuilds::remove_kept`].
pub async fn rebuild_index(
    pool: PgPool,
    index_dir: IndexDir,
    start: RebuildStart,
    replaced: PreviousVersion,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<BuildReport, IndexingError> {
    let request = RebuildRequest {
        from_kept: start == RebuildStart::KeptVersion,
        keep: replaced == PreviousVersion::Keep,
    };
    let builds = IndexBuilds::new(index_dir);
    let mut writer = WriterGuard::acquire(&builds)?;
    match &writer {
        Some(writer)
            if start == RebuildStart::InterruptedBuild && builds.rebuild_request()?.is_none() =>
        {
            writer.set_keep_current(request.keep)?;
        }
        _ => builds.request_rebuild(request)?,
    }
    if writer.is_none() {
        on_progress(IndexProgress::Delegated);
    }
    loop {
        if let Some(writer) = &writer {
            return build_here(pool, writer, on_progress).await;
        }
        sleep(POLL_INTERVAL).await;
        if let Some(report) = poll_writer(&builds)? {
            return Ok(report);
        }
        writer = WriterGuard::acquire(&builds)?;
    }
}

async fn build_here(
    pool: PgPool,
    writer: &WriterGuard,
    on_progress: impl Fn(IndexProgress) + Send + Sync,
) -> Result<BuildReport, IndexingError> {
    if let Some(request) = writer.builds().rebuild_request()? {
        writer.accept_request(request)?;
    }
    let served = WritableIndex::open_served(&pool, writer.builds().dir()).await?;
    let progress = |messages, total| on_progress(IndexProgress::Filled { messages, total });
    let FilledIndex { mut index, resumed } = build(&pool, writer, progress).await?;
    let comparison = match served {
        Ok(mut served) => {
            let pair = IndexPair::align(&pool, &mut served, &mut index).await?;
            Some(pair.compare(pool).await?)
        }
        Err(reason) => {
            tracing::info!(reason, "the served search index cannot be compared");
            None
        }
    };
    let report = index.report(resumed, comparison).await?;
    writer.publish_build(&report)?;
    Ok(report)
}

/// The report of the build that the writer process has made since it accepted the request; `None`
/// if that is not finished.
fn poll_writer(builds: &IndexBuilds) -> io::Result<Option<BuildReport>> {
    // A build that began before the request may finish first.
    let current = match builds.rebuild_request()? {
        Some(_) => None,
        None => builds.dir().current_build()?,
    };
    match (current, builds.last_begun_build()?) {
        (Some(current), Some(begun)) if current >= begun => {
            let report = builds.read_report()?;
            Ok(report.filter(|report| report.build == current))
        }
        _ => Ok(None),
    }
}
