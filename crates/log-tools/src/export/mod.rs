//! Exports the log to files that other tools can open directly.
//!
//! `DIR/events/day=2026-11-26/events-000000000001.parquet`, one or more for each day (UTC), and in
//! `DIR` a `manifest` that records the progress of the export, so that it can resume. What it
//! contains is its `spec`.
//!
//! - `options`: what an export is asked for. `export_writer`: distributes the events over files.
//!   `part`: writes one. `writer`: what the formats `jsonl`, `csv` and `parquet` have in common.
//! - `columns`: the fields of all event types, as columns.
//! - `seals`: the seals of the exported events. `epochs`: which history their positions belong to.
//! - `export_reader`: reads an export, to verify or load it. `parquet_reader`: reads its files.

mod columns;
mod csv;
mod epochs;
mod export_reader;
mod export_writer;
mod format;
mod jsonl;
mod manifest;
mod options;
mod parquet;
mod parquet_reader;
mod part;
mod seals;
mod spec;
mod writer;

pub use columns::{COLUMNS, Column, ColumnType};
pub(crate) use csv::is_formula;
pub use csv::to_csv_record;
pub use export_reader::ExportReader;
pub use format::ExportFormat;
pub use options::ExportOptions;
pub use seals::SEALS_FILE;
pub(crate) use writer::{HashedFile, file_digest};

use std::path::Path;

use anyhow::{Result, bail};
use data_dir::UsageError;
use domain::history::CursorReference;
use event_log::reader::LogReader;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::export_writer::ExportWriter;
use self::manifest::Manifest;
use self::spec::ExportSpec;
use crate::slice::LogSlice;

/// What an export contains, with the parts of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportSummary {
    /// The number of events.
    pub events: u64,
    /// The number of files.
    pub parts: usize,
    /// The size of the files in bytes.
    pub bytes: u64,
    /// The export contains every selected event up to this cursor.
    pub complete_to: CursorReference,
    /// Whether the export contains all selected events.
    pub is_complete: bool,
}

impl ExportSummary {
    /// The summary as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "events": self.events, "parts": self.parts, "bytes": self.bytes,
            "complete_to": self.complete_to.position,
            "cursor": self.complete_to.to_string(), "complete": self.is_complete,
        })
    }
}

/// Exports until the end of the selection, or until `stop` is cancelled. In both cases the files
/// are complete. Calls `on_progress` with the number of positions done and their total.
pub async fn export_log(
    pool: &PgPool,
    options: &ExportOptions,
    stop: &CancellationToken,
    on_progress: impl FnMut(u64, u64),
) -> Result<ExportSummary> {
    let reader = LogReader::new(pool.clone());
    let mut slice = LogSlice::resolve(&options.selection, &reader).await?;
    let log_id = reader.head().await?.log_id.to_string();
    let by = options.selection.by;
    let spec = ExportSpec::new(options.format, by, &slice, log_id);
    let mut manifest = Manifest::open(&options.dir, spec)?;
    check_history(&reader, &manifest, &options.dir).await?;
    slice.after = slice.after.max(manifest.complete_to().position);
    let mut writer = ExportWriter::new(options, &mut manifest, &slice.history);
    let outcome = write_parts(&reader, &slice, &mut writer, stop, on_progress).await;
    manifest.save()?;
    outcome?;
    // A failover during the export can have lost events that are in it.
    check_history(&reader, &manifest, &options.dir).await?;
    seals::write_seals(pool, &options.dir, &manifest).await?;
    let complete_to = manifest.complete_to().position;
    epochs::write(&options.dir, &reader.history().await?, complete_to)?;
    Ok(ExportSummary {
        events: manifest.events(),
        parts: manifest.parts.len(),
        bytes: manifest.bytes(),
        complete_to: manifest.complete_to(),
        is_complete: manifest.complete_to().position >= slice.last,
    })
}

/// Fails if the log does not have the last event of the export.
async fn check_history(reader: &LogReader, manifest: &Manifest, dir: &Path) -> Result<()> {
    let cursor = manifest.complete_to();
    let head = reader.head().await?.position;
    if cursor.position <= head && reader.history().await?.contains(cursor) {
        return Ok(());
    }
    bail!(UsageError(format!(
        "the export in {} ends at {cursor}, an event that the log does not have: it was restored \
         from a backup, or a failover lost events; export into another directory",
        dir.display()
    )))
}

async fn write_parts(
    reader: &LogReader,
    slice: &LogSlice,
    writer: &mut ExportWriter<'_>,
    stop: &CancellationToken,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<()> {
    let mut pages = slice.read_pages(reader);
    let mut scanned_to = slice.after;
    on_progress(0, slice.span());
    while let Some(page) = pages.recv().await {
        let page = page?;
        for event in page.events {
            writer.write_event(event)?;
        }
        scanned_to = page.scanned_to;
        on_progress(slice.span_to(scanned_to), slice.span());
        if stop.is_cancelled() {
            break;
        }
    }
    writer.finish(scanned_to)
}
