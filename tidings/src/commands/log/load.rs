//! `tidings log load`: loads an export into a new system.

use anyhow::{Result, bail};
use data_dir::{OperatorDatabase, UsageError, format_count, with_new_database};
use domain::hex::to_hex;
use log_tools::export::ExportReader;
use log_tools::load::{LoadSummary, check_is_loadable, check_is_new, load_export};
use log_tools::verify::{VerifyOptions, VerifySummary, verify_database};
use settings::{LogLoadArgs, SystemConfig};
use tokio_util::sync::CancellationToken;

use crate::output::outln;
use crate::progress::CommandProgress;

/// Loads the export, verifies the log against the seals that came with it, and prints a summary.
pub async fn run(
    config: &SystemConfig,
    args: &LogLoadArgs,
    stop: &CancellationToken,
) -> Result<()> {
    if let Some(running) = config.data_dir().find_running()? {
        let text = format!(
            "a system runs on {} (process {}): load into a new directory",
            config.data.display(),
            running.pid
        );
        return Err(UsageError(text).into());
    }
    let export = ExportReader::open_any(&args.export)?;
    check_is_loadable(&export, &args.export)?;
    let loaded = with_new_database(
        config.server_options(),
        async |database: &OperatorDatabase| {
            let pool = &database.pool;
            check_is_new(pool).await?;
            migrations::apply(pool).await?;
            let progress = CommandProgress::counting("events");
            let loaded = load_export(pool, &export, !args.without_seals, |done, total| {
                progress.update(done, total);
            });
            let loaded = loaded.await?;
            drop(progress);
            let options = VerifyOptions {
                public_keys: if args.public_key.is_empty() {
                    loaded.public_keys.clone()
                } else {
                    args.public_key.clone()
                },
                copies: None,
            };
            let verified = verify_database(pool, &options, stop, |_| {}).await?;
            Ok((loaded, verified))
        },
    );
    let (loaded, verified) = loaded.await?;
    print_summary(args, &loaded, &verified)?;
    match verified.findings {
        0 => Ok(()),
        count => bail!(
            "the log is loaded, but does not match the seals of the export ({}): see \
             `tidings log verify`",
            format_count(count, "finding")
        ),
    }
}

fn print_summary(args: &LogLoadArgs, loaded: &LoadSummary, verified: &VerifySummary) -> Result<()> {
    if args.json {
        return Ok(outln!("{}", loaded.to_json(verified))?);
    }
    let keys: Vec<String> = loaded.public_keys.iter().map(|key| to_hex(key)).collect();
    outln!(
        "loaded {} of {} (conversations and mailboxes), up to {}; it is log {}",
        format_count(loaded.events, "event"),
        format_count(loaded.streams, "stream"),
        loaded.cursor,
        loaded.log_id
    )?;
    if !keys.is_empty() {
        let vouched = if args.public_key.is_empty() {
            "which nothing here vouches for: compare it with --public-key"
        } else {
            "as you expected"
        };
        outln!(
            "{}, up to position {}, by {}, {vouched}",
            format_count(loaded.seals, "seal"),
            verified.sealed_to,
            keys.join(", ")
        )?;
    }
    eprintln!(
        "an export has no idempotency keys, webhooks, tokens and secrets: a command that is sent \
         again with its old key is executed again"
    );
    Ok(())
}
