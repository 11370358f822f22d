//! Writes events as comma-separated values with a header line. An empty value means that the field
//! is absent.
//!
//! Spreadsheets run a cell that begins as a formula does, and users write the texts. An apostrophe
//! in front of such a cell makes it text. Only cells that begin with apostrophes and the beginning
//! of a formula have one more than the log, so it can be removed again.

use anyhow::Result;
use csv::Writer;
use domain::envelope::Envelope;

use super::columns::{COLUMNS, Cell, event_cells};
use super::writer::{HashedFile, PartWriter};

/// A writer of CSV files.
pub struct CsvWriter {
    writer: Writer<HashedFile>,
    /// Whether texts are written as they are, also those that a spreadsheet would run.
    is_raw: bool,
}

impl CsvWriter {
    /// Creates a writer and writes the header line.
    pub fn new(target: HashedFile, is_raw: bool) -> Result<Self> {
        let mut writer = Writer::from_writer(target);
        writer.write_record(COLUMNS.iter().map(|column| column.name))?;
        Ok(Self { writer, is_raw })
    }
}

impl PartWriter for CsvWriter {
    fn write_event(&mut self, event: &Envelope) -> Result<()> {
        let cells = event_cells(event).into_iter();
        let is_raw = self.is_raw;
        self.writer.write_record(cells.map(|cell| match cell {
            None => String::new(),
            Some(Cell::Number(number)) => number.to_string(),
            Some(Cell::Flag(flag)) => flag.to_string(),
            Some(Cell::Time(time)) => time.to_string(),
            Some(Cell::Text(text)) if is_raw => text,
            Some(Cell::Text(text)) => escape_formula(text),
        }))?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<HashedFile> {
        self.writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    }
}

/// A record without its line break, with an apostrophe in front of each cell that a spreadsheet
/// would run.
pub fn to_csv_record(cells: impl IntoIterator<Item = String>) -> Result<Vec<u8>> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(cells.into_iter().map(escape_formula))?;
    let mut line = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(line)
}

/// Puts an apostrophe in front of a text that a spreadsheet would run.
fn escape_formula(text: String) -> String {
    if is_formula(&text) {
        format!("'{text}")
    } else {
        text
    }
}

/// Whether a text, after apostrophes, begins as a formula does. Spreadsheets may drop what is
/// invisible in front of it.
pub(crate) fn is_formula(text: &str) -> bool {
    let is_invisible = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}')
    };
    let first = text.trim_start_matches(|c: char| c == '\'' || is_invisible(c));
    first.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::is_formula;

    #[test]
    fn cells_that_a_spreadsheet_would_run_are_formulas() {
        for formula in [
            "=1+1",
            "=HYPERLINK(\"http://x.example\")",
            "+1",
            "-1",
            "@SUM(A1)",
            " =1",
            "\t=1",
            "\r\n-1",
            "\u{FEFF}=1",
            "＝1",
            "'=1",
            "' =1",
        ] {
            assert!(is_formula(formula), "{formula:?}");
        }
        for text in [
            "",
            "'",
            "1-1",
            "a=b",
            "'tis",
            "{\"a\":\"=1\"}",
            "(=1)",
            "—",
            "\t",
        ] {
            assert!(!is_formula(text), "{text:?}");
        }
    }

    #[test]
    fn an_apostrophe_in_front_can_be_removed_again() {
        for text in ["=1", "'=1", "''=1", "'a", "''", "a", "", "-"] {
            let written = if is_formula(text) {
                format!("'{text}")
            } else {
                text.to_owned()
            };
            let read = match written.strip_prefix('\'') {
                Some(rest) if is_formula(&written) => rest,
                _ => &written,
            };
            assert_eq!(read, text);
        }
    }
}
