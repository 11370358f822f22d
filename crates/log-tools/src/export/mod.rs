//! Exports the log to files that other tools can open directly.
//!
//! `DIR/day=2026-11-26/events-000000000001.parquet`, one or more for each day (UTC), and a
//! `manifest` that records the progress of the export, so that it can resume.
//!
//! - `part`: writes one file. `writer`: what its formats have in common. `jsonl`, `csv`,
//!   `parquet`: these formats.
//! - `columns`: the fields of all event types, as columns.
//! - `seals`: the seals of the exported events. `export_reader`: reads an export to verify it.

mod columns;
mod csv;
mod export_reader;
mod format;
mod jsonl;
mod manifest;
mod parquet;
mod part;
mod seals;
mod writer;

pub use export_reader::ExportReader;
pub use format::ExportFormat;
pub use seals::SEALS_FILE;
pub(crate) use writer::HashedFile;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use data_dir::UsageError;
use domain::envelope::Envelope;
use domain::history::{CursorReference, History};
use event_log::reader::LogReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::manifest::{ExportSpec, Manifest};
use self::part::ExportPart;
use crate::slice::{EventSelection, LogSlice};

/// The maximum number of events in a file.
const MAX_PART_EVENTS: u64 = 100_000;
/// The maximum size of the event data in a file, in bytes.
const MAX_PART_BYTES: u64 = 64 << 20;

/// What to export, and where to.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The events.
    pub selection: EventSelection,
    /// The directory. An export already in it resumes.
    pub dir: PathBuf,
    /// The format of the files.
    pub format: ExportFormat,
}

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
    let spec = ExportSpec::new(options.format, &slice, log_id);
    let mut manifest = Manifest::open(&options.dir, spec)?;
    check_history(&reader, &manifest, &options.dir).await?;
    slice.after = slice.after.max(manifest.complete_to().position);
    let mut writer = ExportWriter {
        dir: &options.dir,
        format: options.format,
        manifest: &mut manifest,
        history: &slice.history,
        part: None,
    };
    let outcome = write_parts(&reader, &slice, &mut writer, stop, on_progress).await;
    manifest.save()?;
    outcome?;
    // A failover during the export can have lost events that are in it.
    check_history(&reader, &manifest, &options.dir).await?;
    seals::write_seals(pool, &options.dir, &manifest).await?;
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
        for event in &page.events {
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

/// Distributes events over the files of an export.
struct ExportWriter<'a> {
    dir: &'a Path,
    format: ExportFormat,
    manifest: &'a mut Manifest,
    history: &'a History,
    part: Option<ExportPart>,
}

impl ExportWriter<'_> {
    fn write_event(&mut self, event: &Envelope) -> Result<()> {
        let day = event.time.to_string()[..10].to_owned();
        let is_full = |part: &mut ExportPart| {
            part.day != day || part.events >= MAX_PART_EVENTS || part.bytes >= MAX_PART_BYTES
        };
        if let Some(full) = self.part.take_if(is_full) {
            let complete_to = self.history.cursor_at(event.position - 1);
            self.manifest.add_file(full.finish()?, complete_to)?;
        }
        let part = match &mut self.part {
            Some(part) => part,
            empty => {
                let part = ExportPart::create(self.dir, self.format, day, event.position)?;
                empty.insert(part)
            }
        };
        part.write_event(event)
    }

    /// Completes the last file, with which the export is complete up to a position.
    fn finish(&mut self, complete_to: i64) -> Result<()> {
        let complete_to = self.history.cursor_at(complete_to);
        if let Some(part) = self.part.take() {
            return self.manifest.add_file(part.finish()?, complete_to);
        }
        if complete_to.position > self.manifest.complete_to().position {
            self.manifest.set_complete_to(complete_to);
        }
        Ok(())
    }
}
