//! `tidings import PATH`: imports existing chat history into a running system.
//!
//! In the order in which a line passes through:
//!
//! - [`input`]: detects the type of the input. [`line_reader`]: decompresses a file and splits it
//!   into lines of bounded length. [`slack`] and [`matrix`]: convert exports into such lines.
//! - [`line`]: parses a line into a message or the reason for its rejection. [`duplicates`]:
//!   derives the key that makes importing a line idempotent.
//! - [`chunks`]: groups lines into requests, on a thread of its own.
//! - [`import_client`]: sends one request after the other and retries each until it is answered.
//! - [`summary`]: counts and prints the results.

pub mod chunks;
pub mod duplicates;
pub mod import_client;
pub mod input;
pub mod line;
pub mod line_reader;
pub mod matrix;
pub mod slack;
mod slack_files;
mod slack_text;
pub mod summary;

use std::time::Instant;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

use crate::commands::admin;
use crate::config::{ImportArgs, SystemConfig};
use crate::secret::SecretString;
use chunks::ImportChunk;
use import_client::ImportClient;
use input::ImportInput;
use summary::ImportSummary;

/// How many chunks may be queued: enough for reading and sending to overlap.
const MAX_QUEUED_CHUNKS: usize = 2;
/// The user name of the import token, unless `--token` is given.
const DEFAULT_IMPORTER: &str = "tidings-import";

/// Imports the file or directory and prints a summary.
pub async fn run(config: &SystemConfig, args: &ImportArgs) -> Result<()> {
    let began = Instant::now();
    let source = ImportInput::open(&args.file)?;
    let target = ImportClient::new(&resolve_target(config, args)?)?;
    let progress = progress_bar(source.bytes());
    let (chunks, filled) = mpsc::channel(MAX_QUEUED_CHUNKS);
    let reader = {
        let progress = progress.clone();
        tokio::task::spawn_blocking(move || chunks::read_chunks(source, &chunks, &progress))
    };
    let mut tally = ImportSummary::default();
    let sent = match send_chunks(&target, filled, &mut tally, &progress).await {
        Ok(()) => {
            progress.set_message("waiting until the imported messages can be read");
            target.wait_until_readable().await
        }
        failed => failed,
    };
    progress.finish_and_clear();
    // If sending failed, the reader stopped because of that and its result adds nothing.
    let read = reader.await.context("the reader thread panicked")?;
    let error = sent
        .and(read.map(|unmapped| tally.add_unsupported(unmapped)))
        .err();
    tally.print(args.json, began.elapsed())?;
    match error {
        None => Ok(()),
        Some(error) => {
            Err(error
                .context("the import was interrupted; run the same command again to resume it"))
        }
    }
}

async fn send_chunks(
    target: &ImportClient,
    mut filled: mpsc::Receiver<ImportChunk>,
    tally: &mut ImportSummary,
    progress: &ProgressBar,
) -> Result<()> {
    while let Some(chunk) = filled.recv().await {
        for (line, reason) in &chunk.rejected {
            tally.reject(*line, reason.clone());
        }
        if !chunk.lines.is_empty() {
            let answers = target.post_chunk(&chunk).await?;
            tally.record_replies(&chunk, &answers)?;
        }
        progress.set_message(format!("{} messages", tally.imported_messages()));
    }
    Ok(())
}

/// The base URL of the system and the token to use.
fn resolve_target(config: &SystemConfig, args: &ImportArgs) -> Result<(String, SecretString)> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => admin::find_running_address(config).map_err(|error| {
            error.context("specify a system with --url and --token, or start one")
        })?,
    };
    let token = match &args.token {
        Some(token) => token.clone(),
        None => admin::sign_admin_token(config, DEFAULT_IMPORTER)?,
    };
    Ok((url, token))
}

/// A progress bar over the bytes of the input, on standard error if that is a terminal.
fn progress_bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {msg}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
