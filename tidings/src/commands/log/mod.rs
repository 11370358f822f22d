//! `tidings log`: the log for analysts.
//!
//! - `slice`: which events. `output`: lines, for as long as somebody reads them.
//! - [`tail`], [`show`], [`export`], [`stats`], [`replay`], [`verify`]: one file a command.

pub mod export;
mod output;
pub mod replay;
pub mod show;
mod slice;
pub mod stats;
pub mod tail;
pub mod verify;

use anyhow::Result;

use crate::config::{Config, LogCommand};
use crate::database::Database;
use crate::service::pools;
use crate::service::stop;

/// Does what was asked. A signal ends it in order.
pub async fn run(config: &Config, command: LogCommand) -> Result<()> {
    let stop = stop::on_signal()?;
    if let LogCommand::Verify(args) = &command
        && let Some(dir) = &args.export
    {
        return verify::export(config, args, dir);
    }
    let database = Database::reach(config).await?;
    pools::migrated(&database.pool).await?;
    let done = match &command {
        LogCommand::Tail(args) => tail::run(&database.pool, args, &stop).await,
        LogCommand::Show { position } => show::run(&database.pool, *position).await,
        LogCommand::Export(args) => export::run(&database.pool, args, &stop).await,
        LogCommand::Stats(args) => stats::run(&database.pool, args, &stop).await,
        LogCommand::Verify(args) => verify::database(config, &database.pool, args, &stop).await,
        LogCommand::Seal => verify::seal(config, &database.pool).await,
        LogCommand::Replay(args) => replay::run(config, &database, args, &stop).await,
    };
    database.leave().await?;
    done
}
