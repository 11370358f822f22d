//! Imports existing chat history into a running system.
//!
//! In the order in which a line passes through:
//!
//! - [`input`]: detects the type of the input. [`line_reader`]: decompresses a file and splits it
//!   into lines of bounded length. [`slack`] and [`matrix`]: convert exports into such lines.
//! - [`line`](mod@line): parses a line into a message or the reason for its rejection.
//!   [`duplicates`]: derives the key that makes importing a line idempotent.
//! - [`chunks`]: groups lines into requests, on a thread of its own.
//! - [`import_client`]: sends one request after the other and retries each until it is answered.
//! - [`summary`]: counts the results.

#![deny(missing_docs)]

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

pub use import_client::{ImportClient, ImportTarget};
pub use input::ImportInput;
pub use summary::ImportSummary;

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use chunks::ImportChunk;

/// How many chunks may be queued: enough for reading and sending to overlap.
const MAX_QUEUED_CHUNKS: usize = 2;

/// The progress of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportProgress {
    /// Lines are being sent.
    Sending {
        /// The number of bytes of the input whose lines have been sent.
        bytes_read: u64,
        /// The number of messages that were added.
        messages: u64,
    },
    /// Everything has been sent, but cannot be read yet.
    CatchingUp,
}

/// Imports the whole input, and waits until it can be read. Counts the results in `summary`, also
/// if the import fails. It can then be repeated, because lines are not imported twice.
pub async fn import(
    input: ImportInput,
    client: &ImportClient,
    summary: &mut ImportSummary,
    mut on_progress: impl FnMut(ImportProgress),
) -> Result<()> {
    let (chunks, filled) = mpsc::channel(MAX_QUEUED_CHUNKS);
    let reader = tokio::task::spawn_blocking(move || chunks::read_chunks(input, &chunks));
    let sent = match send_chunks(client, filled, summary, &mut on_progress).await {
        Ok(()) => {
            on_progress(ImportProgress::CatchingUp);
            client.wait_until_readable().await
        }
        failed => failed,
    };
    // If sending failed, the reader stopped because of that and its result adds nothing.
    let read = reader.await.context("the reader thread panicked")?;
    sent.and(read.map(|unsupported| summary.add_unsupported(unsupported)))
}

async fn send_chunks(
    client: &ImportClient,
    mut filled: mpsc::Receiver<ImportChunk>,
    summary: &mut ImportSummary,
    on_progress: &mut impl FnMut(ImportProgress),
) -> Result<()> {
    while let Some(chunk) = filled.recv().await {
        for (line, reason) in &chunk.rejected {
            summary.reject(*line, reason.clone());
        }
        if !chunk.lines.is_empty() {
            let replies = client.post_chunk(&chunk).await?;
            summary.record_replies(&chunk, &replies)?;
        }
        on_progress(ImportProgress::Sending {
            bytes_read: chunk.bytes_read,
            messages: summary.imported_messages(),
        });
    }
    Ok(())
}
