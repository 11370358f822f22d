//! Rewrites every file that may still contain erased data.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use event_log::erasure::files::{self, WalOutcome};
use event_log::erasure::ledger;
use projector::PreviousVersion;
use projector::index::{IndexBuilds, IndexProgress, RebuildStart};
use serde_json::json;
use sqlx::PgPool;

use crate::commands::progress;
use crate::config::{OutputArgs, SystemConfig};
use crate::database::OperatorDatabase;
use crate::service::pools;

/// Number of events that the rebuild folds per batch.
const BATCH_SIZE: usize = 10_000;

/// Rewrites the files and prints what was rewritten.
pub async fn run(config: &SystemConfig, output: OutputArgs) -> Result<()> {
    let database = OperatorDatabase::open(config).await?;
    let done = rewrite_all(config, &database.pool, output).await;
    database.close().await?;
    done
}

async fn rewrite_all(config: &SystemConfig, pool: &PgPool, output: OutputArgs) -> Result<()> {
    let began = Instant::now();
    pools::migrate(pool).await?;
    let before = ledger::load_progress(pool).await?;
    if !before.is_complete_to(before.requested_to) {
        bail!(
            "the log is erased up to position {} of {}, and the stream still has {} copies: wait until the running \
             system has removed them, then run this command again",
            before.position,
            before.requested_to,
            before.not_mirrored
        );
    }
    let bar = progress::new_progress_bar("events");
    let erased = files::rewrite(pool, |copied| {
        bar.set_length(copied.head.unsigned_abs());
        bar.set_position(copied.position.unsigned_abs());
    })
    .await
    .context("the log's table could not be rewritten; nothing has changed")?;
    bar.finish_and_clear();
    let bar = progress::new_progress_bar("events");
    let rebuilt = projector::rebuild(
        pool.clone(),
        config.projector_config(),
        BATCH_SIZE,
        PreviousVersion::Drop,
        |done| {
            bar.set_length(done.head.unsigned_abs());
            bar.set_position(done.position.unsigned_abs());
        },
    )
    .await;
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    if projector::rollback::is_available(pool).await? {
        bail!("the replaced tables are still being read: run this command again");
    }
    let quiet = |_: IndexProgress| ();
    let index_dir = config.index_dir();
    let built = projector::index::rebuild_index(
        pool.clone(),
        index_dir.clone(),
        RebuildStart::Scratch,
        PreviousVersion::Drop,
        quiet,
    )
    .await?;
    if IndexBuilds::new(index_dir).kept_build()?.is_some() {
        bail!("another rebuild has kept the replaced index: run this command again");
    }
    let wal = files::recycle_wal(pool).await?;
    if matches!(wal, WalOutcome::Recycled(_)) {
        files::record_scrubbed(pool, erased).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    if output.json {
        let (renewed, kept) = match &wal {
            WalOutcome::Recycled(files) => (Some(files), None),
            WalOutcome::Skipped(reason) => (None, Some(reason)),
        };
        let json = json!({
            "erased_up_to": erased, "events": rebuilt.position, "messages": built.messages, "seconds": seconds,
            "wal_files": renewed, "wal_kept": kept,
        });
        println!("{json}");
    } else {
        println!(
            "rewrote {} events, their read models and an index of {} messages in {seconds:.1} seconds",
            rebuilt.position, built.messages
        );
        match &wal {
            WalOutcome::Recycled(files) => println!("rewrote {files} files of the write-ahead log"),
            WalOutcome::Skipped(reason) => println!(
                "the write-ahead log was not rewritten ({reason}): a superuser can recycle it with CHECKPOINT and \
                 pg_switch_wal(); otherwise Postgres recycles it over time"
            ),
        }
        println!(
            "these files no longer contain data that was erased up to position {erased}; backups may still contain it"
        );
    }
    Ok(())
}
