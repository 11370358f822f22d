//! The one who writes the search index, a step at a time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::time::Timestamp;
use event_log::reader::Reader;
use metrics::gauge;
use search::index::{Build, Checkpoint, Index, Lock, Place, Touched, Writer, verify};
use sqlx::PgPool;
use tokio::task::JoinHandle;

use super::fill::fill;
use super::rows::{self, Now, ReadModel};
use super::{IndexingError, aside, fit};

/// Events of one commit, at most.
const BATCH: i64 = 20_000;

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
    reader: Reader,
    place: Place,
    watch: Watch,
    lock: Option<Lock>,
    open: Option<OpenIndex>,
    building: Option<(Build, JoinHandle<Result<(), IndexingError>>)>,
    verifying: Option<JoinHandle<Result<Duration, IndexingError>>>,
    is_touched: bool,
    look_at: Instant,
    verify_at: Instant,
}

/// The index that is served.
struct OpenIndex {
    build: Build,
    directory: PathBuf,
    index: Index,
    /// Not there while a commit is under way, and after one that went wrong.
    writer: Option<Writer>,
    checkpoint: Checkpoint,
}

impl OpenIndex {
    fn open(place: &Place, build: Build) -> Result<Self, IndexingError> {
        let directory = place.directory(build);
        if !directory.is_dir() {
            return Err(IndexingError::Unfit("is not there"));
        }
        let index = Index::open(&directory)?;
        index.watch()?;
        // Reading all of it is the only way to know that it is what was written.
        verify(&directory)?;
        let writer = Some(index.writer()?);
        Ok(Self {
            build,
            checkpoint: index.checkpoint()?,
            directory,
            index,
            writer,
        })
    }
}

impl Indexer {
    /// Opens nothing yet.
    pub fn new(pool: PgPool, place: Place, watch: Watch) -> Self {
        let now = Instant::now();
        Self {
            reader: Reader::new(pool.clone()),
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
        if self.place.is_rebuild_wanted() {
            self.stop_building();
            self.begin("somebody wants it")?;
            if let Some(lock) = &self.lock {
                self.place.rebuild_begun(lock)?;
            }
        }
        if self.is_built() {
            self.take_over().await?;
        }
        if self.open.is_none() && self.building.is_none() {
            self.open_or_build().await?;
        }
        self.look_for_damage().await?;
        if self.open.is_none() {
            return Ok(Indexed::Building);
        }
        self.take_in().await
    }

    /// Opens what is served, or begins another build if that cannot be.
    async fn open_or_build(&mut self) -> Result<(), IndexingError> {
        let Some(build) = self.place.current()? else {
            return self.begin("there is none");
        };
        let place = self.place.clone();
        let opened = aside(move || OpenIndex::open(&place, build)).await;
        let opened = match opened {
            Ok(open) => {
                let read_model = ReadModel::look(&self.pool).await?;
                let fit = fit::check(&self.reader, &read_model, &open.checkpoint).await;
                fit.map(|()| open)
            }
            Err(error) => Err(error),
        };
        match opened {
            Ok(open) => {
                self.open = Some(open);
                self.verify_at = Instant::now() + self.watch.verify_every;
                Ok(())
            }
            Err(error @ (IndexingError::Database(_) | IndexingError::Io(_))) => Err(error),
            Err(error) => self.begin(&error.to_string()),
        }
    }

    fn begin(&mut self, why: &str) -> Result<(), IndexingError> {
        let Some(lock) = &self.lock else {
            return Ok(());
        };
        let kept: Vec<Build> = self.place.current()?.into_iter().collect();
        self.place.sweep(lock, &kept)?;
        let build = self.place.begin(lock)?;
        tracing::info!(why, build, "building the search index");
        let filling = fill(self.pool.clone(), self.place.directory(build), |_, _| ());
        self.building = Some((build, tokio::spawn(filling)));
        Ok(())
    }

    fn is_built(&self) -> bool {
        self.building
            .as_ref()
            .is_some_and(|(_, task)| task.is_finished())
    }

    fn stop_building(&mut self) {
        if let Some((_, task)) = self.building.take() {
            task.abort();
        }
    }

    /// Catches up with what has changed while it was built, and serves it.
    async fn take_over(&mut self) -> Result<(), IndexingError> {
        let Some((build, task)) = self.building.take() else {
            return Ok(());
        };
        task.await.map_err(|_| IndexingError::Panicked)??;
        let place = self.place.clone();
        // The one from before goes on being served; it is written no more.
        self.open = Some(aside(move || OpenIndex::open(&place, build)).await?);
        while let Indexed::UpTo { more: true, .. } = self.take_in().await? {}
        if let Some(lock) = &self.lock {
            self.place.serve(lock, build)?;
            self.place.sweep(lock, &[build])?;
        }
        self.verify_at = Instant::now() + self.watch.verify_every;
        tracing::info!(build, "the search index is built");
        Ok(())
    }

    /// What the log says has changed, up to where the read models are, as they have it now.
    async fn take_in(&mut self) -> Result<Indexed, IndexingError> {
        let Some(open) = &mut self.open else {
            return Ok(Indexed::Nothing);
        };
        let read_model = ReadModel::look(&self.pool).await?;
        if read_model.numbering != open.checkpoint.numbering {
            return Err(IndexingError::Unfit(
                "has other numbers than the read models",
            ));
        }
        let from = i64::try_from(open.checkpoint.position).unwrap_or(i64::MAX);
        gauge!("tidings_search_position").set(from as f64);
        gauge!("tidings_search_lag_events").set((read_model.position - from).max(0) as f64);
        if read_model.position <= from {
            return Ok(Indexed::Nothing);
        }
        let to = read_model.position.min(from + BATCH);
        let touched = self.reader.touched(from, to).await?;
        let (numbering, now) = rows::changed(&self.pool, &touched).await?;
        if !now.is_empty() && numbering != open.checkpoint.numbering {
            return Err(IndexingError::Unfit(
                "has other numbers than the read models",
            ));
        }
        let time = self.reader.time_of(to).await?;
        let checkpoint = Checkpoint {
            position: to.unsigned_abs(),
            time: time.map_or(0, Timestamp::millis),
            ..open.checkpoint.clone()
        };
        let Some(mut writer) = open.writer.take() else {
            return Err(IndexingError::Panicked);
        };
        let from = from.unsigned_abs();
        let committing = checkpoint.clone();
        let writer = aside(move || {
            put(&writer, &now, from)?;
            writer.commit(&committing)?;
            Ok(writer)
        })
        .await?;
        open.writer = Some(writer);
        open.checkpoint = checkpoint;
        Ok(Indexed::UpTo {
            position: to.unsigned_abs(),
            more: to < read_model.position,
        })
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
                    return self.begin(&error.to_string());
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
                return self.begin("a file was changed before a merge");
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

/// Takes out what was there and has changed, and puts in what there is now. What was sent after `from`
/// was not there.
fn put(writer: &Writer, messages: &[Now], from: u64) -> Result<(), IndexingError> {
    let changed = messages.iter().filter_map(|message| match message {
        Now::There(message) => {
            (message.position <= from).then_some((message.conversation, message.seq))
        }
        Now::Gone { conversation, seq } => Some((*conversation, *seq)),
    });
    writer.remove(changed)?;
    for message in messages {
        if let Now::There(message) = message {
            writer.add(message)?;
        }
    }
    Ok(())
}
