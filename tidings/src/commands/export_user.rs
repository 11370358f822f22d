//! `tidings export-user`: exports all data about a user, as for an access request.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use accounts::{AccountRecord, AccountStore};
use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, with_migrated_database};
use domain::ids::UserId;
use query_api::user_export;
use serde_json::json;
use settings::{ExportUserArgs, SystemConfig};

use super::recorded_export::record_user_export;
use crate::output::OutputError;

/// Writes the export, and prints the number of lines to standard error.
pub async fn run(config: &SystemConfig, args: &ExportUserArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(format!("USER: {error}")))?;
    let mut out = ExportOutput::new(args.out.clone());
    let lines = with_migrated_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let write = |line: &str| out.write_line(line);
            let mut lines = user_export::export_user(&database.pool, user.as_str(), write).await?;
            let accounts = AccountStore::new(database.pool.clone());
            match accounts.find_record(&user).await? {
                None => {}
                Some(account) => {
                    out.write_line(&describe_account(&user, &account))?;
                    lines += 1;
                }
            }
            if lines > 0 {
                record_user_export(&database.pool, &user).await;
            }
            Ok(lines)
        },
    )
    .await?;
    out.finish()?;
    if lines == 0 {
        bail!("there is no data about a user {user}");
    }
    eprintln!("{} about {user}", format_count(lines, "line"));
    Ok(())
}

/// The line about a local account. The hash of the password is a secret, and no data about anybody.
fn describe_account(user: &UserId, account: &AccountRecord) -> String {
    json!({
        "kind": "account", "id": user, "created_at": account.created_at,
        "changed_at": account.changed_at, "is_open": account.is_open,
    })
    .to_string()
}

/// A new file, or standard output. The file is created with its first line: an export that fails
/// before leaves nothing.
struct ExportOutput {
    path: Option<PathBuf>,
    writer: Option<BufWriter<Box<dyn Write + Send>>>,
}

impl ExportOutput {
    fn new(path: Option<PathBuf>) -> Self {
        Self { path, writer: None }
    }

    fn write_line(&mut self, line: &str) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self
                .writer
                .insert(BufWriter::new(open(self.path.as_ref())?)),
        };
        writer.write_all(line.as_bytes())?;
        writer.write_all(b"\n")
    }

    fn finish(self) -> Result<(), OutputError> {
        match self.writer {
            Some(mut writer) => writer.flush().map_err(OutputError::from),
            None => Ok(()),
        }
    }
}

fn open(path: Option<&PathBuf>) -> io::Result<Box<dyn Write + Send>> {
    let Some(path) = path else {
        return Ok(Box::new(io::stdout()));
    };
    let file = File::create_new(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    Ok(Box::new(file))
}
