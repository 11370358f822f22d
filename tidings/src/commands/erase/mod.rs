//! `tidings erase`: content taken out for good.
//!
//! - [`request`]: asks the running system to erase.
//! - [`files`]: writes anew what may still be on a disk.
//! - [`receipt`]: what was erased, and from where it is gone by now.

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

/// How long what was erased is given to be gone from everywhere.
const PATIENCE: Duration = Duration::from_secs(300);

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Erases and prints the receipt.
pub async fn run(config: &Config, command: EraseCommand) -> Result<()> {
    let (what, told) = match command {
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
    erase(config, what, told).await
}

async fn erase(config: &Config, what: Value, told: ToldArgs) -> Result<()> {
    let erased = request::erase(config, what).await?;
    let database = Database::reach(config).await?;
    let done = async {
        wait(&database.pool, &erased).await?;
        Receipt::of(config, &database.pool, &erased).await
    };
    let receipt = done.await;
    database.leave().await?;
    receipt?.print(told.json);
    Ok(())
}

/// Until log, stream and read models have lost it. The search index follows the read models.
async fn wait(pool: &PgPool, erased: &Erased) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let progress = ledger::progress(pool).await?;
        let folded: i64 = sqlx::query_scalar("SELECT position FROM read.checkpoint")
            .fetch_one(pool)
            .await?;
        if progress.is_done_to(erased.position) && folded >= erased.position.min(progress.ordered) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            bail!(
                "it is erased for everybody who reads, but after {} s not yet from everywhere: {} copies are left in \
                 the stream, the log is at position {} and the read models at {folded} of {}; `tidings erase show` \
                 tells when it is done",
                PATIENCE.as_secs(),
                progress.not_mirrored,
                progress.position,
                erased.position
            );
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn show(config: &Config, from: i64, told: ToldArgs) -> Result<()> {
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
    receipt?.print(told.json);
    Ok(())
}
