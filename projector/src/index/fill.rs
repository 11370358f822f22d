//! A new index of everything there is, as fast as it goes: straight from the read models, so that the log need not
//! be folded again.
//!
//! It is filled in the order of conversations and seqs, with what was sent up to the position at which the build began,
//! and committed now and then together with the last message that it has: a build that was broken off goes on there.
//! Messages are taken as they are when they are read. What has changed after that position is taken in afterwards in
//! any case, as in every index.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::reader::Reader;
use search::index::{Checkpoint, Index, Message, Writer};
use sqlx::{Connection as _, Executor as _, PgPool};

use super::rows::{self, ReadModel};
use super::{IndexingError, aside};

/// Messages read at once.
const CHUNK: i64 = 2_000;

/// Messages of a commit: what has to be done again if the build is broken off.
const COMMIT_EVERY: u64 = 100_000;

/// Fills the index in a directory, which is empty or was filled in part, and tells now and then how many messages it
/// has, and how many there will be, about. Answers how many it had before.
pub(super) async fn fill(
    pool: PgPool,
    directory: PathBuf,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<u64, IndexingError> {
    let (index, found, had) = aside(move || {
        let index = Index::open(&directory)?;
        let (found, had) = (index.checkpoint()?, index.messages());
        Ok((index, found, had))
    })
    .await?;
    let (mut checkpoint, mut last) = match found.filled {
        Some(last) => (found, last),
        None if found == Checkpoint::default() => (beginning(&pool).await?, (0, 0)),
        // It was filled, and not served.
        None => return Ok(had),
    };
    // Its own connection: it reads for minutes, and takes none from anybody.
    let mut connection = sqlx::ConnectOptions::connect(pool.connect_options().as_ref()).await?;
    connection.execute("SET statement_timeout TO 0").await?;
    let about = rows::count(&mut connection).await?;
    let mut writer = Arc::new(aside(move || Ok(index.writer()?)).await?);
    let (mut filled, mut committed) = (had, had);
    loop {
        let chunk = rows::after(&mut connection, &checkpoint, last, CHUNK).await?;
        let Some(key) = chunk.last().map(Message::key) else {
            break;
        };
        last = key;
        filled += chunk.len() as u64;
        let adding = Arc::clone(&writer);
        aside(move || add(&adding, &chunk)).await?;
        on_progress(filled, about.max(filled));
        if filled - committed >= COMMIT_EVERY {
            checkpoint.filled = Some(last);
            writer = commit(writer, checkpoint.clone()).await?;
            committed = filled;
        }
    }
    if ReadModel::seen_by(&mut connection).await?.numbering != checkpoint.numbering {
        return Err(IndexingError::Unfit(rows::RENUMBERED));
    }
    connection.close().await?;
    checkpoint.filled = None;
    commit(writer, checkpoint).await?;
    Ok(had)
}

/// What a build that begins now will be complete up to.
async fn beginning(pool: &PgPool) -> Result<Checkpoint, IndexingError> {
    let log = Reader::new(pool.clone()).head().await?.log_id.to_string();
    let read_model = ReadModel::look(pool).await?;
    Ok(Checkpoint {
        position: read_model.position.unsigned_abs(),
        time: read_model.time(),
        log,
        numbering: read_model.numbering,
        filled: None,
    })
}

fn add(writer: &Writer, messages: &[Message]) -> Result<(), IndexingError> {
    for message in messages {
        writer.add(message)?;
    }
    Ok(())
}

async fn commit(
    mut writer: Arc<Writer>,
    checkpoint: Checkpoint,
) -> Result<Arc<Writer>, IndexingError> {
    aside(move || {
        let own = Arc::get_mut(&mut writer).ok_or(IndexingError::Panicked)?;
        own.commit(&checkpoint)?;
        Ok(writer)
    })
    .await
}
