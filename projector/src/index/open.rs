//! An index that is open to be written: the served one, or one that is to be.

use std::path::PathBuf;

use domain::time::Timestamp;
use event_log::reader::Reader;
use search::index::{Build, Checkpoint, Index, Place, View, Writer, verify};
use sqlx::PgPool;

use super::rows::{self, Now, ReadModel};
use super::{Indexed, IndexingError, aside, fit};

/// Events of one commit, at most.
const BATCH: i64 = 20_000;

/// An index and its only writer.
pub(super) struct OpenIndex {
    pub build: Build,
    pub directory: PathBuf,
    pub index: Index,
    pub checkpoint: Checkpoint,
    /// Not there while a commit is under way, and after one that went wrong.
    writer: Option<Writer>,
}

impl OpenIndex {
    /// Opens a build that is filled.
    pub async fn open(place: &Place, build: Build) -> Result<Self, IndexingError> {
        let directory = place.directory(build);
        aside(move || {
            if !directory.is_dir() {
                return Err(IndexingError::Unfit("is not there"));
            }
            let index = Index::open(&directory)?;
            index.watch()?;
            // Reading all of it is the only way to know that it is what was written.
            verify(&directory)?;
            let checkpoint = index.checkpoint()?;
            if checkpoint.filled.is_some() {
                return Err(IndexingError::Unfit("was not filled"));
            }
            Ok(Self {
                writer: Some(index.writer()?),
                build,
                directory,
                index,
                checkpoint,
            })
        })
        .await
    }

    /// The served index, if there is one and it goes on from where it is; else why not.
    pub async fn served(
        pool: &PgPool,
        place: &Place,
    ) -> Result<Result<Self, String>, IndexingError> {
        let Some(build) = place.current()? else {
            return Ok(Err("there is none".to_owned()));
        };
        let opened = match Self::open(place, build).await {
            Ok(open) => {
                let read_model = ReadModel::look(pool).await?;
                let reader = Reader::new(pool.clone());
                let fit = fit::check(&reader, &read_model, &open.checkpoint).await;
                fit.map(|()| open)
            }
            Err(error) => Err(error),
        };
        match opened {
            Ok(open) => Ok(Ok(open)),
            Err(error @ (IndexingError::Database(_) | IndexingError::Io(_))) => Err(error),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Up to where it is complete.
    pub fn position(&self) -> i64 {
        i64::try_from(self.checkpoint.position).unwrap_or(i64::MAX)
    }

    /// What the log says has changed, up to a position that the read models have, as they have it now; of many
    /// events only the first ones.
    pub async fn take_in(
        &mut self,
        pool: &PgPool,
        read_model: &ReadModel,
        up_to: i64,
    ) -> Result<Indexed, IndexingError> {
        if read_model.numbering != self.checkpoint.numbering {
            return Err(IndexingError::Unfit(rows::RENUMBERED));
        }
        let (from, up_to) = (self.position(), up_to.min(read_model.position));
        if up_to <= from {
            return Ok(Indexed::Nothing);
        }
        let to = up_to.min(from + BATCH);
        let reader = Reader::new(pool.clone());
        let touched = reader.touched(from, to).await?;
        let (numbering, now) = rows::changed(pool, &touched).await?;
        if !now.is_empty() && numbering != self.checkpoint.numbering {
            return Err(IndexingError::Unfit(rows::RENUMBERED));
        }
        let time = reader.time_of(to).await?;
        let checkpoint = Checkpoint {
            position: to.unsigned_abs(),
            time: time.map_or(0, Timestamp::millis),
            ..self.checkpoint.clone()
        };
        self.commit(now, from.unsigned_abs(), checkpoint).await?;
        Ok(Indexed::UpTo {
            position: to.unsigned_abs(),
            more: to < up_to,
        })
    }

    /// Takes in all that has changed, up to where the read models are.
    pub async fn catch_up(&mut self, pool: &PgPool) -> Result<(), IndexingError> {
        loop {
            let read_model = ReadModel::look(pool).await?;
            let taken = self.take_in(pool, &read_model, read_model.position).await?;
            if !matches!(taken, Indexed::UpTo { more: true, .. }) {
                return Ok(());
            }
        }
    }

    async fn commit(
        &mut self,
        now: Vec<Now>,
        from: u64,
        checkpoint: Checkpoint,
    ) -> Result<(), IndexingError> {
        let Some(mut writer) = self.writer.take() else {
            return Err(IndexingError::Panicked);
        };
        let committing = checkpoint.clone();
        let writer = aside(move || {
            put(&writer, &now, from)?;
            writer.commit(&committing)?;
            Ok(writer)
        })
        .await?;
        self.writer = Some(writer);
        self.checkpoint = checkpoint;
        Ok(())
    }

    /// What it says now.
    pub async fn view(&self) -> Result<View, IndexingError> {
        let index = self.index.clone();
        aside(move || {
            index.refresh()?;
            Ok(index.view())
        })
        .await
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
