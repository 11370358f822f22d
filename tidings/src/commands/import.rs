//! `tidings import PATH`: imports existing chat history into a running system.

use std::time::Instant;

use anyhow::Result;
use data_dir::format_count;
use diagnostics::{count_users, find_first_users};
use importer::{
    ImportClient, ImportInput, ImportProgress, ImportSummary, ImportTarget, LineContext,
    SkippedRecordsError, UserNames,
};
use settings::{ImportArgs, SystemConfig};

use super::admin;
use crate::output::{out, outln};
use crate::progress::CommandProgress;

/// The user name of the import token, unless `--token` is given.
const DEFAULT_IMPORTER: &str = "tidings-import";

/// Imports the file or directory, or with `--dry-run` only reads it, and prints a summary.
pub async fn run(config: &SystemConfig, args: &ImportArgs) -> Result<()> {
    let began = Instant::now();
    let users = UserNames::open(args.prefix.as_deref(), args.users.as_deref())?;
    let context = LineContext::new(users, args.source.clone());
    let input = ImportInput::open(&args.file)?;
    if args.dry_run {
        return run_preview(config, args, input, context).await;
    }
    let client = ImportClient::new(resolve_target(config, args)?)?;
    // The import needs no database, and that of another system is out of reach.
    let known = match args.url {
        None => count_users(config.server_options()).await.ok(),
        Some(_) => None,
    };
    let mut summary = ImportSummary::default();
    let progress = CommandProgress::of_bytes();
    let total = input.bytes();
    progress.update(0, total);
    let on_progress = |step| match step {
        ImportProgress::Sending {
            bytes_read,
            messages,
        } => {
            progress.update(bytes_read, total);
            progress.set_message(format_count(messages, "message"));
        }
        ImportProgress::CatchingUp => progress.set_message("waiting until all can be read"),
    };
    let outcome = importer::import(input, context, &client, &mut summary, on_progress).await;
    drop(progress);
    if let Some(known) = known
        && let Ok(existing) =
            find_first_users(config.server_options(), summary.input_users(), known).await
    {
        summary.set_existing_users(existing);
    }
    print_summary(&mut summary, args, began)?;
    outcome.map_err(|error| {
        error.context("the import was interrupted; run the same command again to resume it")
    })?;
    check_complete(&summary)
}

/// Prints what would be imported, and which users of the input exist already.
async fn run_preview(
    config: &SystemConfig,
    args: &ImportArgs,
    input: ImportInput,
    context: LineContext,
) -> Result<()> {
    let began = Instant::now();
    let mut summary = ImportSummary::default();
    let progress = CommandProgress::of_bytes();
    let total = input.bytes();
    let on_bytes = |bytes_read| progress.update(bytes_read, total);
    importer::preview(input, context, &mut summary, on_bytes).await?;
    drop(progress);
    summary.set_existing_users(
        find_first_users(config.server_options(), summary.input_users(), i64::MAX).await?,
    );
    print_summary(&mut summary, args, began)?;
    check_complete(&summary)
}

fn print_summary(summary: &mut ImportSummary, args: &ImportArgs, began: Instant) -> Result<()> {
    summary.sort_rejected();
    if args.json {
        outln!("{}", summary.to_json(began.elapsed())?)?;
    } else {
        out!("{}", summary.to_text(began.elapsed()))?;
    }
    Ok(())
}

fn check_complete(summary: &ImportSummary) -> Result<()> {
    match summary.skipped() {
        0 => Ok(()),
        skipped => Err(SkippedRecordsError(skipped).into()),
    }
}

/// The system to import into.
fn resolve_target(config: &SystemConfig, args: &ImportArgs) -> Result<ImportTarget> {
    let (url, tls) = if let Some(url) = &args.url {
        (url.clone(), None)
    } else {
        let system = admin::find_running_system(config).map_err(|error| {
            error.context(
                "where to import: pass --url and --token of a system, or use one that runs here",
            )
        })?;
        (system.url, system.tls)
    };
    let token = match &args.token {
        Some(token) => token.clone(),
        None => admin::sign_admin_token(config, DEFAULT_IMPORTER)?,
    };
    Ok(ImportTarget { url, tls, token })
}
