//! `tidings status`: shows system status.

use anyhow::Result;
use diagnostics::{StatusSources, collect_status, render_status, watch_status};
use settings::{StatusArgs, SystemConfig};

use crate::output::{out, outln};

/// Prints the status. A stopped system is a valid result; a running one that cannot be queried is
/// an error.
pub async fn run(config: &SystemConfig, args: &StatusArgs) -> Result<()> {
    let sources = StatusSources {
        data: &config.data_dir(),
        servers: config.server_urls(),
        mirror: config.mirror_config(),
        index_dir: config.index_dir(),
    };
    if args.watch {
        return watch_status(sources, config.ports.metrics_listen).await;
    }
    let status = collect_status(sources).await?;
    if args.json {
        outln!("{}", serde_json::to_string(&status)?)?;
    } else {
        out!("{}", render_status(&status))?;
    }
    Ok(())
}
