//! Rewrites every file that may still contain erased data.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, format_count, with_migrated_database};
use log_integrity::erasure::files::{self, WalOutcome};
use log_integrity::erasure::ledger;
use projector::index::{IndexBuilds, IndexProgress};
use projector::{PreviousVersion, RebuildProgress, RebuildStart};
use serde_json::json;
use settings::{OutputArgs, SystemConfig};
use sqlx::PgPool;

use crate::output::{OutputError, outln};
use crate::progress::CommandProgress;

/// Number of events that the rebuild folds per batch.
const BATCH_SIZE: usize = 10_000;

/// What was rewritten.
struct RewriteSummary {
    /// Data erased up to this position is no longer in the files.
    erased_to: i64,
    /// The number of events in the log.
    events: i64,
    /// The number of messages in the search index.
    messages: u64,
    /// The result for the write-ahead log.
    wal: WalOutcome,
}

/// Rewrites the files and prints what was rewritten.
pub async fn run(config: &SystemConfig, output: OutputArgs) -> Result<()> {
    let began = Instant::now();
    let rewritten = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| rewrite_all(config, &database.pool).await,
    );
    let rewritten = rewritten.await?;
    let seconds = began.elapsed().as_secs_f64();
    if output.json {
        print_json(&rewritten, seconds)?;
    } else {
        print_text(&rewritten, seconds)?;
    }
    Ok(())
}

/// Rewrites the log, the read models, the search index and the write-ahead log, in this order: each
/// is made from the one before.
async fn rewrite_all(config: &SystemConfig, pool: &PgPool) -> Result<RewriteSummary> {
    let erased_to = rewrite_log(pool).await?;
    let events = rewrite_read_models(config, pool).await?;
    let messages = rewrite_search_index(config, pool).await?;
    let wal = files::recycle_wal(pool).await?;
    if matches!(wal, WalOutcome::Recycled(_)) {
        files::record_scrubbed(pool, erased_to).await?;
    }
    Ok(RewriteSummary {
        erased_to,
        events,
        messages,
        wal,
    })
}

/// Rewrites the table of the log. Returns the position up to which data was erased.
async fn rewrite_log(pool: &PgPool) -> Result<i64> {
    let before = ledger::load_progress(pool).await?;
    if !before.is_complete_to(before.requested_to) {
        bail!(
            "the log is erased up to position {} of {}, and the stream still has {}: wait until the running \
             system has removed them, then run this command again",
            before.position,
            before.requested_to,
            format_count(before.not_mirrored, "copy")
        );
    }
    let progress = CommandProgress::counting("events");
    files::rewrite(pool, |copied| {
        progress.update_position(copied.position, copied.head);
    })
    .await
    .context("the log's table could not be rewritten; nothing has changed")
}

/// Rebuilds the read models. Returns the number of events in them.
async fn rewrite_read_models(config: &SystemConfig, pool: &PgPool) -> Result<i64> {
    let progress = CommandProgress::counting("events");
    let on_progress = |done: RebuildProgress| progress.update_position(done.position, done.head);
    let rebuilt = projector::rebuild(
        pool.clone(),
        config.projector_config(),
        BATCH_SIZE,
        RebuildStart::Scratch,
        PreviousVersion::Drop,
        on_progress,
    )
    .await?;
    if projector::rollback::is_available(pool).await? {
        bail!("the replaced tables are still being read: run this command again");
    }
    Ok(rebuilt.position)
}

/// Builds a new search index. Returns the number of messages in it.
async fn rewrite_search_index(config: &SystemConfig, pool: &PgPool) -> Result<u64> {
    let index_dir = config.index_dir();
    let progress = CommandProgress::counting("messages");
    let on_progress = |step| {
        if let IndexProgress::Filled { messages, total } = step {
            progress.update(messages, total);
        }
    };
    let built = projector::index::rebuild_index(
        pool.clone(),
        index_dir.clone(),
        RebuildStart::Scratch,
        PreviousVersion::Drop,
        on_progress,
    )
    .await?;
    if IndexBuilds::new(index_dir).kept_build()?.is_some() {
        bail!("another rebuild has kept the replaced index: run this command again");
    }
    Ok(built.messages)
}

fn print_json(rewritten: &RewriteSummary, seconds: f64) -> Result<(), OutputError> {
    let (recycled, skipped) = match &rewritten.wal {
        WalOutcome::Recycled(files) => (Some(files), None),
        WalOutcome::Skipped(reason) => (None, Some(reason)),
    };
    let json = json!({
        "erased_up_to": rewritten.erased_to, "events": rewritten.events, "messages": rewritten.messages,
        "seconds": seconds, "wal_files": recycled, "wal_kept": skipped,
    });
    outln!("{json}")
}

fn print_text(rewritten: &RewriteSummary, seconds: f64) -> Result<(), OutputError> {
    outln!(
        "rewrote {}, the read models and an index of {} in {seconds:.1} seconds",
        format_count(rewritten.events, "event"),
        format_count(rewritten.messages, "message")
    )?;
    match &rewritten.wal {
        WalOutcome::Recycled(files) => outln!(
            "rewrote {} of the write-ahead log",
            format_count(*files, "file")
        )?,
        WalOutcome::Skipped(reason) => outln!(
            "the write-ahead log was not rewritten ({reason}): a superuser can recycle it with CHECKPOINT and \
             pg_switch_wal(); otherwise Postgres recycles it over time"
        )?,
    }
    outln!(
        "these files no longer contain data that was erased up to position {}; backups may still contain it",
        rewritten.erased_to
    )
}
