//! `tidings import PATH`: imports existing chat history into a running system.

use std::time::Instant;

use anyhow::Result;
use importer::{
    ImportClient, ImportInput, ImportProgress, ImportSummary, ImportTarget, LineContext,
    SkippedRecordsError, UserNames,
};

use super::admin;
use crate::config::{ImportArgs, SystemConfig};
use crate::output::{out, outln};
use crate::progress::CommandProgress;

/// The user name of the import token, unless `--token` is given.
const DEFAULT_IMPORTER: &str = "tidings-import";

/// Imports the file or directory and prints a summary.
pub async fn run(config: &SystemConfig, args: &ImportArgs) -> Result<()> {
    let began = Instant::now();
    let users = UserNames::open(args.prefix.as_deref(), args.users.as_deref())?;
    let context = LineContext::new(users, args.source.clone());
    let input = ImportInput::open(&args.file)?;
    let client = ImportClient::new(resolve_target(config, args)?)?;
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
            progress.set_message(format!("{messages} messages"));
        }
        ImportProgress::CatchingUp => {
            progress.set_message("waiting until the imported messages can be read");
        }
    };
    let outcome = importer::import(input, context, &client, &mut summary, on_progress).await;
    drop(progress);
    summary.sort_rejected();
    if args.json {
        outln!("{}", summary.to_json(began.elapsed())?)?;
    } else {
        out!("{}", summary.to_text(began.elapsed()))?;
    }
    outcome.map_err(|error| {
        error.context("the import was interrupted; run the same command again to resume it")
    })?;
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
            error.context("specify a system with --url and --token, or start one")
        })?;
        (system.url, system.tls)
    };
    let token = match &args.token {
        Some(token) => token.clone(),
        None => admin::sign_admin_token(config, DEFAULT_IMPORTER)?,
    };
    Ok(ImportTarget { url, tls, token })
}
