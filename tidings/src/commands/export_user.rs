//! `tidings export-user`: exports all data about a user, as for an access request. Their files are
//! written beside the export.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use accounts::{AccountRecord, AccountStore};
use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, with_migrated_database};
use domain::ids::UserId;
use file_store::{ObjectKey, UploadKey};
use futures::TryStreamExt as _;
use query_api::user_export::{self, ExportedFile};
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
    out.finish()?;
    if lines == 0 {
        bail!("there is no data about a user {user}");
    }
    eprintln!("{} about {user}", format_count(lines, "line"));
    export_files(config, args.out.as_deref(), &files).await
}

/// Writes the files of the user beside the export, each under its id.
async fn export_files(
    config: &SystemConfig,
    out: Option<&Path>,
    files: &[ExportedFile],
) -> Result<()> {
    let count = format_count(files.len() as u64, "file");
    let Some(out) = out.filter(|_| !files.is_empty()) else {
        if !files.is_empty() {
            eprintln!("{count} not exported: that needs --out");
        }
        return Ok(());
    };
    let store = config.files.open(&config.data)?;
    let mut directory = out.as_os_str().to_owned();
    directory.push(".files");
    let directory = PathBuf::from(directory);
    std::fs::create_dir(&directory).with_context(|| directory.display().to_string())?;
    for file in files {
        let key = UploadKey::parse(&file.id);
        let object = key.and_then(|key| ObjectKey::new(key, &file.sha256));
        let object = object.with_context(|| format!("{} is no file", file.id))?;
        let size = u64::try_from(file.size)?;
        let mut bytes = store.get(&object, 0..size).await?;
        let path = directory.join(&file.id);
        let mut written = BufWriter::new(File::create_new(&path)?);
        while let Some(part) = bytes.try_next().await? {
            written.write_all(&part)?;
        }
        written.flush()?;
    }
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
