//! The writer of the search index, one step at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::gauge;
use search::index::{IndexDir, Tampering, verify};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::blocking::run_blocking;
use super::build::{FilledIndex, IndexBuild};
use super::build_files::{IndexBuilds, WriterGuard};
use super::error::IndexingError;
use super::outcome::IndexingOutcome;
use super::read_model::ReadModelState;
use super::report::IndexComparison;
use super::writable_index::WritableIndex;

/// The pause after a verification is at least this many times as long as the verification.
const VERIFY_PAUSE_FACTOR: u32 = 100;

/// How often an index is checked for corruption.
#[derive(Debug, Clone, Copy)]
pub struct IntegrityChecks {
    /// How often to check whether an index file was changed from outside.
    pub file_check_interval: Duration,
    /// How often to verify the checksums of all files. The interval grows with a large index, so
    /// that verification takes at most about one percent of the time.
    pub verify_interval: Duration,
}

impl Default for IntegrityChecks {
    fn default() -> Self {
        Self {
            file_check_interval: Duration::from_secs(1),
            verify_interval: Duration::from_secs(300),
        }
    }
}

/// Keeps the index of a directory up to date. Of several indexers on one directory, one is the
/// writer.
pub struct Indexer {
    pool: PgPool,
    builds: IndexBuilds,
    checks: IntegrityChecks,
    writer: Option<Arc<WriterGuard>>,
    index: Option<WritableIndex>,
    build: Option<IndexBuild>,
    verification: Option<JoinHandle<Result<Duration, IndexingError>>>,
    has_changed_file: bool,
    next_file_check: Instant,
    next_verify: Instant,
}

impl Indexer {
    /// An indexer that has not opened anything yet.
    pub fn new(pool: PgPool, index_dir: IndexDir, checks: IntegrityChecks) -> Self {
        let now = Instant::now();
        Self {
            pool,
            builds: IndexBuilds::new(index_dir),
            checks,
            writer: None,
            index: None,
            build: None,
            verification: None,
            has_changed_file: false,
            next_file_check: now,
            next_verify: now + checks.verify_interval,
        }
    }

    /// Does the work that is due. After an error, the next step reopens the index from disk.
    pub async fn step(&mut self) -> Result<IndexingOutcome, IndexingError> {
        if !self.ensure_writer().await? {
            return Ok(IndexingOutcome::Standby);
        }
        // An error in a build does not affect the served index.
        self.advance_build().await?;
        let outcome = self.run_step().await;
        match &outcome {
            // A database error is transient and leaves the index unchanged.
            Ok(_) | Err(IndexingError::Database(_)) => {}
            Err(error) => {
                tracing::warn!(%error, "reopening the search index after an error");
                self.index = None;
            }
        }
        outcome
    }

    /// Whether the checksums of the index are being verified; a later step handles the result.
    pub fn is_verifying(&self) -> bool {
        self.verification.is_some()
    }

    async fn ensure_writer(&mut self) -> Result<bool, IndexingError> {
        if !self.writer.as_ref().is_some_and(|writer| writer.is_valid()) {
            self.index = None;
            self.stop_build().await;
            self.writer = WriterGuard::acquire(&self.builds)?.map(Arc::new);
        }
        Ok(self.writer.is_some())
    }

    async fn run_step(&mut self) -> Result<IndexingOutcome, IndexingError> {
        if self.index.is_none() && self.build.is_none() {
            self.open_or_build().await?;
        }
        if let Some(request) = self.builds.rebuild_request()? {
            self.stop_build().await;
            if let Some(writer) = &self.writer {
                writer.accept_request(request)?;
            }
            self.start_build("a rebuild was requested");
        }
        // The build ended with an error, or its process ended.
        if self.build.is_none() && self.builds.unfinished_build()?.is_some() {
            self.start_build("a build was interrupted");
        }
        self.check_integrity().await?;
        if self.index.is_none() {
            return Ok(IndexingOutcome::Building);
        }
        self.index_changes().await
    }

    /// Opens the served index, or starts a build if that fails.
    async fn open_or_build(&mut self) -> Result<(), IndexingError> {
        match WritableIndex::open_served(&self.pool, self.builds.dir()).await? {
            Ok(open) => self.follow(open),
            Err(reason) => self.start_build(&reason),
        }
        Ok(())
    }

    /// Starts a build, which resumes an interrupted one if possible.
    fn start_build(&mut self, reason: &str) {
        if let Some(writer) = &self.writer {
            tracing::info!(reason, "building the search index");
            let build = IndexBuild::start(self.pool.clone(), Arc::clone(writer));
            self.build = Some(build);
        }
    }

    /// Starts a build in an empty directory.
    async fn restart_build(&mut self, reason: &str) -> Result<(), IndexingError> {
        self.stop_build().await;
        if let Some(writer) = &self.writer {
            writer.start_empty()?;
        }
        self.start_build(reason);
        Ok(())
    }

    async fn stop_build(&mut self) {
        if let Some(build) = self.build.take() {
            build.stop().await;
        }
    }

    /// Advances the build: from filling to comparing, and from that to being served.
    async fn advance_build(&mut self) -> Result<(), IndexingError> {
        let Some(mut build) = self.build.take() else {
            return Ok(());
        };
        build.catch_up(&self.pool).await?;
        if !build.is_finished() {
            self.build = Some(build);
            return Ok(());
        }
        match build {
            IndexBuild::Filling(task) => {
                let filled = Box::new(task.await.map_err(|_| IndexingError::Panicked)??);
                let Some(served) = &mut self.index else {
                    return self.serve(*filled, None).await;
                };
                self.build = Some(IndexBuild::compare(&self.pool, served, filled).await?);
                Ok(())
            }
            IndexBuild::Comparing { filled, task } => {
                let comparison = task.await.map_err(|_| IndexingError::Panicked)??;
                if !comparison.is_equal() {
                    tracing::warn!(
                        ?comparison,
                        "the served search index differed from the rebuilt one"
                    );
                }
                self.serve(*filled, Some(comparison)).await
            }
        }
    }

    /// Makes the new index the served one and removes the old one.
    async fn serve(
        &mut self,
        filled: FilledIndex,
        comparison: Option<IndexComparison>,
    ) -> Result<(), IndexingError> {
        if let Some(writer) = &self.writer {
            let report = filled.index.report(filled.resumed, comparison).await?;
            writer.publish_build(&report)?;
            tracing::info!(build = report.build, "the new search index is now served");
        }
        self.follow(filled.index);
        Ok(())
    }

    /// Follows the log with this index. Check results of the previous index no longer apply.
    fn follow(&mut self, open: WritableIndex) {
        self.index = Some(open);
        self.verification = None;
        self.has_changed_file = false;
        self.next_verify = Instant::now() + self.checks.verify_interval;
    }

    /// Indexes the changes up to the position of the read model.
    async fn index_changes(&mut self) -> Result<IndexingOutcome, IndexingError> {
        let Some(open) = &mut self.index else {
            return Ok(IndexingOutcome::UpToDate);
        };
        let read_model = ReadModelState::load(&self.pool).await?;
        let (from, to) = (open.position(), read_model.position);
        gauge!("tidings_search_position").set(from as f64);
        gauge!("tidings_search_lag_events").set((to - from).max(0) as f64);
        open.catch_up_to(&self.pool, &read_model, to).await
    }

    /// Checks that the index on disk is intact. If not, starts a rebuild; the corrupted index is
    /// served until then, as well as possible.
    async fn check_integrity(&mut self) -> Result<(), IndexingError> {
        if let Some(task) = self.verification.take_if(|task| task.is_finished()) {
            match task.await.map_err(|_| IndexingError::Panicked)? {
                Ok(duration) => {
                    let pause = self
                        .checks
                        .verify_interval
                        .max(duration * VERIFY_PAUSE_FACTOR);
                    self.next_verify = Instant::now() + pause;
                }
                Err(error) if self.index.is_some() => {
                    self.index = None;
                    return self.restart_build(&error.to_string()).await;
                }
                Err(_) => {}
            }
        }
        let now = Instant::now();
        let Some(open) = self.index.as_mut().filter(|_| now >= self.next_file_check) else {
            return Ok(());
        };
        self.next_file_check = now + self.checks.file_check_interval;
        if self.builds.dir().current_build()? != Some(open.build) {
            return Err(IndexingError::Incompatible("is no longer the served one"));
        }
        match open.index.check_files()? {
            Tampering::None => {}
            Tampering::Present => self.has_changed_file = true,
            // The changed file was merged: the merged file has valid checksums.
            Tampering::Merged => {
                self.index = None;
                return self
                    .restart_build("a file was changed before a merge")
                    .await;
            }
        }
        if self.verification.is_none() && (self.has_changed_file || now >= self.next_verify) {
            self.has_changed_file = false;
            let directory = open.directory.clone();
            self.verification = Some(tokio::spawn(run_blocking(move || {
                let began = Instant::now();
                verify(&directory)?;
                Ok(began.elapsed())
            })));
        }
        Ok(())
    }
}
