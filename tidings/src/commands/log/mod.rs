//! `tidings log`: commands that read, export and verify the event log.
//!
//! - `slice`: selects the events. `output`: writes lines until the reader closes the pipe.
//! - [`tail`], [`show`], [`export`], [`stats`], [`replay`], [`verify`]: one module per command.

pub mod export;
mod output;
pub mod replay;
pub mod show;
mod slice;
pub mod stats;
pub mod tail;
pub mod verify;

use anyhow::Result;

use crate::config::{LogCommand, SystemConfig};
use crate::database::OperatorDatabase;
use crate::service::pools;
use crate::service::signals;

/// Runs the command. A signal stops it gracefully.
pub async fn run(config: &SystemConfig, command: LogCommand) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    if let LogCommand::Verify(args) = &command
        && let Some(dir) = &args.export
    {
        return verify::verify_export(config, args, dir);
    }
    let database = OperatorDatabase::open(config).await?;
    pools::migrate(&database.pool).await?;
    let result = match &command {
        LogCommand::Tail(args) => tail::run(&database.pool, args, &stop).await,
        LogCommand::Show { position } => show::run(&database.pool, *position).await,
        LogCommand::Export(args) => export::run(&database.pool, args, &stop).await,
        LogCommand::Stats(args) => stats::run(&database.pool, args, &stop).await,
        LogCommand::Verify(args) => {
            verify::verify_database(config, &database.pool, args, &stop).await
        }
        LogCommand::Seal => verify::seal_log(config, &database.pool).await,
        LogCommand::Replay(args) => replay::run(config, &database, args, &stop).await,
    };
    database.close().await?;
    result
}
