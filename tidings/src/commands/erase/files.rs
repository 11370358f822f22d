//! Writes anew what may still have erased content on a disk.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use event_log::erasure::files::{self, Wal};
use event_log::erasure::ledger;
use projector::Replaced;
use projector::index::{IndexProgress, Start};
use serde_json::json;
use sqlx::PgPool;

use crate::commands::progress;
use crate::config::{Config, ToldArgs};
use crate::database::Database;
use crate::service::pools;

/// Events folded at once.
const BATCH: usize = 10_000;

/// Writes all of it anew, and says what that was.
pub async fn run(config: &Config, told: ToldArgs) -> Result<()> {
    let database = Database::reach(config).await?;
    let done = anew(config, &database.pool, told).await;
    database.leave().await?;
    done
}

async fn anew(config: &Config, pool: &PgPool, told: ToldArgs) -> Result<()> {
    let began = Instant::now();
    pools::migrated(pool).await?;
    let before = ledger::progress(pool).await?;
    if !before.is_done_to(before.ordered) {
        bail!(
            "the log is at position {} of {}, and {} copies are left in the stream: once the running system has \
             taken these out, run it again",
            before.position,
            before.ordered,
            before.not_mirrored
        );
    }
    let bar = progress::bar("events");
    let erased = files::rewrite(pool, |copied| {
        bar.set_length(copied.head.unsigned_abs());
        bar.set_position(copied.position.unsigned_abs());
    })
    .await
    .context("the log's table could not be written anew; nothing has changed")?;
    bar.finish_and_clear();
    let bar = progress::bar("events");
    let rebuilt = projector::rebuild(
        pool.clone(),
        config.projector(),
        BATCH,
        Replaced::Dropped,
        |done| {
            bar.set_length(done.head.unsigned_abs());
            bar.set_position(done.position.unsigned_abs());
        },
    )
    .await;
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    if projector::kept::is_there(pool).await? {
        bail!("the tables that were replaced are still being read: run it again");
    }
    let quiet = |_: IndexProgress| ();
    let place = config.search();
    let built = projector::index::rebuild_index(
        pool.clone(),
        place.clone(),
        Start::Anew,
        Replaced::Dropped,
        quiet,
    )
    .await?;
    if place.kept()?.is_some() {
        bail!("another rebuild has kept the index that was replaced: run it again");
    }
    let wal = files::wal(pool).await?;
    if matches!(wal, Wal::Renewed(_)) {
        files::note(pool, erased).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    if told.json {
        let (renewed, kept) = match &wal {
            Wal::Renewed(files) => (Some(files), None),
            Wal::Kept(why) => (None, Some(why)),
        };
        let json = json!({
            "erased_up_to": erased, "events": rebuilt.position, "messages": built.messages, "seconds": seconds,
            "wal_files": renewed, "wal_kept": kept,
        });
        println!("{json}");
    } else {
        println!(
            "wrote {} events, their read models and an index of {} messages anew in {seconds:.1} seconds",
            rebuilt.position, built.messages
        );
        match &wal {
            Wal::Renewed(files) => println!("wrote {files} files of the write-ahead log anew"),
            Wal::Kept(why) => println!(
                "the write-ahead log is as it was ({why}): a superuser has to let it go by CHECKPOINT and \
                 pg_switch_wal(), or it goes with time"
            ),
        }
        println!(
            "what was erased up to position {erased} is gone from these files; backups have their own"
        );
    }
    Ok(())
}
