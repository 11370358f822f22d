//! The writer of the search index, one step at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::gauge;
use search::index::{IndexDir, Tampering, WriterLock, verify};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::building::{Building, Filled};
use super::built::IndexComparison;
use super::open::OpenIndex;
use super::rows::ReadModel;
use super::{IndexingError, aside, leftover, told};

/// The pause after a verification is at least this many times as long as the verification.
const SHARE: u32 = 100;

/// How often an index is checked for corruption.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// How often to check whether an index file was changed from outside.
    pub look_every: Duration,
    /// How often to verify the checksums of all files. The interval grows with a large index, so
    /// that verification takes at most about one percent of the time.
    pub verify_every: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            look_every: Duration::from_secs(1),
            verify_every: Duration::from_secs(300),
        }
    }
}

/// The outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexed {
    /// The index is now complete up to this position.
    UpTo {
        /// The position.
        position: u64,
        /// More changes are pending: call the next step without waiting.
        more: bool,
    },
    /// There was nothing to do.
    Nothing,
    /// An index is being built. The old one, if there is one, is served.
    Building,
    /// Another process is the writer.
    Standby,
}

/// Keeps the index of a directory up to date. Of several indexers on one directory, one is the
/// writer.
pub struct Indexer {
    pool: PgPool,
    place: IndexDir,
    watch: Watch,
    lock: Option<Arc<WriterLock>>,
    open: Option<OpenIndex>,
    building: Option<Building>,
    verifying: Option<JoinHandle<Result<Duration, IndexingError>>>,
    is_touched: bool,
    look_at: Instant,
    verify_at: Instant,
}

impl Indexer {
    /// An indexer that has not opened anything yet.
    pub fn new(pool: PgPool, index_dir: IndexDir, watch: Watch) -> Self {
        let now = Instant::now();
        Self {
            pool,
            place: index_dir,
            watch,
            lock: None,
            open: None,
            building: None,
            verifying: None,
            is_touched: false,
            look_at: now,
            verify_at: now + watch.verify_every,
        }
    }

    /// Does the work that is due. After an error, the next step reopens the index from disk.
    pub async fn step(&mut self) -> Result<Indexed, IndexingError> {
        if !self.is_the_writer().await? {
            return Ok(Indexed::Standby);
        }
        // An error in a build does not affect the served index.
        self.go_on_building().await?;
        let outcome = self.work().await;
        match &outcome {
            // A database error is transient and leaves the index unchanged.
            Ok(_) | Err(IndexingError::Database(_)) => {}
            Err(error) => {
                tracing::warn!(%error, "reopening the search index after an error");
                self.open = None;
            }
        }
        outcome
    }

    /// Whether the checksums of the index are being verified; a later step handles the result.
    pub fn is_verifying(&self) -> bool {
        self.verifying.is_some()
    }

    async fn is_the_writer(&mut self) -> Result<bool, IndexingError> {
        let is_guarded = |lock: &Arc<WriterLock>| self.place.is_locked_by(lock);
        if !self.lock.as_ref().is_some_and(is_guarded) {
            self.open = None;
            self.stop_building().await;
            self.lock = self.place.try_lock()?.map(Arc::new);
        }
        Ok(self.lock.is_some())
    }

    async fn work(&mut self) -> Result<Indexed, IndexingError> {
        if self.open.is_none() && self.building.is_none() {
            self.open_or_build().await?;
        }
        if let Some(request) = self.place.rebuild_request()? {
            self.stop_building().await;
            if let Some(lock) = &self.lock {
                leftover::hear(&self.place, lock, request)?;
            }
            self.begin("a rebuild was requested");
        }
        // The build ended with an error, or its process ended.
        if self.building.is_none() && self.place.unfinished_build()?.is_some() {
            self.begin("a build was interrupted");
        }
        self.look_for_damage().await?;
        if self.open.is_none() {
            return Ok(Indexed::Building);
        }
        self.take_in().await
    }

    /// Opens the served index, or starts a build if that fails.
    async fn open_or_build(&mut self) -> Result<(), IndexingError> {
        match OpenIndex::served(&self.pool, &self.place).await? {
            Ok(open) => self.follow(open),
            Err(reason) => self.begin(&reason),
        }
        Ok(())
    }

    /// Starts a build, which resumes an interrupted one if possible.
    fn begin(&mut self, reason: &str) {
        if let Some(lock) = &self.lock {
            tracing::info!(reason, "building the search index");
            let (pool, index_dir) = (self.pool.clone(), self.place.clone());
            self.building = Some(Building::begin(pool, index_dir, Arc::clone(lock)));
        }
    }

    /// Starts a build in an empty directory.
    async fn build_anew(&mut self, reason: &str) -> Result<(), IndexingError> {
        self.stop_building().await;
        if let Some(lock) = &self.lock {
            leftover::anew(&self.place, lock)?;
        }
        self.begin(reason);
        Ok(())
    }

    async fn stop_building(&mut self) {
        if let Some(build) = self.building.take() {
            build.stop().await;
        }
    }

    /// Advances the build: from filling to comparing, and from that to being served.
    async fn go_on_building(&mut self) -> Result<(), IndexingError> {
        let Some(mut build) = self.building.take() else {
            return Ok(());
        };
        build.follow(&self.pool).await?;
        if !build.is_at_an_end() {
            self.building = Some(build);
            return Ok(());
        }
        match build {
            Building::Filling(task) => {
                let filled = Box::new(task.await.map_err(|_| IndexingError::Panicked)??);
                let Some(served) = &mut self.open else {
                    return self.serve(*filled, None).await;
                };
                self.building = Some(Building::compare(&self.pool, served, filled).await?);
                Ok(())
            }
            Building::Comparing { filled, task } => {
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
        filled: Filled,
        comparison: Option<IndexComparison>,
    ) -> Result<(), IndexingError> {
        if let Some(lock) = &self.lock {
            let built = filled.open.built(filled.had, comparison).await?;
            told::tell(&self.place, lock, &built)?;
            self.place.serve(lock, built.build)?;
            self.place.remove_except(lock, &[built.build])?;
            tracing::info!(build = built.build, "the new search index is now served");
        }
        self.follow(filled.open);
        Ok(())
    }

    /// Follows the log with this index. Check results of the previous index no longer apply.
    fn follow(&mut self, open: OpenIndex) {
        self.open = Some(open);
        self.verifying = None;
        self.is_touched = false;
        self.verify_at = Instant::now() + self.watch.verify_every;
    }

    /// Indexes the changes up to the position of the read model.
    async fn take_in(&mut self) -> Result<Indexed, IndexingError> {
        let Some(open) = &mut self.open else {
            return Ok(Indexed::Nothing);
        };
        let read_model = ReadModel::look(&self.pool).await?;
        let (from, to) = (open.position(), read_model.position);
        gauge!("tidings_search_position").set(from as f64);
        gauge!("tidings_search_lag_events").set((to - from).max(0) as f64);
        open.take_in(&self.pool, &read_model, to).await
    }

    /// Checks that the index on disk is intact. If not, starts a rebuild; the corrupted index is
    /// served until then, as well as possible.
    async fn look_for_damage(&mut self) -> Result<(), IndexingError> {
        if let Some(task) = self.verifying.take_if(|task| task.is_finished()) {
            match task.await.map_err(|_| IndexingError::Panicked)? {
                Ok(duration) => {
                    let pause = self.watch.verify_every.max(duration * SHARE);
                    self.verify_at = Instant::now() + pause;
                }
                Err(error) if self.open.is_some() => {
                    self.open = None;
                    return self.build_anew(&error.to_string()).await;
                }
                Err(_) => {}
            }
        }
        let now = Instant::now();
        let Some(open) = self.open.as_mut().filter(|_| now >= self.look_at) else {
            return Ok(());
        };
        self.look_at = now + self.watch.look_every;
        if self.place.current_build()? != Some(open.build) {
            return Err(IndexingError::Unfit("is no longer the served one"));
        }
        match open.index.check_files()? {
            Tampering::None => {}
            Tampering::Present => self.is_touched = true,
            // The changed file was merged: the merged file has valid checksums.
            Tampering::Merged => {
                self.open = None;
                return self.build_anew("a file was changed before a merge").await;
            }
        }
        if self.verifying.is_none() && (self.is_touched || now >= self.verify_at) {
            self.is_touched = false;
            let directory = open.directory.clone();
            self.verifying = Some(tokio::spawn(aside(move || {
                let began = Instant::now();
                verify(&directory)?;
                Ok(began.elapsed())
            })));
        }
        Ok(())
    }
}
