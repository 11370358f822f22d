//! `tidings import PATH`: messages that were sent elsewhere, into a running system.
//!
//! In the order that a line meets it:
//!
//! - [`input`]: what there is. [`source`]: a file, unpacked, cut into lines of bounded length. [`slack`] and
//!   [`matrix`]: exports of these, as such lines.
//! - [`line`]: a line, parsed into a message or a reason; [`repeats`]: the key that it is known by.
//! - [`chunks`]: lines gathered into requests, on a thread of its own.
//! - [`post`]: one request after the other, each tried again until it is answered.
//! - [`tally`]: what became of the lines.

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

/// How many chunks may wait: enough that reading and sending overlap.
const WAITING_CHUNKS: usize = 2;
/// Who imports, when nobody says.
const IMPORTER: &str = "tidings-import";

/// Imports the file and prints what became of it.
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
            progress.set_message("waiting until it can be read");
            target.readable().await
        }
        broken_off => broken_off,
    };
    progress.finish_and_clear();
    // A reader that could not go on because sending failed has nothing more to say.
    let read = reader.await.context("the reading thread has panicked")?;
    let broken_off = sent
        .and(read.map(|unmapped| tally.not_taken_over(unmapped)))
        .err();
    tally.print(args.json, began.elapsed())?;
    match broken_off {
        None => Ok(()),
        Some(error) => {
            Err(error.context("the import broke off; run it again to go on where it stopped"))
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

/// Where to import to, and with which token.
fn find(config: &Config, args: &ImportArgs) -> Result<(String, Secret)> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => admin::address(config)
            .map_err(|error| error.context("name a system with --url and --token, or start one"))?,
    };
    let token = match &args.token {
        Some(token) => token.clone(),
        None => admin::token(config, IMPORTER)?,
    };
    Ok((url, token))
}

/// A bar over the bytes of the file, on standard error if that is a terminal.
fn progress(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {msg}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
