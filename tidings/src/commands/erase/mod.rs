//! `tidings erase`: permanently erases content.
//!
//! - [`request`]: requests the erasure from the running system.
//! - [`receipt`]: reports what was erased, and where it has been removed so far.
//! - [`files`]: rewrites the files that may still contain erased data.

mod files;
mod receipt;
mod request;

use std::time::Duration;

use anyhow::{Result, bail};
use event_log::erasure::ledger;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::config::{Config, EraseCommand, ToldArgs};
use crate::database::Database;
use crate::service::pools;
use receipt::Receipt;
use request::Erased;

/// How long to wait until erased data has been removed from the log, the stream and the read
/// models.
const PATIENCE: Duration = Duration::from_secs(300);

/// How often progress is polled.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Erases and prints the receipt.
pub async fn run(config: &Config, command: EraseCommand) -> Result<()> {
    let (scope, output) = match command {
        EraseCommand::Message {
            conversation,
            seq,
            told,
        } => (json!({ "conversation_id": conversation, "seq": seq }), told),
        EraseCommand::Conversation { conversation, told } => {
            (json!({ "conversation_id": conversation }), told)
        }
        EraseCommand::User { user, told } => (json!({ "user": user }), told),
        EraseCommand::Files { told } => return files::run(config, told).await,
        EraseCommand::Show { from, told } => return show(config, from, told).await,
    };
    erase(config, scope, output).await
}

async fn erase(config: &Config, scope: Value, output: ToldArgs) -> Result<()> {
    let erased = request::erase(config, scope).await?;
    let database = Database::reach(config).await?;
    let done = async {
        wait(&database.pool, &erased).await?;
        Receipt::of(config, &database.pool, &erased).await
    };
    let receipt = done.await;
    database.leave().await?;
    receipt?.print(output.json);
    Ok(())
}

/// Waits until the erased data has been removed from the log, the stream and the read models. The
/// search index follows the read models.
async fn wait(pool: &PgPool, erased: &Erased) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let progress = ledger::load_progress(pool).await?;
        let folded: i64 = sqlx::query_scalar("SELECT position FROM read.checkpoint")
            .fetch_one(pool)
            .await?;
        if progress.is_complete_to(erased.position)
            && folded >= erased.position.min(progress.requested_to)
        {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!(
                "the content is no longer readable, but was not removed everywhere within {} s: the stream still \
                 has {} copies, the log is at position {} and the read models are at {folded} of {}; follow the \
                 progress with `tidings erase show`",
                PATIENCE.as_secs(),
                progress.not_mirrored,
                progress.position,
                erased.position
            );
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn show(config: &Config, from: i64, output: ToldArgs) -> Result<()> {
    let database = Database::reach(config).await?;
    let receipt = async {
        pools::migrated(&database.pool).await?;
        let all = Erased {
            first: Some(from),
            position: i64::MAX,
            ..Erased::default()
        };
        Receipt::of(config, &database.pool, &all).await
    };
    let receipt = receipt.await;
    database.leave().await?;
    receipt?.print(output.json);
    Ok(())
}
