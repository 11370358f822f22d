//! Writes one file of an export under a temporary name, and renames it when it is complete.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use domain::envelope::Envelope;

use super::csv::CsvWriter;
use super::format::ExportFormat;
use super::jsonl::JsonlWriter;
use super::manifest::ManifestFile;
use super::parquet::ParquetWriter;
use super::writer::{FILE_PREFIX, HashedFile, PartWriter, put_in_place};

/// One file of an export while it is being written.
pub struct ExportPart {
    /// The day of its events, as `2026-11-26`.
    pub day: String,
    /// The number of events so far.
    pub events: u64,
    /// The size of their data so far, in bytes.
    pub bytes: u64,
    first: i64,
    last: i64,
    writer: Box<dyn PartWriter + Send>,
    dir: PathBuf,
    path: String,
    temp_path: PathBuf,
}

impl ExportPart {
    /// Creates a file in a folder of the export's directory, whose first event is at the position
    /// `first`.
    pub fn create(
        dir: &Path,
        folder: &Path,
        format: ExportFormat,
        day: String,
        first: i64,
    ) -> Result<Self> {
        let folder = folder.join(format!("day={day}"));
        create_folder(dir, &folder)?;
        let name = format!("{FILE_PREFIX}{first:012}.{}", format.as_str());
        let path = folder.join(name).display().to_string();
        // Not next to the complete files: readers open whatever is there.
        let unfinished = dir.join(".unfinished");
        let file = File::create(&unfinished).with_context(|| unfinished.display().to_string())?;
        let target = HashedFile::new(file);
        let writer: Box<dyn PartWriter + Send> = match format {
            ExportFormat::Jsonl => Box::new(JsonlWriter::new(target)),
            ExportFormat::Csv => Box::new(CsvWriter::new(target, false)?),
            ExportFormat::RawCsv => Box::new(CsvWriter::new(target, true)?),
            ExportFormat::Parquet => Box::new(ParquetWriter::new(target)),
        };
        Ok(Self {
            day,
            events: 0,
            bytes: 0,
            first,
            last: first,
            writer,
            dir: dir.to_owned(),
            path,
            temp_path: unfinished,
        })
    }

    /// Writes an event.
    pub fn write_event(&mut self, event: &Envelope) -> Result<()> {
        self.writer.write_event(event)?;
        self.events += 1;
        self.bytes += event.data.get().len() as u64;
        self.last = event.position;
        Ok(())
    }

    /// Completes the file, syncs it to disk, and renames it.
    pub fn finish(self) -> Result<ManifestFile> {
        let mut target = self.writer.finish()?;
        target.flush()?;
        put_in_place(target.file(), &self.temp_path, &self.dir.join(&self.path))?;
        let (bytes, sha256) = target.sync()?;
        Ok(ManifestFile {
            path: self.path,
            first: self.first,
            last: self.last,
            events: self.events,
            bytes,
            sha256,
        })
    }
}

/// Creates a folder. Its name survives a power loss, so a manifest can name what is in it.
fn create_folder(dir: &Path, folder: &Path) -> Result<()> {
    let path = dir.join(folder);
    if path.is_dir() {
        return Ok(());
    }
    let created = fs::create_dir_all(&path).and_then(|()| {
        let parents = folder.ancestors().skip(1);
        let mut parents = parents.map(|parent| dir.join(parent));
        parents.try_for_each(|parent| File::open(parent)?.sync_all())
    });
    created.with_context(|| path.display().to_string())
}
