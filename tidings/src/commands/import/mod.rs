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
pub mod input;
pub mod line;
pub mod matrix;
pub mod post;
pub mod repeats;
pub mod slack;
mod slack_files;
mod slack_text;
pub mod source;
pub mod tally;

use std::time::Instant;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;

use crate::commands::admin;
use crate::config::{Config, ImportArgs};
use crate::secret::Secret;
use chunks::Chunk;
use input::Input;
use post::Target;
use tally::Tally;

/// How many chunks may be queued: enough for reading and sending to overlap.
const WAITING_CHUNKS: usize = 2;
/// The user name of the import token, unless `--token` is given.
const IMPORTER: &str = "tidings-import";

/// Imports the file or directory and prints a summary.
pub async fn run(config: &Config, args: &ImportArgs) -> Result<()> {
    let began = Instant::now();
    let source = Input::open(&args.file)?;
    let target = Target::new(&find(config, args)?)?;
    let progress = progress(source.bytes());
    let (chunks, filled) = mpsc::channel(WAITING_CHUNKS);
    let reader = {
        let progress = progress.clone();
        tokio::task::spawn_blocking(move || chunks::read(source, &chunks, &progress))
    };
    let mut tally = Tally::default();
    let sent = match send(&target, filled, &mut tally, &progress).await {
        Ok(()) => {
            progress.set_message("waiting until the imported messages can be read");
            target.readable().await
        }
        failed => failed,
    };
    progress.finish_and_clear();
    // If sending failed, the reader stopped because of that and its result adds nothing.
    let read = reader.await.context("the reader thread panicked")?;
    let error = sent
        .and(read.map(|unmapped| tally.not_taken_over(unmapped)))
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

async fn send(
    target: &Target,
    mut filled: mpsc::Receiver<Chunk>,
    tally: &mut Tally,
    progress: &ProgressBar,
) -> Result<()> {
    while let Some(chunk) = filled.recv().await {
        for (line, reason) in &chunk.refused {
            tally.reject(*line, reason.clone());
        }
        if !chunk.lines.is_empty() {
            let answers = target.post(&chunk).await?;
            tally.count(&chunk, &answers)?;
        }
        progress.set_message(format!("{} messages", tally.messages()));
    }
    Ok(())
}

/// The base URL of the system and the token to use.
fn find(config: &Config, args: &ImportArgs) -> Result<(String, Secret)> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => admin::address(config).map_err(|error| {
            error.context("specify a system with --url and --token, or start one")
        })?,
    };
    let token = match &args.token {
        Some(token) => token.clone(),
        None => admin::token(config, IMPORTER)?,
    };
    Ok((url, token))
}

/// A progress bar over the bytes of the input, on standard error if that is a terminal.
fn progress(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {msg}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
