//! `tidings restore DIR`: restores a backup into a new database, and the keys into the data
//! directory.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, with_new_database};
use embedded_servers::write_private_file;
use log_tools::backup::{BackupReader, check_database_is_empty, restore_backup};
use log_tools::verify::VerifySummary;
use serde_json::json;
use service::signals;
use settings::{RestoreArgs, SystemConfig, given_settings};
use tokio_util::sync::CancellationToken;

use super::backup::{
    AUTH_SECRET_FILE, JWKS_FILE, PUBLIC_KEY_FILE, SEAL_KEY_FILE, SETTINGS_FILE, verify_log,
};
use super::confirmation;
use crate::output::outln;
use crate::progress::CommandProgress;

/// Settings that belong to a machine: they may differ after a restore.
const MACHINE_SETTINGS: [&str; 4] = ["DATABASE_URL", "NATS_URL", "TIDINGS_DATA", "TIDINGS_LISTEN"];

/// Restores the backup, verifies the log against its seals, and prints a summary.
pub async fn run(config: &SystemConfig, args: &RestoreArgs) -> Result<()> {
    if let Some(running) = config.data_dir().find_running()? {
        let text = format!(
            "a system runs on {} (process {}): stop it before you restore",
            config.data.display(),
            running.pid
        );
        return Err(UsageError(text).into());
    }
    let progress = CommandProgress::of_bytes();
    let backup = BackupReader::open(&args.dir, |step| {
        progress.update(step.done, step.total);
        progress.set_message("checked");
    })?;
    drop(progress);
    let keys = if args.database_only {
        Vec::new()
    } else {
        plan_keys(config, &backup)?
    };
    let effect = describe(config, &backup, keys.len());
    if args.confirm.dry_run {
        outln!("this would {effect}")?;
        return Ok(());
    }
    confirmation::require(args.confirm, &effect)?;
    let stop = signals::cancel_on_signal()?;
    let restored = restore_into_database(config, &backup, &keys, &stop).await?;
    print_restored(args, &backup, &restored)
}

/// What a restore does, with counts.
fn describe(config: &SystemConfig, backup: &BackupReader, keys: usize) -> String {
    let manifest = &backup.manifest;
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let target = match &config.database_url {
        Some(url) => format!("the empty database at {url}"),
        None => format!("a private Postgres in {}", config.data.display()),
    };
    format!(
        "restore {} ({} in all) of {}, and {}, into {target}",
        format_count(manifest.position, "event"),
        format_count(rows, "row"),
        manifest.created_at,
        format_count(keys, "key")
    )
}

async fn restore_into_database(
    config: &SystemConfig,
    backup: &BackupReader,
    keys: &[(PathBuf, String)],
    stop: &CancellationToken,
) -> Result<VerifySummary> {
    with_new_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let pool = &database.pool;
            check_database_is_empty(pool, backup).await?;
            let progress = CommandProgress::counting("rows");
            let on_progress = |step: log_tools::backup::BackupProgress<'_>| {
                progress.update(step.done, step.total);
            };
            restore_backup(pool, backup, on_progress).await?;
            for (path, text) in keys {
                if let Some(dir) = path.parent() {
                    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
                }
                write_private_file(path, text)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            drop(progress);
            verify_log(config, pool, stop).await
        },
    )
    .await
}

fn print_restored(
    args: &RestoreArgs,
    backup: &BackupReader,
    summary: &VerifySummary,
) -> Result<()> {
    let manifest = &backup.manifest;
    if args.json {
        let json = json!({
            "position": manifest.position, "cursor": manifest.cursor, "log": summary.to_json(),
        });
        outln!("{json}")?;
    } else {
        outln!(
            "restored {} of {}; cursors up to {} continue, later ones get 410",
            format_count(manifest.position, "event"),
            manifest.created_at,
            manifest.cursor
        )?;
        outln!("{summary}")?;
    }
    report_settings(args, backup)?;
    match summary.findings {
        0 => Ok(()),
        count => bail!(
            "the restored log does not match its seals ({})",
            format_count(count, "finding")
        ),
    }
}

/// The keys that will be written, and where. Returns a [`UsageError`] if another key is there.
fn plan_keys(config: &SystemConfig, backup: &BackupReader) -> Result<Vec<(PathBuf, String)>> {
    let data = config.data_dir();
    let targets = [
        (AUTH_SECRET_FILE, data.secret_path()),
        (PUBLIC_KEY_FILE, data.path().join(PUBLIC_KEY_FILE)),
        (JWKS_FILE, data.path().join(JWKS_FILE)),
        (SEAL_KEY_FILE, config.seal_key_path()),
    ];
    let mut keys = Vec::new();
    for (name, path) in targets {
        let Some(file) = backup.read_file(name)? else {
            continue;
        };
        let text = String::from_utf8(file.content)
            .with_context(|| format!("{name} in the backup is no text"))?;
        match fs::read_to_string(&path) {
            Ok(found) if found.trim() == text.trim() => continue,
            Ok(_) => {
                return Err(UsageError(format!(
                    "{} exists and is another key than that of the backup: move it away, or pass \
                     --database-only",
                    path.display()
                ))
                .into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
        keys.push((path, text));
    }
    Ok(keys)
}

/// Names the settings that differ from those of the backup, without their values: some are secret.
fn report_settings(args: &RestoreArgs, backup: &BackupReader) -> Result<()> {
    let Some(file) = backup.read_file(SETTINGS_FILE)? else {
        return Ok(());
    };
    let text = String::from_utf8_lossy(&file.content);
    let given = given_settings();
    let is_given = |name: &str, value: &str| {
        given
            .iter()
            .any(|(known, now)| known == name && now == value)
    };
    let differing: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, value)| !MACHINE_SETTINGS.contains(name) && !is_given(name, value))
        .map(|(name, _)| name)
        .collect();
    if !differing.is_empty() {
        eprintln!(
            "set these as in {}: {}",
            args.dir.join(SETTINGS_FILE).display(),
            differing.join(", ")
        );
    }
    Ok(())
}
