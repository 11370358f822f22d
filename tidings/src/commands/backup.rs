//! `tidings backup DIR`: backs up everything that cannot be derived, while the system serves.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use data_dir::{OperatorDatabase, TokenKeys, UsageError, format_count, seal_key, with_database};
use log_tools::backup::{BackupOptions, PrivateFile, write_backup};
use log_tools::verify::{VerifyEvent, VerifyOptions, VerifySummary, verify_database};
use serde_json::json;
use service::signals;
use settings::{BackupArgs, SealInterval, SystemConfig, given_settings};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::log;
use crate::output::outln;
use crate::progress::CommandProgress;

/// The secret that signs tokens.
pub const AUTH_SECRET_FILE: &str = "auth-secret";
/// The public key that verifies tokens.
pub const PUBLIC_KEY_FILE: &str = "auth-public-key.pem";
/// The public keys that verify tokens.
pub const JWKS_FILE: &str = "auth-jwks.json";
/// The key that signs seals.
pub const SEAL_KEY_FILE: &str = "seal-key";
/// The settings, as lines of an environment file.
pub const SETTINGS_FILE: &str = "settings.env";

/// Seals the log, writes the backup, verifies the log against its seals, and prints a summary.
pub async fn run(config: &SystemConfig, args: &BackupArgs) -> Result<()> {
    let stop = signals::cancel_on_signal()?;
    let files = if args.database_only {
        Vec::new()
    } else {
        collect_files(config)?
    };
    let options = BackupOptions {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        files,
    };
    let backed_up = with_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let progress = CommandProgress::counting("rows");
            let pool = &database.pool;
            // A backup without keys may be taken where the key of the seals is not.
            if !args.database_only && config.seals.seal_every != SealInterval::Off {
                log::seal_all(config, pool).await?;
            }
            let manifest = write_backup(pool, &args.dir, &options, &stop, |step| {
                progress.update(step.done, step.total);
            });
            let manifest = manifest.await?;
            drop(progress);
            let summary = verify_log(config, pool, &stop).await?;
            Ok((manifest, summary))
        },
    );
    let (manifest, summary) = backed_up.await?;
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    if args.json {
        let json = json!({
            "position": manifest.position, "cursor": manifest.cursor, "rows": rows,
            "log": summary.to_json(),
        });
        outln!("{json}")?;
    } else {
        outln!(
            "backed up to {}: {}, {} in all; cursors up to {} continue after a restore",
            args.dir.display(),
            format_count(manifest.position, "event"),
            format_count(rows, "row"),
            manifest.cursor
        )?;
        outln!("{summary}")?;
    }
    match summary.findings {
        0 => Ok(()),
        count => bail!(
            "the backup is complete, but the log does not match its seals ({}): see \
             `tidings log verify`",
            format_count(count, "finding")
        ),
    }
}

/// Verifies the log of a backup, or after a restore, against its seals.
pub async fn verify_log(
    config: &SystemConfig,
    pool: &PgPool,
    stop: &CancellationToken,
) -> Result<VerifySummary> {
    let progress = CommandProgress::counting("events");
    let options = verify_options(config)?;
    verify_database(pool, &options, stop, |event| {
        if let VerifyEvent::Progress { position, head } = event {
            progress.update_position(position, head);
        }
    })
    .await
}

/// The seals are verified with the key of this system, if it has one.
fn verify_options(config: &SystemConfig) -> Result<VerifyOptions> {
    let key = seal_key::load(&config.seal_key_path())?;
    Ok(VerifyOptions {
        public_keys: key.map(|key| key.public_key()).into_iter().collect(),
        copies: None,
    })
}

/// The keys and settings of this system. Creates no key: a backup with a new one would be useless.
fn collect_files(config: &SystemConfig) -> Result<Vec<PrivateFile>> {
    let missing = |what: &str, flags: &str| {
        UsageError(format!(
            "{what} was not found: pass {flags}, or --database-only to back up no keys"
        ))
    };
    let keys = TokenKeys::load_existing(&config.token_key_files(), &config.data_dir())?;
    let keys = keys.ok_or_else(|| {
        missing(
            "the key that verifies tokens",
            "the --data of the system, or its TIDINGS_AUTH_... settings",
        )
    })?;
    let mut files = match keys {
        TokenKeys::Shared(secret) => vec![file(AUTH_SECRET_FILE, secret.reveal())],
        TokenKeys::PublicKey(pem) => vec![file(PUBLIC_KEY_FILE, &pem)],
        TokenKeys::Jwks(json) => vec![file(JWKS_FILE, &json)],
        // The address is one of the settings.
        TokenKeys::JwksUrl(_) => Vec::new(),
    };
    match seal_key::load(&config.seal_key_path())? {
        Some(key) => files.push(file(SEAL_KEY_FILE, &key.to_hex())),
        None if config.seals.seal_every == SealInterval::Off => {}
        None => return Err(missing("the key of the seals", "--data, or --seal-key").into()),
    }
    files.push(file(SETTINGS_FILE, &format_settings(&given_settings())?));
    Ok(files)
}

fn file(name: &str, content: &str) -> PrivateFile {
    PrivateFile {
        name: name.to_owned(),
        content: content.as_bytes().to_vec(),
    }
}

fn format_settings(settings: &[(String, String)]) -> Result<String> {
    let mut text = String::new();
    for (name, value) in settings {
        if value.contains('\n') {
            bail!("the value of {name} has a line break, so it cannot be backed up");
        }
        writeln!(text, "{name}={value}").context("a setting cannot be written")?;
    }
    Ok(text)
}
