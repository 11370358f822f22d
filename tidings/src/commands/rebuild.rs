//! `tidings rebuild` rebuilds the read models from the log, or the search index from the read
//! models, while the old ones stay in service. It can keep what it replaces, and restore that.

use std::time::Instant;

use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, with_database, with_migrated_database};
use projector::index::{IndexBuilds, IndexProgress};
use projector::{PreviousVersion, RebuildProgress, RebuildStart, RebuildSummary, rollback};
use settings::{ConfirmArgs, RebuildAction, RebuildArgs, RebuildSource, SystemConfig};

use super::{comparison, confirmation};
use crate::output::{OutputError, outln};
use crate::progress::CommandProgress;

const NOTHING_KEPT: &str =
    "no rebuild has kept the data that it replaced; use `tidings rebuild --keep`";

/// Rebuilds, restores or discards, and prints the result.
pub async fn run(config: &SystemConfig, args: &RebuildArgs) -> Result<()> {
    let action = args.action();
    if args.confirm.dry_run && action != RebuildAction::DiscardKept {
        return Err(UsageError("--dry-run requires --discard-kept".into()).into());
    }
    match action {
        RebuildAction::ReadModels(source) => rebuild_read_models(config, args, source).await,
        RebuildAction::SearchIndex(source) => rebuild_search(config, args, source).await,
        RebuildAction::DiscardKept => discard_kept(config, args.confirm).await,
    }
}

fn previous_version(args: &RebuildArgs) -> PreviousVersion {
    if args.keep {
        PreviousVersion::Keep
    } else {
        PreviousVersion::Drop
    }
}

async fn rebuild_read_models(
    config: &SystemConfig,
    args: &RebuildArgs,
    source: RebuildSource,
) -> Result<()> {
    let began = Instant::now();
    let batch = usize::try_from(args.batch)?;
    let done = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let (pool, projector) = (&database.pool, config.projector_config());
            let start = match source {
                RebuildSource::Scratch => RebuildStart::InterruptedBuild,
                RebuildSource::Kept => RebuildStart::KeptVersion,
            };
            let progress = CommandProgress::counting("events");
            let on_progress = |done: RebuildProgress| {
                progress.update_position(done.position, done.head);
            };
            let previous = previous_version(args);
            let pool = pool.clone();
            Ok(projector::rebuild(pool, projector, batch, start, previous, on_progress).await?)
        },
    );
    print_rebuilt(&done.await?, source, began.elapsed().as_secs_f64())?;
    Ok(())
}

fn print_rebuilt(
    done: &RebuildSummary,
    source: RebuildSource,
    seconds: f64,
) -> Result<(), OutputError> {
    if done.start_position > 0 {
        let source = match source {
            RebuildSource::Kept => "the kept tables",
            RebuildSource::Scratch => "an interrupted rebuild",
        };
        outln!("resumed at position {}, from {source}", done.start_position)?;
    }
    match &done.comparison {
        None => outln!("not compared: the served read models were behind")?,
        Some(comparison) => {
            let position = comparison.position;
            if comparison.is_equal() {
                outln!("identical to the served read models, at position {position}")?;
            } else {
                outln!("different from the served read models, at position {position}:")?;
            }
            comparison::print_row_differences(&comparison.differences)?;
        }
    }
    outln!(
        "rebuilt up to position {} in {seconds:.1} seconds, swapped in {:.0} ms",
        done.position,
        done.swap_duration.as_secs_f64() * 1000.0
    )
}

async fn rebuild_search(
    config: &SystemConfig,
    args: &RebuildArgs,
    source: RebuildSource,
) -> Result<()> {
    let index_dir = config.index_dir();
    let start = match source {
        RebuildSource::Scratch => RebuildStart::InterruptedBuild,
        RebuildSource::Kept if IndexBuilds::new(index_dir.clone()).kept_build()?.is_none() => {
            bail!("no rebuild has kept an index; use `tidings rebuild search --keep`");
        }
        RebuildSource::Kept => RebuildStart::KeptVersion,
    };
    let began = Instant::now();
    let built = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let progress = CommandProgress::counting("messages");
            let on_progress = |step| match step {
                IndexProgress::Filled { messages, total } => progress.update(messages, total),
                IndexProgress::Delegated => {
                    tracing::info!(
                        "waiting: the projector that runs on this data directory builds the index"
                    );
                }
            };
            let (pool, previous) = (database.pool.clone(), previous_version(args));
            Ok(
                projector::index::rebuild_index(pool, index_dir, start, previous, on_progress)
                    .await?,
            )
        },
    );
    let built = built.await?;
    match (source, built.resumed) {
        (RebuildSource::Kept, 0) => {
            outln!("the kept index could not be resumed; a new one was built")?;
        }
        (RebuildSource::Kept, had) => {
            outln!(
                "resumed the kept index, of {}",
                format_count(had, "message")
            )?;
        }
        (RebuildSource::Scratch, 0) => {}
        (RebuildSource::Scratch, had) => {
            outln!(
                "resumed an interrupted rebuild at {}",
                format_count(had, "message")
            )?;
        }
    }
    match &built.comparison {
        Some(comparison) => comparison::print_index_comparison(comparison)?,
        None => outln!("not compared: there was no index to compare with")?,
    }
    outln!(
        "indexed {} up to position {} in {:.1} seconds",
        format_count(built.messages, "message"),
        built.position,
        began.elapsed().as_secs_f64()
    )?;
    Ok(())
}

async fn discard_kept(config: &SystemConfig, confirm: ConfirmArgs) -> Result<()> {
    let builds = IndexBuilds::new(config.index_dir());
    with_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let tables = rollback::is_available(&database.pool).await?;
            let kept = match (tables, builds.kept_build()?.is_some()) {
                (true, true) => "the tables and the search index",
                (true, false) => "the tables",
                (false, true) => "the search index",
                (false, false) => bail!(NOTHING_KEPT),
            };
            let effect = format!("drop {kept} that a rebuild had replaced");
            if confirm.dry_run {
                outln!("this would {effect}")?;
                return Ok(());
            }
            confirmation::require(confirm, &effect)?;
            rollback::discard(&database.pool).await?;
            builds.remove_kept()?;
            outln!("dropped {kept} that a rebuild had replaced")?;
            Ok(())
        },
    )
    .await
}
