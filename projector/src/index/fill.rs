//! A new index of everything there is, as fast as it goes: straight from the read models, in one
//! snapshot of them, so that the log need not be folded again.

use std::path::PathBuf;
use std::sync::Arc;

use event_log::reader::Reader;
use futures::TryStreamExt as _;
use search::index::{Checkpoint, Index, Message};
use sqlx::{Connection as _, Executor as _, PgPool};

use super::rows::{self, ReadModel};
use super::{IndexingError, aside};

/// Messages handed over at once.
const CHUNK: usize = 2_000;

/// Fills the index in an empty directory, and tells now and then how many messages it has, and how many
/// there will be, about.
pub(super) async fn fill(
    pool: PgPool,
    directory: PathBuf,
    on_progress: impl Fn(u64, u64) + Send,
) -> Result<(), IndexingError> {
    let log = Reader::new(pool.clone()).head().await?.log_id.to_string();
    // Its own connection: it reads for minutes, and takes none from anybody.
    let mut connection = sqlx::ConnectOptions::connect(pool.connect_options().as_ref()).await?;
    connection
        .execute("SET idle_in_transaction_session_timeout TO 0; SET statement_timeout TO 0")
        .await?;
    let mut snapshot = connection.begin().await?;
    snapshot
        .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .await?;
    let read_model = ReadModel::seen_by(&mut snapshot).await?;
    let about = rows::count(&mut snapshot).await?;
    let mut writer = Arc::new(aside(move || Ok(Index::open(&directory)?.writer()?)).await?);
    let mut filled = 0;
    let mut chunks = rows::all(&mut snapshot).try_chunks(CHUNK);
    while let Some(chunk) = chunks.try_next().await.map_err(|error| error.1)? {
        filled += chunk.len() as u64;
        let adding = Arc::clone(&writer);
        aside(move || add(&adding, &chunk)).await?;
        on_progress(filled, about.max(filled));
    }
    drop(chunks);
    snapshot.commit().await?;
    connection.close().await?;
    let checkpoint = Checkpoint {
        position: read_model.position.unsigned_abs(),
        time: read_model.time(),
        log,
        numbering: read_model.numbering,
    };
    aside(move || {
        let writer = Arc::get_mut(&mut writer).ok_or(IndexingError::Panicked)?;
        Ok(writer.commit(&checkpoint)?)
    })
    .await
}

fn add(writer: &search::index::Writer, messages: &[Message]) -> Result<(), IndexingError> {
    for message in messages {
        writer.add(message)?;
    }
    Ok(())
}
