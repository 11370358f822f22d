//! `tidings rebuild` rebuilds the read models from the log, or the search index from the read
//! models, while the old ones stay in service. `tidings verify` compares them with a fresh rebuild
//! and changes nothing.

use std::time::Instant;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use projector::index::{IndexBuilds, IndexComparison, IndexProgress, RebuildStart};
use projector::{PreviousVersion, ProjectionError, RebuildProgress, RowDifference, rollback};
use serde_json::{Map, Value};
use sqlx::PgPool;

use super::progress;
use crate::config::{RebuildArgs, RebuildTarget, SystemConfig, VerifyArgs};
use crate::database::OperatorDatabase;
use crate::service::pools;

const NOTHING_TO_RESTORE: &str =
    "no rebuild has kept the data that it replaced; use `tidings rebuild --keep`";

/// Rebuilds, restores or drops, and prints the result.
pub async fn run(config: &SystemConfig, args: &RebuildArgs) -> Result<()> {
    let replaced = if args.keep {
        PreviousVersion::Keep
    } else {
        PreviousVersion::Drop
    };
    match args.target {
        RebuildTarget::ReadModels => rebuild_read_models(config, args, replaced).await,
        RebuildTarget::Search => {
            rebuild_search(config, RebuildStart::InterruptedBuild, replaced).await
        }
        RebuildTarget::RestoreReadModels => {
            let resume =
                async |pool: &PgPool| rollback::prepare(pool, &config.projector_config()).await;
            if !with_database(config, resume).await? {
                bail!(NOTHING_TO_RESTORE);
            }
            rebuild_read_models(config, args, replaced).await
        }
        RebuildTarget::RestoreSearch => {
            if IndexBuilds::new(config.index_dir()).kept_build()?.is_none() {
                bail!("no rebuild has kept an index; use `tidings rebuild search --keep`");
            }
            rebuild_search(config, RebuildStart::KeptIndex, replaced).await
        }
        RebuildTarget::DropReplaced => drop_replaced(config).await,
    }
}

async fn with_database<T>(
    config: &SystemConfig,
    act: impl AsyncFnOnce(&PgPool) -> Result<T, ProjectionError>,
) -> Result<T> {
    let database = OperatorDatabase::open(config).await?;
    let acted = act(&database.pool).await;
    database.close().await?;
    Ok(acted?)
}

async fn drop_replaced(config: &SystemConfig) -> Result<()> {
    let tables = with_database(config, rollback::discard).await?;
    let index = IndexBuilds::new(config.index_dir()).remove_kept()?;
    let dropped = match (tables, index) {
        (true, true) => "the tables and the search index",
        (true, false) => "the tables",
        (false, true) => "the search index",
        (false, false) => bail!(NOTHING_TO_RESTORE),
    };
    println!("dropped {dropped} that a rebuild had replaced");
    Ok(())
}

async fn rebuild_search(
    config: &SystemConfig,
    start: RebuildStart,
    replaced: PreviousVersion,
) -> Result<()> {
    let began = Instant::now();
    let database = OperatorDatabase::open(config).await?;
    pools::migrate(&database.pool).await?;
    let bar = progress::new_progress_bar("messages");
    let index_dir = config.index_dir();
    let on_progress = |progress| match progress {
        IndexProgress::Filled { messages, total } => {
            bar.set_length(total);
            bar.set_position(messages);
        }
        IndexProgress::Delegated => {
            tracing::info!(
                "waiting: the projector that runs on this data directory builds the index"
            );
        }
    };
    let pool = database.pool.clone();
    let outcome =
        projector::index::rebuild_index(pool, index_dir, start, replaced, on_progress).await;
    bar.finish_and_clear();
    database.close().await?;
    let built = outcome?;
    match (start, built.resumed) {
        (RebuildStart::KeptIndex, 0) => {
            println!("the kept index could not be resumed; a new one was built")
        }
        (RebuildStart::KeptIndex, had) => println!("resumed the kept index, of {had} messages"),
        (_, 0) => {}
        (_, had) => {
            println!("resumed an interrupted rebuild at {had} messages");
        }
    }
    match &built.comparison {
        Some(comparison) => print_comparison(comparison),
        None => println!("not compared: there was no index to compare with"),
    }
    println!(
        "indexed {} messages up to position {} in {:.1} seconds",
        built.messages,
        built.position,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

fn print_comparison(comparison: &IndexComparison) {
    let position = comparison.position;
    if comparison.is_equal() {
        println!("identical to the served index, at position {position}");
        return;
    }
    println!(
        "different from the served index, at position {position}: {} messages instead of {}; these differ:",
        comparison.served.messages, comparison.built.messages
    );
    for message in &comparison.differing {
        println!("message {} of {}", message.seq, message.conversation);
    }
}

async fn rebuild_read_models(
    config: &SystemConfig,
    args: &RebuildArgs,
    replaced: PreviousVersion,
) -> Result<()> {
    let began = Instant::now();
    let database = OperatorDatabase::open(config).await?;
    pools::migrate(&database.pool).await?;
    let bar = progress::new_progress_bar("events");
    let (projector, batch) = (config.projector_config(), usize::try_from(args.batch)?);
    let pool = database.pool.clone();
    let outcome =
        projector::rebuild(pool, projector, batch, replaced, progress_callback(&bar)).await;
    bar.finish_and_clear();
    database.close().await?;
    let done = outcome?;
    if done.start_position > 0 {
        let source = if args.target == RebuildTarget::RestoreReadModels {
            "the kept tables"
        } else {
            "an interrupted rebuild"
        };
        println!("resumed at position {}, from {source}", done.start_position);
    }
    match &done.comparison {
        None => println!("not compared: the served read models were behind"),
        Some(comparison) if comparison.is_equal() => {
            println!(
                "identical to the served read models, at position {}",
                comparison.position
            );
        }
        Some(comparison) => {
            println!(
                "different from the served read models, at position {}:",
                comparison.position
            );
            comparison
                .differences
                .iter()
                .for_each(|difference| println!("{}", describe_difference(difference)));
        }
    }
    println!(
        "rebuilt up to position {} in {:.1} seconds, swapped in {:.0} ms",
        done.position,
        began.elapsed().as_secs_f64(),
        done.swap_duration.as_secs_f64() * 1000.0
    );
    Ok(())
}

/// Runs `tidings verify`: compares the served read models, or search index, with a fresh rebuild.
/// Returns an error if they differ.
pub async fn verify(config: &SystemConfig, args: &VerifyArgs) -> Result<()> {
    if args.search {
        return verify_search(config, args).await;
    }
    let database = OperatorDatabase::open(config).await?;
    pools::migrate(&database.pool).await?;
    let bar = progress::new_progress_bar("events");
    let (projector, batch) = (config.projector_config(), usize::try_from(args.batch)?);
    let outcome = projector::verify(
        database.pool.clone(),
        projector,
        batch,
        progress_callback(&bar),
    )
    .await;
    bar.finish_and_clear();
    database.close().await?;
    let comparison = outcome?;
    if args.json {
        let json = serde_json::json!({
            "position": comparison.position, "equal": comparison.is_equal(),
            "served": comparison.served, "rebuilt": comparison.rebuilt,
            "differences": comparison.differences,
        });
        println!("{json}");
    } else {
        for (served, rebuilt) in comparison.served.iter().zip(&comparison.rebuilt) {
            let verdict = if served == rebuilt {
                "equal"
            } else {
                "differs"
            };
            println!(
                "{:<14} {:>10} rows  {}  {verdict}",
                served.table, served.rows, served.digest
            );
        }
        comparison
            .differences
            .iter()
            .for_each(|difference| println!("{}", describe_difference(difference)));
    }
    if comparison.is_equal() {
        return Ok(());
    }
    bail!("the read models differ from the log; repair them with `tidings rebuild`")
}

async fn verify_search(config: &SystemConfig, args: &VerifyArgs) -> Result<()> {
    let database = OperatorDatabase::open(config).await?;
    pools::migrate(&database.pool).await?;
    let bar = progress::new_progress_bar("messages");
    let on_progress = |messages, total| {
        bar.set_length(total);
        bar.set_position(messages);
    };
    let verified =
        projector::index::verify_index(database.pool.clone(), config.index_dir(), on_progress);
    let outcome = verified.await;
    bar.finish_and_clear();
    database.close().await?;
    let comparison = outcome?;
    if args.json {
        let json = serde_json::json!({
            "position": comparison.position, "equal": comparison.is_equal(),
            "served": comparison.served, "rebuilt": comparison.built,
            "differences": comparison.differing,
        });
        println!("{json}");
    } else {
        print_comparison(&comparison);
    }
    if comparison.is_equal() {
        return Ok(());
    }
    bail!("the index differs from the messages; repair it with `tidings rebuild search`")
}

fn progress_callback(bar: &ProgressBar) -> impl FnMut(RebuildProgress) + Send + use<> {
    let bar = bar.clone();
    move |progress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    }
}

/// Describes a differing row: its key, and the columns that differ.
fn describe_difference(difference: &RowDifference) -> String {
    let parse = |row: &Option<String>| -> Option<Map<String, Value>> {
        serde_json::from_str(row.as_deref()?).ok()
    };
    let row = format!("{} {}", difference.table, difference.key);
    match (parse(&difference.served), parse(&difference.rebuilt)) {
        (None, _) => format!("{row}: missing in the served read models"),
        (_, None) => format!("{row}: not expected in the served read models"),
        (Some(served), Some(rebuilt)) => {
            let columns = served
                .iter()
                .filter(|(name, value)| rebuilt.get(*name) != Some(value));
            let columns = columns.map(|(name, value)| {
                let expected = rebuilt.get(name).unwrap_or(&Value::Null);
                format!("{name} is {value}, expected {expected}")
            });
            format!("{row}: {}", columns.collect::<Vec<_>>().join(", "))
        }
    }
}
