//! `tidings log export`: exports the log to files that other tools can open directly.
//!
//! `DIR/day=2026-11-26/events-000000000001.parquet`, one or more for each day (UTC), and a
//! [`manifest`] that records the progress of the export, so that it can resume.
//!
//! - [`part`]: writes one file. [`jsonl`], [`csv`], [`parquet`]: its formats.
//! - [`columns`]: the fields of all event types, as columns.
//! - [`seals`]: the seals of the exported events. [`export_reader`]: reads an export to verify it.

mod columns;
mod csv;
mod export_reader;
mod jsonl;
mod manifest;
mod parquet;
mod part;
mod seals;

pub use export_reader::ExportReader;
pub use seals::SEALS_FILE;

use anyhow::{Result, bail};
use event_log::reader::LogReader;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::manifest::{ExportSpec, Manifest};
use self::part::ExportPart;
use super::slice::LogSlice;
use crate::commands::progress;
use crate::config::LogExportArgs;

/// The maximum number of events in a file.
const MAX_PART_EVENTS: u64 = 100_000;
/// The maximum size of the event data in a file, in bytes.
const MAX_PART_BYTES: u64 = 64 << 20;

/// Exports until the end of the slice or a signal. In both cases the files are complete.
pub async fn run(pool: &PgPool, args: &LogExportArgs, stop: &CancellationToken) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    let mut slice = LogSlice::resolve(&args.slice, &reader).await?;
    let log_id = reader.head().await?.log_id.to_string();
    let asked = ExportSpec::from_args(args, &slice, log_id);
    let mut manifest = Manifest::open(&args.dir, asked)?;
    slice.after = slice.after.max(manifest.complete_to);
    if manifest.complete_to > reader.head().await?.position {
        bail!(
            "the export is ahead of the log, so the log must have been restored from an older backup"
        );
    }
    let outcome = write_parts(&reader, &slice, &mut manifest, args, stop).await;
    manifest.save()?;
    outcome?;
    seals::write_seals(pool, &args.dir, &manifest).await?;
    let is_complete = manifest.complete_to >= slice.last;
    if args.json {
        println!(
            "{}",
            serde_json::json!({
                "events": manifest.events(), "parts": manifest.parts.len(), "bytes": manifest.bytes(),
                "complete_to": manifest.complete_to, "complete": is_complete,
            })
        );
    } else {
        println!(
            "{} events in {} files, up to position {}",
            manifest.events(),
            manifest.parts.len(),
            manifest.complete_to
        );
        if !is_complete {
            println!("stopped early; run the same command again to resume");
        }
    }
    Ok(())
}

async fn write_parts(
    reader: &LogReader,
    slice: &LogSlice,
    manifest: &mut Manifest,
    args: &LogExportArgs,
    stop: &CancellationToken,
) -> Result<()> {
    let bar = progress::new_progress_bar("events");
    bar.set_length(slice.span());
    let mut pages = slice.read_pages(reader);
    let mut part: Option<ExportPart> = None;
    let mut scanned_to = slice.after;
    while let Some(page) = pages.recv().await {
        let page = page?;
        for event in &page.events {
            let day = event.time.to_string()[..10].to_owned();
            let is_full = |part: &ExportPart| {
                part.day != day || part.events >= MAX_PART_EVENTS || part.bytes >= MAX_PART_BYTES
            };
            if let Some(full) = part.take_if(|part| is_full(part)) {
                manifest.add_file(full.finish()?, event.position - 1)?;
            }
            let part = match &mut part {
                Some(part) => part,
                empty => empty.insert(ExportPart::create(
                    &args.dir,
                    args.format,
                    day,
                    event.position,
                )?),
            };
            part.write_event(event)?;
        }
        scanned_to = page.scanned_to;
        bar.set_position(u64::try_from(scanned_to - slice.after).unwrap_or(0));
        if stop.is_cancelled() {
            break;
        }
    }
    bar.finish_and_clear();
    if let Some(part) = part {
        return manifest.add_file(part.finish()?, scanned_to);
    }
    manifest.complete_to = manifest.complete_to.max(scanned_to);
    Ok(())
}
