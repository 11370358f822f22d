//! The one who writes the search index, a step at a time.

use std::time::{Duration, Instant};

use metrics::gauge;
use search::index::{Build, Lock, Place, Touched, verify};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::built::{IndexComparison, SideBySide};
use super::fill::fill;
use super::leftover::{self, Start};
use super::open::OpenIndex;
use super::rows::ReadModel;
use super::{IndexingError, aside, told};

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
    lock: Option<Lock>,
    open: Option<OpenIndex>,
    building: Option<Building>,
    verifying: Option<JoinHandle<Result<Duration, IndexingError>>>,
    is_touched: bool,
    look_at: Instant,
    verify_at: Instant,
}

/// A build that is under way.
struct Building {
    build: Build,
    stage: Stage,
}

enum Stage {
    /// Answers how many messages it went on with.
    Filling(JoinHandle<Result<u64, IndexingError>>),
    /// With what is served, which goes on following the log meanwhile.
    Comparing {
        open: Box<OpenIndex>,
        had: u64,
        task: JoinHandle<Result<IndexComparison, IndexingError>>,
    },
}

impl Building {
    fn is_at_an_end(&self) -> bool {
        match &self.stage {
            Stage::Filling(task) => task.is_finished(),
            Stage::Comparing { task, .. } => task.is_finished(),
        }
    }
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
        if !self.is_the_writer()? {
            return Ok(Indexed::Standby);
        }
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

    fn is_the_writer(&mut self) -> Result<bool, IndexingError> {
        let is_guarded = |lock| self.place.is_guarded_by(lock);
        if !self.lock.as_ref().is_some_and(is_guarded) {
            self.open = None;
            self.stop_building();
            self.lock = self.place.lock()?;
        }
        Ok(self.lock.is_some())
    }

    async fn work(&mut self) -> Result<Indexed, IndexingError> {
        self.go_on_building().await?;
        if self.open.is_none() && self.building.is_none() {
            self.open_or_build().await?;
        }
        if self.place.is_rebuild_wanted() {
            self.stop_building();
            self.begin("somebody wants it", Start::Anew).await?;
            if let Some(lock) = &self.lock {
                self.place.rebuild_begun(lock)?;
            }
        }
        self.look_for_damage().await?;
        if self.open.is_none() {
            return Ok(Indexed::Building);
        }
        self.take_in().await
    }

    /// Opens what is served, and begins another build if that cannot be, or if an earlier one was broken off.
    async fn open_or_build(&mut self) -> Result<(), IndexingError> {
        match OpenIndex::served(&self.pool, &self.place).await? {
            Ok(open) => {
                self.open = Some(open);
                self.verify_at = Instant::now() + self.watch.verify_every;
                if self.place.leftover()?.is_some() {
                    self.begin("a build was broken off", Start::GoOn).await?;
                }
                Ok(())
            }
            Err(why) => self.begin(&why, Start::GoOn).await,
        }
    }

    async fn begin(&mut self, why: &str, start: Start) -> Result<(), IndexingError> {
        let Some(lock) = &self.lock else {
            return Ok(());
        };
        let build = leftover::begin(&self.pool, &self.place, lock, start).await?;
        tracing::info!(why, build, "building the search index");
        let filling = fill(self.pool.clone(), self.place.directory(build), |_, _| ());
        self.building = Some(Building {
            build,
            stage: Stage::Filling(tokio::spawn(filling)),
        });
        Ok(())
    }

    fn stop_building(&mut self) {
        match self.building.take().map(|building| building.stage) {
            Some(Stage::Filling(task)) => task.abort(),
            Some(Stage::Comparing { task, .. }) => task.abort(),
            None => {}
        }
    }

    /// From filled to compared, and from that to served.
    async fn go_on_building(&mut self) -> Result<(), IndexingError> {
        let Some(Building { build, stage }) = self.building.take_if(|it| it.is_at_an_end()) else {
            return Ok(());
        };
        match stage {
            Stage::Filling(task) => {
                let had = task.await.map_err(|_| IndexingError::Panicked)??;
                let mut open = OpenIndex::open(&self.place, build).await?;
                let Some(served) = &mut self.open else {
                    return self.serve(open, had, None).await;
                };
                let sides = SideBySide::of(&self.pool, served, &mut open).await?;
                let stage = Stage::Comparing {
                    open: Box::new(open),
                    had,
                    task: tokio::spawn(sides.compare(self.pool.clone())),
                };
                self.building = Some(Building { build, stage });
                Ok(())
            }
            Stage::Comparing { open, had, task } => {
                let comparison = task.await.map_err(|_| IndexingError::Panicked)??;
                if !comparison.is_equal() {
                    tracing::warn!(?comparison, "the search index was not what it should be");
                }
                self.serve(*open, had, Some(comparison)).await
            }
        }
    }

    /// Catches up with what has changed while it was built, and serves it.
    async fn serve(
        &mut self,
        open: OpenIndex,
        had: u64,
        comparison: Option<IndexComparison>,
    ) -> Result<(), IndexingError> {
        // The one from before goes on being served; it is written no more.
        self.open = Some(open);
        while let Indexed::UpTo { more: true, .. } = self.take_in().await? {}
        if let (Some(lock), Some(open)) = (&self.lock, &self.open) {
            let built = open.built(had, comparison).await?;
            told::tell(&self.place, lock, &built)?;
            self.place.serve(lock, built.build)?;
            self.place.sweep(lock, &[built.build])?;
            tracing::info!(build = built.build, "the search index is built");
        }
        self.verify_at = Instant::now() + self.watch.verify_every;
        Ok(())
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
                    self.stop_building();
                    return self.begin(&error.to_string(), Start::Anew).await;
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
                self.stop_building();
                return self
                    .begin("a file was changed before a merge", Start::Anew)
                    .await;
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
