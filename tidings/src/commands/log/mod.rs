//! `tidings log`: the log for analysts.
//!
//! - `slice`: which events. `output`: lines, for as long as somebody reads them.
//! - [`tail`], [`show`], [`export`], [`stats`], [`replay`]: one file a command.

pub mod export;
mod output;
pub mod replay;
pub mod show;
mod slice;
pub mod stats;
pub mod tail;

use anyhow::Result;

use crate::config::{Config, LogCommand};
use crate::database::Database;
use crate::service::pools;
use crate::service::stop;

/// Does what was asked. A signal ends it in order.
pub async fn run(config: &Config, command: LogCommand) -> Result<()> {
    let stop = stop::on_signal()?;
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let done = match &command {
        LogCommand::Tail(args) => tail::run(&database.pool, args, &stop).await,
        LogCommand::Show { position } => show::run(&database.pool, *position).await,
        LogCommand::Export(args) => export::run(&database.pool, args, &stop).await,
        LogCommand::Stats(args) => stats::run(&database.pool, args, &stop).await,
        LogCommand::Replay(args) => replay::run(config, &database, args, &stop).await,
    };
    database.leave().await?;
    done
}
