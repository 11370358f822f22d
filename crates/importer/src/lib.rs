//! Imports existing chat history into a running system.
//!
//! In the order in which a line passes through:
//!
//! - [`input`]: opens the input. `kind`: detects what it is, or names what it is instead.
//! - [`record`]: a record of the input, with its place in a file and the origin of its
//!   conversation.
//! - [`line_reader`]: decompresses a file and splits it into lines of bounded length. [`slack`] and
//!   [`matrix`]: convert exports into records. [`chat`]: the records of exports that are read as a
//!   whole: `mattermost`, `rocket_chat`, `zulip`, `discord`, `telegram`, `whatsapp`. `fields`:
//!   reads fields of JSON that other systems write.
//! - [`line`](mod@line): parses the line of a record into a message or the reason for its
//!   rejection. [`duplicates`]: derives the key that makes importing a line idempotent. [`users`]:
//!   the users of the system that the users of the input are.
//! - [`chunks`]: groups lines into requests, on a thread of its own.
//! - [`preview`](mod@preview): reads the input and sends nothing.
//! - [`import_client`]: sends one request after the other and retries each until it is answered.
//!   `upload`: sends the files beside an export before the lines that get them.
//! - [`rejected`]: a record that was rejected. [`summary`]: counts the results. [`error`]: the
//!   errors of inputs that cannot be imported, or not as a whole.

#![deny(missing_docs)]

pub mod chat;
pub mod chunks;
mod discord;
pub mod duplicates;
pub mod error;
mod fields;
pub mod import_client;
pub mod input;
mod kind;
pub mod line;
pub mod line_reader;
pub mod matrix;
mod mattermost;
pub mod preview;
pub mod record;
pub mod rejected;
mod rocket_chat;
pub mod slack;
pub mod summary;
mod telegram;
mod upload;
pub mod users;
mod whatsapp;
mod zulip;

pub use error::{SkippedRecordsError, UnsupportedInputError};
pub use import_client::{ImportClient, ImportTarget};
pub use input::ImportInput;
pub use line::LineContext;
pub use preview::preview;
pub use summary::ImportSummary;
pub use users::UserNames;

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
    context: LineContext,
    client: &ImportClient,
    summary: &mut ImportSummary,
    mut on_progress: impl FnMut(ImportProgress),
) -> Result<()> {
    let (chunks, filled) = mpsc::channel(MAX_QUEUED_CHUNKS);
    let reader = tokio::task::spawn_blocking(move || chunks::read_chunks(input, context, &chunks));
    let sent = match send_chunks(client, filled, summary, &mut on_progress).await {
        Ok(()) => {
            on_progress(ImportProgress::CatchingUp);
            client.wait_until_readable().await
        }
        failed => failed,
    };
    // If sending failed, the reader stopped because of that and its result adds nothing.
    let read = reader.await.context("the reader thread panicked")?;
    sent.and(read.map(|input| summary.add_input(&input)))
}

async fn send_chunks(
    client: &ImportClient,
    mut filled: mpsc::Receiver<ImportChunk>,
    summary: &mut ImportSummary,
    on_progress: &mut impl FnMut(ImportProgress),
) -> Result<()> {
    while let Some(mut chunk) = filled.recv().await {
        for rejected in std::mem::take(&mut chunk.rejected) {
            summary.reject(rejected);
        }
        summary.record_unknown_fields(std::mem::take(&mut chunk.rejected_parts));
        summary.record_users(std::mem::take(&mut chunk.users));
        client.upload_attached(&mut chunk).await?;
        summary.record_rejected_files(std::mem::take(&mut chunk.rejected_files));
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
