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
use log_integrity::erasure::ledger;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::config::{EraseCommand, OutputArgs, SystemConfig};
use crate::database::OperatorDatabase;
use crate::service::pools;
use receipt::ErasureReceipt;
use request::ErasureSummary;

/// How long to wait until erased data has been removed from the log, the stream and the read
/// models.
const ERASURE_TIMEOUT: Duration = Duration::from_secs(300);

/// How often progress is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Erases and prints the receipt.
pub async fn run(config: &SystemConfig, command: EraseCommand) -> Result<()> {
    let (scope, output) = match command {
        EraseCommand::Message {
            conversation,
            seq,
            output: told,
        } => (json!({ "conversation_id": conversation, "seq": seq }), told),
        EraseCommand::Conversation {
            conversation,
            output: told,
        } => (json!({ "conversation_id": conversation }), told),
        EraseCommand::User { user, output: told } => (json!({ "user": user }), told),
        EraseCommand::Files { output: told } => return files::run(config, told).await,
        EraseCommand::Show { from, output: told } => return show_receipt(config, from, told).await,
    };
    erase(config, scope, output).await
}

async fn erase(config: &SystemConfig, scope: Value, output: OutputArgs) -> Result<()> {
    let erased = request::request_erasure(config, scope).await?;
    let database = OperatorDatabase::open(config).await?;
    let done = async {
        wait_until_erased(&database.pool, &erased).await?;
        ErasureReceipt::load(config, &database.pool, &erased).await
    };
    let receipt = done.await;
    database.close().await?;
    receipt?.print(output.json);
    Ok(())
}

/// Waits until the erased data has been removed from the log, the stream and the read models. The
/// search index follows the read models.
async fn wait_until_erased(pool: &PgPool, erased: &ErasureSummary) -> Result<()> {
    let deadline = Instant::now() + ERASURE_TIMEOUT;
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
                ERASURE_TIMEOUT.as_secs(),
                progress.not_mirrored,
                progress.position,
                erased.position
            );
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn show_receipt(config: &SystemConfig, from: i64, output: OutputArgs) -> Result<()> {
    let database = OperatorDatabase::open(config).await?;
    let receipt = async {
        pools::migrate(&database.pool).await?;
        let all = ErasureSummary {
            first: Some(from),
            position: i64::MAX,
            ..ErasureSummary::default()
        };
        ErasureReceipt::load(config, &database.pool, &all).await
    };
    let receipt = receipt.await;
    database.close().await?;
    receipt?.print(output.json);
    Ok(())
}
