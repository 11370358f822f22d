//! `tidings export-user`: exports all data about a user, as for an access request. Their files are
//! written beside the export.

use std::path::Path;

use accounts::{AccountRecord, AccountStore};
use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, with_migrated_database};
use domain::ids::UserId;
use query_api::user_export::{self, ExportOutput, ExportedFile};
use serde_json::json;
use settings::{ExportUserArgs, SystemConfig};

use super::recorded_export::record_user_export;
use crate::output::OutputError;

/// Writes the export, and prints the number of lines to standard error.
pub async fn run(config: &SystemConfig, args: &ExportUserArgs) -> Result<()> {
    let user = UserId::parse(&args.user).map_err(|error| UsageError(format!("USER: {error}")))?;
    let mut out = ExportOutput::new(args.out.clone());
    let (lines, files) = with_migrated_database(
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
            let files = user_export::list_files(&database.pool, user.as_str()).await?;
            Ok((lines, files))
        },
    )
    .await?;
    out.finish().map_err(OutputError::from)?;
    if lines == 0 {
        bail!("there is no data about a user {user}");
    }
    eprintln!("{} about {user}", format_count(lines, "line"));
    export_files(config, args.out.as_deref(), &files).await
}

/// Writes the files of the user beside the export.
async fn export_files(
    config: &SystemConfig,
    out: Option<&Path>,
    files: &[ExportedFile],
) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let count = format_count(files.len() as u64, "file");
    let Some(out) = out else {
        eprintln!("{count} not exported: that needs --out");
        return Ok(());
    };
    let mut directory = out.as_os_str().to_owned();
    directory.push(".files");
    let directory = Path::new(&directory);
    let store = config.files.open(&config.data)?;
    user_export::write_files(&store, files, directory).await?;
    eprintln!("{count} in {}", directory.display());
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
