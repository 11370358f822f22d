//! The file formats of an export.

/// The file format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// CloudEvents, one JSON object per line.
    Jsonl,
    /// One column per field; the last one contains the full event data. Texts that a spreadsheet
    /// would run as formulas begin with an apostrophe.
    Csv,
    /// CSV with all texts as they are.
    RawCsv,
    /// The same columns as CSV, typed.
    Parquet,
}

impl ExportFormat {
    /// The name in the manifest, and the extension of the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv | Self::RawCsv => "csv",
            Self::Parquet => "parquet",
        }
    }
}
