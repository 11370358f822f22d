//! `tidings rebuild`: the read models anew from the log, while the old ones serve.

use std::time::Instant;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use projector::ProjectorConfig;

use crate::config::{Config, RebuildArgs};
use crate::database::Database;
use crate::service::pools;

/// Rebuilds and prints how far the new read model is.
pub async fn run(config: &Config, args: &RebuildArgs) -> Result<()> {
    let began = Instant::now();
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let projector = ProjectorConfig {
        fanout_threshold: config.fanout_threshold,
        offline_window: config.offline_window,
        ..ProjectorConfig::default()
    };
    let bar = progress();
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

/// A bar over the events of the log, on standard error if that is a terminal.
fn progress() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "{wide_bar} {human_pos}/{human_len} events, {per_sec}, {eta} left",
    );
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
