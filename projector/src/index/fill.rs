//! Fills a new index with all messages, straight from the read model, so that the log need not be
//! folded again.
//!
//! Messages are added in the order of conversation and seq, up to the position at which the build
//! began. Each commit records the last message added, so an interrupted build resumes there. A
//! message is indexed with its content at the time it is read; changes after the starting position
//! are indexed afterwards, as in every index.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::reader::LogReader;
use search::index::{Index, IndexCheckpoint, MessageDocument, SearchIndexWriter};
use sqlx::{Connection as _, Executor as _, PgPool};

use super::blocking::run_blocking;
use super::error::IndexingError;
use super::messages;
use super::read_model::{ReadModelState, check_numbering};

/// The maximum number of messages per read.
const MAX_CHUNK_MESSAGES: i64 = 2_000;

/// How many messages are added per commit: an interrupted build repeats at most this many.
const MAX_COMMIT_MESSAGES: u64 = 100_000;

/// Fills the index in a directory that is empty or partly filled. `on_progress` gets the number of
/// messages so far and about how many there will be. Returns how many messages the index already
/// contained.
pub(super) async fn fill(
    pool: PgPool,
    directory: PathBuf,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<u64, IndexingError> {
    let (index, found, resumed) = run_blocking(move || {
        let index = Index::open(&directory)?;
        let (found, resumed) = (index.checkpoint()?, index.message_count());
        Ok((index, found, resumed))
    })
    .await?;
    let (mut checkpoint, mut last) = match found.filled {
        Some(last) => (found, last),
        None if found == IndexCheckpoint::default() => (initial_checkpoint(&pool).await?, (0, 0)),
        // The build was completely filled but never served.
        None => return Ok(resumed),
    };
    // A dedicated connection, because reading takes minutes and must not occupy one of the pool.
    let mut connection = connectivity::postgres::connect(&pool.connect_options()).await?;
    connection.execute("SET statement_timeout TO 0").await?;
    let total = messages::estimate_count(&mut connection).await?;
    let mut writer = Arc::new(run_blocking(move || Ok(index.writer()?)).await?);
    let (mut filled, mut committed) = (resumed, resumed);
    loop {
        let chunk =
            messages::load_after(&mut connection, &checkpoint, last, MAX_CHUNK_MESSAGES).await?;
        let Some(key) = chunk.last().map(MessageDocument::key) else {
            break;
        };
        last = key;
        filled += chunk.len() as u64;
        let adding = Arc::clone(&writer);
        run_blocking(move || add_messages(&adding, &chunk)).await?;
        on_progress(filled, total.max(filled));
        if filled - committed >= MAX_COMMIT_MESSAGES {
            checkpoint.filled = Some(last);
            writer = commit(writer, checkpoint.clone()).await?;
            committed = filled;
        }
    }
    let read_model = ReadModelState::load_with(&mut connection).await?;
    check_numbering(read_model.numbering, checkpoint.numbering)?;
    connection.close().await?;
    checkpoint.filled = None;
    commit(writer, checkpoint).await?;
    Ok(resumed)
}

/// The checkpoint of a build that begins now.
async fn initial_checkpoint(pool: &PgPool) -> Result<IndexCheckpoint, IndexingError> {
    let log = LogReader::new(pool.clone())
        .head()
        .await?
        .log_id
        .to_string();
    let read_model = ReadModelState::load(pool).await?;
    Ok(IndexCheckpoint {
        position: read_model.position.unsigned_abs(),
        tag: Some(read_model.tag().to_bits()),
        time: read_model.time(),
        log,
        numbering: read_model.numbering,
        filled: None,
    })
}

fn add_messages(
    writer: &SearchIndexWriter,
    messages: &[MessageDocument],
) -> Result<(), IndexingError> {
    for message in messages {
        writer.add(message)?;
    }
    Ok(())
}

async fn commit(
    mut writer: Arc<SearchIndexWriter>,
    checkpoint: IndexCheckpoint,
) -> Result<Arc<SearchIndexWriter>, IndexingError> {
    run_blocking(move || {
        let exclusive = Arc::get_mut(&mut writer).ok_or(IndexingError::Panicked)?;
        exclusive.commit(&checkpoint)?;
        Ok(writer)
    })
    .await
}
