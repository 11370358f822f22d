//! Distributes the events of an export over its files.
//!
//! The times of the log only increase, so one file is written at a time. The times of messages do
//! not: an import brings many years in one hour. Events are then collected, and written as one file
//! for each day.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use domain::envelope::Envelope;
use domain::history::{History, LogCursor};
use event_log::sent_range::TimeField;

use super::format::ExportFormat;
use super::manifest::{Manifest, ManifestFile};
use super::options::ExportOptions;
use super::part::ExportPart;

/// The maximum number of events in a file, and of collected events.
const MAX_PART_EVENTS: u64 = 100_000;
/// The maximum size of their data, in bytes.
const MAX_PART_BYTES: u64 = 64 << 20;

/// Writes the files of an export, and lists them in its manifest.
pub struct ExportWriter<'a> {
    dir: &'a Path,
    format: ExportFormat,
    by: TimeField,
    manifest: &'a mut Manifest,
    history: &'a History,
    /// The file that is being written, if the events are in the order of their days.
    part: Option<ExportPart>,
    /// The events that are not written yet, if they are not.
    collected: CollectedEvents,
}

/// Events by day.
#[derive(Default)]
struct CollectedEvents {
    days: BTreeMap<String, Vec<Envelope>>,
    events: u64,
    bytes: u64,
}

impl<'a> ExportWriter<'a> {
    /// A writer that continues an export.
    pub fn new(
        options: &'a ExportOptions,
        manifest: &'a mut Manifest,
        history: &'a History,
    ) -> Self {
        Self {
            dir: &options.dir,
            format: options.format,
            by: options.selection.by,
            manifest,
            history,
            part: None,
            collected: CollectedEvents::default(),
        }
    }

    /// Writes an event.
    pub fn write_event(&mut self, event: Envelope) -> Result<()> {
        let day = self.by.time_of(&event).to_string()[..10].to_owned();
        let complete_to = self.history.cursor_at(event.position - 1);
        match self.by {
            TimeField::Time => self.write_in_order(day, &event, complete_to),
            TimeField::SentAt => {
                if self.collected.is_full() {
                    self.write_collected(complete_to)?;
                }
                self.collected.add(day, event);
                Ok(())
            }
        }
    }

    fn write_in_order(
        &mut self,
        day: String,
        event: &Envelope,
        complete_to: LogCursor,
    ) -> Result<()> {
        let is_full = |part: &mut ExportPart| {
            part.day != day || part.events >= MAX_PART_EVENTS || part.bytes >= MAX_PART_BYTES
        };
        if let Some(full) = self.part.take_if(is_full) {
            self.manifest.add_files(vec![full.finish()?], complete_to)?;
        }
        if self.part.is_none() {
            self.part = Some(self.create_part(day, event.position)?);
        }
        match &mut self.part {
            Some(part) => part.write_event(event),
            None => Ok(()),
        }
    }

    fn create_part(&self, day: String, first: i64) -> Result<ExportPart> {
        let folder = self.manifest.folder();
        ExportPart::create(self.dir, &folder, self.format, day, first)
    }

    /// Writes a file for each day, with which the export is complete up to a cursor.
    fn write_collected(&mut self, complete_to: LogCursor) -> Result<()> {
        let mut files: Vec<ManifestFile> = Vec::new();
        for (day, events) in std::mem::take(&mut self.collected).days {
            let Some(first) = events.first() else {
                continue;
            };
            let mut part = self.create_part(day, first.position)?;
            for event in &events {
                part.write_event(event)?;
            }
            files.push(part.finish()?);
        }
        files.sort_by_key(|file| file.first);
        self.manifest.add_files(files, complete_to)
    }

    /// Completes the last files, with which the export is complete up to a position.
    pub fn finish(&mut self, complete_to: i64) -> Result<()> {
        let complete_to = self.history.cursor_at(complete_to);
        if let Some(part) = self.part.take() {
            return self.manifest.add_files(vec![part.finish()?], complete_to);
        }
        if self.collected.events > 0 {
            return self.write_collected(complete_to);
        }
        if complete_to.position > self.manifest.complete_to().position {
            self.manifest.set_complete_to(complete_to);
        }
        Ok(())
    }
}

impl CollectedEvents {
    fn is_full(&self) -> bool {
        self.events >= MAX_PART_EVENTS || self.bytes >= MAX_PART_BYTES
    }

    fn add(&mut self, day: String, event: Envelope) {
        self.events += 1;
        self.bytes += event.data.get().len() as u64;
        self.days.entry(day).or_default().push(event);
    }
}
