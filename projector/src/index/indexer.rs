//! The one who writes the search index, a step at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::gauge;
use search::index::{Lock, Place, Touched, verify};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::building::{Building, Filled};
use super::built::IndexComparison;
use super::open::OpenIndex;
use super::rows::ReadModel;
use super::{IndexingError, aside, leftover, told};

/// Verifying takes at most one part in so many of the time.
const SHARE: u32 = 100;

/// How an index is watched for damage.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// How often the files are looked at: whether somebody has changed one.
    pub look_every: Duration,
    /// How often all of it is read against its checksums. Less often if it is so large that this would
    /// take more than a hundredth of the time.
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

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexed {
    /// The index is complete up to this position now.
    UpTo {
        /// The position.
        position: u64,
        /// There is more: do not wait.
        more: bool,
    },
    /// There was nothing to do.
    Nothing,
    /// An index is being built; the one from before, if there is one, is served.
    Building,
    /// Another process is the one who writes.
    Standby,
}

/// Keeps the index of a place up to date. Of any number of them one writes.
pub struct Indexer {
    pool: PgPool,
    place: Place,
    watch: Watch,
    lock: Option<Arc<Lock>>,
    open: Option<OpenIndex>,
    building: Option<Building>,
    verifying: Option<JoinHandle<Result<Duration, IndexingError>>>,
    is_touched: bool,
    look_at: Instant,
    verify_at: Instant,
}

impl Indexer {
    /// Opens nothing yet.
    pub fn new(pool: PgPool, place: Place, watch: Watch) -> Self {
        let now = Instant::now();
        Self {
            pool,
            place,
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

    /// Does what is due. After an error the next step begins with what is on disk.
    pub async fn step(&mut self) -> Result<Indexed, IndexingError> {
        if !self.is_the_writer().await? {
            return Ok(Indexed::Standby);
        }
        // What is served has no part in what goes wrong here.
        self.go_on_building().await?;
        let outcome = self.work().await;
        match &outcome {
            // The database will be back, and the index is as it was.
            Ok(_) | Err(IndexingError::Database(_)) => {}
            Err(error) => {
                tracing::warn!(%error, "the search index is opened again");
                self.open = None;
            }
        }
        outcome
    }

    /// Whether the index is being read against its checksums; a step to come hears of the outcome.
    pub fn is_verifying(&self) -> bool {
        self.verifying.is_some()
    }

    async fn is_the_writer(&mut self) -> Result<bool, IndexingError> {
        let is_guarded = |lock: &Arc<Lock>| self.place.is_guarded_by(lock);
        if !self.lock.as_ref().is_some_and(is_guarded) {
            self.open = None;
            self.stop_building().await;
            self.lock = self.place.lock()?.map(Arc::new);
        }
        Ok(self.lock.is_some())
    }

    async fn work(&mut self) -> Result<Indexed, IndexingError> {
        if self.open.is_none() && self.building.is_none() {
            self.open_or_build().await?;
        }
        if let Some(wish) = self.place.wish()? {
            self.stop_building().await;
            if let Some(lock) = &self.lock {
                leftover::hear(&self.place, lock, wish)?;
            }
            self.begin("somebody wants it");
        }
        // An error has ended it, or the process that was at it.
        if self.building.is_none() && self.place.leftover()?.is_some() {
            self.begin("a build was broken off");
        }
        self.look_for_damage().await?;
        if self.open.is_none() {
            return Ok(Indexed::Building);
        }
        self.take_in().await
    }

    /// Opens what is served, and begins another build if that cannot be.
    async fn open_or_build(&mut self) -> Result<(), IndexingError> {
        match OpenIndex::served(&self.pool, &self.place).await? {
            Ok(open) => self.follow(open),
            Err(why) => self.begin(&why),
        }
        Ok(())
    }

    /// Goes on with what was left behind, if it is of use.
    fn begin(&mut self, why: &str) {
        if let Some(lock) = &self.lock {
            tracing::info!(why, "building the search index");
            let (pool, place) = (self.pool.clone(), self.place.clone());
            self.building = Some(Building::begin(pool, place, Arc::clone(lock)));
        }
    }

    /// Begins with nothing.
    async fn build_anew(&mut self, why: &str) -> Result<(), IndexingError> {
        self.stop_building().await;
        if let Some(lock) = &self.lock {
            leftover::anew(&self.place, lock)?;
        }
        self.begin(why);
        Ok(())
    }

    async fn stop_building(&mut self) {
        if let Some(building) = self.building.take() {
            building.stop().await;
        }
    }

    /// From filled to compared, and from that to served.
    async fn go_on_building(&mut self) -> Result<(), IndexingError> {
        let Some(mut building) = self.building.take() else {
            return Ok(());
        };
        building.follow(&self.pool).await?;
        if !building.is_at_an_end() {
            self.building = Some(building);
            return Ok(());
        }
        match building {
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
                    tracing::warn!(?comparison, "the search index was not what it should be");
                }
                self.serve(*filled, Some(comparison)).await
            }
        }
    }

    /// From now on this one, and the one from before no more.
    async fn serve(
        &mut self,
        filled: Filled,
        comparison: Option<IndexComparison>,
    ) -> Result<(), IndexingError> {
        if let Some(lock) = &self.lock {
            let built = filled.open.built(filled.had, comparison).await?;
            told::tell(&self.place, lock, &built)?;
            self.place.serve(lock, built.build)?;
            self.place.sweep(lock, &[built.build])?;
            tracing::info!(build = built.build, "the search index is built");
        }
        self.follow(filled.open);
        Ok(())
    }

    /// Whatever was said of the one from before says nothing of this one.
    fn follow(&mut self, open: OpenIndex) {
        self.open = Some(open);
        self.verifying = None;
        self.is_touched = false;
        self.verify_at = Instant::now() + self.watch.verify_every;
    }

    /// What the log says has changed, up to where the read models are, as they have it now.
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

    /// Whether the index on disk is what was written. If not, another one is built; this one is served
    /// until then, as well as it can be.
    async fn look_for_damage(&mut self) -> Result<(), IndexingError> {
        if let Some(task) = self.verifying.take_if(|task| task.is_finished()) {
            match task.await.map_err(|_| IndexingError::Panicked)? {
                Ok(took) => {
                    let pause = self.watch.verify_every.max(took * SHARE);
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
        if self.place.current()? != Some(open.build) {
            return Err(IndexingError::Unfit("is not the one that is served"));
        }
        match open.index.look()? {
            Touched::No => {}
            Touched::Here => self.is_touched = true,
            // What a merge made of it has checksums that are right.
            Touched::Gone => {
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
