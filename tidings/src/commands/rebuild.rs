//! `tidings rebuild`: the read models anew from the log, or the search index from the read models, while
//! the old ones serve.

use std::time::Instant;

use anyhow::Result;
use projector::ProjectorConfig;
use projector::index::IndexProgress;

use super::progress;
use crate::config::{Config, RebuildArgs, RebuildWhat};
use crate::database::Database;
use crate::service::pools;

/// Rebuilds and prints how far what is new is.
pub async fn run(config: &Config, args: &RebuildArgs) -> Result<()> {
    match args.what {
        RebuildWhat::ReadModels => read_models(config, args).await,
        RebuildWhat::Search => search(config).await,
    }
}

async fn search(config: &Config) -> Result<()> {
    let began = Instant::now();
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let bar = progress::bar("messages");
    let place = config.search();
    let told = |progress| match progress {
        IndexProgress::Filled { messages, of } => {
            bar.set_length(of);
            bar.set_position(messages);
        }
        IndexProgress::Elsewhere => {
            tracing::info!("the projector that runs on this data directory builds it");
        }
    };
    let outcome = projector::index::rebuild_index(database.pool.clone(), place, told).await;
    bar.finish_and_clear();
    database.leave().await?;
    let (messages, position) = outcome?;
    println!(
        "indexed {messages} messages up to position {position} in {:.1} seconds",
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn read_models(config: &Config, args: &RebuildArgs) -> Result<()> {
    let began = Instant::now();
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let projector = ProjectorConfig {
        fanout_threshold: config.fanout_threshold,
        offline_window: config.offline_window,
        ..ProjectorConfig::default()
    };
    let bar = progress::bar("events");
    let batch = usize::try_from(args.batch)?;
    let outcome = projector::rebuild(database.pool.clone(), projector, batch, |progress| {
        bar.set_length(progress.head.unsigned_abs());
        bar.set_position(progress.position.unsigned_abs());
    })
    .await;
    bar.finish_and_clear();
    database.leave().await?;
    let done = outcome?;
    println!(
        "rebuilt up to position {} in {:.1} seconds",
        done.position,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}
