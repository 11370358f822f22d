//! Writes events as comma-separated values with a header line. An empty value means that the field
//! is absent.

use anyhow::Result;
use csv::Writer;
use domain::envelope::Envelope;

use super::columns::{COLUMNS, Cell, event_cells};
use super::writer::{HashedFile, PartWriter};

/// A writer of CSV files.
pub struct CsvWriter(Writer<HashedFile>);

impl CsvWriter {
    /// Creates a writer and writes the header line.
    pub fn new(target: HashedFile) -> Result<Self> {
        let mut writer = Writer::from_writer(target);
        writer.write_record(COLUMNS.iter().map(|column| column.name))?;
        Ok(Self(writer))
    }
}

impl PartWriter for CsvWriter {
    fn write_event(&mut self, event: &Envelope) -> Result<()> {
        let cells = event_cells(event).into_iter();
        self.0.write_record(cells.map(|cell| match cell {
            None => String::new(),
            Some(Cell::Number(number)) => number.to_string(),
            Some(Cell::Flag(flag)) => flag.to_string(),
            Some(Cell::Time(time)) => time.to_string(),
            Some(Cell::Text(text)) => text,
        }))?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<HashedFile> {
        self.0
            .into_inner()
            .map_err(|error| error.into_error().into())
    }
}
