//! `tidings export-user`: exports all data about a user, as for an access request.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use anyhow::{Context as _, Result, bail};
use domain::ids::UserId;
use query_api::person;

use crate::config::{Config, ExportUserArgs};
use crate::database::Database;
use crate::service::pools;
use crate::usage::Usage;

/// Writes the export, and prints the number of lines to standard error.
pub async fn run(config: &Config, args: &ExportUserArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| Usage(format!("USER: {error}")))?;
    let mut out: Box<dyn std::io::Write + Send> = match &args.out {
        Some(path) => {
            let file = File::create_new(path);
            Box::new(file.with_context(|| format!("cannot create {}", path.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let database = Database::reach(config).await?;
    let written = async {
        pools::migrated(&database.pool).await?;
        let mut out = BufWriter::new(&mut out);
        let write = |line: &str| {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")
        };
        let lines = person::everything(&database.pool, user.as_str(), write).await?;
        out.flush()?;
        Ok::<_, anyhow::Error>(lines)
    };
    let written = written.await;
    database.leave().await?;
    let lines = written?;
    if lines == 0 {
        bail!("there is no data about a user {user}");
    }
    eprintln!("{lines} lines about {user}");
    Ok(())
}
