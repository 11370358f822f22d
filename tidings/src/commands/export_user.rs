//! `tidings export-user`: exports all data about a user, as for an access request.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, UsageError, with_migrated_database};
use domain::ids::UserId;
use query_api::user_export;

use crate::config::{ExportUserArgs, SystemConfig};
use crate::output::OutputError;

/// Writes the export, and prints the number of lines to standard error.
pub async fn run(config: &SystemConfig, args: &ExportUserArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(format!("USER: {error}")))?;
    let mut out: Box<dyn std::io::Write + Send> = match &args.out {
        Some(path) => {
            let file = File::create_new(path);
            Box::new(file.with_context(|| format!("cannot create {}", path.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let lines = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let mut out = BufWriter::new(&mut out);
            let write = |line: &str| {
                out.write_all(line.as_bytes())?;
                out.write_all(b"\n")
            };
            let lines = user_export::export_user(&database.pool, user.as_str(), write).await?;
            out.flush().map_err(OutputError::from)?;
            Ok(lines)
        },
    )
    .await?;
    if lines == 0 {
        bail!("there is no data about a user {user}");
    }
    eprintln!("{lines} lines about {user}");
    Ok(())
}
